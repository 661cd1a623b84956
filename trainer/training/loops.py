"""How a Keras model is trained on rows that lie on disk."""

import contextlib
import math
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.encoding.encode import Encoded
from trainer.model.recipe import Recipe

if TYPE_CHECKING:
    import keras

_BATCH: Final = 1_024  # validation rows that are asked at once


def run_steps(model: "keras.Model", encoded: Encoded, recipe: Recipe, steps: int, seed: int) -> None:
    """Trains a model that gives logits, with one function that is traced once: Keras' `fit` would take longer to begin.

    Args:
        model: Framed rows to logits.
        encoded: The training rows.
        recipe: Batch size and learning rate.
        steps: How many batches.
        seed: Of their order.
    """
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(_rate(recipe, steps))
    variables = model.trainable_variables
    optimizer.build(variables)

    def step(ids: Any, truth: Any) -> None:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, model(ids, training=True))
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, variables), variables)

    traced = tf.function(step, _signature(encoded), autograph=False)
    for ids, truth in islice(_batches(encoded, recipe.batch_size, seed), steps):
        traced(ids, truth)


def fit_epochs(model: "keras.Model", encoded: Encoded, recipe: Recipe, seed: int) -> dict[str, list[float]]:
    """Trains a model that gives probabilities, as Keras does it.

    Args:
        model: Framed rows to probabilities.
        encoded: The training and validation rows.
        recipe: Epochs, batch size and learning rate.
        seed: Of the batches' order.

    Returns:
        The accuracy and loss after every epoch, of training and of validation rows.
    """
    import keras
    import tensorflow as tf

    per_epoch = math.ceil(len(encoded.truth) / recipe.batch_size)
    optimizer = keras.optimizers.Adam(_rate(recipe, recipe.epochs * per_epoch))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = tf.data.Dataset.from_generator(
        lambda: _batches(encoded, recipe.batch_size, seed), output_signature=tuple(_signature(encoded))
    )
    validation = (encoded.validation_rows, encoded.validation_truth)
    on_terminal = sys.stderr.isatty()
    with contextlib.redirect_stdout(sys.stderr):  # progress is not a result
        history = model.fit(
            batches.prefetch(2),
            epochs=recipe.epochs,
            steps_per_epoch=per_epoch,
            validation_data=tf.data.Dataset.from_tensor_slices(validation).batch(_BATCH).cache(),
            shuffle=False,
            verbose=1 if on_terminal else 2,
        )
    return {name: [round(float(value), 6) for value in values] for name, values in history.history.items()}


def _rate(recipe: Recipe, steps: int) -> Any:
    import keras

    if not recipe.falling_rate:
        return recipe.learning_rate
    return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(steps, 1))


def _signature(encoded: Encoded) -> list[Any]:
    import tensorflow as tf

    return [tf.TensorSpec([None, encoded.rows.shape[1]], tf.int32), tf.TensorSpec([None], tf.int32)]


def _batches(encoded: Encoded, batch_size: int, seed: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Gives shuffled batches without end; the rows are gathered from where they lie."""
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(len(encoded.truth))
        for first in range(0, len(order), batch_size):
            chosen = np.sort(order[first : first + batch_size])
            yield encoded.rows[chosen].astype(np.int32), encoded.truth[chosen]
