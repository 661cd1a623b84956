"""The model's layers against plain sums: what is added, what is masked, what a file keeps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.runtimes.weights import EMBEDDING, LENGTH, SIZE, STEPS, UNITS, VECTOR, made_weights
from trainer.model import tables as in_numpy
from trainer.model.network import build_encoder, build_lesson, build_model, encoder_of, set_encoder, weights_of
from trainer.model.temperature import fold
from trainer.model.weights import Encoder, LessonWeights, Lstm, Weights
from trainer.text.vocabulary import CLS_ID, SEP_ID, UNKNOWN_ID

SHAPES = {"few labels": (4, SIZE, 0), "many labels": (30, 20, 3)}  # labels, dense rows, cells


def made_rows(rows: int = 200, seed: int = 2) -> NDArray[np.int32]:
    """Framed rows with unknown and repeated pieces; the last one is empty."""
    generator = np.random.default_rng(seed)
    ids = np.zeros((rows, LENGTH), np.int32)
    ids[:, 0] = CLS_ID
    for row in ids:
        count = int(generator.integers(1, LENGTH - 1))
        pieces = generator.integers(4, SIZE, count)
        row[1 : 1 + count] = np.where(generator.random(count) < 0.1, UNKNOWN_ID, pieces)
        row[1 + count] = SEP_ID
    ids[-1] = [CLS_ID, SEP_ID, *[0] * (LENGTH - 2)]
    return ids


@pytest.fixture(params=SHAPES)
def weights(request: pytest.FixtureRequest) -> Weights:
    return made_weights(*SHAPES[request.param])


def answers(model: Any, ids: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.asarray(model(ids, training=False), np.float64)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def read(vectors: NDArray[np.float32], lstm: Lstm) -> NDArray[np.float64]:
    """An LSTM's outputs, step by step."""
    output, cell, outputs = np.zeros(UNITS), np.zeros(UNITS), np.zeros((len(vectors), UNITS))
    for step, vector in enumerate(vectors):
        into, forget, new, out = np.split(vector @ lstm.kernel + output @ lstm.recurrent + lstm.bias, 4)
        cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(new)
        output = outputs[step] = sigmoid(out) * np.tanh(cell)
    return outputs


def sentence(encoder: Encoder, pieces: list[int]) -> NDArray[np.float64]:
    vectors = encoder.embedding[pieces[:STEPS]]
    forward, backward = read(vectors, encoder.forward), read(vectors[::-1], encoder.backward)
    sums = np.concatenate([forward.sum(axis=0), backward.sum(axis=0), vectors.sum(axis=0)])
    return np.asarray(sums / np.sqrt(max(1, len(vectors))) @ encoder.kernel + encoder.bias)


def by_hand(weights: Weights, ids: NDArray[np.int32]) -> Iterator[NDArray[np.float64]]:
    """The model's probabilities, as the design says them."""
    logits, known = in_numpy.logits(weights.tables, ids), in_numpy.known_bigrams(weights.tables, ids)
    for row, of_row, bigrams in zip(ids.tolist(), logits.astype(np.float64), known, strict=True):
        pieces = [piece for piece in row if piece == UNKNOWN_ID or piece > SEP_ID]
        number = max(1, len(pieces))
        vector = sentence(weights.encoder, pieces)
        if weights.encoder.logits is not None:
            of_row = of_row + vector @ weights.encoder.logits
        inputs = [*vector, bigrams / (number + 1), pieces.count(UNKNOWN_ID) / number, of_row.max()]
        trust = sigmoid(np.array(inputs) @ weights.gate.kernel[:, 0] + weights.gate.bias[0])
        exponents = np.exp(weights.gate.scale * trust * of_row)
        yield exponents / exponents.sum()


def test_the_model_gives_what_its_numbers_say(weights: Weights) -> None:
    ids = made_rows()
    expected = np.stack(list(by_hand(weights, ids)))
    assert answers(build_model(weights, LENGTH), ids) == pytest.approx(expected, abs=1e-6)


def test_the_encoder_may_be_left_out_of_the_sum() -> None:
    weights = made_weights(4, SIZE, 0, own_logits=False)
    model = build_model(weights, LENGTH)
    assert "sentence_logits" not in {layer.name for layer in model.layers}
    expected = np.stack(list(by_hand(weights, made_rows())))
    assert answers(model, made_rows()) == pytest.approx(expected, abs=1e-6)


def test_numbers_that_are_read_back_are_those_that_were_given(weights: Weights) -> None:
    model = build_model(weights, LENGTH)
    assert same(weights_of(model), weights)
    assert same(encoder_of(model, weights.encoder.logits), weights.encoder)


def same(one: Any, other: Any) -> bool:
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in vars(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


def test_a_model_that_was_saved_answers_the_same(weights: Weights, tmp_path: Path) -> None:
    model = build_model(weights, LENGTH)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert np.array_equal(answers(again, made_rows()), answers(model, made_rows()))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert same(weights_of(again), weights)


def test_padding_does_not_count(weights: Weights) -> None:
    ids = made_rows()
    longer = np.pad(ids, ((0, 0), (0, 7)))
    expected = answers(build_model(weights, LENGTH), ids)
    assert answers(build_model(weights, LENGTH + 7), longer) == pytest.approx(expected, abs=1e-6)


def test_an_encoder_alone_gives_the_same_vectors(weights: Weights) -> None:
    sizes = {"steps": STEPS, "embedding_size": EMBEDDING, "units": UNITS, "size": VECTOR}
    model = build_encoder(LENGTH, SIZE, **sizes, dropout=0.5)
    set_encoder(model, weights.encoder)
    rows = made_rows()
    pieces = [[piece for piece in row if piece == UNKNOWN_ID or piece > SEP_ID] for row in rows.tolist()]
    expected = np.stack([sentence(weights.encoder, of_row) for of_row in pieces])
    assert answers(model, rows) == pytest.approx(expected, abs=1e-5)


# The lesson's.


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_lessons_numbers_are_read_back_and_its_temperature_is_folded(activation: str) -> None:
    keras.utils.set_random_seed(3)
    model = build_lesson(LENGTH, SIZE, EMBEDDING, UNITS, (8, 3), activation=activation)
    weights = weights_of(model)
    assert isinstance(weights, LessonWeights)
    assert weights.activation == activation
    before = answers(model, made_rows())
    assert np.array_equal(answers(build_model(weights, LENGTH), made_rows()), before)
    for temperature in (0.5, 2.5):
        cooled = before ** (1 / temperature)
        found = answers(build_model(fold(weights, temperature), LENGTH), made_rows())
        assert found == pytest.approx(cooled / cooled.sum(axis=1, keepdims=True), abs=1e-5)
