"""How a Keras model is trained on rows that lie on disk."""

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import Checkpoints
from trainer.encoding.encode import Encoded
from trainer.model.recipe import Recipe
from trainer.text.windows import FLOOR

if TYPE_CHECKING:
    import keras

_NAME: Final = "lstm"  # of what is kept
KEPT_STEPS: Final = 200  # after as many it is kept again
_MOMENTUM: Final = 0.9  # of stochastic gradient descent, Nesterov's
_SMOOTHED: Final = 0.1  # of the truth, spread over all labels (Szegedy et al. 2016)
_FOCUS: Final = 2.0  # the power of the focal loss (Lin et al. 2017)
_BATCH: Final = 1_024  # validation rows that are asked at once


def run_steps(
    model: "keras.Model", encoded: Encoded, recipe: Recipe, steps: int, seed: int, checkpoints: Checkpoints
) -> None:
    """Trains a model that gives logits, with one function that is traced once: Keras' `fit` would take longer to begin.

    Args:
        model: Framed rows to logits.
        encoded: The training rows.
        recipe: Batch size, optimizer, loss and learning rate.
        steps: How many batches.
        seed: Of their order.
        checkpoints: Where it goes on, if it was killed.
    """
    import tensorflow as tf

    optimizer, loss_of = optimizer_of(recipe, steps), loss_function(recipe)
    variables = model.trainable_variables
    optimizer.build(variables)

    def step(ids: Any, truth: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(truth, model(ids, training=True)))
        optimizer.apply(tape.gradient(loss, variables), variables)

    traced = tf.function(step, _signature(encoded), autograph=False)
    state = [*model.variables, *optimizer.variables]
    done, _ = _restored(checkpoints, state)
    order = batches(encoded.rows, encoded.truth, recipe.batch_size, seed)
    for number, (ids, truth) in enumerate(islice(order, done, steps), done + 1):
        traced(ids, truth)
        if number % KEPT_STEPS == 0:
            _keep(checkpoints, state, number, {})


def fit_epochs(
    model: "keras.Model", encoded: Encoded, recipe: Recipe, seed: int, checkpoints: Checkpoints
) -> dict[str, list[float]]:
    """Trains a model that gives probabilities, as Keras does it.

    Args:
        model: Framed rows to probabilities.
        encoded: The training and validation rows.
        recipe: Epochs, batch size, optimizer, loss and learning rate.
        seed: Of the batches' order.
        checkpoints: Where it goes on, if it was killed.

    Returns:
        The accuracy and loss after every epoch, of training and of validation rows.
    """
    import keras
    import tensorflow as tf

    per_epoch = math.ceil(len(encoded.truth) / recipe.batch_size)
    optimizer, loss_of = optimizer_of(recipe, recipe.epochs * per_epoch), loss_function(recipe)

    def loss(truth: Any, probabilities: Any) -> Any:
        return loss_of(truth, tf.math.log(tf.maximum(probabilities, FLOOR)))

    plain = recipe.loss == "crossentropy"  # Keras' own finds the logits behind the softmax, and is more exact
    model.compile(optimizer, "sparse_categorical_crossentropy" if plain else loss, metrics=["accuracy"])
    optimizer.build(model.trainable_variables)
    state = [*model.variables, *optimizer.variables]
    done, history = _restored(checkpoints, state)
    dataset = tf.data.Dataset.from_generator(
        lambda: islice(batches(encoded.rows, encoded.truth, recipe.batch_size, seed), done * per_epoch, None),
        output_signature=tuple(_signature(encoded)),
    )

    def after(epoch: int, logs: dict[str, float]) -> None:
        for name, value in logs.items():
            history.setdefault(name, []).append(round(float(value), 6))
        _keep(checkpoints, state, epoch + 1, history)

    validation = (encoded.validation_rows, encoded.validation_truth)
    on_terminal = sys.stderr.isatty()
    with contextlib.redirect_stdout(sys.stderr):  # progress is not a result
        model.fit(
            dataset.prefetch(2),
            initial_epoch=done,
            epochs=recipe.epochs,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=after)],
            steps_per_epoch=per_epoch,
            validation_data=tf.data.Dataset.from_tensor_slices(validation).batch(_BATCH).cache(),
            shuffle=False,
            verbose=1 if on_terminal else 2,
        )
    return history


def _keep(checkpoints: Checkpoints, state: Sequence[Any], done: int, history: dict[str, list[float]]) -> None:
    arrays = {f"variable-{number}": np.asarray(variable) for number, variable in enumerate(state)}
    checkpoints.keep(_NAME, arrays | {"done": np.array(done), "history": np.array(json.dumps(history))})


def _restored(checkpoints: Checkpoints, state: Sequence[Any]) -> tuple[int, dict[str, list[float]]]:
    """Sets all variables to what was kept.

    Returns:
        How many epochs or steps they have learned from, and the history of those epochs; 0 where nothing was kept.
    """
    kept = checkpoints.load(_NAME)
    if kept is None:
        return 0, {}
    for number, variable in enumerate(state):
        variable.assign(kept[f"variable-{number}"])
    return int(kept["done"]), json.loads(str(kept["history"]))


def optimizer_of(recipe: Recipe, steps: int) -> Any:
    """Gives the Keras optimizer of a recipe.

    Args:
        recipe: Its kind and learning rate.
        steps: Over which a falling rate falls to zero.
    """
    import keras

    rate = _rate(recipe, steps)
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=_MOMENTUM, nesterov=True)
    kinds = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return kinds[recipe.optimizer](rate)


def loss_function(recipe: Recipe) -> Callable[[Any, Any], Any]:
    """Gives the loss of each phrase, by the truth, shape [phrases], and logits, shape [phrases, labels]."""
    import tensorflow as tf

    def loss(truth: Any, logits: Any) -> Any:
        truth = tf.cast(tf.reshape(truth, [-1]), tf.int32)
        of_truth = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
        if recipe.loss == "smoothed":
            of_all = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=1)
            return (1 - _SMOOTHED) * of_truth + _SMOOTHED * of_all
        if recipe.loss == "focal":
            return (1 - tf.exp(-of_truth)) ** _FOCUS * of_truth
        return of_truth

    return loss


def _rate(recipe: Recipe, steps: int) -> Any:
    import keras

    if not recipe.falling_rate:
        return recipe.learning_rate
    return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(steps, 1))


def _signature(encoded: Encoded) -> list[Any]:
    import tensorflow as tf

    return [tf.TensorSpec([None, encoded.rows.shape[1]], tf.int32), tf.TensorSpec([None], tf.int32)]


def batches(
    rows: NDArray[Any], truth: NDArray[np.int32], batch_size: int, seed: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Gives shuffled batches without end; the rows are gathered from where they lie."""
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(len(truth))
        for first in range(0, len(order), batch_size):
            chosen = np.sort(order[first : first + batch_size])
            yield rows[chosen].astype(np.int32), truth[chosen]
