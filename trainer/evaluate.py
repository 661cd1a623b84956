"""Accuracy, macro-F1 and the confusion matrix."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.classifier import Classifier
from trainer.corpus import Phrase

_BATCH = 10_000  # phrases
_WIDEST_TABLE = 12  # labels that a terminal holds side by side


def truth_of(phrases: Sequence[Phrase], labels: Sequence[str]) -> NDArray[np.int64]:
    """Gives the index of each phrase's label, shape [phrases]."""
    index = {label: number for number, label in enumerate(labels)}
    return np.array([index[phrase.label] for phrase in phrases], np.int64)


def measure(classifier: Classifier, phrases: Iterable[Phrase]) -> dict[str, Any]:
    """Gives the `metrics` of a classifier's answers to labelled phrases, however many they are."""
    labels = classifier.vocabulary.labels
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    rest = iter(phrases)
    while batch := list(islice(rest, _BATCH)):
        answers = classifier.probabilities([phrase.text for phrase in batch])
        confusion += confusion_of(answers, truth_of(batch, labels))
    return metrics(confusion)


def confusion_of(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts answers.

    Args:
        probabilities: Shape [phrases, labels].
        truth: The right label's index, shape [phrases].

    Returns:
        int64, shape [labels, labels], rows the truth, columns the answers.
    """
    confusion = np.zeros((probabilities.shape[1],) * 2, np.int64)
    np.add.at(confusion, (truth, probabilities.argmax(axis=1)), 1)
    return confusion


def metrics(confusion: NDArray[np.int64]) -> dict[str, Any]:
    """Measures answers.

    Args:
        confusion: Shape [labels, labels], rows the truth, columns the answers.

    Returns:
        `phrases`, `accuracy`, `macro_f1` (the mean of the labels' F1, each label weighing the same), `majority` (the
        accuracy of always answering the most frequent label), and `confusion`.
    """
    hits, of_truth, of_answer = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hits / np.maximum(of_truth + of_answer, 1)
    count = int(confusion.sum())
    return {
        "phrases": count,
        "accuracy": float(hits.sum() / max(count, 1)),
        "macro_f1": float(f1.mean()),
        "majority": float(of_truth.max() / max(count, 1)),
        "confusion": confusion.tolist(),
    }


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
