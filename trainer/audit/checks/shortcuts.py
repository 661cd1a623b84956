"""Shortcuts: how far a model gets that does not read the phrase."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.checks.partial_inputs import PARTIAL_INPUTS, PartialInput
from trainer.audit.models import fitted, reference_matrix, weighted
from trainer.audit.sample import MOST_FITTED, Sample, evenly

logger = logging.getLogger(__name__)

CLOSE: Final = 0.4  # of the way from the majority baseline to the reference model
_CLOSE_BY_WORDS: Final = 0.6  # the first word is one of the words: it is bound to predict something
_LEAST_GAIN = 0.03  # accuracy above the majority baseline that is worth a word
_MOST_VALIDATION = 20_000
_FEWEST = 20  # validation rows
_FEWEST_OF_LABEL = 5  # validation rows
_SEPARATED = 0.8  # F1 of a label that a partial input alone separates from all others
_SEPARATED_BY_WORDS = 0.9  # such as "hello" of a greeting: no more than half of a shortcut
_AS_WELL = 0.1  # F1 that the reference may be better by
_MIXED_UP = 0.2  # of a label's rows that are answered with another: those two are one to the baseline

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
    train, validation = evenly(sample.part("train"), MOST_FITTED), evenly(sample.part("validation"), _MOST_VALIDATION)
    if len(np.unique(sample.label_ids[train])) < 2:
        return "The training part has fewer than two labels."
    if len(validation) < _FEWEST:
        return f"The validation part has {len(validation)} phrases; {_FEWEST} or more are needed."
    return Bench(train, validation)


def reference_of(sample: Sample, bench: Bench) -> Reference:
    """Trains the reference model on the training rows of a bench."""
    matrix = reference_matrix(sample, bench.train)
    return Reference(matrix, fitted(matrix[bench.train], sample.label_ids[bench.train]))


def measure_shortcuts(sample: Sample, bench: Bench, reference: Reference) -> dict[str, Any]:
    """Measures every partial-input baseline beside the majority baseline and the reference model.

    Source: Feng, Wallace and Boyd-Graber, Misleading Failures of Partial-input Baselines (2019).

    Args:
        sample: The phrases.
        bench: The rows to train and to measure on.
        reference: Reads whole phrases.

    Returns:
        Accuracies on the validation rows; "partial_inputs" holds each shortcut's, worst first, with its share of the
        way from the baseline to the reference (None where the reference itself is no better than the baseline), its
        recall for each label, and "separates", the labels that it separates from all others about as well as the
        reference:
        a rare label that has two commas changes no accuracy. Each of these is a list of "labels", more than one where
        the baseline mixes them up with one another, with "recall" and "f1". "learns" is whether the reference learned
        anything.
    """
    actual = sample.label_ids[bench.validation]
    commonest = int(np.bincount(sample.label_ids[bench.train]).argmax())
    majority = float((actual == commonest).mean())
    predicted = reference.model.predict(reference.matrix[bench.validation])
    real = float((predicted == actual).mean())
    gains = _clearly(real - majority, len(actual), majority)
    learns = gains or _learns_rare_labels(sample, bench, reference)
    baselines = []
    for name, read in PARTIAL_INPUTS.items():
        logger.info(f"partial input: {WHAT[name]} alone")
        answers, balanced = _answers(sample, bench, read)
        accuracy = float((answers == actual).mean())
        share = (accuracy - majority) / (real - majority) if gains else None
        least = _CLOSE_BY_WORDS if name == "first_word" else CLOSE
        # Where the words predict nothing, one of five baselines may seem to by chance: it has to be clearer.
        seems = _clearly(accuracy - majority, len(actual), majority, errors=2 if gains else 3)
        close = seems and (share is None or share >= least)
        baselines.append(
            {
                "name": name,
                "accuracy": accuracy,
                "share": share,
                "close": close,
                "recall": _recall(sample, actual, answers),
                "separates": _separated(sample, actual, balanced, predicted, name),
            }
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
        "partial_inputs": sorted(baselines, key=lambda baseline: -baseline["accuracy"]),
    }


def _answers(sample: Sample, bench: Bench, read: PartialInput) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives a baseline's answers to the validation rows: as it is, and with every label weighing the same."""
    places = np.concatenate([bench.train, bench.validation])
    train = np.arange(len(bench.train))
    matrix = weighted((read(sample.rows[place].text, sample.forms[place]) for place in places), train)
    labels = sample.label_ids[bench.train]
    plain, balanced = (fitted(matrix[train], labels, weighed) for weighed in (False, True))
    return plain.predict(matrix[len(train) :]), balanced.predict(matrix[len(train) :])


