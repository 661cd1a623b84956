"""Accuracy, macro-F1 and the confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.classifier import Classifier
from trainer.corpus import Phrase


def truth_of(phrases: Sequence[Phrase], labels: Sequence[str]) -> NDArray[np.int64]:
    """Gives the index of each phrase's label, shape [phrases]."""
    index = {label: number for number, label in enumerate(labels)}
    return np.array([index[phrase.label] for phrase in phrases], np.int64)


def measure(classifier: Classifier, phrases: Sequence[Phrase]) -> dict[str, Any]:
    """Gives the `metrics` of a classifier's answers to labelled phrases."""
    answers = classifier.probabilities([phrase.text for phrase in phrases])
    return metrics(answers, truth_of(phrases, classifier.vocabulary.labels))


def metrics(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> dict[str, Any]:
    """Measures answers against the truth.

    Args:
        probabilities: Shape [phrases, labels].
        truth: The right label's index, shape [phrases].

    Returns:
        `phrases`, `accuracy`, `macro_f1` (the mean of the labels' F1, each label weighing the same), `majority` (the
        accuracy of always answering the most frequent label), and `confusion`, rows the truth, columns the answers.
    """
    label_count = probabilities.shape[1]
    confusion = np.zeros((label_count, label_count), np.int64)
    np.add.at(confusion, (truth, probabilities.argmax(axis=1)), 1)
    hits, of_truth, of_answer = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hits / np.maximum(of_truth + of_answer, 1)
    return {
        "phrases": len(truth),
        "accuracy": float(hits.sum() / len(truth)),
        "macro_f1": float(f1.mean()),
        "majority": float(of_truth.max() / len(truth)),
        "confusion": confusion.tolist(),
    }


def confusion_table(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Draws a confusion matrix as text: rows the truth, columns the answers."""
    width = max(6, *(len(label) for label in labels), *(len(str(count)) for row in confusion for count in row)) + 1
    head = " " * width + "".join(f"{label:>{width}}" for label in labels)
    rows = [
        f"{label:<{width}}" + "".join(f"{count:>{width}}" for count in row)
        for label, row in zip(labels, confusion, strict=True)
    ]
    return "\n".join([head, *rows])
