"""Leakage: test phrases that have a near twin in the training part, and what they do to accuracy."""

from typing import Any

import numpy as np

from trainer.audit.sample import Sample
from trainer.audit.shortcuts import Reference
from trainer.audit.twinning import Twins


def measure_leakage(sample: Sample, twins: Twins, reference: Reference | None) -> dict[str, Any]:
    """Counts test phrases whose text, or a near twin of it, stands in the training part, under whatever label.

    Returns:
        "test": phrases of the test part that were looked at, and "complete": whether those are all; "leaked": those
        with a twin in training, and "by_label"; "accuracy" of the reference model on all and "accuracy_without" on the
        others, None where there is nothing to measure; "examples": pairs.
    """
    in_train = set(sample.part("train").tolist())
    test = [int(place) for place in sample.part("test") if int(twins.first[place]) not in twins.unseen]
    twin_of = {place: twin for place in test if (twin := _twin(place, twins, in_train)) is not None}
    leaked = np.array([place in twin_of for place in test], bool)
    accuracy = without = None
    if reference is not None and test:
        right = reference.model.predict(reference.matrix[test]) == sample.label_ids[test]
        accuracy = float(right.mean())
        without = float(right[~leaked].mean()) if not leaked.all() else None
    chosen = list(twin_of.items())[:: max(1, len(twin_of) // 5)][:5]
    return {
        "test": len(test),
        "complete": len(test) == len(sample.part("test")),
        "leaked": len(twin_of),
        "by_label": sample.by_label(list(twin_of)),
        "accuracy": accuracy,
        "accuracy_without": without,
        "examples": [{"test": sample.example(one), "train": sample.example(other)} for one, other in chosen],
    }


def _twin(place: int, twins: Twins, in_train: set[int]) -> int | None:
    first = int(twins.first[place])
    for text in (first, *twins.near.get(first, ())):
        for row in twins.rows_of(text):
            if row in in_train:
                return row
    return None
