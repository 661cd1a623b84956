"""Accuracy, macro-F1, calibration and the confusion matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.classifier import Classifier
from trainer.corpus import Phrase

BINS: Final = 15  # of equal width, by how sure an answer is
_BATCH = 10_000  # phrases
_DRAWS = 1_000
_BOUNDS = (0.025, 0.975)
_WIDEST_TABLE = 12  # labels that a terminal holds side by side


def truth_of(phrases: Sequence[Phrase], labels: Sequence[str]) -> NDArray[np.int64]:
    """Gives the index of each phrase's label, shape [phrases]."""
    index = {label: number for number, label in enumerate(labels)}
    return np.array([index[phrase.label] for phrase in phrases], np.int64)


@dataclass(frozen=True)
class Tally:
    """Answers, counted.

    Attributes:
        confusion: int64, shape [labels, labels], rows the truth, columns the answers.
        bins: float64, shape [`BINS`, 3]: by how sure the answers were, their number, the sum of their probabilities,
            and how many were right.
    """

    confusion: NDArray[np.int64]
    bins: NDArray[np.float64]

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.confusion + other.confusion, self.bins + other.bins)


def measure(classifier: Classifier, phrases: Iterable[Phrase]) -> dict[str, Any]:
    """Gives the `metrics` of a classifier's answers to labelled phrases, however many they are."""
    labels = classifier.vocabulary.labels
    total = tally(np.zeros((0, len(labels))), np.zeros(0, np.int64))
    rest = iter(phrases)
    while batch := list(islice(rest, _BATCH)):
        total += tally(classifier.probabilities([phrase.text for phrase in batch]), truth_of(batch, labels))
    return metrics(total)


def tally(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> Tally:
    """Counts answers.

    Args:
        probabilities: Shape [phrases, labels].
        truth: The right label's index, shape [phrases].
    """
    answers = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1, initial=0.0)
    confusion = np.zeros((probabilities.shape[1],) * 2, np.int64)
    np.add.at(confusion, (truth, answers), 1)
    bins = np.zeros((BINS, 3))
    which = np.minimum((sure * BINS).astype(int), BINS - 1)
    np.add.at(bins, which, np.stack([np.ones(len(truth)), sure, answers == truth], axis=1))
    return Tally(confusion, bins)


def metrics(counted: Tally) -> dict[str, Any]:
    """Measures answers.

    Returns:
        `phrases`, `accuracy`, `macro_f1` (the mean of the labels' F1, each label weighing the same), `majority` (the
        accuracy of always answering the most frequent label), `calibration_error` (the expected one, over `BINS` bins
        of equal width), `intervals` (of accuracy and macro F1: where 95 % of the results lie if the phrases are drawn
        anew from themselves), and `confusion`.
    """
    confusion = counted.confusion
    of_truth = confusion.sum(axis=1)
    count = max(int(confusion.sum()), 1)
    return {
        "phrases": int(confusion.sum()),
        "accuracy": float(confusion.trace() / count),
        "macro_f1": float(_macro_f1(confusion)),
        "majority": float(of_truth.max() / count),
        "calibration_error": float(np.abs(counted.bins[:, 1] - counted.bins[:, 2]).sum() / count),
        "intervals": _intervals(confusion),
        "confusion": confusion.tolist(),
    }


def _macro_f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Gives the macro F1 of a confusion matrix, or of each of a stack of them."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    f1 = 2 * hits / np.maximum(confusion.sum(axis=-1) + confusion.sum(axis=-2), 1)
    return np.asarray(f1.mean(axis=-1), np.float64)


def _intervals(confusion: NDArray[np.int64]) -> dict[str, list[float]]:
    """Draws the phrases anew from themselves (Efron's bootstrap): of a confusion matrix that is a multinomial draw."""
    count, size = int(confusion.sum()), confusion.shape[0]
    if not count:
        return {"accuracy": [0.0, 1.0], "macro_f1": [0.0, 1.0]}
    generator = np.random.default_rng(1)
    shares = confusion.ravel() / count
    results = np.zeros((_DRAWS, 2))
    for row in results:
        drawn = generator.multinomial(count, shares).reshape(size, size)
        row[:] = drawn.trace() / count, _macro_f1(drawn)
    bounds = np.quantile(results, _BOUNDS, axis=0)
    return {"accuracy": bounds[:, 0].tolist(), "macro_f1": bounds[:, 1].tolist()}


def confusion_table(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Draws a confusion matrix as text: rows the truth, columns the answers; of many labels the worst confusions."""
    if len(labels) > _WIDEST_TABLE:
        counts = np.array(confusion) * (1 - np.eye(len(labels), dtype=np.int64))
        worst = np.argsort(-counts, axis=None, kind="stable")[:_WIDEST_TABLE]
        pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in worst]
        return "\n".join(
            f"{counts[row, column]:>7,} of {labels[row]} answered {labels[column]}"
            for row, column in pairs
            if counts[row, column]
        )
    width = max(6, *(len(label) for label in labels), *(len(str(count)) for row in confusion for count in row)) + 1
    head = " " * width + "".join(f"{label:>{width}}" for label in labels)
    rows = [
        f"{label:<{width}}" + "".join(f"{count:>{width}}" for count in row)
        for label, row in zip(labels, confusion, strict=True)
    ]
    return "\n".join([head, *rows])
