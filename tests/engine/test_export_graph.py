"""Rounding once, and the graph that every runtime gets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema

from export import graph
from export.graph import Constants
from export.graph.constants import weights_from
from export.graph.inference import packed
from export.runtime import Network
from export.targets import node, tfjs, tflite
from tests.support.runtimes.javascript import evaluate
from tests.support.runtimes.oracle import answers, made_constants, made_lesson, made_rows
from tests.support.runtimes.weights import LENGTH, SIZE, STEPS, made_weights
from trainer.model.bigram_table import EMPTY, BigramTable
from trainer.model.classifier import Classifier
from trainer.model.network import build_model, weights_of
from trainer.model.weights import Weights
from trainer.run import Run
from trainer.text.vocabulary import CLS_ID, PADDING_ID, SEP_ID, Vocabulary

FORMS = {
    "dense rows": made_constants(3),
    "sparse rows and cells": made_constants(12, dense=20, bigram_cells=3),
    "sparse rows, a sentence that speaks for no label": made_constants(2, dense=20, has_logits=False),
    "1,000 labels": made_constants(1_000, dense=20, bigram_cells=4),
    "the lesson": made_lesson(4),
    "the lesson, bent by tanh": made_lesson(4, activation="tanh"),
}
ROWS = made_rows(60, 10, 60)
IN_8_BITS = {"dtype": "uint8", "min": -128.0, "scale": 1.0, "original_dtype": "float32"}
ASK_TFJS = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createPredict } from "./engine/tfjs/predict.js";
const { backend, folders, rows, modules } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(`${modules}/modules.cjs`);
const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");
tf.enableProdMode();
await tf.setBackend(backend);
const answers = folders.map((folder) => {
    const topology = JSON.parse(readFileSync(`${folder}/model.json`, "utf8"));
    const shard = new Uint8Array(readFileSync(`${folder}/${topology.weightsManifest[0].paths[0]}`)).buffer;
    return Array.from(createPredict(tf, topology, shard, rows[0].length)(Int32Array.from(rows.flat()), rows.length));
});
console.log(JSON.stringify(answers));
"""


def constants_with(labels: int = 30, dense: int = 20, cells: int = 3) -> tuple[Weights, Constants]:
    weights = made_weights(labels, dense, cells)
    return weights, graph.constants_of(weights)


@pytest.mark.parametrize("form", FORMS)
def test_the_graph_answers_as_the_specification_says(form: str) -> None:
    constants = FORMS[form]
    for steps in (8, 3):
        expected = answers(constants, steps, ROWS)
        for row_type in ("int8", "float32"):
            said = graph.inference(constants, steps, row_type)(tf.constant(ROWS)).numpy()
            assert np.abs(said - expected).max() < 2e-5, (steps, row_type)


@pytest.mark.parametrize("form", FORMS)
def test_numpy_answers_as_the_specification_says(form: str) -> None:
    for steps in (8, 3):
        said = Network(FORMS[form], steps).answers(ROWS)
        assert np.abs(said - answers(FORMS[form], steps, ROWS)).max() < 1e-5, steps


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_tflite_file_answers_as_the_specification_says(form: str) -> None:
    constants = FORMS[form]
    expected = answers(constants, 4, ROWS)
    file = tflite.convert(constants, 10, 4, "int8")
    assert tflite.faults(file) == []
    assert np.abs(tflite_answers(file, ROWS) - expected).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(("labels", "dense", "cells"), [(5, SIZE, 0), (300, 20, 3)])
def test_a_tflite_file_with_two_numbers_in_a_byte_answers_as_the_specification_says(
    labels: int, dense: int, cells: int
) -> None:
    _, constants = constants_with(labels, dense, cells)
    coarse, fine = (graph.round_constants(constants, kind) for kind in graph.ROWS[::-1])
    file = tflite.convert(coarse, LENGTH, STEPS, "int4")
    assert tflite.faults(file) == []
    rows = made_rows(60, LENGTH, SIZE)
    expected = answers(coarse, STEPS, rows)
    assert np.abs(tflite_answers(file, rows) - expected).max() < 1e-5
    assert np.abs(answers(fine, STEPS, rows) - expected).max() > 1e-3