def _clearly(gain: float, count: int, baseline: float, errors: int = 2) -> bool:
    """So many standard errors, and enough to matter."""
    error = (max(baseline * (1 - baseline), 0.01) / count) ** 0.5
    return bool(gain >= max(errors * error, _LEAST_GAIN))


def _recall(sample: Sample, actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, float]:
    return {
        label: float((predicted[actual == place] == place).mean())
        for place, label in enumerate(sample.labels)
        if (actual == place).any()
    }


def _learns_rare_labels(sample: Sample, bench: Bench, reference: Reference) -> bool:
    """Whether words predict labels where accuracy cannot show it, as with 98 % of one label: by macro recall."""
    actual = sample.label_ids[bench.validation]
    model = fitted(reference.matrix[bench.train], sample.label_ids[bench.train], balanced=True)
    predicted = model.predict(reference.matrix[bench.validation])
    counts = np.bincount(actual, minlength=len(sample.labels))
    recall = np.array([(predicted[actual == place] == place).mean() for place in np.flatnonzero(counts)])
    counts = counts[counts > 0]
    chance = 1 / len(recall)
    error = float((chance * (1 - chance) / counts).sum() ** 0.5) / len(recall)
    return bool(recall.mean() - chance >= max(2 * error, _LEAST_GAIN))


def _separated(
    sample: Sample, actual: NDArray[np.int64], answers: NDArray[np.int64], read: NDArray[np.int64], name: str
) -> list[dict[str, Any]]:
    """Gives the labels that a baseline's answers separate from all others about as well as the reference's."""
    least = _SEPARATED_BY_WORDS if name in ("first_word", "capitalised") else _SEPARATED
    found: list[dict[str, Any]] = []
    named: set[int] = set()
    for group in _groups(np.array(_confusion(sample, actual, answers))):
        of_group = np.isin(actual, group)
        # To separate more than half of the rows is to separate the others, which are named.
        if named & set(group) or not _FEWEST_OF_LABEL <= of_group.sum() <= len(actual) / 2:
            continue
        f1 = _f1(of_group, np.isin(answers, group))
        if f1 >= least and _f1(of_group, np.isin(read, group)) <= f1 + _AS_WELL:
            named |= set(group)
            recall = float(np.isin(answers, group)[of_group].mean())
            found.append({"labels": [sample.labels[place] for place in group], "recall": recall, "f1": f1})
    return sorted(found, key=lambda separated: -float(separated["f1"]))


def _groups(confusion: NDArray[np.int64]) -> Iterator[list[int]]:
    """Gives each label, then those that are mixed up with one another: three labels may share one mark."""
    from scipy.sparse.csgraph import connected_components

    count = len(confusion)
    yield from ([place] for place in range(count))
    linked = confusion >= np.maximum(2, _MIXED_UP * confusion.sum(axis=1, keepdims=True))
    _, numbers = connected_components(linked, directed=False)
    for number in np.unique(numbers):
        group = np.flatnonzero(numbers == number).tolist()
        if len(group) > 1:
            yield group


def _f1(of_group: NDArray[np.bool_], answered: NDArray[np.bool_]) -> float:
    return float(2 * (of_group & answered).sum() / max(of_group.sum() + answered.sum(), 1))


def _confusion(sample: Sample, actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> list[list[int]]:
    """Rows are the labels, columns what the reference model answered."""
    counts = np.zeros((len(sample.labels), len(sample.labels)), np.int64)
    np.add.at(counts, (actual, predicted), 1)
    rows: list[list[int]] = counts.tolist()
    return rows
