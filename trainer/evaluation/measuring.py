"""Asks a classifier for its answers to labelled phrases, and measures them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Phrase
from trainer.evaluation.metrics import Tally, metrics, tally
from trainer.model.classifier import Classifier

_BATCH: Final = 10_000  # phrases


def measure(classifier: Classifier, phrases: Iterable[Phrase], threshold: float, majority_label: str) -> dict[str, Any]:
    """Measures a classifier's answers to labelled phrases, however many they are.

    Args:
        classifier: Is asked.
        phrases: Read once.
        threshold: The probability below which an answer is "not sure".
        majority_label: The label that most training phrases have.

    Returns:
        The `metrics`.
    """
    commonest = classifier.vocabulary.labels.index(majority_label)
    return metrics(tally_of(classifier, phrases), threshold, commonest)


def tally_of(classifier: Classifier, phrases: Iterable[Phrase]) -> Tally:
    """Asks a classifier for its answers to labelled phrases, in batches, and counts them."""
    labels = classifier.vocabulary.labels
    total = tally(np.zeros((0, len(labels))), np.zeros(0, np.int64))
    rest = iter(phrases)
    while batch := list(islice(rest, _BATCH)):
        texts, truth = [phrase.text for phrase in batch], truth_of(batch, labels)
        known = np.array([classifier.vocabulary.known_words(text) > 0 for text in texts])
        total += tally(classifier.probabilities(texts), truth, known)
    return total


def truth_of(phrases: Sequence[Phrase], labels: Sequence[str]) -> NDArray[np.int64]:
    """Gives the index of each phrase's label, shape [phrases]."""
    index = {label: number for number, label in enumerate(labels)}
    return np.array([index[phrase.label] for phrase in phrases], np.int64)
