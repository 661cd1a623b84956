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

from export import graph, tfjs, tflite
from trainer.model.classifier import Classifier
from trainer.model import build_model
from trainer.model.pair_table import NOBODY, PairTable
from trainer.model.recipe import RECIPES, Recipe
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

SIZE, SLOTS, LENGTH = 50, 31, 5
EVIDENCE = replace(RECIPES["tiny"], sequence_length=LENGTH, pair_slots=SLOTS)
LESSON_LIKE = replace(EVIDENCE, pair_slots=0, dense_units=(8, 6))
BOTH = replace(EVIDENCE, dense_units=(8, 6))


def made_pairs() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As many pairs of words as a table may hold, and their places in it."""
    generator = np.random.default_rng(1)
    pairs = np.unique(generator.integers(2, SIZE, (300, 2)), axis=0)
    generator.shuffle(pairs)
    placed, places = (found[: SLOTS - 2] for found in PairTable(SIZE, SLOTS).place(*pairs.T))
    return pairs[placed], places


def untrained(recipe: Recipe, labels: int) -> Any:
    """A model with biases that are not zero, and a full table of pairs."""
    model = build_model(SIZE, labels, recipe)
    generator = np.random.default_rng(3)
    for layer in model.layers:
        layer.set_weights([generator.normal(0, 0.4, weight.shape) for weight in layer.get_weights()])
    if recipe.pair_slots:
        layer, (pairs, places) = model.get_layer("pairs"), made_pairs()
        vectors, owners = np.zeros((SLOTS, layer.size)), np.full(SLOTS, NOBODY)
        vectors[places], owners[places] = (
            generator.normal(0, 0.4, (len(places), layer.size)),
            layer.table.owner(*pairs.T),
        )
        layer.set_weights([vectors, owners])
    return model


def made_ids() -> NDArray[np.int32]:
    """Rows with pairs of the table, unknown and repeated words, padded on the right; the last is padding alone."""
    generator = np.random.default_rng(2)
    ids = generator.integers(1, SIZE, (200, LENGTH)).astype(np.int32)
    ids[:40, 1::2] = ids[:40, :-1:2]
    ids[np.arange(LENGTH) >= generator.integers(2, LENGTH + 1, 200)[:, None]] = 0
    pairs, _ = made_pairs()
    ids[100 : 100 + len(pairs), :2] = pairs
    ids[-1] = 0
    return ids


@pytest.fixture(scope="module")
def weights() -> graph.Weights:
    return graph.weights_of(untrained(EVIDENCE, 3))


def test_rounded_rows_are_int8_with_a_scale_that_float16_holds(weights: graph.Weights) -> None:
    rounded = graph.round_weights(weights)
    assert np.array_equal(rounded.rows, rounded.rows.astype(np.int8))
    assert np.array_equal(rounded.scales, rounded.scales.astype(np.float16))
    assert not np.any(rounded.scales.astype(np.float16).view(np.uint16) & 31)  # few bits are a small download
    least = np.abs(weights.rows[1:]).max(axis=1) / 127
    assert np.all(rounded.scales[1:] > 0.995 * least)
    assert np.all(rounded.scales[1:] < 1.032 * least)
    restored = rounded.rows[1:] * rounded.scales[1:, None]
    assert np.all(np.abs(restored - weights.rows[1:]) <= 0.501 * rounded.scales[1:, None] + 0.001 * np.abs(restored))


def test_all_other_rounded_weights_are_float16(weights: graph.Weights) -> None:
    rounded = graph.round_weights(weights)
    lstms = [
        array for lstm in (rounded.forward, rounded.backward) for array in (lstm.kernel, lstm.recurrent, lstm.bias)
    ]
    assert rounded.evidence
    kernels = [rounded.evidence.word_kernel, rounded.evidence.pair_kernel]
    for array in [*lstms, *kernels, *(array for pair in rounded.dense for array in pair)]:
        assert np.array_equal(array, array.astype(np.float16))


def test_rounding_twice_changes_nothing(weights: graph.Weights) -> None:
    once = graph.round_weights(weights)
    again = graph.round_weights(replace(once, rows=once.rows * once.scales[:, None]))
    assert np.array_equal(once.rows, again.rows)
    assert np.array_equal(once.scales, again.scales)
    for name in ("word_kernel", "rows", "owners", "pair_kernel"):
        assert np.array_equal(getattr(once.evidence, name), getattr(again.evidence, name)), name


def test_rounded_pairs_are_int8_with_both_ends_which_nobody_is_given(weights: graph.Weights) -> None:
    before, after = weights.evidence, graph.round_weights(weights).evidence
    assert before
    assert after
    taken = before.owners != NOBODY
    assert (~taken).sum() == 2
    for numbers in (after.rows, after.owners):
        assert np.array_equal(numbers, numbers.astype(np.int8))
        assert (numbers.min(), numbers.max()) == (-128, 127)  # TF.js's 8 bits are exact then
    assert np.array_equal(after.owners[taken], before.owners[taken])
    assert not set(after.owners[~taken]) & set(range(-125, 126))
    assert np.abs(after.rows[taken]).max(axis=0) == pytest.approx(127)  # every column has the whole range
    exact, rounded = (of.rows[taken] @ of.pair_kernel for of in (before, after))
    assert rounded == pytest.approx(exact, abs=0.01 * np.abs(exact).max())


def test_a_table_without_pairs_is_rounded_too(weights: graph.Weights) -> None:
    assert weights.evidence
    nobodys = replace(weights.evidence, rows=0 * weights.evidence.rows, owners=0 * weights.evidence.owners + NOBODY)
    rounded = graph.round_weights(replace(weights, evidence=nobodys))
    assert rounded.evidence
    assert (rounded.evidence.rows.min(), rounded.evidence.rows.max()) == (-128, 127)
    assert np.isfinite(rounded.evidence.pair_kernel).all()
    without = graph.inference(
        replace(rounded, evidence=replace(rounded.evidence, pair_kernel=0 * nobodys.pair_kernel)), "float32"
    )
    assert np.array_equal(graph.inference(rounded, "float32")(made_ids()), without(made_ids()))


def test_a_word_and_the_padding_behind_it_are_no_pair(weights: graph.Weights) -> None:
    assert weights.evidence
    all_owners = replace(weights.evidence, owners=np.full(SLOTS, PairTable(SIZE, SLOTS).owner(7, 0), np.float32))
    silent = replace(all_owners, pair_kernel=0 * all_owners.pair_kernel)
    for ids, is_pair in (([7, 0, 0, 0, 0], False), ([3, 2, 0, 0, 0], True)):  # both would have the same owner
        speaking, without = (
            graph.inference(replace(weights, evidence=of), "float32")(tf.constant([ids])) for of in (all_owners, silent)
        )
        assert np.array_equal(speaking, without) != is_pair


def test_a_recipe_without_evidence_has_none() -> None:
    weights = graph.weights_of(untrained(LESSON_LIKE, 3))
    assert weights.evidence is None
    assert len(weights.dense) == 3
    assert graph.round_weights(weights).evidence is None


@pytest.mark.parametrize("labels", [2, 5])
@pytest.mark.parametrize("recipe", [EVIDENCE, LESSON_LIKE, BOTH], ids=["evidence", "lesson", "both"])
def test_every_form_of_the_graph_answers_as_the_keras_model_whose_numbers_it_carries(
    recipe: Recipe, labels: int
) -> None:
    model, ids = untrained(recipe, labels), made_ids()
    names = tuple(f"label{number}" for number in range(labels))
    words = tuple((f"w{number}",) for number in range(2, SIZE))
    rounded_model = graph.rounded_classifier(Classifier(model, Vocabulary("w", words, names, LENGTH))).model
    exact = graph.weights_of(model)
    rounded = graph.round_weights(exact)
    expected, of_rounded = (asked.predict(ids, verbose=0) for asked in (model, rounded_model))
    assert 0 < np.abs(expected - of_rounded).max() < 0.05
    for row_type in ("int8", "float32"):
        assert np.abs(graph.inference(rounded, row_type)(tf.constant(ids)).numpy() - of_rounded).max() < 1e-5
    assert np.abs(tflite_answers(tflite.convert(rounded, LENGTH, "int8"), ids) - of_rounded).max() < 1e-5
    assert np.abs(tflite_answers(tflite.convert(exact, LENGTH, "float32"), ids) - expected).max() < 1e-5
    if rounded.evidence:
        silent = replace(rounded.evidence, pair_kernel=0 * rounded.evidence.pair_kernel)
        without = graph.inference(replace(rounded, evidence=silent), "float32")(tf.constant(ids)).numpy()
        assert (np.abs(without - of_rounded).max(axis=1) > 1e-3).sum() > 20  # the pairs do speak


def tflite_answers(file: bytes, ids: NDArray[np.int32]) -> NDArray[np.float32]:
    interpreter = tf.lite.Interpreter(model_content=file)
    interpreter.allocate_tensors()
    (asked,), (said,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for row in ids:
        interpreter.set_tensor(asked["index"], row[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(said["index"])[0])
    return np.array(answers)


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
    for name in ("pair_rows", "pair_owners"):
        assert stored[name]["quantization"] == stored["embedding_rows"]["quantization"], name
    of_numbers = ("embedding_scales", "forward_input_kernel", "backward_cell_recurrent", "dense_0_bias")
    for name in (*of_numbers, "word_kernel", "pair_kernel"):
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


@pytest.mark.parametrize("part", ["all", "pairs", "owners"])
def test_tfjs_refuses_numbers_that_were_not_rounded(weights: graph.Weights, part: str, tmp_path: Path) -> None:
    rounded = graph.round_weights(weights)
    assert weights.evidence
    assert rounded.evidence
    halves = {
        "all": weights,
        "pairs": replace(rounded, evidence=replace(rounded.evidence, rows=weights.evidence.rows)),
        "owners": replace(rounded, evidence=replace(rounded.evidence, owners=weights.evidence.owners)),
    }
    with pytest.raises(ValueError, match="must be rounded"):
        tfjs.write_tfjs(halves[part], 5, tmp_path)


def test_tflite_stores_int8_rows_and_float16_elsewhere(trained: Run, dist_path: Path) -> None:
    interpreter = tf.lite.Interpreter(str(dist_path / "tflite" / "byline.tflite"))
    constants = {tuple(tensor["shape"]): tensor["dtype"] for tensor in reversed(interpreter.get_tensor_details())}
    recipe, size = trained.facts["recipe"], trained.vocabulary.size
    assert constants[size, recipe["embedding_size"]] is np.int8
    assert constants[recipe["pair_slots"], len(trained.vocabulary.labels) - 1] is np.int8
    assert constants[recipe["pair_slots"],] is np.int8
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
