"""Squeezes what the SVM learned into tables that a page can load: dense rows, sparse rows, and a table of bigrams.

Log-odds of many labels are sparse and not low-rank: the frequent pieces keep all labels, the others their strongest.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.bigram_table import EMPTY, BigramTable, prime_up_to
from trainer.model.features import Rows, is_piece, piece_numbers
from trainer.model.linear import Linear
from trainer.model.weights import Cells, Floats, Tables
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID

MOST_DENSE_LABELS: Final = 10  # up to as many labels, every row is dense
MOST_BIGRAM_SLOTS: Final = 1 << 20  # the arithmetic that finds a bigram has numbers below 2^24 to spread over them
LEAST_BIGRAM_SLOTS: Final = 3  # two of them stay empty
_BATCH: Final = 4_096  # rows whose logits are summed at once


@dataclass(frozen=True)
class TableSizes:
    """How much of the linear part is kept.

    Attributes:
        dense_rows: Ids below have dense rows, where labels are many; the most frequent pieces have the lowest ids.
        cells: Labels that every other piece keeps.
        bigram_slots: Of the table of bigrams.
        bigram_cells: Labels that a bigram keeps, where labels are many.
    """

    dense_rows: int = 604
    cells: int = 8
    bigram_slots: int = 4_999
    bigram_cells: int = 4


def squeeze(linear: Linear, sizes: TableSizes) -> Tables:
    """Keeps the frequent pieces' rows whole, of the others the strongest labels, and the most indicative bigrams."""
    size, label_count = linear.pieces.shape
    rows = linear.pieces.copy()
    rows[[number for number in range(len(RESERVED)) if number != UNKNOWN_ID]] = 0
    dense = size if label_count <= MOST_DENSE_LABELS else min(size, sizes.dense_rows)
    sparse = _strongest(rows[dense:], min(sizes.cells, label_count)) if dense < size else None
    cells = 0 if label_count <= MOST_DENSE_LABELS else min(sizes.bigram_cells, label_count)
    fingerprints, bigrams = _bigram_rows(linear, size, sizes.bigram_slots, cells)
    return Tables(rows[:dense], sparse, fingerprints, bigrams, linear.bias)


def _strongest(rows: Floats, cells: int) -> Cells:
    """Keeps the labels of each row that are farthest from its mean: what all labels share changes no answer."""
    if cells < rows.shape[1]:
        rows = rows - rows.mean(axis=1, keepdims=True)
    labels = np.sort(np.argsort(-np.abs(rows), axis=1, kind="stable")[:, :cells], axis=1).astype(np.int32)
    return Cells(labels, np.take_along_axis(rows, labels, axis=1))


def _bigram_rows(
    linear: Linear, vocabulary_size: int, most_slots: int, cells: int
) -> tuple[NDArray[np.int32], Floats | Cells]:
    """Places the most indicative bigrams first, by the spread of their rows times the root of how often they stand."""
    slots = max(
        LEAST_BIGRAM_SLOTS, min(prime_up_to(most_slots), prime_up_to(2 * len(linear.first) + LEAST_BIGRAM_SLOTS))
    )
    table = BigramTable(vocabulary_size, slots)
    order = np.argsort(-linear.bigrams.std(axis=1) * np.sqrt(linear.bigram_times), kind="stable")
    order = order[: max(slots - 2, 0)]  # two slots stay empty: they hold both ends of 8 bits
    first, second = linear.first[order], linear.second[order]
    taken, places = table.place(first, second) if len(order) else (order, order)
    taken, places = taken[: slots - 2], places[: slots - 2]
    fingerprints = np.full(slots, EMPTY, np.int32)
    fingerprints[places] = table.fingerprint(first[taken], second[taken])
    rows = np.zeros((slots, linear.bigrams.shape[1]), np.float32)
    rows[places] = linear.bigrams[order[taken]]
    return fingerprints, _strongest(rows, cells) if cells else rows


def logits(tables: Tables, rows: Rows) -> Floats:
    """Gives the tables' logits of framed rows, shape [rows, labels]; the extra features' are not among them."""
    answers = [_logits(tables, rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH)]
    return np.concatenate(answers) if answers else np.zeros((0, len(tables.bias)), np.float32)


def known_bigrams(tables: Tables, rows: Rows) -> Floats:
    """Counts the bigrams of framed rows that the table holds, shape [rows]."""
    return sum((found.sum(axis=1) for _, found in _found(tables, rows)), np.zeros(len(rows))).astype(np.float32)


def _logits(tables: Tables, rows: Rows) -> Floats:
    label_count, dense = len(tables.bias), len(tables.dense)
    there = is_piece(rows)
    sums = np.zeros((len(rows), label_count), np.float32)
    in_dense = there & (rows < dense)
    numbers, _ = np.nonzero(in_dense)
    np.add.at(sums, numbers, tables.dense[rows[in_dense]])
    if tables.sparse is not None:
        in_sparse = there & (rows >= dense)
        numbers, _ = np.nonzero(in_sparse)
        _add_cells(sums, numbers, tables.sparse, rows[in_sparse].astype(np.int64) - dense)
    for slots, found in _found(tables, rows):
        numbers, _ = np.nonzero(found)
        if isinstance(tables.bigrams, Cells):
            _add_cells(sums, numbers, tables.bigrams, slots[found])
        else:
            np.add.at(sums, numbers, tables.bigrams[slots[found]])
    return np.asarray(sums / np.sqrt(piece_numbers(rows))[:, None] + tables.bias, np.float32)


def _add_cells(sums: Floats, numbers: NDArray[np.int64], cells: Cells, places: NDArray[np.int64]) -> None:
    np.add.at(sums, (numbers[:, None], cells.labels[places]), cells.values[places])


def _found(tables: Tables, rows: Rows) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Gives for both places of every adjacent bigram its slot, and whether the bigram is there."""
    first, second = rows[:, :-1].astype(np.int64), rows[:, 1:].astype(np.int64)
    table = BigramTable(_vocabulary_size(tables), len(tables.fingerprints))
    fingerprint = table.fingerprint(first, second)
    slots = [total % table.slots for total in table.sums(first, second)]
    return [(of_place, (tables.fingerprints[of_place] == fingerprint) & (second != 0)) for of_place in slots]


def _vocabulary_size(tables: Tables) -> int:
    return len(tables.dense) + (0 if tables.sparse is None else len(tables.sparse.labels))
