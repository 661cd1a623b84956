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


def temperature_of(logits: NDArray[Any], truth: NDArray[Any]) -> float:
    """Finds the temperature under which the truth is most likely.

    Args:
        logits: Of held-out phrases, or their probabilities' logarithms, shape [phrases, labels].
        truth: The right label's index, shape [phrases].
    """
    from scipy.optimize import minimize_scalar

    logits = np.asarray(logits, np.float64)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float(-log_softmax(scaled)[np.arange(len(truth)), truth].mean())

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
