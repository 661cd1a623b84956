"""Rounding once, and the graph that every runtime gets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from export import graph, tfjs, tflite
from trainer.model import build_model
from trainer.recipes import RECIPES
from trainer.run import Run

SIZE = 50


@pytest.fixture(scope="module")
def weights() -> graph.Weights:
    """Of an untrained model with biases that are not zero."""
    model = build_model(SIZE, 3, replace(RECIPES["tiny"], sequence_length=5))
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(0, 0.4, weight.shape).astype(np.float32) for weight in model.get_weights()])
    return graph.weights_of(model)


def test_rounded_rows_are_int8_with_a_scale_that_float16_holds(weights: graph.Weights) -> None:
    rounded = graph.round_weights(weights)
    assert np.array_equal(rounded.rows, rounded.rows.astype(np.int8))
    assert np.array_equal(rounded.scales, rounded.scales.astype(np.float16))
    restored = rounded.rows[1:] * rounded.scales[1:, None]
    assert np.all(np.abs(restored - weights.rows[1:]) <= 0.501 * rounded.scales[1:, None] + 0.001 * np.abs(restored))


def test_all_other_rounded_weights_are_float16(weights: graph.Weights) -> None:
    rounded = graph.round_weights(weights)
    lstms = [
        array for lstm in (rounded.forward, rounded.backward) for array in (lstm.kernel, lstm.recurrent, lstm.bias)
    ]
    for array in [*lstms, *(array for pair in rounded.dense for array in pair)]:
        assert np.array_equal(array, array.astype(np.float16))


def test_rounding_twice_changes_nothing(weights: graph.Weights) -> None:
    once = graph.round_weights(weights)
    again = graph.round_weights(replace(once, rows=once.rows * once.scales[:, None]))
    assert np.array_equal(once.rows, again.rows)


def test_a_row_of_zeros_is_rounded_to_zeros(weights: graph.Weights) -> None:
    rows = weights.rows.copy()
    rows[7] = 0
    rounded = graph.round_weights(replace(weights, rows=rows))
    assert not rounded.rows[7].any()
    assert np.isfinite(rounded.scales).all()


def test_padding_row_holds_both_ends_and_never_counts(weights: graph.Weights) -> None:
    rounded = graph.round_weights(weights)
    assert {-128, 127} <= set(rounded.rows[0])
    other = rounded.rows.copy()
    other[0] = 3
    ids = tf.constant([[4, 9, 0, 0, 0], [0, 0, 0, 0, 0]])
    assert np.array_equal(
        graph.inference(rounded, "float32")(ids), graph.inference(replace(rounded, rows=other), "float32")(ids)
    )


@pytest.mark.parametrize("part", ["rounded", "as trained"])
def test_graph_answers_as_keras_does(trained: Run, part: str) -> None:
    classifier = trained.classifier
    weights = graph.weights_of(classifier.model)
    if part == "rounded":
        weights = graph.round_weights(weights)
        classifier = graph.rounded_classifier(classifier)
    ids = np.random.default_rng(1).integers(1, trained.vocabulary.size, (64, trained.vocabulary.sequence_length))
    for row, length in zip(ids, range(64), strict=True):
        row[length % (ids.shape[1] + 1) :] = 0
    answers = graph.inference(weights, "float32")(tf.constant(ids, tf.int32)).numpy()
    assert np.abs(answers - classifier.model.predict(ids, verbose=0)).max() < 1e-5


def test_tfjs_stores_rows_in_8_bits_and_the_rest_in_float16(dist_path: Path) -> None:
    model = json.loads((dist_path / "tfjs" / "model.json").read_text())
    stored = {
        weight["name"].split("/")[-1]: weight for group in model["weightsManifest"] for weight in group["weights"]
    }
    assert stored["embedding_rows"]["quantization"] == {
        "dtype": "uint8", "min": -128.0, "scale": 1.0, "original_dtype": "float32",
    }  # fmt: skip
    for name in ("embedding_scales", "forward_input_kernel", "backward_cell_recurrent", "dense_0_bias"):
        assert stored[name]["quantization"]["dtype"] == "float16", name


def test_tfjs_holds_each_weight_once_and_no_control_flow(trained: Run, dist_path: Path) -> None:
    model = json.loads((dist_path / "tfjs" / "model.json").read_text())
    stored = [weight for group in model["weightsManifest"] for weight in group["weights"]]
    learned = [weight for weight in stored if "quantization" in weight]
    scales = trained.vocabulary.size
    assert sum(int(np.prod(weight["shape"])) for weight in learned) == trained.classifier.model.count_params() + scales
    operators = {node["op"] for node in model["modelTopology"]["node"]}
    assert not operators & {
        "While",
        "StatelessWhile",
        "If",
        "StatelessIf",
        "Switch",
        "Merge",
        "Enter",
        "TensorListReserve",
    }


def test_tfjs_refuses_numbers_that_were_not_rounded(weights: graph.Weights, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be rounded"):
        tfjs.write_tfjs(weights, 5, tmp_path)


def test_tflite_stores_int8_rows_and_float16_elsewhere(trained: Run, dist_path: Path) -> None:
    interpreter = tf.lite.Interpreter(str(dist_path / "tflite" / "byline.tflite"))
    constants = {tuple(tensor["shape"]): tensor["dtype"] for tensor in reversed(interpreter.get_tensor_details())}
    recipe, size = trained.facts["recipe"], trained.vocabulary.size
    assert constants[size, recipe["embedding_size"]] is np.int8
    stored = {
        tensor["dtype"] for tensor in interpreter.get_tensor_details() if tensor["name"].startswith("arith.constant")
    }
    assert np.float16 in stored


def test_a_second_subgraph_is_a_fault() -> None:
    def looping(ids: Any) -> Any:
        return tf.while_loop(lambda x: tf.reduce_sum(x) < 99, lambda x: [x + 1], [ids])[0]

    (fault,) = tflite.faults(tflite.convert_function(looping, 5, half=False))
    assert fault.endswith("subgraphs")


@pytest.fixture
def model(dist_path: Path) -> schema.ModelT:
    """The exported file, unpacked, for a test to spoil."""
    return schema.ModelT.InitFromPackedBuf((dist_path / "tflite" / "byline.tflite").read_bytes())


def faults_of(model: schema.ModelT) -> list[str]:
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return tflite.faults(bytes(builder.Output()))


def test_a_variable_tensor_is_a_fault(model: schema.ModelT) -> None:
    """The fused LSTM has one: it keeps its state from phrase to phrase."""
    model.subgraphs[0].tensors[5].isVariable = True
    assert faults_of(model) == ["a variable tensor"]


def test_a_flex_operator_is_a_fault(model: schema.ModelT) -> None:
    model.operatorCodes[0].customCode = "FlexErf"
    assert faults_of(model) == ["the operator FlexErf"]


def test_exported_files_have_no_faults(dist_path: Path) -> None:
    files = list((dist_path / "tflite").iterdir())
    assert len(files) == 2
    assert [tflite.faults(file.read_bytes()) for file in files] == [[], []]
