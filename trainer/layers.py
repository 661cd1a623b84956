"""The Keras layers that Byline adds: what words and pairs speak for, beside what the LSTM reads."""

from typing import Any

import keras
import numpy as np
from keras import ops

from trainer.model.pair_table import NOBODY, PairTable

_registered = keras.saving.register_keras_serializable(package="byline")


@_registered
class WordSum(keras.layers.Layer):  # type: ignore[misc]
    """Sums the vectors of the words that are there: [batch, length, size] -> [batch, size]."""

    def call(self, vectors: Any, mask: Any = None) -> Any:
        present = ops.ones_like(vectors[..., :1]) if mask is None else ops.cast(mask, vectors.dtype)[..., None]
        return ops.sum(vectors * present, axis=1)

    def compute_mask(self, *_: Any) -> None:
        """There is one vector a phrase: nothing is left to mask."""


@_registered
class PairSum(keras.layers.Layer):  # type: ignore[misc]
    """Sums the vectors of the neighbouring pairs that the table holds, and counts them.

    ids, [batch, length] -> sums, [batch, size], and how many there are, [batch, 1].

    Args:
        vocabulary_size: Word ids are below it.
        slots: Of the table.
        size: Numbers a pair.
    """

    def __init__(self, vocabulary_size: int, slots: int, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.table = PairTable(vocabulary_size, slots)
        self.size = size

    def build(self, _: Any) -> None:
        shape = (self.table.slots, self.size)
        self.vectors = self.add_weight(shape=shape, initializer="zeros", name="vectors")
        self.owners = self.add_weight(
            shape=shape[:1],
            initializer=keras.initializers.Constant(NOBODY),
            dtype="int32",
            trainable=False,
            name="owners",
        )

    def call(self, ids: Any) -> Any:
        first, second = ids[:, :-1], ids[:, 1:]
        owner = self.table.owner(first, second, ops.mod)
        sums = count = 0.0
        for total in self.table.sums(first, second):
            slots = ops.mod(total, self.table.slots)
            stands = ops.logical_and(ops.equal(ops.take(self.owners, slots), owner), ops.not_equal(second, 0))
            found = ops.cast(stands, self.vectors.dtype)[..., None]
            sums = sums + ops.sum(ops.take(self.vectors, slots, axis=0) * found, axis=1)
            count = count + ops.sum(found, axis=1)
        return sums, count

    def get_config(self) -> dict[str, Any]:
        sizes = {"vocabulary_size": self.table.vocabulary_size, "slots": self.table.slots, "size": self.size}
        return {**super().get_config(), **sizes}


class PiecewiseEmbedding(keras.layers.Embedding):  # type: ignore[misc]
    """An embedding for training, to whose rows the vectors of a word's pieces are added (Bojanowski and others:
    Enriching Word Vectors with Subword Information, 2017). They depend on the word alone, so `folded` gives plain rows.

    Args:
        pieces: int32, shape [vocabulary_size, most_pieces], numbers from 1; 0 where a word has fewer.
        piece_count: Pieces are numbered up to this.
    """

    def __init__(self, pieces: Any, piece_count: int, output_dim: int, **options: Any) -> None:
        super().__init__(len(pieces), output_dim, **options)
        self.pieces = ops.convert_to_tensor(pieces, "int32")
        counts = np.maximum((pieces > 0).sum(axis=1, keepdims=True), 1)
        self.weight_of_piece = ops.convert_to_tensor((pieces > 0) / np.sqrt(counts), "float32")
        self.piece_count = piece_count

    def build(self, shape: Any = None) -> None:
        super().build(shape)
        self.piece_vectors = self.add_weight(
            shape=(self.piece_count + 1, self.output_dim), initializer="zeros", name="piece_vectors"
        )

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf  # Keras has no `unique` for a number that is not known before

        words, places = tf.unique(tf.reshape(inputs, [-1]))
        rows = ops.take(self._rows(words), places, axis=0)
        return ops.reshape(rows, (-1, inputs.shape[1], self.output_dim))

    def _rows(self, words: Any) -> Any:
        vectors = ops.take(self.piece_vectors, ops.take(self.pieces, words, axis=0), axis=0)
        weights = ops.take(self.weight_of_piece, words, axis=0)
        return ops.take(self.embeddings, words, axis=0) + ops.sum(vectors * weights[..., None], axis=1)

    def folded(self) -> Any:
        """Gives plain rows, shape [vocabulary_size, output_dim]."""
        return ops.convert_to_numpy(self._rows(ops.arange(self.input_dim)))
