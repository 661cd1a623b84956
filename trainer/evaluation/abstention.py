"""The answer "not sure": what a best probability has to reach for a label to be named.

Abstaining below a threshold is Chow's rule: On Optimum Recognition Error and Reject Tradeoff (1970). The threshold is
chosen on the validation phrases once; the page, the apps and the commands all compare with the same number.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.evaluation.metrics import STEPS, Tally

TARGET_PRECISION: Final = 0.9  # nine answers of ten right is what a reader takes "it says so" to mean
LARGEST_RATE: Final = 0.08  # of the phrases: who types a real one must be answered, on the test phrases 9 times in 10
LEAST_RATE: Final = 0.02  # of the phrases: where answers are right anyway, text of another kind is told all the same


@dataclass(frozen=True)
class Abstention:
    """When an answer is "not sure", and what that does to the validation phrases.

    Attributes:
        threshold: A whole number of `STEPS`; an answer whose best probability is below it is "not sure".
        target_precision: The share of right answers that was aimed at.
        largest_rate: The largest abstention rate that was allowed.
        precision: The share of right ones among the answers that remain.
        abstention_rate: The share of all phrases that are "not sure"; the others are the coverage.
    """

    threshold: float
    target_precision: float
    largest_rate: float
    precision: float
    abstention_rate: float


def threshold_of(counted: Tally) -> Abstention:
    """Chooses the threshold.

    It is the smallest at which the remaining answers are right with `TARGET_PRECISION`, among those that make no more
    than `LARGEST_RATE` of the phrases "not sure"; if none of them gets there, the most precise of them. It is never
    below the largest that leaves `LEAST_RATE` unanswered, nor above half-way from chance to certainty for that.

    Args:
        counted: The answers to the validation phrases.
    """
    phrases, right = counted.steps.sum(axis=0)
    below, right_below = np.vstack([np.zeros((1, 2), np.int64), counted.steps.cumsum(axis=0)[:-1]]).T
    allowed = below <= LARGEST_RATE * phrases
    precision = (right - right_below[allowed]) / np.maximum(phrases - below[allowed], 1)
    half_way = (1 + 1 / len(counted.confusion)) / 2
    least = min(int(np.flatnonzero(below <= LEAST_RATE * phrases)[-1]), round(half_way * STEPS))
    chosen = max(least, int(np.argmax(np.minimum(precision, TARGET_PRECISION))))  # the first of equals
    return Abstention(
        threshold=chosen / STEPS,
        target_precision=TARGET_PRECISION,
        largest_rate=LARGEST_RATE,
        precision=float(precision[chosen]),
        abstention_rate=float(below[chosen] / max(phrases, 1)),
    )


def abstains(best: float, known_words: int, threshold: float) -> bool:
    """Says whether an answer is "not sure": its best probability is below the threshold, or no word of it is known."""
    return known_words == 0 or best < threshold
