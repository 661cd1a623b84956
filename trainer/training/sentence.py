"""The encoder that has no teacher: a small bidirectional LSTM, trained on the labels with a softmax of its own."""

import math
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import Checkpoints
from trainer.cluster.training import Job, learn
from trainer.cluster.workers import ALONE, OnRay, Workers
from trainer.encoding.encode import Encoded
from trainer.model.classifier import Classifier
from trainer.model.network import build_encoder, build_lesson, encoder_of, weights_of
from trainer.model.recipe import Recipe, Sizes
from trainer.model.temperature import fold, temperature_of
from trainer.model.weights import Encoder, LessonWeights
from trainer.quiet import make_repeatable, quietly
from trainer.text.windows import FLOOR
from trainer.training.loops import KEPT_STEPS, fit_epochs, run_steps

Floats = NDArray[np.float32]
_MOST_EPOCHS: Final = 20  # where the steps are given and the phrases are few
_HEAD: Final = "head"  # the layer that gives logits


def train_on_labels(
    encoded: Encoded, recipe: Recipe, sizes: Sizes, seed: int, checkpoints: Checkpoints, workers: Workers = ALONE
) -> tuple[Encoder, Floats]:
    """Trains a small encoder.

    Returns:
        The encoder, and the kernel, shape [size, labels], from its vector to the logits of its own softmax.
    """
    make_repeatable(seed)
    vocabulary = encoded.vocabulary
    build = partial(
        _with_head, vocabulary.sequence_length, vocabulary.size, len(vocabulary.labels), sizes, recipe.dropout
    )
    model = build()
    per_epoch = math.ceil(len(encoded.truth) / recipe.batch_size)
    steps = recipe.epochs * per_epoch if recipe.epochs else min(recipe.steps, _MOST_EPOCHS * per_epoch)
    if isinstance(workers, OnRay):
        none = replace(
            encoded, validation_rows=encoded.validation_rows[:0], validation_truth=encoded.validation_truth[:0]
        )
        job = Job.of(none, build, recipe, steps, min(per_epoch, KEPT_STEPS), seed, logits=True)
        learn(model, job, workers, checkpoints)
    else:
        run_steps(model, encoded, recipe, steps, seed, checkpoints)
    return encoder_of(model), model.get_layer(_HEAD).get_weights()[0]


def _with_head(sequence_length: int, vocabulary_size: int, label_count: int, sizes: Sizes, dropout: float) -> Any:
    """Builds the untrained encoder with a kernel to logits."""
    with quietly():
        import keras
    encoder = build_encoder(
        sequence_length,
        vocabulary_size,
        steps=sizes.lstm_steps,
        embedding_size=sizes.embedding_size,
        units=sizes.lstm_units,
        size=sizes.sentence_size,
        dropout=dropout,
    )
    head = keras.layers.Dense(label_count, use_bias=False, name=_HEAD)
    return keras.Model(encoder.input, head(encoder.output))


def train_lesson(
    encoded: Encoded, recipe: Recipe, seed: int, checkpoints: Checkpoints, workers: Workers = ALONE
) -> tuple[LessonWeights, float, dict[str, list[float]]]:
    """Trains the lesson's model.

    Args:
        encoded: The training and validation rows.
        recipe: How.
        seed: Of all chance.
        checkpoints: Where it goes on, if it was killed.
        workers: Share every batch, where they are more than one.

    Returns:
        Its weights, in which logits are divided by the temperature; the temperature, chosen on the validation phrases;
        and the accuracy and loss after every epoch.
    """
    make_repeatable(seed)
    vocabulary = encoded.vocabulary
    dense = (*recipe.dense_units, len(vocabulary.labels))
    sizes = (vocabulary.sequence_length, vocabulary.size, recipe.embedding_size, recipe.lstm_units)
    build = partial(build_lesson, *sizes, dense, recipe.dropout, recipe.activation)
    model = build()
    if isinstance(workers, OnRay):
        per_epoch = math.ceil(len(encoded.truth) / recipe.batch_size)
        job = Job.of(encoded, build, recipe, recipe.epochs * per_epoch, per_epoch, seed, logits=False)
        history = learn(model, job, workers, checkpoints)
    else:
        history = fit_epochs(model, encoded, recipe, seed, checkpoints)
    answers = Classifier(model, vocabulary).answers(encoded.validation_rows)
    weights = weights_of(model)
    assert isinstance(weights, LessonWeights)
    temperature = temperature_of(np.log(np.maximum(answers, FLOOR)), encoded.validation_truth)
    return fold(weights, temperature), temperature, history
