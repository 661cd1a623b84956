"""Which texts of a sample are near twins, worked out once for near duplicates and leakage alike."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.sample import Sample
from trainer.splitting.near_duplicates import TwinIndex

# Text made of one template has as many pairs as its square: here the search ends, and says so.
_MOST_PAIRS: Final = 1_000_000


@dataclass(frozen=True)
class Twins:
    """Near twins among a sample's rows, exact copies counted once.

    Attributes:
        first: int64, shape [rows]: the place of the first row with the same words, which stands for its copies.
        near: For the first row of a text the first rows of its near twins; texts without one are left out.
        copies: For the first row of a text that stands more than once all its rows.
        complete: Whether all texts were looked at.
        unseen: First rows that were not looked at.
    """

    first: NDArray[np.int64]
    near: dict[int, list[int]]
    copies: dict[int, list[int]]
    unseen: frozenset[int]

    @property
    def complete(self) -> bool:
        return not self.unseen

    def rows_of(self, first: int) -> list[int]:
        return self.copies.get(first, [first])


def find_twins(sample: Sample) -> Twins:
    """Finds exact copies and near twins. Test rows are asked first: if the search ends early, they are done."""
    by_key: dict[str, int] = {}
    first = np.array([by_key.setdefault(key, place) for place, key in enumerate(sample.keys)], np.int64)
    by_key.pop("", None)  # rows without a word are no twins
    copies: dict[int, list[int]] = defaultdict(list)
    for place, of_place in enumerate(first.tolist()):
        if sample.keys[place]:
            copies[of_place].append(place)
    in_test = {int(first[place]) for place in sample.part("test")}
    asked = sorted(by_key.values(), key=lambda place: place not in in_test)
    index = TwinIndex[int]()
    index.add((place, sample.keys[place]) for place in by_key.values())
    near: dict[int, list[int]] = {}
    unseen = set(asked)
    pairs = 0
    for place, twins in index.find((place, sample.keys[place]) for place in asked):
        unseen.discard(place)
        others = sorted(set(twins) - {place})
        if others:
            near[place] = others
            pairs += len(others)
        if pairs > _MOST_PAIRS:
            break
    return Twins(first, near, {key: rows for key, rows in copies.items() if len(rows) > 1}, frozenset(unseen))


def clusters(near: dict[int, list[int]], wanted: set[int]) -> list[list[int]]:
    """Joins near twins to clusters of two and more, by union-find; texts that are not wanted are passed over."""
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for place, others in near.items():
        if place in wanted:
            for other in others:
                if other in wanted:
                    parent[root(other)] = root(place)
    members: dict[int, list[int]] = defaultdict(list)
    for place in sorted(parent):
        members[root(place)].append(place)
    return [cluster for cluster in members.values() if len(cluster) > 1]
