"""The graph as a TensorFlow.js graph model: `model.json` and weight shards."""

import tempfile
from pathlib import Path

import numpy as np

from export.graph import Weights, inference
from trainer.files import read_json
from trainer.quiet import quietly


def write_tfjs(weights: Weights, sequence_length: int, folder: Path) -> None:
    """Writes the graph model that stock TF.js loads and that answers synchronously.

    Rows and owners are stored as 8-bit whole numbers, every other weight as float16; both hold the rounded numbers
    exactly.

    Args:
        weights: Rounded.
        sequence_length: How many word ids the graph reads.
        folder: Where `model.json` and the shards go.
    """
    with quietly():
        import tensorflow as tf
        from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

    in_8_bits = [weights.rows, *((weights.evidence.rows, weights.evidence.owners) if weights.evidence else ())]
    if any(numbers.min() != -128 or numbers.max() != 127 or np.any(numbers % 1) for numbers in in_8_bits):
        raise ValueError("`weights` must be rounded: whole numbers with both ends present, or 8 bits are not exact.")
    probabilities = inference(weights, "float32")
    signature = tf.TensorSpec([None, sequence_length], tf.int32, name="ids")
    function = tf.function(lambda ids: {"probabilities": probabilities(ids)}, input_signature=[signature])
    with tempfile.TemporaryDirectory() as saved, quietly():
        tf.saved_model.save(tf.Module(), saved, signatures={"serving_default": function})
        convert_tf_saved_model(
            saved,
            str(folder),
            quantization_dtype_map={
                "uint8": ["*embedding_rows", "*pair_rows", "*pair_owners"],
                "float16": ["*embedding_scales", "*_kernel", "*_recurrent", "*_bias"],
            },
            skip_op_check=False,
        )


def shards(folder: Path) -> list[Path]:
    """Gives the weight shards of a graph model in the order in which they are to be joined."""
    groups = read_json(folder / "model.json")["weightsManifest"]
    return [folder / path for group in groups for path in group["paths"]]
