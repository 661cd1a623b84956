"""What is said of one text: the best label, its probability, and whether that is "not sure"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.abstention import abstains
from trainer.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Prediction:
    """What is said of one text.

    Attributes:
        label: The most likely label.
        score: Its probability, 0 to 1.
        abstained: Whether the answer is "not sure": the score is below the run's threshold, or no word is known.
        scores: Label -> probability, best first.
    """

    label: str
    score: float
    abstained: bool
    scores: dict[str, float]


def predictions(
    texts: Sequence[str], probabilities: NDArray[Any], vocabulary: Vocabulary, threshold: float
) -> list[Prediction]:
    """Gives what is said of each text.

    Args:
        texts: Raw.
        probabilities: Shape [texts, labels].
        vocabulary: Tells which words are known.
        threshold: The probability below which an answer is "not sure".
    """
    found = []
    for text, of_text in zip(texts, probabilities, strict=True):
        order = np.argsort(-of_text, kind="stable")
        scores = {vocabulary.labels[index]: float(of_text[index]) for index in order}
        label, score = next(iter(scores.items()))
        abstained = abstains(score, vocabulary.known_words(text), threshold)
        found.append(Prediction(label, score, abstained, scores))
    return found
