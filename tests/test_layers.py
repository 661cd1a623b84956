"""Byline's Keras layers, and the model around them: what is summed, what is folded, what is kept in a file."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.calibrate import fold
from trainer.evidence import gather
from trainer.layers import PairSum, PiecewiseEmbedding, WordSum
from trainer.model import build_model, embedding_size, pair_table_size, start_from, without_pieces
from trainer.model.pair_table import NOBODY, PairTable
from trainer.model.recipe import RECIPES

SIZE, SLOTS, LENGTH = 60, 101, 6
RECIPE = replace(RECIPES["tiny"], sequence_length=LENGTH, pair_slots=SLOTS)
LESSON_LIKE = replace(RECIPE, pair_slots=0, dense_units=(8,))
Pair = tuple[int, int]


def made_ids(rows: int = 200, seed: int = 2) -> NDArray[np.int32]:
    """Rows of word ids with unknown and repeated words, padded on the right; the last one is padding alone."""
    generator = np.random.default_rng(seed)
    ids = generator.integers(1, SIZE, (rows, LENGTH)).astype(np.int32)
    ids[: rows // 4, 1::2] = ids[: rows // 4, ::2]
    ids[np.arange(LENGTH) >= generator.integers(1, LENGTH + 1, rows)[:, None]] = 0
    ids[-1] = 0
    return ids


def made_pieces() -> NDArray[np.int32]:
    pieces = np.random.default_rng(3).integers(0, 31, (SIZE, 5)).astype(np.int32)
    pieces[:2] = 0
    return pieces


def filled(model: Any, seed: int = 4) -> Any:
    """Gives a model's weights numbers that are not zero, and its table pairs."""
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.name == "pairs":
            layer.set_weights(made_table(layer.size)[1:])
        else:
            layer.set_weights([generator.normal(0, 0.5, weight.shape) for weight in layer.get_weights()])
    return model


def made_table(size: int) -> tuple[dict[Pair, NDArray[Any]], NDArray[Any], NDArray[np.int32]]:
    """What the table of pairs holds, as a dictionary, and as vectors and owners."""
    generator, table = np.random.default_rng(5), PairTable(SIZE, SLOTS)
    pairs = np.unique(generator.integers(2, SIZE, (150, 2)), axis=0)
    generator.shuffle(pairs)
    placed, places = table.place(*pairs.T)
    vectors, owners = np.zeros((SLOTS, size), np.float32), np.full(SLOTS, NOBODY, np.int32)
    vectors[places] = generator.normal(0, 1, (len(places), size))
    owners[places] = table.owner(*pairs[placed].T)
    held = {tuple(pair): vectors[place] for pair, place in zip(pairs[placed].tolist(), places, strict=True)}
    return held, vectors, owners


def mistaken(held: dict[Pair, Any], owners: NDArray[np.int32]) -> set[Pair]:
    """The pairs that the table takes for another, in one of their places or in the other."""
    table = PairTable(SIZE, SLOTS)
    found = set()
    for pair in ((first, second) for first in range(SIZE) for second in range(1, SIZE)):
        times = sum(bool(owners[total % SLOTS] == table.owner(*pair)) for total in table.sums(*pair))
        if times != (pair in held):
            found.add(pair)
    return found


