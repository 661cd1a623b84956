"""Shortcuts: how far a model gets that does not read the phrase."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.models import fitted, reference_matrix, weighted
from trainer.audit.sample import Sample, evenly
from trainer.audit.views import VIEWS, View

CLOSE: Final = 0.4  # of the way from the majority baseline to the reference model
_CLOSE_BY_WORDS: Final = 0.6  # the first word is one of the words: it is bound to tell something
_LEAST_GAIN = 0.03  # accuracy above the majority baseline that is worth a word
_MOST_TRAIN, _MOST_VALIDATION = 60_000, 20_000
_FEWEST = 20  # validation rows
_FEWEST_OF_LABEL = 5  # validation rows
_TELLS = 0.8  # F1 of a label that a view alone tells from all others
_AS_WELL = 0.1  # F1 that the reference may be better by

WHAT: Final = {
    "punctuation": "punctuation",
    "case": "upper and lower case",
    "length": "the length",
    "first_word": "the first word",
    "capitalised": "capitalised words, most of them names",
}


@dataclass(frozen=True)
class Reference:
    """The model that the shortcuts are held against.

    Attributes:
        matrix: Sparse, shape [rows, features], of all rows of the sample.
        model: Fitted on training rows.
    """

    matrix: Any
    model: Any


@dataclass(frozen=True)
class Bench:
    """Where shortcuts and the reference are trained and measured: places of rows."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def bench_of(sample: Sample) -> Bench | str:
    """Chooses the rows to train and to measure on, or says in a sentence why there are too few."""
    train, validation = evenly(sample.part("train"), _MOST_TRAIN), evenly(sample.part("validation"), _MOST_VALIDATION)
    if len(np.unique(sample.label_ids[train])) < 2:
        return "The training part has fewer than two labels."
    if len(validation) < _FEWEST:
        return f"The validation part has {len(validation)} phrases; {_FEWEST} or more tell something."
    return Bench(train, validation)


def reference_of(sample: Sample, bench: Bench) -> Reference:
    matrix = reference_matrix(sample, bench.train)
    return Reference(matrix, fitted(matrix[bench.train], sample.label_ids[bench.train]))


def measure_shortcuts(
    sample: Sample, bench: Bench, reference: Reference, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Measures every view beside the majority baseline and the reference model.

    Returns:
        Accuracies on the validation rows; "views" holds each shortcut's, the worst first, with its share of the way
        from the baseline to the reference (None where the reference itself is no better than the baseline), its
        recall for each label, and "tells", the labels that it tells from all others about as well as the reference:
        a rare label that has two commas changes no accuracy. "learns" is whether the reference learned anything.
    """
    actual = sample.label_ids[bench.validation]
    commonest = int(np.bincount(sample.label_ids[bench.train]).argmax())
    majority = float((actual == commonest).mean())
    predicted = reference.model.predict(reference.matrix[bench.validation])
    real = float((predicted == actual).mean())
    learns = _clearly(real - majority, len(actual), majority)
    reference_f1 = _f1(sample, actual, predicted)
    views = []
    for name, view in VIEWS.items():
        progress(f"what {WHAT[name]} alone would tell")
        answers, balanced = _answers(sample, bench, view)
        accuracy = float((answers == actual).mean())
        share = (accuracy - majority) / (real - majority) if learns else None
        least = _CLOSE_BY_WORDS if name == "first_word" else CLOSE
        close = _clearly(accuracy - majority, len(actual), majority) and (share is None or share >= least)
        tells = [
            label
            for label, f1 in _f1(sample, actual, balanced).items()
            if f1 >= _TELLS and reference_f1[label] <= f1 + _AS_WELL
        ]
        recall = _recall(sample, actual, answers)
        views.append(
            {"name": name, "accuracy": accuracy, "share": share, "close": close, "recall": recall, "tells": tells}
        )
    return {
        "learns": learns,
        "majority": majority,
        "majority_label": sample.labels[commonest],
        "reference": real,
        "reference_recall": _recall(sample, actual, predicted),
        "confusion": _confusion(sample, actual, predicted),
        "train": len(bench.train),
        "validation": len(actual),
        "views": sorted(views, key=lambda view: -view["accuracy"]),
    }


def _answers(sample: Sample, bench: Bench, view: View) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives what a view's model answers to the validation rows, as it is and with every label weighing the same."""
    places = np.concatenate([bench.train, bench.validation])
    train = np.arange(len(bench.train))
    matrix = weighted((view(sample.rows[place].text, sample.forms[place]) for place in places), train)
    labels = sample.label_ids[bench.train]
    plain, balanced = (fitted(matrix[train], labels, weighed) for weighed in (False, True))
    return plain.predict(matrix[len(train) :]), balanced.predict(matrix[len(train) :])


def _clearly(gain: float, count: int, baseline: float) -> bool:
    """Two standard errors, and enough to matter."""
    error = (max(baseline * (1 - baseline), 0.01) / count) ** 0.5
    return bool(gain >= max(2 * error, _LEAST_GAIN))


def _recall(sample: Sample, actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, float]:
    return {
        label: float((predicted[actual == place] == place).mean())
        for place, label in enumerate(sample.labels)
        if (actual == place).any()
    }


def _f1(sample: Sample, actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, float]:
    """Gives the F1 of each label that has enough rows to judge by."""
    found = {}
    for place, label in enumerate(sample.labels):
        of_label, answered = actual == place, predicted == place
        if of_label.sum() >= _FEWEST_OF_LABEL:
            found[label] = float(2 * (of_label & answered).sum() / (of_label.sum() + answered.sum()))
    return found


def _confusion(sample: Sample, actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> list[list[int]]:
    """Rows are the labels, columns what the reference model answered."""
    counts = np.zeros((len(sample.labels), len(sample.labels)), np.int64)
    np.add.at(counts, (actual, predicted), 1)
    rows: list[list[int]] = counts.tolist()
    return rows
