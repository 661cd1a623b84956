"""What is done to training phrases so that the model meets what visitors type: new words, and text of another kind."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.text.vocabulary import RESERVED, UNKNOWN_ID

_LEAST_SPOILED: Final = 0.15  # of an outlier's words, and one at least: real phrases rarely hold as many unknown ones
_UNKNOWN: Final = 0.7  # of the words that are spoiled; the others become any word


@dataclass(frozen=True)
class Noise:
    """Words made unknown, and outliers.

    Attributes:
        rates: How often each word id is made unknown, as words of new text are (Kiperwasser and Goldberg, 2016), shape
            [vocabulary_size].
        outliers: How many spoiled phrases there are beside every phrase; their truth is every label alike (Hendrycks,
            Mazeika and Dietterich: Deep Anomaly Detection with Outlier Exposure, 2019).
        seed: Of all chance, with each batch's own.
    """

    rates: NDArray[np.float64]
    outliers: float
    seed: int

    def add(self, batch: tuple[Any, Any], batch_seed: Any) -> tuple[Any, Any]:
        """Maps a batch: word ids, int32, shape [batch, length], and the labels' probabilities, [batch, labels]."""
        import tensorflow as tf

        ids, truth = batch

        def chance(number: int, shape: Any) -> Any:
            return tf.random.stateless_uniform(shape, seed=tf.stack([batch_seed, self.seed * 8 + number]))

        words = ids > UNKNOWN_ID
        rates = tf.gather(tf.constant(self.rates, tf.float32), ids)
        noisy = tf.where(words & (chance(0, tf.shape(ids)) < rates), UNKNOWN_ID, ids)
        if not self.outliers:
            return noisy, truth
        spoiled = ids[: tf.cast(tf.cast(tf.shape(ids)[0], tf.float32) * self.outliers, tf.int32)]
        shape = tf.shape(spoiled)
        share = _LEAST_SPOILED + (1 - _LEAST_SPOILED) * chance(1, (shape[0], 1))
        anything = len(RESERVED) + tf.cast(chance(2, shape) * (len(self.rates) - len(RESERVED)), tf.int32)
        anything = tf.minimum(anything, len(self.rates) - 1)  # where no word is known
        other = tf.where(chance(3, shape) < _UNKNOWN, UNKNOWN_ID, anything)
        draws = chance(4, shape)
        known_first = draws + tf.cast(spoiled <= UNKNOWN_ID, tf.float32)
        least = tf.reduce_min(known_first, axis=1, keepdims=True)  # one at least: a phrase as it was is somebody's
        spoiled = tf.where((spoiled > 0) & ((draws < share) | (known_first == least)), other, spoiled)
        nobody = tf.ones_like(truth[: shape[0]]) / tf.cast(tf.shape(truth)[1], tf.float32)
        return tf.concat([noisy, spoiled], axis=0), tf.concat([truth, nobody], axis=0)
