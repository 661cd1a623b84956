"""The linear part squeezed into tables, and what they say of rows."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.model.linear import Linear
from trainer.model.tables import TableSizes, known_bigrams, logits, squeeze
from trainer.model.weights import Cells, Tables
from trainer.text.vocabulary import CLS_ID, SEP_ID

SIZE = 60  # of the vocabulary


def learned(labels: int, bigrams: int = 40, seed: int = 1) -> Linear:
    generator = np.random.default_rng(seed)
    codes = generator.choice(np.arange(4 * SIZE, SIZE * SIZE), bigrams, replace=False)
    first, second = codes // SIZE, codes % SIZE
    second = np.where((second < 4) & (second != SEP_ID), SEP_ID, second)
    codes = np.unique(first * SIZE + second)
    return Linear(
        pieces=generator.normal(size=(SIZE, labels)).astype(np.float32),
        first=codes // SIZE,
        second=codes % SIZE,
        bigrams=generator.normal(size=(len(codes), labels)).astype(np.float32),
        bias=generator.normal(size=labels).astype(np.float32),
        extra=None,
        piece_times=generator.integers(1, 9, SIZE).astype(np.float32),
        bigram_times=generator.integers(1, 9, len(codes)).astype(np.float32),
    )


def some_rows(number: int = 30, seed: int = 2) -> NDArray[Any]:
    generator = np.random.default_rng(seed)
    rows = np.zeros((number, 12), np.int32)
    for row in rows:
        length = int(generator.integers(0, 11))
        pieces = generator.integers(4, SIZE, length)
        row[: length + 2] = [CLS_ID, *np.where(generator.random(length) < 0.1, 1, pieces), SEP_ID]
    return rows


def plain(tables: Tables, rows: NDArray[Any]) -> NDArray[Any]:
    """The formula, a piece at a time; bigrams as `known_bigrams` finds them are left out."""
    found = []
    for row in rows:
        total, number = np.zeros(len(tables.bias)), 0
        for piece in row:
            if piece in (0, CLS_ID, SEP_ID):
                continue
            number += 1
            if piece < len(tables.dense):
                total += tables.dense[piece]
            else:
                assert tables.sparse is not None
                place = piece - len(tables.dense)
                np.add.at(total, tables.sparse.labels[place], tables.sparse.values[place])
        found.append(total / np.sqrt(max(1, number)) + tables.bias)
    return np.stack(found)


@pytest.mark.parametrize("labels", [2, 10, 11, 200, 1_000])
def test_logits_follow_the_formula(labels: int) -> None:
    tables = squeeze(learned(labels, bigrams=0), TableSizes(dense_rows=20, cells=8, bigram_slots=101, bigram_cells=4))
    rows = some_rows()
    np.testing.assert_allclose(logits(tables, rows), plain(tables, rows), atol=1e-4)
    assert known_bigrams(tables, rows).sum() == 0


@pytest.mark.parametrize("labels", [2, 30])
def test_with_room_for_everything_nothing_is_lost(labels: int) -> None:
    linear = learned(labels)
    tables = squeeze(linear, TableSizes(dense_rows=SIZE, cells=8, bigram_slots=997, bigram_cells=labels))
    rows = np.stack(
        [
            [CLS_ID, one, other, SEP_ID, 0]
            for one, other in zip(linear.first, linear.second, strict=True)
            if other != SEP_ID
        ]
    ).astype(np.int32)
    known = {(int(one), int(other)): n for n, (one, other) in enumerate(zip(linear.first, linear.second, strict=True))}
    expected = []
    for row in rows:
        total = linear.pieces[row[1:3]].sum(axis=0)
        for bigram in zip(row[:3].tolist(), row[1:4].tolist(), strict=True):
            if bigram in known:
                total = total + linear.bigrams[known[bigram]]
        expected.append(total / np.sqrt(2) + linear.bias)
    close = np.isclose(logits(tables, rows), np.stack(expected), atol=1e-4).all(axis=1)
    assert close.mean() > 0.9  # a bigram in a hundred is taken for another
    assert (known_bigrams(tables, rows) >= 1).mean() > 0.9


def test_few_labels_have_dense_rows_and_many_have_cells() -> None:
    few = squeeze(learned(10), TableSizes(dense_rows=20))
    assert few.sparse is None
    assert few.dense.shape == (SIZE, 10)
    assert isinstance(few.bigrams, np.ndarray)
    many = squeeze(learned(300), TableSizes(dense_rows=20, cells=8, bigram_cells=3))
    assert many.dense.shape == (20, 300)
    assert many.sparse is not None
    assert many.sparse.labels.shape == (SIZE - 20, 8)
    assert many.sparse.labels.max() < 300
    assert isinstance(many.bigrams, Cells)
    assert many.bigrams.labels.shape[1] == 3


def test_cells_are_the_strongest_labels() -> None:
    linear = learned(40)
    tables = squeeze(linear, TableSizes(dense_rows=4, cells=2))
    assert tables.sparse is not None
    row = np.abs(linear.pieces[30] - linear.pieces[30].mean())
    assert set(tables.sparse.labels[26]) == set(np.argsort(-row)[:2])


def test_reserved_rows_are_zero_and_two_slots_stay_empty() -> None:
    tables = squeeze(learned(3, bigrams=500), TableSizes(bigram_slots=53))
    assert not tables.dense[[0, 2, 3]].any()
    assert tables.dense[1].any()
    assert (tables.fingerprints == 127).sum() >= 2


def test_the_strongest_bigrams_are_kept() -> None:
    linear = learned(3, bigrams=400)
    tables = squeeze(linear, TableSizes(bigram_slots=101))
    strength = linear.bigrams.std(axis=1) * np.sqrt(linear.bigram_times)
    kept = np.linalg.norm(tables.bigrams[tables.fingerprints != 127], axis=1)  # type: ignore[index]
    assert len(kept) > 40
    strongest = np.linalg.norm(linear.bigrams[np.argsort(-strength)[:10]], axis=1)
    assert all(np.isclose(kept, norm, atol=1e-5).any() for norm in strongest)


def test_a_text_that_is_empty_gets_the_bias() -> None:
    tables = squeeze(learned(3, bigrams=0), TableSizes(bigram_slots=11))
    np.testing.assert_allclose(logits(tables, np.array([[CLS_ID, SEP_ID, 0]])), tables.bias[None], atol=1e-6)
    assert logits(tables, np.zeros((0, 5), np.int32)).shape == (0, 3)
