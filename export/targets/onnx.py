"""The graph as an ONNX model, for servers, .NET, Rust and React Native: ids in, probabilities out."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from trainer.errors import UserError
from trainer.quiet import quietly

OPSET: Final = 17
INPUT: Final = "ids"
OUTPUT: Final = "probabilities"
FILE: Final = "onnx/{name}.onnx"
EXTRA: Final = "the ONNX model needs more packages: pip install 'byline[onnx]'"


def onnx_path(dist: Path, name: str) -> Path:
    return dist / FILE.format(name=name)


def write_onnx(probabilities: Any, sequence_length: int, path: Path) -> None:
    """Writes the model as tf2onnx converts it, with 8-bit rows and the rounded numbers that every artefact has.

    Args:
        probabilities: The graph: from int32 ids, shape [batch, sequence_length].
        sequence_length: How many ids it reads.
        path: The file. Its input `ids` is int32, shape [batch, sequence_length]; its output `probabilities` float32,
            shape [batch, labels].

    Raises:
        UserError: The extra is not installed.
    """
    if not all(map(find_spec, ("onnx", "tf2onnx", "onnxruntime"))):
        raise UserError(EXTRA)
    with quietly():
        import tensorflow as tf
        import tf2onnx

        signature = [tf.TensorSpec([None, sequence_length], tf.int32, name=INPUT)]
        function = tf.function(
            lambda ids: {OUTPUT: probabilities(ids)}, input_signature=signature, autograph=False
        )  # no control flow
        path.parent.mkdir(parents=True, exist_ok=True)
        tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET, output_path=str(path))
