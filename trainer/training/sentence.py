"""The encoder that has no teacher: a small bidirectional LSTM, trained on the labels with a softmax of its own."""

import contextlib
import math
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer.model.classifier import Classifier
from trainer.model.network import build_encoder, build_lesson, encoder_of, weights_of
from trainer.model.recipe import Recipe, Sizes
from trainer.model.temperature import fold, temperature_of
from trainer.model.weights import Encoder, LessonWeights
from trainer.quiet import make_repeatable, quietly
from trainer.text.windows import FLOOR
from trainer.training.encode import Encoded

if TYPE_CHECKING:
    import keras

Floats = NDArray[np.float32]
_MOST_EPOCHS = 20  # where the steps are given and the phrases are few
_BATCH = 1_024  # rows whose vectors are asked for at once


def train_on_labels(encoded: Encoded, recipe: Recipe, sizes: Sizes, seed: int) -> tuple[Encoder, Floats]:
    """Trains a small encoder.

    Returns:
        The encoder, and the kernel, shape [size, labels], from its vector to the logits of its own softmax.
    """
    make_repeatable(seed)
    with quietly():
        import keras
    vocabulary = encoded.vocabulary
    encoder = build_encoder(
        vocabulary.sequence_length,
        vocabulary.size,
        steps=sizes.lstm_steps,
        embedding_size=sizes.embedding_size,
        units=sizes.lstm_units,
        size=sizes.sentence_size,
        dropout=recipe.dropout,
    )
    head = keras.layers.Dense(len(vocabulary.labels), use_bias=False, name="head")
    model = keras.Model(encoder.input, head(encoder.output))
    per_epoch = math.ceil(len(encoded.truth) / recipe.batch_size)
    steps = recipe.epochs * per_epoch if recipe.epochs else min(recipe.steps, _MOST_EPOCHS * per_epoch)
    _run_steps(model, encoded, recipe, steps, seed)
    return encoder_of(encoder), head.get_weights()[0]


def train_lesson(encoded: Encoded, recipe: Recipe, seed: int) -> tuple[LessonWeights, float, dict[str, list[float]]]:
    """Trains the lesson's model.

    Args:
        encoded: The training and validation rows.
        recipe: How.
        seed: Of all chance.

    Returns:
        Its weights, in which logits are divided by the temperature; the temperature, chosen on the validation phrases;
        and the accuracy and loss after every epoch.
    """
    make_repeatable(seed)
    vocabulary = encoded.vocabulary
    dense = (*recipe.dense_units, len(vocabulary.labels))
    model = build_lesson(vocabulary.sequence_length, vocabulary.size, recipe.embedding_size, recipe.lstm_units, dense)
    history = _fit(model, encoded, recipe, seed)
    answers = Classifier(model, vocabulary).answers(encoded.validation_rows)
    weights = weights_of(model)
    assert isinstance(weights, LessonWeights)
    temperature = temperature_of(np.log(np.maximum(answers, FLOOR)), encoded.validation_truth)
    return fold(weights, temperature), temperature, history


def _run_steps(model: "keras.Model", encoded: Encoded, recipe: Recipe, steps: int, seed: int) -> None:
    """Trains a model that gives logits, with one function that is traced once: `fit` would take longer to begin."""
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


def _fit(model: "keras.Model", encoded: Encoded, recipe: Recipe, seed: int) -> dict[str, list[float]]:
    """Trains a model that gives probabilities, as Keras does it."""
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