@pytest.mark.parametrize("columns", [1, 2, 3, 8])
def test_two_numbers_share_a_byte_and_come_apart_again(columns: int) -> None:
    rows = np.random.default_rng(columns).integers(-8, 8, (50, columns)).astype(np.float32)
    stored = packed(rows)
    assert stored.dtype == np.int8
    assert stored.shape == (50, (columns + 1) // 2)
    first = np.floor(stored / 16)
    apart = np.concatenate([first, stored - 16 * first - 8], axis=1)
    assert np.array_equal(apart[:, :columns], rows)


def tflite_answers(file: bytes, rows: NDArray[np.int32]) -> NDArray[np.float32]:
    interpreter = tf.lite.Interpreter(model_content=file, num_threads=1)
    interpreter.allocate_tensors()
    asked = {tensor["name"]: tensor for tensor in interpreter.get_input_details()}
    assert [tuple(tensor["shape"]) for tensor in asked.values()] == [(1, rows.shape[1])] * 3
    (said,) = interpreter.get_output_details()
    collected = []
    for row in rows:
        interpreter.set_tensor(asked["serving_default_ids:0"]["index"], row[None])
        interpreter.invoke()
        collected.append(interpreter.get_tensor(said["index"])[0])
    return np.array(collected)


@pytest.mark.network
@pytest.mark.slow
def test_tensorflow_js_answers_as_the_specification_says(tmp_path: Path) -> None:
    for form, constants in FORMS.items():
        tfjs.write_tfjs(constants, 10, 4, tmp_path / form)
    folders = [str(tmp_path / form) for form in FORMS]
    asked = {"folders": folders, "rows": ROWS.tolist(), "modules": str(node.modules())}
    said = [evaluate(ASK_TFJS, asked | {"backend": backend}) for backend in ("cpu", "wasm")]
    for (form, constants), of_cpu, of_wasm in zip(FORMS.items(), *said, strict=True):
        for of_backend in (of_cpu, of_wasm):
            assert np.abs(np.array(of_backend) - answers(constants, 4, ROWS).ravel()).max() < 1e-5, form
        of_numpy = Network.read(tmp_path / form).answers(ROWS)  # from the same files
        assert np.abs(of_numpy - answers(constants, 4, ROWS)).max() < 1e-5, form
        stored = _stored(tmp_path / form)
        learned = {name.split("/")[-1]: weight["shape"] for name, weight in stored.items() if "quantization" in weight}
        assert learned == {name: list(array.shape) for name, array in constants.items()}, form  # whom the page asks for
    wide = {name.split("/")[-1]: weight for name, weight in _stored(tmp_path / "1,000 labels").items()}
    for name in ("sparse_labels", "bigram_labels"):
        assert wide[name]["quantization"] == IN_8_BITS | {"dtype": "uint16", "min": -32_768.0}, name


@pytest.mark.slow
@pytest.mark.parametrize(("labels", "dense", "cells"), [(4, SIZE, 0), (30, 20, 3)])
def test_the_rounded_keras_model_holds_the_numbers_of_the_graph(labels: int, dense: int, cells: int) -> None:
    weights, constants = constants_with(labels, dense, cells)
    model = build_model(weights, LENGTH)
    pieces = tuple(f"▁{number}" for number in range(SIZE - 4))
    names = tuple(f"label {number}" for number in range(labels))
    classifier = Classifier(model, Vocabulary((), pieces, (-1.0,) * len(pieces), names, LENGTH))
    rows = made_rows(50, LENGTH, SIZE)
    rounded = graph.round_constants(constants)
    of_trained, of_rounded = (of.answers(rows) for of in (classifier, graph.rounded_classifier(classifier)))
    assert 0 < np.abs(of_trained - of_rounded).max() < 0.1
    assert np.abs(answers(constants, STEPS, rows) - of_trained).max() < 1e-5
    assert np.abs(answers(rounded, STEPS, rows) - of_rounded).max() < 1e-5


def test_rounded_rows_are_whole_numbers_with_scales_that_float16_holds() -> None:
    _, constants = constants_with()
    rounded = graph.round_constants(constants)
    scales = rounded["piece_scales"]
    assert np.array_equal(scales, scales.astype(np.float16))
    assert not np.any(scales[1:].astype(np.float16).view(np.uint16) & 31)  # few bits are a small download
    parts = [
        ("embedding_rows", rounded["embedding_scales"], slice(1, None)),
        ("piece_rows", scales[:20], slice(1, None)),
        ("sparse_values", scales[20:], slice(0, -1)),  # what is stored has a row more
    ]
    for name, of_rows, kept in parts:
        rows, exact = rounded[name][kept], constants[name][1:] if kept.start else constants[name]
        own = of_rows[kept] if kept.start else of_rows
        assert np.array_equal(rows, np.rint(rows)), name
        assert np.abs(rows).max() <= 127, name
        least = np.abs(exact).max(axis=1) / 127
        assert np.all(own > 0.995 * least), name
        assert np.all(own < 1.032 * least), name
        assert np.all(np.abs(rows * own[:, None] - exact) <= 0.501 * own[:, None] + 0.001 * np.abs(exact)), name


def test_rows_of_4_bits_have_scales_that_change_them_least() -> None:
    _, constants = constants_with()
    coarse, fine = (graph.round_constants(constants, kind) for kind in graph.ROWS[::-1])
    assert np.array_equal(coarse["piece_rows"], fine["piece_rows"])  # whole rows stay int8
    taken = np.abs(constants["bigram_fingerprints"]) < EMPTY
    exact = constants["bigram_values"][taken]
    values = coarse["bigram_values"][taken]
    assert np.abs(values).max() == 7
    error = np.square(values * coarse["bigram_scale"] - exact).sum()
    plain = np.abs(exact).max() / 7
    assert error < 0.95 * np.square(np.rint(exact / plain) * plain - exact).sum()
    sparse, scales = coarse["sparse_values"][:-1], coarse["piece_scales"][20:]
    assert np.abs(sparse).max() == 7
    assert not np.any(scales.astype(np.float16).view(np.uint16) & 31)
    errors = np.square(sparse * scales[:, None] - constants["sparse_values"]).sum(axis=1)
    largest = np.abs(constants["sparse_values"]).max(axis=1, keepdims=True) / 7
    of_largest = np.square(np.rint(constants["sparse_values"] / largest) * largest - constants["sparse_values"])
    assert errors.sum() < of_largest.sum()


def test_what_is_stored_in_8_bits_has_both_ends_and_nobody_reads_them() -> None:
    _, constants = constants_with()
    rounded = graph.round_constants(constants)
    stored = [name for name in rounded if graph.in_8_bits(name)]
    assert len(stored) == 7
    coarse = graph.round_constants(constants, "int4")
    assert all((coarse[name].min(), coarse[name].max()) == (-128, 127) for name in stored)
    for name in stored:
        assert (rounded[name].min(), rounded[name].max()) == (-128, 127), name
    rows = made_rows(60, LENGTH, SIZE)
    other = {name: array.copy() for name, array in rounded.items()}
    other["piece_rows"][0] = other["embedding_rows"][0] = other["sparse_values"][-1] = 3
    nobody = np.abs(other["bigram_fingerprints"]) >= EMPTY
    other["bigram_values"][nobody] = 3
    assert np.array_equal(*(graph.inference(of, STEPS, "float32")(tf.constant(rows)) for of in (rounded, other)))


def test_owners_of_pairs_are_not_changed_by_rounding() -> None:
    _, constants = constants_with()
    taken = constants["bigram_fingerprints"] != EMPTY
    rounded = graph.round_constants(constants)["bigram_fingerprints"]
    assert np.array_equal(rounded[taken], constants["bigram_fingerprints"][taken])
    assert not set(rounded[~taken]) & set(range(-125, 126))


def test_all_other_rounded_weights_are_float16() -> None:
    rounded = graph.round_constants(constants_with()[1])
    others = {name: array for name, array in rounded.items() if not graph.in_8_bits(name)}
    assert {"lstm_kernel", "sentence_kernel", "gate_kernel", "bias", "logit_scale"} <= set(others)
    for name, array in others.items():
        assert np.array_equal(array, array.astype(np.float16)), name


@pytest.mark.parametrize("kind", graph.ROWS)
def test_rounding_twice_changes_nothing(kind: graph.Rows) -> None:
    weights, constants = constants_with()
    once = graph.round_constants(constants, kind)
    restored = weights_from(once, weights)
    again = graph.round_constants(graph.constants_of(restored), kind)
    assert set(once) == set(again)
    own = made_rows(60, LENGTH, SIZE)
    assert np.array_equal(*(graph.inference(of, STEPS, "float32")(tf.constant(own)) for of in (once, again)))
    for name in set(once) - {"piece_rows", "piece_scales"}:  # the reserved rows of pieces are nobody's
        assert np.array_equal(once[name], again[name]), name
    assert np.array_equal(once["piece_rows"][4:], again["piece_rows"][4:])


def test_a_table_that_holds_no_pair_and_rows_of_zeros_are_rounded_too() -> None:
    weights, _ = constants_with(4, SIZE, 0)
    assert isinstance(weights.tables.bigrams, np.ndarray)
    empty = replace(
        weights.tables,
        dense=weights.tables.dense * (np.arange(SIZE) != 7)[:, None],
        bigrams=0 * weights.tables.bigrams,
        fingerprints=0 * weights.tables.fingerprints + EMPTY,
    )
    rounded = graph.round_constants(graph.constants_of(replace(weights, tables=empty)))
    assert all(np.isfinite(array).all() for array in rounded.values())
    assert not rounded["piece_rows"][7].any()
    rows = made_rows(60, LENGTH, SIZE)
    said = graph.inference(rounded, STEPS, "float32")(tf.constant(rows)).numpy()
    assert np.abs(said - answers(rounded, STEPS, rows)).max() < 1e-5


def test_the_last_piece_and_the_padding_behind_it_are_no_pair() -> None:
    constants = FORMS["dense rows"]
    owner = BigramTable(60, len(constants["bigram_fingerprints"])).fingerprint(SEP_ID, PADDING_ID)
    everywhere = constants | {"bigram_fingerprints": np.full_like(constants["bigram_fingerprints"], owner)}
    nowhere = constants | {"bigram_fingerprints": np.full_like(constants["bigram_fingerprints"], EMPTY)}
    for row in ([CLS_ID, 7, SEP_ID, 0, 0, 0], [CLS_ID, SEP_ID, 0, 0, 0, 0]):
        one, other = (graph.inference(of, 4, "float32")(tf.constant([row])).numpy() for of in (everywhere, nowhere))
        assert np.array_equal(one, other), row
    everywhere["bigram_fingerprints"][:] = BigramTable(60, len(constants["bigram_fingerprints"])).fingerprint(7, SEP_ID)
    row = [CLS_ID, 7, SEP_ID, 0, 0, 0]
    one, other = (graph.inference(of, 4, "float32")(tf.constant([row])).numpy() for of in (everywhere, nowhere))
    assert not np.array_equal(one, other)


def test_tfjs_stores_whole_numbers_in_8_bits_and_the_rest_in_float16(dist_path: Path) -> None:
    stored = {name.split("/")[-1]: weight for name, weight in _stored(dist_path / "tfjs").items()}
    for name in ("embedding_rows", "piece_rows", "bigram_rows", "bigram_fingerprints"):
        assert stored[name]["quantization"] == IN_8_BITS, name
    for name in ("embedding_scales", "piece_scales", "lstm_kernel", "lstm_recurrent", "sentence_kernel", "gate_kernel"):
        assert stored[name]["quantization"]["dtype"] == "float16", name


def _stored(folder: Path) -> dict[str, Any]:
    model = json.loads((folder / "model.json").read_text())
    return {weight["name"]: weight for group in model["weightsManifest"] for weight in group["weights"]}


def test_tfjs_holds_each_weight_once_and_no_control_flow(trained: Run, dist_path: Path) -> None:
    learned = [weight for weight in _stored(dist_path / "tfjs").values() if "quantization" in weight]
    constants = graph.round_constants(graph.constants_of(weights_of(trained.classifier.model)))
    assert sum(int(np.prod(weight["shape"])) for weight in learned) == sum(array.size for array in constants.values())
    model = json.loads((dist_path / "tfjs" / "model.json").read_text())
    operators = {node["op"] for node in model["modelTopology"]["node"]}
    loops = {"While", "StatelessWhile", "If", "StatelessIf", "Switch", "Merge", "Enter", "TensorListReserve"}
    assert not operators & loops


@pytest.mark.parametrize("name", ["embedding_rows", "piece_rows", "sparse_values", "bigram_values", "sparse_labels"])
def test_tfjs_refuses_numbers_that_were_not_rounded(name: str, tmp_path: Path) -> None:
    _, constants = constants_with()
    with pytest.raises(ValueError, match=f"`{name}` must be rounded"):
        tfjs.write_tfjs(graph.round_constants(constants) | {name: constants[name]}, LENGTH, STEPS, tmp_path)


def test_tflite_stores_int8_rows_and_float16_elsewhere(trained: Run, dist_path: Path) -> None:
    interpreter = tf.lite.Interpreter(str(dist_path / "tflite" / "byline.tflite"))
    stored = {tuple(tensor["shape"]): tensor["dtype"] for tensor in reversed(interpreter.get_tensor_details())}
    constants = graph.constants_of(weights_of(trained.classifier.model))
    for name in ("embedding_rows", "piece_rows", "bigram_rows", "bigram_fingerprints"):
        assert stored[constants[name].shape] is np.int8, name
    of_one_direction = constants["lstm_kernel"].shape[1:]
    assert np.float16 in {stored.get(of_one_direction), stored.get(of_one_direction[::-1])}


def test_a_second_subgraph_is_a_fault() -> None:
    def looping(ids: Any) -> Any:
        return tf.while_loop(lambda x: tf.reduce_sum(x) < 99, lambda x: [x + 1], [ids])[0]

    (fault,) = tflite.faults(tflite.convert_function(looping, 5, half=False))
    assert fault.endswith("subgraphs")


@pytest.fixture(scope="module")
def file() -> bytes:
    return tflite.convert(FORMS["dense rows"], 10, 3, "int8")


@pytest.fixture
def model(file: bytes) -> schema.ModelT:
    """A converted file, unpacked, for a test to spoil."""
    return schema.ModelT.InitFromPackedBuf(file)


def faults_of(model: schema.ModelT) -> list[str]:
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return tflite.faults(bytes(builder.Output()))


@pytest.mark.slow
def test_a_variable_tensor_is_a_fault(model: schema.ModelT) -> None:
    """The fused LSTM has one: it keeps its state from phrase to phrase."""
    model.subgraphs[0].tensors[5].isVariable = True
    assert faults_of(model) == ["a variable tensor"]


def test_a_flex_operator_is_a_fault(model: schema.ModelT) -> None:
    model.operatorCodes[0].customCode = "FlexErf"
    assert faults_of(model) == ["the operator FlexErf"]


def test_inputs_that_the_bert_clients_cannot_fill_are_faults(model: schema.ModelT) -> None:
    graph_of = model.subgraphs[0]
    graph_of.tensors[graph_of.inputs[0]].type = schema.TensorType.INT64
    assert faults_of(model) == ["an input that is not int32"]
    graph_of.inputs = graph_of.inputs[:1]
    assert "1 inputs" in faults_of(model)


def test_exported_files_have_no_faults(dist_path: Path) -> None:
    files = list((dist_path / "tflite").iterdir())
    assert len(files) == 2
    assert [tflite.faults(file.read_bytes()) for file in files] == [[], []]
