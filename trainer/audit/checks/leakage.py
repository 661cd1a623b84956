"""Leakage: test phrases that have a near-duplicate in the training part, and what they do to accuracy."""

from typing import Any

import numpy as np

from trainer.audit.checks.duplicates import Duplicates
from trainer.audit.checks.shortcuts import Reference
from trainer.audit.sample import Sample


def measure_leakage(sample: Sample, duplicates: Duplicates, reference: Reference | None) -> dict[str, Any]:
    """Counts test phrases whose text, or a near-duplicate of it, stands in the training part, under whatever label.

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
