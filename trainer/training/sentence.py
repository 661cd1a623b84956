"""The encoder that has no teacher: a small bidirectional LSTM, trained on the labels with a softmax of its own."""

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer.model.network import build_encoder, build_lesson, encoder_of, set_encoder, weights_of
from trainer.model.recipe import Recipe, Sizes
from trainer.model.weights import Encoder, LessonWeights
from trainer.quiet import quietly
from trainer.text.vocabulary import Vocabulary
from trainer.training.encode import Encoded

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Floats = NDArray[np.float32]
_BATCH = 1_024  # rows whose vectors are asked for at once


def train_on_labels(
    encoded: Encoded, recipe: Recipe, sizes: Sizes, validation: NDArray[np.int32], seed: int
) -> tuple[Encoder, tuple[Floats, Floats]]:
    """Trains a small encoder.

    Returns:
        The encoder, and the kernel, shape [size, labels], and bias, shape [labels], of its own softmax.
    """
    start(seed)
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
    head = keras.layers.Dense(len(vocabulary.labels), name="head")
    model = keras.Model(encoder.input, keras.layers.Softmax()(head(encoder.output)))
    steps = recipe.steps if not recipe.epochs else recipe.epochs * math.ceil(len(encoded.truth) / recipe.batch_size)
    _fit(model, encoded, recipe, steps, seed)
    kernel, bias = head.get_weights()
    return encoder_of(encoder), (kernel, bias)


def train_lesson(
    encoded: Encoded, recipe: Recipe, validation: tuple[NDArray[np.int32], NDArray[Any]], seed: int
) -> tuple[LessonWeights, dict[str, list[float]]]:
    """Trains the lesson's model, with its numbers.

    Args:
        encoded: The training rows.
        recipe: How.
        validation: Framed rows and their labels' indices.
        seed: Of all chance.

    Returns:
        Its weights, and the accuracy and loss after every epoch.
    """
    start(seed)
    vocabulary = encoded.vocabulary
    dense = (*recipe.dense_units, len(vocabulary.labels))
    model = build_lesson(vocabulary.sequence_length, vocabulary.size, recipe.embedding_size, recipe.lstm_units, dense)
    epochs, per_epoch = recipe.epochs, math.ceil(len(encoded.truth) / recipe.batch_size)
    history = _fit(model, encoded, recipe, epochs * per_epoch, seed, epochs=epochs, validation=validation)
    weights = weights_of(model)
    assert isinstance(weights, LessonWeights)
    return weights, history


def vectors_of(encoder: Encoder, vocabulary: Vocabulary, steps: int, rows: NDArray[Any]) -> Floats:
    """Gives the sentences' vectors of framed rows, shape [rows, size]."""
    import tensorflow as tf

    size = len(encoder.bias)
    model = build_encoder(
        vocabulary.sequence_length,
        vocabulary.size,
        steps=steps,
        embedding_size=encoder.embedding.shape[1],
        units=len(encoder.forward.recurrent),
        size=size,
    )
    set_encoder(model, encoder)
    signature = tf.TensorSpec([None, vocabulary.sequence_length], tf.int32)
    forward = tf.function(lambda ids: model(ids, training=False), input_signature=[signature])
    starts = range(0, len(rows), _BATCH)
    found = [forward(rows[start : start + _BATCH].astype(np.int32)).numpy() for start in starts]
    return np.concatenate([np.zeros((0, size), np.float32), *found])


def start(seed: int) -> None:
    """Makes all that Keras draws depend on the seed alone, and TensorFlow compute the same each time."""
    with quietly():
        import keras
        import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _fit(
    model: "keras.Model",
    encoded: Encoded,
    recipe: Recipe,
    steps: int,
    seed: int,
    *,
    epochs: int = 1,
    validation: tuple[NDArray[np.int32], NDArray[Any]] | None = None,
) -> dict[str, list[float]]:
    import keras

    rate: Any = recipe.learning_rate
    if recipe.falling_rate:
        rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    held_out = None
    if validation is not None:
        import tensorflow as tf

        held_out = tf.data.Dataset.from_tensor_slices(validation).batch(512).cache()
    history = model.fit(
        _batches(encoded, recipe, steps, seed),
        epochs=epochs,
        steps_per_epoch=math.ceil(steps / epochs),
        validation_data=held_out,
        shuffle=False,
        verbose=0,
        callbacks=[_Progress(epochs)] if sys.stderr.isatty() else [],
    )
    return {name: [round(float(value), 6) for value in values] for name, values in history.history.items()}


def _Progress(epochs: int) -> Any:  # noqa: N802 (a class that needs Keras to be made)
    import keras

    class Progress(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            sys.stderr.write(f"\repoch {epoch + 1} of {epochs}" + ("\n" if epoch + 1 == epochs else ""))

    return Progress()


def _batches(encoded: Encoded, recipe: Recipe, steps: int, seed: int) -> "tf.data.Dataset":
    """Gives shuffled batches without end; the rows are gathered from where they lie."""
    import tensorflow as tf

    length = encoded.rows.shape[1]
    size = min(recipe.batch_size, len(encoded.truth))

    def generate() -> Any:
        generator = np.random.default_rng(seed)
        while True:
            order = generator.permutation(len(encoded.truth))
            for first in range(0, len(order), size):
                chosen = np.sort(order[first : first + size])
                yield encoded.rows[chosen].astype(np.int32), encoded.truth[chosen]

    shapes = (tf.TensorSpec([None, length], tf.int32), tf.TensorSpec([None], tf.int32))
    return tf.data.Dataset.from_generator(generate, output_signature=shapes).prefetch(2)
