"""The graph as a TensorFlow.js graph model: `model.json` and weight shards."""

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from export.graph import Constants, in_8_bits, inference
from export.graph.rounding import LABELS
from trainer.files import dense_json, read_json
from trainer.quiet import quietly

STEPS: Final = "lstm_steps"  # how many pieces the LSTM reads, for who reads the weights and not the graph
_ENDS: Final = {8: (-128, 127), 16: (-32_768, 32_767)}


def write_tfjs(constants: Constants, sequence_length: int, steps: int, folder: Path) -> None:
    """Writes the graph model that stock TF.js loads and that answers synchronously.

    Rows, fingerprints and labels are stored as integers of 8 or 16 bits, every other weight as float16; all hold the
    rounded numbers exactly.

    Args:
        constants: Rounded.
        sequence_length: How many ids the graph reads.
        steps: How many pieces the LSTM reads.
        folder: Where `model.json` and the shards go.
    """
    # It imports tensorflow_decision_forests, whose greeting wants IPython wherever output is not a terminal.
    os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
    with quietly():
        import tensorflow as tf
        from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

    whole = {name: _bits(constants, name) for name in constants if in_8_bits(name)}
    for name, bits in whole.items():
        if (constants[name].min(), constants[name].max()) != _ENDS[bits] or (constants[name] % 1).any():
            raise ValueError(
                f"`{name}` must be rounded, with both ends of {bits} bits, or what is stored is not exact."
            )
    probabilities = inference(constants, steps, "float32")
    signature = tf.TensorSpec([None, sequence_length], tf.int32, name="ids")
    function = tf.function(
        lambda ids: {"probabilities": probabilities(ids)},
        input_signature=[signature],
        autograph=False,  # there is no control flow to look for
    )
    halves = [f"*{name}" for name in constants if name not in whole]
    with tempfile.TemporaryDirectory() as saved, quietly():
        tf.saved_model.save(tf.Module(), saved, signatures={"serving_default": function})
        convert_tf_saved_model(
            saved,
            str(folder),
            quantization_dtype_map={
                "uint8": [f"*{name}" for name, bits in whole.items() if bits == 8],
                "float16": halves,
            }
            | ({"uint16": wide} if (wide := [f"*{name}" for name, bits in whole.items() if bits == 16]) else {}),
            skip_op_check=False,
        )
    model = read_json(folder / "model.json")
    model["userDefinedMetadata"] = {STEPS: steps}
    # The converter writes the attributes of an operator in another order each time.
    in_order = json.loads(json.dumps(model, sort_keys=True))
    (folder / "model.json").write_text(dense_json(in_order), encoding="utf-8")


def _bits(constants: Constants, name: str) -> int:
    return 16 if name in LABELS and constants[name].min() < -128 else 8


def shards(folder: Path) -> list[Path]:
    """Gives the weight shards of a graph model in the order in which they are to be joined."""
    groups = read_json(folder / "model.json")["weightsManifest"]
    return [folder / path for group in groups for path in group["paths"]]
