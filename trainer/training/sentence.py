"""The encoder that has no teacher: a small bidirectional LSTM, trained on the labels with a softmax of its own."""

import math

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import Checkpoints
from trainer.encoding.encode import Encoded
from trainer.model.classifier import Classifier
from trainer.model.network import build_encoder, build_lesson, encoder_of, weights_of
from trainer.model.recipe import Recipe, Sizes
from trainer.model.temperature import fold, temperature_of
from trainer.model.weights import Encoder, LessonWeights
from trainer.quiet import make_repeatable, quietly
from trainer.text.windows import FLOOR
from trainer.training.loops import fit_epochs, run_steps

Floats = NDArray[np.float32]
_MOST_EPOCHS = 20  # where the steps are given and the phrases are few


def train_on_labels(
    encoded: Encoded, recipe: Recipe, sizes: Sizes, seed: int, checkpoints: Checkpoints
) -> tuple[Encoder, Floats]:
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
    run_steps(model, encoded, recipe, steps, seed, checkpoints)
    return encoder_of(encoder), head.get_weights()[0]


def train_lesson(
    encoded: Encoded, recipe: Recipe, seed: int, checkpoints: Checkpoints
) -> tuple[LessonWeights, float, dict[str, list[float]]]:
    """Trains the lesson's model.

    Args:
        encoded: The training and validation rows.
        recipe: How.
        seed: Of all chance.
        checkpoints: Where it goes on, if it was killed.

    Returns:
        Its weights, in which logits are divided by the temperature; the temperature, chosen on the validation phrases;
        and the accuracy and loss after every epoch.
    """
    make_repeatable(seed)
    vocabulary = encoded.vocabulary
    dense = (*recipe.dense_units, len(vocabulary.labels))
    sizes = (vocabulary.size, recipe.embedding_size, recipe.lstm_units)
    model = build_lesson(vocabulary.sequence_length, *sizes, dense, recipe.dropout)
    history = fit_epochs(model, encoded, recipe, seed, checkpoints)
    answers = Classifier(model, vocabulary).answers(encoded.validation_rows)
    weights = weights_of(model)
    assert isinstance(weights, LessonWeights)
    temperature = temperature_of(np.log(np.maximum(answers, FLOOR)), encoded.validation_truth)
    return fold(weights, temperature), temperature, history