def answers(model: Any, ids: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.asarray(model.predict(ids, verbose=0), np.float64)


# Pairs.


def test_pairs_are_summed_as_a_dictionary_would() -> None:
    held, vectors, owners = made_table(3)
    layer = PairSum(SIZE, SLOTS, 3)
    layer.build(None)
    layer.set_weights([vectors, owners])
    wrong = mistaken(held, owners)
    assert 0 < len(wrong) < SIZE * SIZE / 60
    of_pairs = np.array([[*pair, *pair, 0, 0] for pair in held], np.int32)
    ids = np.concatenate([made_ids(2_000), of_pairs])
    checked = 0
    sums, counts = (keras.ops.convert_to_numpy(result) for result in layer(ids))
    for row, found, count in zip(ids.tolist(), sums, counts, strict=True):
        pairs = [(first, second) for first, second in pairwise(row) if second]
        if not wrong.intersection(pairs):
            assert count == sum(pair in held for pair in pairs)
            expected = sum((held[pair] for pair in pairs if pair in held), np.zeros(3))
            assert found == pytest.approx(expected, abs=1e-5)
            checked += bool(expected.any())
    assert checked > 100


def test_a_new_table_is_nobodys_and_adds_nothing() -> None:
    layer = PairSum(SIZE, SLOTS, 3)
    assert not any(keras.ops.convert_to_numpy(result).any() for result in layer(made_ids()))
    assert (layer.get_weights()[1] == NOBODY).all()
    assert [weight.name for weight in layer.trainable_weights] == ["vectors"]  # owners are arithmetic


def test_pairs_with_padding_add_nothing_whatever_the_table_holds() -> None:
    layer = PairSum(SIZE, SLOTS, 3)
    layer.build(None)
    for owner in range(-125, 126):
        layer.set_weights([np.ones((SLOTS, 3)), np.full(SLOTS, owner)])
        results = layer(np.array([[7, 0, 0], [0, 0, 0]], np.int32))
        assert not any(keras.ops.convert_to_numpy(result).any() for result in results)


# Words.


def test_words_are_summed_without_padding() -> None:
    embedding = keras.layers.Embedding(SIZE, 4, mask_zero=True)
    ids = made_ids()
    found = keras.ops.convert_to_numpy(WordSum()(embedding(ids)))
    rows = embedding.get_weights()[0]
    assert np.abs(rows[0]).max() > 0
    for row, of_row in zip(ids, found, strict=True):
        assert of_row == pytest.approx(rows[row[row > 0]].sum(axis=0), abs=1e-5)


def test_without_a_mask_all_vectors_are_summed() -> None:
    vectors = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
    assert keras.ops.convert_to_numpy(WordSum()(vectors)) == pytest.approx(vectors.sum(axis=1), abs=1e-6)


# Pieces.


def test_a_word_is_its_own_vector_and_its_pieces() -> None:
    pieces = made_pieces()
    layer = PiecewiseEmbedding(pieces, 30, 4)
    layer.build((None, LENGTH))
    own, of_pieces = np.random.default_rng(1).normal(size=(SIZE, 4)), np.random.default_rng(2).normal(size=(31, 4))
    layer.set_weights([own, of_pieces])
    folded = layer.folded()
    for word, numbers in enumerate(pieces.tolist()):
        there = [number for number in numbers if number]
        expected = own[word] + sum((of_pieces[number] for number in there), np.zeros(4)) / np.sqrt(max(len(there), 1))
        assert folded[word] == pytest.approx(expected, abs=1e-5)
    ids = made_ids()
    assert keras.ops.convert_to_numpy(layer(ids)) == pytest.approx(folded[ids], abs=1e-6)


@pytest.mark.parametrize("recipe", [RECIPE, LESSON_LIKE], ids=["evidence", "lesson"])
def test_a_model_without_its_pieces_answers_the_same(recipe: Any) -> None:
    recipe = replace(recipe, piece_buckets=30)
    trained = filled(build_model(SIZE, 3, recipe, made_pieces()))
    plain = without_pieces(trained, recipe)
    assert type(plain.get_layer("embedding")) is keras.layers.Embedding
    assert answers(plain, made_ids()) == pytest.approx(answers(trained, made_ids()), abs=1e-6)
    for one, other in zip(trained.layers, plain.layers, strict=True):
        assert one.name == other.name or not one.weights


# The model.


@pytest.mark.parametrize("recipe", [RECIPE, LESSON_LIKE], ids=["evidence", "lesson"])
@pytest.mark.parametrize("labels", [2, 5])
def test_a_model_out_of_its_file_answers_the_same(recipe: Any, labels: int, tmp_path: Path) -> None:
    model = filled(build_model(SIZE, labels, recipe))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert np.array_equal(answers(again, made_ids()), answers(model, made_ids()))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("recipe", [RECIPE, LESSON_LIKE], ids=["evidence", "lesson"])
@pytest.mark.parametrize("temperature", [0.5, 2.5])
def test_all_that_gives_logits_is_divided_by_the_temperature(recipe: Any, temperature: float) -> None:
    model = filled(build_model(SIZE, 3, recipe))
    before = answers(model, made_ids()) ** (1 / temperature)
    fold(model, temperature)
    assert answers(model, made_ids()) == pytest.approx(before / before.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("labels", [2, 5, 40])
def test_training_starts_from_what_counting_says(labels: int) -> None:
    recipe = replace(RECIPE, embedding_size=12)
    slots, pair_size = pair_table_size(labels, recipe)
    ids = made_ids(400)
    truth = np.random.default_rng(6).integers(0, labels, len(ids)).astype(np.int32)
    counted = gather(
        ids,
        truth,
        1,
        vocabulary_size=SIZE,
        embedding_size=embedding_size(labels, recipe),
        label_count=labels,
        slots=slots,
        pair_size=pair_size,
    )
    model = build_model(SIZE, labels, recipe)
    start_from(model, counted)
    model.get_layer("logits").set_weights([0 * weight for weight in model.get_layer("logits").get_weights()])
    trust = model.get_layer("trust")
    trust.set_weights([0 * weight for weight in trust.get_weights()])  # half of all logits counts
    logits = np.zeros((len(ids), labels))
    table = PairTable(SIZE, slots)
    for row, of_row in zip(ids, logits, strict=True):
        of_row += counted.vectors[row[row > 0]].sum(axis=0) @ counted.kernel
        for first, second in pairwise(row):
            for total in table.sums(int(first), int(second)):
                if second and counted.owners[total % slots] == table.owner(int(first), int(second)):
                    of_row += counted.pairs[total % slots] @ counted.pair_kernel
    expected = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    assert answers(model, ids) == pytest.approx(expected, abs=1e-5)
    (rows,), (kernel,) = (model.get_layer(name).get_weights() for name in ("embedding", "word_evidence"))
    assert not rows[0].any()
    assert not kernel[labels:].any()
    assert (np.abs(rows[2:, labels:]).max(axis=0) > 0.3).all()  # what counting leaves free is for the LSTM


@pytest.mark.parametrize(("labels", "numbers", "of_pair"), [(2, 8, 1), (5, 8, 4), (20, 20, 8), (40, 32, 8)])
def test_many_labels_get_more_numbers_a_word_and_no_more_than_eight_a_pair(
    labels: int, numbers: int, of_pair: int
) -> None:
    assert embedding_size(labels, RECIPES["byline"]) == numbers
    assert pair_table_size(labels, RECIPES["byline"]) == (49_999, of_pair)
    assert embedding_size(labels, RECIPES["lesson"]) == 64
