"""Honest confidence: the model's logits are divided by the temperature that fits the validation phrases best.

Guo, Pleiss, Sun and Weinberger: On Calibration of Modern Neural Networks (2017). No answer changes, only how sure it
is.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model import LOGIT_LAYERS
from trainer.text.windows import FLOOR

if TYPE_CHECKING:
    import keras

_RANGE: Final = (0.01, 10.0)  # what a temperature may be: beyond, the validation phrases are too few or too easy


def temperature_of(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """Finds the temperature under which the truth is most likely.

    Args:
        probabilities: Of validation phrases, shape [phrases, labels].
        truth: The right label's index, shape [phrases].
    """
    from scipy.optimize import minimize_scalar

    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), FLOOR))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        largest = scaled.max(axis=1)
        of_all = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
        return float((of_all - scaled[np.arange(len(truth)), truth]).mean())

    found = minimize_scalar(loss, bounds=np.log(_RANGE), method="bounded")
    return float(np.exp(found.x))


def fold(model: "keras.Model", temperature: float) -> None:
    """Divides the weights that give the logits: every runtime then has the temperature inside."""
    for layer in model.layers:
        if layer.name in LOGIT_LAYERS:
            layer.set_weights([weights / temperature for weights in layer.get_weights()])
