"""Folds for cross-validation: each row is answered once, by a model that has not learned from it.

Stratified: each label's rows are spread evenly. A group is never divided, nor are neighbouring rows of running text or
copies of one another: what is all but the same would be learned from in nine folds and asked for in the tenth.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Row
from trainer.splitting.near_duplicates import NearDuplicateIndex
from trainer.text.words import canonical, words_of

FOLDS: Final = 10
CROSS_VALIDATED: Final = 1_000  # rows: of fewer, a tenth is too few to measure on, and too many to do without
BLOCK: Final = 10  # neighbouring rows of running text, or what makes ten blocks of a label
_MOST_OF_LABEL: Final = 0.5  # of a label's rows: near-duplicates of one row that are more are a formula, and no copies


@dataclass(frozen=True)
class Folds:
    """Which row is held out when.

    Attributes:
        fold: The number of the fold that each row is held out in, int64, shape [rows].
        copies: Rows of an equal number are copies or near-duplicates of one another, int64, shape [rows].
    """

    fold: NDArray[np.int64]
    copies: NDArray[np.int64]

    def __getitem__(self, rows: NDArray[Any]) -> "Folds":
        return Folds(self.fold[rows], self.copies[rows])

    def __iter__(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Gives for each fold which rows are held out, and which are learned from: the others without their copies."""
        for number in np.unique(self.fold):
            out = self.fold == number
            yield out, ~out & ~np.isin(self.copies, self.copies[out])


def folds_of(rows: Sequence[Row], running: bool, seed: int, count: int = FOLDS) -> Folds:
    """Deals rows to folds.

    Args:
        rows: In the order of the source.
        running: Whether a file's rows follow one another as running text.
        seed: Equal seeds give equal folds.
        count: How many folds, at least 2; fewer are made of fewer groups.
    """
    copies = _copies(rows)
    blocks = _blocks(rows) if running else copies.tolist()
    units: list[Hashable] = [(row.group,) if row.group else block for row, block in zip(rows, blocks, strict=True)]
    label_ids = np.unique([row.label for row in rows], return_inverse=True)[1].astype(np.int64)
    return Folds(deal(label_ids, _numbered(units), seed, count), copies)


def deal(truth: NDArray[Any], units: NDArray[np.int64], seed: int, count: int = FOLDS) -> NDArray[np.int64]:
    """Deals the units of each label to the folds, the largest first, each to the fold with the fewest rows of it.

    Args:
        truth: Labels' indices, shape [rows].
        units: Rows of an equal number stay together, shape [rows].
        seed: Of the order among equals.
        count: How many folds.

    Returns:
        The fold of each row, int64, shape [rows].
    """
    generator = np.random.default_rng(seed)
    members = defaultdict[int, list[int]](list)
    for row, unit in enumerate(units.tolist()):
        members[unit].append(row)
    of_label = defaultdict[int, list[list[int]]](list)
    for rows in members.values():
        of_label[Counter(truth[rows].tolist()).most_common(1)[0][0]].append(rows)
    fold = np.zeros(len(truth), np.int64)
    start = 0
    for label in sorted(of_label):
        drawn = [of_label[label][place] for place in generator.permutation(len(of_label[label]))]
        have = [0] * count
        for rows in sorted(drawn, key=len, reverse=True):
            chosen = min(range(count), key=lambda number: (have[number], (number - start) % count))
            have[chosen] += len(rows)
            fold[rows] = chosen
        start += len(drawn)
    return fold


def _numbered(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _copies(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Numbers rows so that copies, and near-duplicates of one row, have its number, shape [rows]."""
    same = _numbered([" ".join(map(canonical, words_of(row.text))) for row in rows])
    _, first = np.unique(same, return_index=True)
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    original = np.arange(len(first))
    for number, found in index.distinct((number, rows[place].text) for number, place in enumerate(first.tolist())):
        original[number] = number if found is None else found
    near = original[same]
    sizes = Counter(row.label for row in rows)
    together = Counter(zip(near.tolist(), (row.label for row in rows), strict=True))
    formulas = [number for (number, label), held in together.items() if held > max(2, _MOST_OF_LABEL * sizes[label])]
    return np.where(np.isin(near, formulas), same, near)


def _blocks(rows: Sequence[Row]) -> list[Hashable]:
    """Gives each row its block of neighbours: of `BLOCK` rows, or ten blocks of a label where it has fewer."""
    sizes = Counter(row.label for row in rows)
    seen: Counter[str] = Counter()
    blocks: list[Hashable] = []
    for row in rows:
        blocks.append((row.label, seen[row.label] // max(1, min(BLOCK, sizes[row.label] // FOLDS))))
        seen[row.label] += 1
    return blocks
