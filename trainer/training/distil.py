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

from trainer.model.features import is_piece
from trainer.model.weights import Encoder, Lstm
from trainer.quiet import quietly
from trainer.teacher.encoder import Teacher, common_words
from trainer.teacher.variants import variants
from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, Vocabulary
from trainer.training.encode import first_rows
from trainer.training.sentence import start

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

_LENGTHS: Final = (8, 12, 16, 24, 32)  # steps to which batches are cut, and what is longer: a graph each
_READ_AT_ONCE: Final = 1_024
_PARTS: Final = ("embedding", "kernels", "recurrents", "biases", "projection", "shift")


@dataclass(frozen=True)
class Distillation:
    """How a teacher's vectors are learned.

    Attributes:
        steps: Pieces that the LSTM reads, at most.
        embedding_size: Numbers a piece.
        units: Of each direction of the LSTM.
        size: Of the vector: the teacher's principal components.
        texts: The most training texts that are learned from beside their variants.
        variants: Of the texts.
        common: Words of the teacher that replace others in variants.
        epochs: Over texts and variants.
        batch_size: Texts a step.
        learning_rate: Adam's, falling to zero along a cosine.
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


def encoder(
    teacher: Teacher, texts: Sequence[str], vocabulary: Vocabulary, settings: Distillation, seed: int
) -> Encoder:
    """Distils a teacher; the same seed gives the same numbers.

    Args:
        teacher: What is learned from.
        texts: The training texts.
        vocabulary: Whose pieces the student reads.
        settings: How.
        seed: Of all chance.

    Returns:
        The student, without a kernel to logits; its vectors have a length of about 1.
    """
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
    return _Student(embedding.astype(np.float32), settings, seed).learn(read, targets)


def encoder_vectors(student: Encoder, rows: NDArray[Any], steps: int) -> Floats:
    """Gives the sentences' vectors of framed rows.

    Args:
        student: What an LSTM learned.
        rows: Framed rows of ids, shape [rows, S].
        steps: Pieces that the LSTM reads, at most.

    Returns:
        float32, shape [rows, size].
    """
    read = read_pieces(rows, steps)
    vectors = np.zeros((len(read), len(student.bias)), np.float32)
    for length, places in _by_length(read):
        for first in range(0, len(places), _READ_AT_ONCE):
            some = places[first : first + _READ_AT_ONCE]
            vectors[some] = _vectors(student, read[some, :length])
    return vectors


def read_pieces(rows: NDArray[Any], steps: int) -> Integers:
    """Takes out of framed rows the pieces that the LSTM reads, zeros behind them: int32, shape [rows, steps]."""
    pieces = rows[:, 1:-1][:, :steps]
    return np.where(is_piece(pieces), pieces, 0).astype(np.int32)


class _Student:
    """The BiLSTM in training."""

    def __init__(self, embedding: Floats, settings: Distillation, seed: int) -> None:
        start(seed)
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

    def learn(self, read: Integers, targets: Floats) -> Encoder:
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
            for length, _ in _by_length(read)
        }
        generator = np.random.default_rng(self.seed)
        for epoch in range(settings.epochs):
            cosines = []
            for length, places in self._batches(read, generator):
                cosines.append(steps[length](tf.constant(read[places, :length]), tf.constant(targets[places])))
            logger.info(
                f"encoder: epoch {epoch + 1} of {settings.epochs}, cosine to the teacher {np.mean(cosines):.3f}"
            )
        return _encoder_of([variable.numpy() for variable in variables])

    def _batches(self, read: Integers, generator: np.random.Generator) -> list[tuple[int, Integers]]:
        """Gives shuffled batches of texts that are about as long: padding costs as much as text."""
        size = self.settings.batch_size
        found = []
        for length, places in _by_length(read):
            mixed = generator.permutation(places)
            found += [(length, mixed[first : first + size]) for first in range(0, len(mixed), size)]
        return [found[place] for place in generator.permutation(len(found))]


def _by_length(read: Integers) -> list[tuple[int, Integers]]:
    """Groups texts by the steps that they need: each length, and the places of its texts."""
    most = read.shape[1]
    lengths = np.maximum((read != 0).sum(axis=1), 1)
    limits = [*(length for length in _LENGTHS if length < most), most]
    of_text = np.searchsorted(limits, lengths)
    groups = ((limit, np.flatnonzero(of_text == index).astype(np.int32)) for index, limit in enumerate(limits))
    return [(limit, places) for limit, places in groups if len(places)]


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


def _vectors(student: Encoder, pieces: Integers) -> Floats:
    """The same in NumPy, which needs no graph: few rows would wait for one longer than for their vectors."""
    lengths = (pieces != 0).sum(axis=1)
    ahead = np.broadcast_to(np.arange(pieces.shape[1]), pieces.shape)
    behind = np.where(ahead < lengths[:, None], lengths[:, None] - 1 - ahead, ahead)
    embedded = student.embedding[pieces] * (pieces != 0)[..., None].astype(np.float32)
    sums = [_sum_of_states(student.forward, embedded, lengths)]
    sums.append(_sum_of_states(student.backward, np.take_along_axis(embedded, behind[..., None], axis=1), lengths))
    sums.append(embedded.sum(axis=1))
    pooled = np.concatenate(sums, axis=1) / np.sqrt(np.maximum(lengths, 1))[:, None].astype(np.float32)
    return np.asarray(pooled @ student.kernel + student.bias, np.float32)


def _sum_of_states(lstm: Lstm, embedded: Floats, lengths: NDArray[Any]) -> Floats:
    """Sums what one direction gives of embedded pieces, [batch, steps, embedding_size] -> [batch, units]."""
    units = len(lstm.recurrent)
    state = memory = total = np.zeros((len(embedded), units), np.float32)
    for step in range(embedded.shape[1]):
        gates = embedded[:, step] @ lstm.kernel + state @ lstm.recurrent + lstm.bias
        enter, forget, leave = (_sigmoid(gates[:, at * units : (at + 1) * units]) for at in (0, 1, 3))
        memory = forget * memory + enter * np.tanh(gates[:, 2 * units : 3 * units])
        state = leave * np.tanh(memory)
        total = total + state * (step < lengths)[:, None]
    return total


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, np.float32)


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
