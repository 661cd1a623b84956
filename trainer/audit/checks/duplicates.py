"""Near-duplicates: which texts of a sample are, and what those across the parts of the split do to accuracy.

They are worked out once, for pollution and leakage alike.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.audit.checks.shortcuts import Reference
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
    """Finds exact copies and near-duplicates; of many equally good ones those that stand in training.

    Args:
        sample: The phrases with their parts.

    Returns:
        Places of rows in the sample.
    """
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
    """Joins near-duplicates to clusters of two and more, by union-find.

    Args:
        near: A text's place -> those of its near-duplicates.
        wanted: Places of the texts that may be in a cluster.

    Returns:
        The places in each cluster.
    """
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


def measure_leakage(sample: Sample, duplicates: Duplicates, reference: Reference | None) -> dict[str, Any]:
    """Counts test phrases whose text, or a near-duplicate of it, stands in the training part, under whatever label.

    Args:
        sample: The phrases with their parts.
        duplicates: Of the sample.
        reference: The model whose accuracy is measured; None: too few phrases to train one.

    Returns:
        "test": phrases of the test part; "leaked": those with a duplicate in training, and "by_label"; "accuracy" of
        the reference model on all and "accuracy_without" on the others, None where there is nothing to measure;
        "examples": pairs.
    """
    in_train = set(sample.part("train").tolist())
    test = [int(place) for place in sample.part("test")]
    duplicate_of = {place: found for place in test if (found := _duplicate(place, duplicates, in_train)) is not None}
    leaked = np.array([place in duplicate_of for place in test], bool)
    accuracy = without = None
    if reference is not None and test:
        right = reference.model.predict(reference.matrix[test]) == sample.label_ids[test]
        accuracy = float(right.mean())
        without = float(right[~leaked].mean()) if not leaked.all() else None
    chosen = list(duplicate_of.items())[:: max(1, len(duplicate_of) // 5)][:5]
    return {
        "test": len(test),
        "leaked": len(duplicate_of),
        "by_label": sample.by_label(list(duplicate_of)),
        "accuracy": accuracy,
        "accuracy_without": without,
        "examples": [{"test": sample.example(one), "train": sample.example(other)} for one, other in chosen],
    }


def _duplicate(place: int, duplicates: Duplicates, in_train: set[int]) -> int | None:
    first = int(duplicates.first[place])
    for text in (first, *duplicates.near.get(first, ())):
        for row in duplicates.rows_of(text):
            if row in in_train:
                return row
    return None
