"""Accuracy, macro-F1, calibration and the confusion matrix.

A share of phrases has a Wilson interval: Probable Inference, the Law of Succession, and Statistical Inference (1927).
Unlike a bootstrap it has a width where all phrases are right, or none. The macro F1 is no share, and has a bootstrap.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 15  # of equal width, by how sure an answer is
STEPS: Final = 1_000  # that a threshold of "not sure" is counted in: it can be said in full, "below 45.7%"
_DRAWS = 1_000
_BOUNDS = (0.025, 0.975)
_DEVIATIONS = 1.959964  # of the normal distribution: 95 % of it lie within as many standard deviations


@dataclass(frozen=True)
class Tally:
    """Answers, counted.

    Attributes:
        confusion: int64, shape [labels, labels], rows the truth, columns the answers.
        bins: float64, shape [`BINS`, 3]: by how sure the answers were, their number, the sum of their probabilities,
            and how many were right.
        steps: int64, shape [`STEPS` + 1, 2]: by how sure the answers were, their number, and how many were right. Row
            n holds those of at least n / `STEPS`, and the last row those of 1.
    """

    confusion: NDArray[np.int64]
    bins: NDArray[np.float64]
    steps: NDArray[np.int64]

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.confusion + other.confusion, self.bins + other.bins, self.steps + other.steps)


def tally(probabilities: NDArray[Any], truth: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> Tally:
    """Counts answers.

    Args:
        probabilities: Shape [phrases, labels].
        truth: The right label's index, shape [phrases].
        known: Whether a phrase has a known word, shape [phrases]; None: all have. Without one the answer is
            not sure.
    """
    answers = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1, initial=0.0)
    confusion = np.zeros((probabilities.shape[1],) * 2, np.int64)
    np.add.at(confusion, (truth, answers), 1)
    bins = np.zeros((BINS, 3))
    which = np.minimum((sure * BINS).astype(int), BINS - 1)
    np.add.at(bins, which, np.stack([np.ones(len(truth)), sure, answers == truth], axis=1))
    steps = np.zeros((STEPS + 1, 2), np.int64)
    # Searched for and not multiplied: what is a hair below 0.117 would become 117 steps, and count as reaching it.
    counted = sure if known is None else np.where(known, sure, 0.0)
    reached = np.searchsorted(np.arange(STEPS + 1) / STEPS, counted, side="right") - 1
    np.add.at(steps, reached, np.stack([np.ones(len(truth), np.int64), answers == truth], axis=1))
    return Tally(confusion, bins, steps)


def metrics(counted: Tally, threshold: float, commonest: int) -> dict[str, Any]:
    """Measures answers.

    Args:
        counted: The answers.
        threshold: The probability below which an answer is "not sure", a whole number of `STEPS`.
        commonest: Index of the label that most training phrases have.

    Returns:
        `phrases`, `accuracy`, `macro_f1` (see `macro_f1`), `majority` (the majority baseline: the accuracy of always
        answering the label that is most frequent in training), `calibration_error` (the expected one, over `BINS` bins
        of equal width), `reliability` (of each bin the number of phrases, the mean probability of their answers and
        the share that is right), `abstention` (see `_abstention`), `intervals` (95 % confidence intervals: Wilson's of
        the accuracy, and a bootstrap's of the macro F1, None where it has none), and `confusion`. The accuracy is of
        all answers, those that are "not sure" too.
    """
    confusion = counted.confusion
    total, right = int(confusion.sum()), int(confusion.trace())
    count = max(total, 1)
    return {
        "phrases": total,
        "accuracy": right / count,
        "macro_f1": macro_f1(confusion),
        "majority": float(confusion[commonest].sum() / count),
        "calibration_error": calibration_error(counted),
        "reliability": [_reliability(*of_bin) for of_bin in counted.bins.tolist()],
        "abstention": _abstention(counted.steps, threshold),
        "intervals": {"accuracy": wilson(right, total), "macro_f1": _bootstrap(confusion)},
        "confusion": confusion.tolist(),
    }


def wilson(right: int, count: int) -> list[float]:
    """Gives the 95 % Wilson interval of a share, from 0 to 1.

    Args:
        right: Phrases that are right.
        count: All phrases; of none the interval is everything.
    """
    if not count:
        return [0.0, 1.0]
    share, square = right / count, _DEVIATIONS**2 / count
    centre = (share + square / 2) / (1 + square)
    half = np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return [max(0.0, float(centre - half)), min(1.0, float(centre + half))]


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Gives the mean F1 of the labels that occur in truth or answers, each weighing the same."""
    both = confusion.sum(axis=1) + confusion.sum(axis=0)
    return float((2 * confusion.diagonal()[both > 0] / both[both > 0]).mean()) if both.any() else 0.0


def calibration_error(counted: Tally) -> float:
    """Gives the expected calibration error, over `BINS` bins of equal width, from 0 to 1."""
    count = max(int(counted.confusion.sum()), 1)
    return float(np.abs(counted.bins[:, 1] - counted.bins[:, 2]).sum() / count)


def _reliability(count: float, probability: float, right: float) -> dict[str, float | None]:
    """Describes a bin: an empty one has no mean and no share."""
    return {
        "phrases": int(count),
        "probability": probability / count if count else None,
        "right": right / count if count else None,
    }


def _abstention(steps: NDArray[np.int64], threshold: float) -> dict[str, Any]:
    """Gives the `threshold`, the `abstention_rate`, and of the other phrases the `precision`, how many are right, with
    its `precision_interval`.
    """
    phrases = int(steps[:, 0].sum())
    answered, right = (int(count) for count in steps[round(threshold * STEPS) :].sum(axis=0))
    return {
        "threshold": threshold,
        "abstention_rate": (phrases - answered) / max(phrases, 1),
        "precision": right / max(answered, 1),
        "precision_interval": wilson(right, answered),
    }


def _bootstrap(confusion: NDArray[np.int64]) -> list[float] | None:
    """Gives the 95 % bootstrap interval of the macro F1 (Efron 1979): of a confusion matrix a multinomial draw.

    Returns:
        None where a bootstrap says nothing: all are right, none is, or, of a few phrases in
        many labels, the interval does not hold the macro F1 itself.
    """
    count, size, right = int(confusion.sum()), confusion.shape[0], int(confusion.trace())
    if right in (0, count):
        return None
    generator = np.random.default_rng(1)
    shares = confusion.ravel() / count
    drawn = [macro_f1(generator.multinomial(count, shares).reshape(size, size)) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, _BOUNDS).tolist()
    return [low, high] if low < macro_f1(confusion) < high else None
