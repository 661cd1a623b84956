"""Which texts of a sample are near-duplicates, worked out once for pollution and leakage alike."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.audit.sample import Sample
from trainer.splitting.near_duplicates import NearDuplicateIndex


@dataclass(frozen=True)
class Duplicates:
    """Copies and near-duplicates among a sample's rows.

    Attributes:
        first: int64, shape [rows]: the place of the first row with the same words, which stands for its copies.
        near: For the first row of a text the first rows of near-duplicates of it, a few where there are many; texts
            without one are left out.
        copies: For the first row of a text that stands more than once all its rows.
    """

    first: NDArray[np.int64]
    near: dict[int, list[int]]
    copies: dict[int, list[int]]

    def rows_of(self, first: int) -> list[int]:
        return self.copies.get(first, [first])


def find_duplicates(sample: Sample) -> Duplicates:
    """Finds exact copies and near-duplicates; of many equally good ones those that stand in training."""
    by_key: dict[str, int] = {}
    first = np.array([by_key.setdefault(key, place) for place, key in enumerate(sample.keys)], np.int64)
    by_key.pop("", None)  # rows without a word are no duplicates
    copies: dict[int, list[int]] = defaultdict(list)
    for place, of_place in enumerate(first.tolist()):
        if sample.keys[place]:
            copies[of_place].append(place)
    in_training = {int(first[place]) for place in sample.part("train")}
    texts = [(place, key) for key, place in by_key.items()]
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add(sorted(texts, key=lambda text: text[0] in in_training))  # what is added last is compared first
    near = {place: sorted(others) for place, others in index.find(texts) if others}
    return Duplicates(first, near, {key: rows for key, rows in copies.items() if len(rows) > 1})


def clusters(near: dict[int, list[int]], wanted: set[int]) -> list[list[int]]:
    """Joins near-duplicates to clusters of two and more, by union-find; texts that are not wanted are passed over."""
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
