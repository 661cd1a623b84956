"""Accuracy with its interval, and the difference of two systems on the same phrases: python benchmarks/accuracy.py"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Phrase

Floats = NDArray[np.float64]
_DRAWS: Final = 2_000
_BOUNDS: Final = (0.025, 0.975)


def hits(answers: Sequence[str], phrases: Sequence[Phrase]) -> Floats:
    """Gives 1 for a right answer and 0 for a wrong one, shape [phrases]."""
    return np.array([answer == phrase.label for answer, phrase in zip(answers, phrases, strict=True)], np.float64)


def interval(values: Floats) -> list[float]:
    """Gives where 95 % of the means lie if the phrases are drawn anew from themselves (Efron's bootstrap).

    Args:
        values: One a phrase, shape [phrases]: hits, or their mean over seeds, or (paired) two systems' difference.
    """
    if not len(values):
        return [float("nan"), float("nan")]
    kinds, counts = np.unique(values, return_counts=True)  # few: that makes a draw a multinomial one
    drawn = np.random.default_rng(1).multinomial(len(values), counts / len(values), size=_DRAWS)
    return [float(bound) for bound in np.quantile(drawn @ kinds / len(values), _BOUNDS)]
