"""The graph as a `.tflite` file: one subgraph, builtin operators, no state, the three inputs of the BERT clients."""

from typing import Any, Final

from export.graph import Constants, inference
from export.graph.inference import RowType
from trainer.quiet import quietly

INPUTS: Final = ("ids", "segment_ids", "mask")  # in the order of positions that tflite-support takes


def convert(constants: Constants, sequence_length: int, steps: int, row_type: RowType) -> bytes:
    """Converts the inference graph.

    Args:
        constants: Rounded to the rows' type; as trained for float32.
        sequence_length: How many ids the graph reads.
        steps: How many pieces the LSTM reads.
        row_type: "int8" stores int8 rows and float16 elsewhere, "int4" two numbers of some rows in a byte;
            "float32" stores every number as it is.
    """
    return convert_function(inference(constants, steps, row_type), sequence_length, half=row_type != "float32")


def convert_function(function: Any, sequence_length: int, half: bool) -> bytes:
    """Converts any function of int32 ids, shape [1, sequence_length], to a `.tflite` file without metadata.

    The segments and the mask that the BERT clients write beside the ids are inputs, too, and not read.
    """
    with quietly():
        import tensorflow as tf

        signature = [tf.TensorSpec([1, sequence_length], tf.int32, name=name) for name in INPUTS]
        traced = tf.function(
            lambda ids, segment_ids, mask: function(ids), input_signature=signature, autograph=False
        )  # no control flow is to be looked for
        converter = tf.lite.TFLiteConverter.from_concrete_functions([traced.get_concrete_function()], tf.Module())
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())


def faults(model: bytes) -> list[str]:
    """Says what in a `.tflite` file the mobile clients could not run; an empty list is well.

    A second subgraph stops MediaPipe; a Flex or custom operator needs a library that apps do not carry; a variable
    keeps state, so that from the second phrase on the answers are silently wrong; the BERT clients fill three inputs of
    int32.
    """
    with quietly():
        from tensorflow.lite.python import schema_py_generated as schema

    parsed = schema.Model.GetRootAs(model)
    found = []
    if parsed.SubgraphsLength() != 1:
        found.append(f"{parsed.SubgraphsLength()} subgraphs")
    codes = [parsed.OperatorCodes(index) for index in range(parsed.OperatorCodesLength())]
    found += [f"the operator {code.CustomCode().decode()}" for code in codes if code.CustomCode()]
    graphs = [parsed.Subgraphs(index) for index in range(parsed.SubgraphsLength())]
    inputs = [graphs[0].Tensors(graphs[0].Inputs(index)) for index in range(graphs[0].InputsLength())]
    if len(inputs) != len(INPUTS):
        found.append(f"{len(inputs)} inputs")
    if any(tensor.Type() != schema.TensorType.INT32 for tensor in inputs):
        found.append("an input that is not int32")
    if any(graph.Tensors(index).IsVariable() for graph in graphs for index in range(graph.TensorsLength())):
        found.append("a variable tensor")
    return found
