"""From raw string to probability with the Keras model: what every other runtime is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.network import EXTERNAL
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import average, split_ids

if TYPE_CHECKING:
    import keras

_BATCH: Final = 512  # rows
_NUMBERS: Final = 1 << 23  # float32 in one batch's largest tensor: 32 MB


@dataclass(frozen=True)
class Classifier:
    """A Keras model with the vocabulary that it was trained with."""

    model: "keras.Model"
    vocabulary: Vocabulary

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Reads texts of any length; a long one in windows.

        Returns:
            float64, shape [texts, labels].
        """
        if not texts:
            return np.zeros((0, len(self.vocabulary.labels)))
        length = self.vocabulary.sequence_length
        rows = [split_ids(ids, length) for ids in self.vocabulary.encode_all(texts)]
        answers = self.answers(np.concatenate(rows))
        bounds = np.cumsum([len(windows) for windows in rows])[:-1]
        return np.stack([average(of_text) for of_text in np.split(answers, bounds)])

    def answers(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Gives the probabilities of framed rows.

        Args:
            rows: Integers, shape [rows, sequence_length].

        Returns:
            float32, shape [rows, labels].
        """
        size = max(1, min(_BATCH, _NUMBERS // (rows.shape[1] * self._width)))
        batches = (rows[start : start + size].astype(np.int32) for start in range(0, len(rows), size))
        return np.concatenate([self._forward(batch).numpy() for batch in batches])

    @property
    def _width(self) -> int:
        """How many numbers the largest tensor has for each id: the labels, or the ids of a model trained elsewhere."""
        lengths = [int(layer.length) for layer in self.model.layers if layer.name == EXTERNAL]
        return max([len(self.vocabulary.labels), *lengths])

    @cached_property
    def _forward(self) -> Any:
        """The model as one traced function of any batch: `predict` traces anew for every other size."""
        import tensorflow as tf

        signature = tf.TensorSpec([None, self.vocabulary.sequence_length], tf.int32)
        return tf.function(lambda ids: self.model(ids, training=False), input_signature=[signature])

    def rank(self, texts: Sequence[str]) -> list[list[dict[str, str | float]]]:
        """Gives for each text `[{"label": …, "score": …}, …]`, best first."""
        labels = self.vocabulary.labels
        return [
            [{"label": labels[index], "score": float(scores[index])} for index in np.argsort(-scores, kind="stable")]
            for scores in self.probabilities(texts)
        ]
