"""Distillation: the BiLSTM learns to give the vectors of a sentence encoder many times its size.

The student's words start as the teacher's vectors of them. It learns from the training texts and from variants of them,
so that texts it was never shown come out right, too; labels play no part.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import NOTHING_KEPT, Checkpoints
from trainer.model.encoder import by_length, read_pieces
from trainer.model.recipe import Recipe, Sizes
from trainer.model.weights import Encoder, Lstm
from trainer.quiet import make_repeatable, quietly
from trainer.teacher.encoder import Teacher, common_words
from trainer.teacher.variants import variants
from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, Vocabulary
from trainer.text.windows import first_rows

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

_NAME: Final = "student"  # of what is kept
_PARTS: Final = ("embedding", "kernels", "recurrents", "biases", "projection", "shift")


@dataclass(frozen=True)
class Distillation:
    """How a teacher's vectors are learned.

    Attributes:
        steps: Pieces that the LSTM reads, at most.
        embedding_size: Embedding dimension.
        units: Of each direction of the LSTM.
        size: Of the vector: the teacher's principal components.
        texts: The most training texts that are learned from beside their variants.
        variants: Of the texts.
        common: Words of the teacher that replace others in variants.
        epochs: Over texts and variants.
        batch_size: Texts a step.
        learning_rate: Of Adam, falling to zero along a cosine.
        dropout: Of the embedding's numbers.
        length: Weight of the vector's length beside its direction: what lets a graph do without a division by it.
    """

    steps: int = 32
    embedding_size: int = 64
    units: int = 64
    size: int = 128
    texts: int = 4_000
    variants: int = 10_000
    common: int = 6_000
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.002
    dropout: float = 0.1
    length: float = 0.1

    @classmethod
    def of(cls, recipe: Recipe, sizes: Sizes) -> "Distillation":
        """Gives what a recipe and the sizes of its encoder ask for."""
        return cls(
            steps=sizes.lstm_steps,
            embedding_size=sizes.embedding_size,
            units=sizes.lstm_units,
            size=sizes.sentence_size,
            epochs=recipe.epochs or cls.epochs,
            batch_size=recipe.batch_size,
            learning_rate=recipe.learning_rate,
        )


def encoder(
    teacher: Teacher,
    texts: Sequence[str],
    vocabulary: Vocabulary,
    settings: Distillation,
    seed: int,
    checkpoints: Checkpoints = NOTHING_KEPT,
) -> Encoder:
    """Distils a teacher; the same seed gives the same numbers.

    Args:
        teacher: What is learned from.
        texts: The training texts.
        vocabulary: Whose pieces the student reads.
        settings: How.
        seed: Of all chance.
        checkpoints: Where the student stands, if it was learned before the fit was killed.

    Returns:
        The student, without a kernel to logits; its vectors have a length of about 1.
    """
    if kept := checkpoints.load(_NAME):
        logger.info(f"{teacher.name}: the student is there already")
        return _encoder_of([kept[part] for part in _PARTS])
    generator = np.random.default_rng(seed)
    unique = list(dict.fromkeys(text for text in texts if text.strip()))
    if len(unique) > settings.texts:
        unique = [unique[place] for place in np.sort(generator.permutation(len(unique))[: settings.texts])]
    made = variants(unique, common_words(teacher, settings.common), settings.variants, seed)
    logger.info(f"{teacher.name}: encoding {len(unique) + len(made):,} texts and {vocabulary.size:,} pieces")
    pieces = [piece.replace(SPACE, "") or SPACE for piece in vocabulary.pieces]
    words = _components(teacher.encode(pieces), settings.embedding_size)
    targets = _components(teacher.encode([*unique, *made]), settings.size)
    targets /= np.maximum(np.linalg.norm(targets, axis=1, keepdims=True), 1e-6)
    read = read_pieces(first_rows([*unique, *made], vocabulary), settings.steps)
    embedding = generator.normal(0, 0.01, (vocabulary.size, settings.embedding_size))
    embedding[len(RESERVED) :] = words / max(float(np.abs(words).std()), 1e-6) / 8
    learned = _Student(embedding.astype(np.float32), settings, seed).learn(read, targets)
    checkpoints.keep(_NAME, dict(zip(_PARTS, learned, strict=True)))
    return _encoder_of(learned)


class _Student:
    """The BiLSTM in training."""

    def __init__(self, embedding: Floats, settings: Distillation, seed: int) -> None:
        make_repeatable(seed)
        with quietly():
            import keras
            import tensorflow as tf
        self.settings, self.seed = settings, seed
        size, units = embedding.shape[1], settings.units
        glorots = [keras.initializers.GlorotUniform(seed + way) for way in range(3)]
        orthogonals = [keras.initializers.Orthogonal(seed=seed + way) for way in range(2)]
        bias = np.zeros((2, 1, 4 * units), np.float32)
        bias[..., units : 2 * units] = 1  # an LSTM begins by remembering
        first: list[Any] = [
            embedding,
            np.stack([glorot((size, 4 * units)) for glorot in glorots[:2]]),
            np.stack([orthogonal((units, 4 * units)) for orthogonal in orthogonals]),
            bias,
            glorots[2]((2 * units + size, settings.size)),
            np.zeros(settings.size, np.float32),
        ]
        self.numbers = {name: tf.Variable(array, name=name) for name, array in zip(_PARTS, first, strict=True)}

    def learn(self, read: Integers, targets: Floats) -> list[Floats]:
        """Trains on what the LSTM reads of each text, shape [texts, steps], and the teacher's vectors of them."""
        import keras
        import tensorflow as tf

        settings, variables = self.settings, list(self.numbers.values())
        per_epoch = -(-len(read) // settings.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.epochs * per_epoch)
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(variables)

        def step(pieces: Any, wanted: Any) -> Any:
            with tf.GradientTape() as tape:
                given = _forward(self.numbers, pieces, settings.dropout)
                cosine = tf.reduce_sum(tf.math.l2_normalize(given, axis=1) * wanted, axis=1)
                apart = tf.reduce_sum(tf.square(given - wanted), axis=1)
                loss = tf.reduce_mean(1 - cosine + settings.length * apart)
            gradients = [tf.convert_to_tensor(each) for each in tape.gradient(loss, variables)]
            optimizer.apply(gradients, variables)
            return tf.reduce_mean(cosine)

        steps = {
            length: tf.function(
                step,
                [tf.TensorSpec([None, length], tf.int32), tf.TensorSpec([None, targets.shape[1]])],
                autograph=False,
            )
            for length, _ in by_length(read)
        }
        generator = np.random.default_rng(self.seed)
        for epoch in range(settings.epochs):
            cosines = []
            for length, places in self._batches(read, generator):
                cosines.append(steps[length](tf.constant(read[places, :length]), tf.constant(targets[places])))
            logger.info(
                f"encoder: epoch {epoch + 1} of {settings.epochs}, cosine to the teacher {np.mean(cosines):.3f}"
            )
        return [variable.numpy() for variable in variables]

    def _batches(self, read: Integers, generator: np.random.Generator) -> list[tuple[int, Integers]]:
        """Gives shuffled batches of texts that are about as long: padding costs as much as text."""
        size = self.settings.batch_size
        found = []
        for length, places in by_length(read):
            mixed = generator.permutation(places)
            found += [(length, mixed[first : first + size]) for first in range(0, len(mixed), size)]
        return [found[place] for place in generator.permutation(len(found))]


def _forward(numbers: dict[str, Any], pieces: Any, dropout: float) -> Any:
    """Gives vectors of pieces, [batch, steps] -> [batch, size]: both directions at once, each step once."""
    import tensorflow as tf

    there = tf.cast(pieces != 0, tf.float32)[..., None]
    lengths = tf.reduce_sum(tf.cast(pieces != 0, tf.int32), axis=1)
    embedded = tf.gather(numbers["embedding"], pieces) * there
    if dropout:
        embedded = tf.nn.dropout(embedded, dropout)
    both = tf.stack([embedded, tf.reverse_sequence(embedded, lengths, seq_axis=1)])  # padding stays at the end
    given = tf.einsum("dbte,deg->tdbg", both, numbers["kernels"]) + numbers["biases"]
    state = memory = tf.zeros_like(given[0, :, :, : given.shape[-1] // 4])
    total = tf.zeros_like(state)
    for step in range(pieces.shape[1]):
        enter, forget, cell, leave = tf.split(given[step] + tf.matmul(state, numbers["recurrents"]), 4, axis=-1)
        memory = tf.sigmoid(forget) * memory + tf.sigmoid(enter) * tf.tanh(cell)
        state = tf.sigmoid(leave) * tf.tanh(memory)
        total += state * there[:, step]
    sums = tf.concat([total[0], total[1], tf.reduce_sum(embedded, axis=1)], axis=1)
    root = tf.sqrt(tf.maximum(tf.cast(lengths, tf.float32), 1.0))[:, None]
    return tf.matmul(sums / root, numbers["projection"]) + numbers["shift"]


def _encoder_of(arrays: list[Floats]) -> Encoder:
    embedding, kernels, recurrents, biases, projection, shift = arrays
    forward, backward = (Lstm(kernels[way], recurrents[way], biases[way, 0]) for way in (0, 1))
    return Encoder(embedding, forward, backward, projection, shift, None)


def _components(vectors: Floats, size: int) -> Floats:
    """Gives centred vectors in their first principal components, shape [vectors, size], zeros where there are fewer."""
    centred = vectors - vectors.mean(axis=0)
    values, axes = np.linalg.eigh(np.asarray(centred.T, np.float64) @ centred)
    axes = axes[:, np.argsort(-values)[:size]]
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])] < 0, -1, 1)  # a sign that is no chance
    found = np.zeros((len(vectors), size), np.float32)
    found[:, : axes.shape[1]] = centred @ axes
    return found
