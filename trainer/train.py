"""The training loop: phrases as numbers and a recipe in, a Keras model out."""

import contextlib
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer import evidence
from trainer.corpus import Phrase
from trainer.encoding import Encoded
from trainer.evaluate import truth_of
from trainer.model import build_model, embedding_size, pair_table_size, start_from, without_pieces
from trainer.noise import Noise
from trainer.pieces import pieces_of
from trainer.quiet import quietly
from trainer.recipes import Recipe
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import split_ids

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_LEAST_STEPS: Final = 32  # an epoch: a small corpus is learned from in smaller batches,
_LEAST_BATCH: Final = 32  # of at least as many phrases


def train(
    encoded: Encoded, vocabulary: Vocabulary, recipe: Recipe, seed: int
) -> tuple["keras.Model", dict[str, list[float]]]:
    """Trains a model.

    Returns:
        The model, and after every epoch its accuracy and loss: `val_accuracy` is of the validation phrases' first
        windows, `accuracy` of what it was trained on while it learned, spoiled phrases among it.
    """
    with quietly():
        import keras
        import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    training = _dataset(encoded, vocabulary, recipe, seed)
    model = _untrained(encoded, vocabulary, recipe)
    epochs = max(recipe.epochs, math.ceil(recipe.least_steps / len(training)))
    rate: Any = recipe.learning_rate
    if recipe.falling_rate:
        rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, epochs * len(training))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    on_terminal = sys.stderr.isatty()
    with contextlib.redirect_stdout(sys.stderr):  # progress is not a result
        history = model.fit(
            training,
            validation_data=_held_out(encoded.validation, vocabulary),
            epochs=epochs,
            shuffle=False,
            verbose=1 if on_terminal else 2,
        )
    if recipe.piece_buckets:
        model = without_pieces(model, recipe)
    return model, {name: [round(float(value), 6) for value in values] for name, values in history.history.items()}


def _untrained(encoded: Encoded, vocabulary: Vocabulary, recipe: Recipe) -> "keras.Model":
    """Builds the model and lets it begin at what counting says."""
    label_count = len(vocabulary.labels)
    pieces = pieces_of(vocabulary, recipe.piece_buckets) if recipe.piece_buckets else None
    model = build_model(vocabulary.size, label_count, recipe, pieces)
    if recipe.pair_slots:
        slots, pair_size = pair_table_size(label_count, recipe)
        counted = evidence.gather(
            encoded.ids,
            encoded.truth,
            encoded.readings,
            vocabulary_size=vocabulary.size,
            embedding_size=embedding_size(label_count, recipe),
            label_count=label_count,
            slots=slots,
            pair_size=pair_size,
        )
        start_from(model, counted)
    return model


def first_windows(phrases: Sequence[Phrase], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Word ids of each phrase's first window, shape [phrases, sequence_length]."""
    return np.stack([split_ids(vocabulary.encode(phrase.text), vocabulary.sequence_length)[0] for phrase in phrases])


def _held_out(phrases: Sequence[Phrase], vocabulary: Vocabulary) -> "tf.data.Dataset":
    """Each phrase's first window, cached: what the epochs' accuracy is measured on."""
    import tensorflow as tf

    targets = np.eye(len(vocabulary.labels), dtype=np.float32)[truth_of(phrases, vocabulary.labels)]
    return tf.data.Dataset.from_tensor_slices((first_windows(phrases, vocabulary), targets)).batch(512).cache()


def _batch_size(rows: int, recipe: Recipe) -> int:
    return min(recipe.batch_size, max(_LEAST_BATCH, rows // _LEAST_STEPS))


def _dataset(encoded: Encoded, vocabulary: Vocabulary, recipe: Recipe, seed: int) -> "tf.data.Dataset":
    """Shuffled anew every epoch, batched, with words dropped to unknown and outliers beside every batch, prefetched.

    What is shuffled is the rows' numbers, in an order drawn once: a source sorted by label is mixed even where the
    shuffle buffer holds little of it. The rows are gathered from where they lie.
    """
    import tensorflow as tf

    def gather(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return encoded.ids[numbers].astype(np.int32), one_hot[encoded.truth[numbers]]

    def rows(numbers: Any) -> tuple[Any, Any]:
        ids, targets = tf.numpy_function(gather, [numbers], (tf.int32, tf.float32), stateful=False)
        return tf.ensure_shape(ids, (None, recipe.sequence_length)), tf.ensure_shape(targets, (None, label_count))

    label_count = len(vocabulary.labels)
    one_hot = np.eye(label_count, dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(encoded.truth))
    dataset = tf.data.Dataset.from_tensor_slices(order)
    dataset = dataset.shuffle(recipe.shuffle_buffer, seed=seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(_batch_size(len(order), recipe)).map(rows)
    if recipe.word_dropout or recipe.outliers:
        occurrences = evidence.occurrences_of(encoded.ids, encoded.readings, vocabulary.size)
        rates = recipe.word_dropout / (recipe.word_dropout + np.maximum(occurrences, 1))  # 0 / 0 is no rate
        noise = Noise(rates, recipe.outliers, seed)
        batches = len(dataset)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        dataset = tf.data.Dataset.zip((dataset, seeds)).map(noise.add)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    return dataset.prefetch(tf.data.AUTOTUNE)
