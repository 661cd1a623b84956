"""Honest confidence: logits are divided by the temperature under which held-out phrases are most likely.

Guo, Pleiss, Sun and Weinberger: On Calibration of Modern Neural Networks (2017). No answer changes, only its
probability.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.weights import LessonWeights

RANGE: Final = (0.01, 10.0)  # what a temperature may be: beyond, the held-out phrases are too few or too easy
_DEVIATION: Final = 0.7  # of the temperature's logarithm from what is expected


def temperature_of(logits: NDArray[Any], truth: NDArray[Any], expected: float | None = None) -> float:
    """Finds the temperature under which the truth is most likely.

    Args:
        logits: Of held-out phrases, or their probabilities' logarithms, shape [phrases, labels].
        truth: The right label's index, shape [phrases].
        expected: What it would be taken for without any phrase: a few phrases move it little.
    """
    from scipy.optimize import minimize_scalar

    logits = np.asarray(logits, np.float64)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        likelihood = log_softmax(scaled)[np.arange(len(truth)), truth].sum()
        surprise = 0.0 if expected is None else ((log_temperature - np.log(expected)) / _DEVIATION) ** 2 / 2
        return float((surprise - likelihood) / max(len(truth), 1))

    found = minimize_scalar(loss, bounds=np.log(RANGE), method="bounded")
    return float(np.exp(found.x))


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives the logarithms of probabilities, float64, shape [phrases, labels]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def fold(weights: LessonWeights, temperature: float) -> LessonWeights:
    """Divides the weights that give the logits: every runtime then has the temperature inside."""
    kernel, bias = weights.dense[-1]
    last = (kernel / np.float32(temperature), bias / np.float32(temperature))
    return replace(weights, dense=(*weights.dense[:-1], last))
