"""The Keras layers that Byline adds: tables of pieces and bigrams, the pooling of what the LSTM gives, and the gate."""

from typing import Any, Final

import keras
from keras import ops

from trainer.model.bigram_table import EMPTY, BigramTable

_UNKNOWN: Final = 1  # of the reserved ids, the one that is read as a piece
_FIRST_PIECE: Final = 4
_registered = keras.saving.register_keras_serializable(package="byline")


@_registered
class Reader(keras.layers.Layer):  # type: ignore[misc]
    """Takes the pieces out of a framed row: ids, [batch, S] -> int32, [batch, S - 2], 0 where no piece stands."""

    def call(self, ids: Any) -> Any:
        pieces = ids[:, 1:-1]
        present = ops.logical_or(ops.equal(pieces, _UNKNOWN), ops.greater_equal(pieces, _FIRST_PIECE))
        return ops.where(present, pieces, ops.zeros_like(pieces))


@_registered
class First(keras.layers.Layer):  # type: ignore[misc]
    """Takes the first pieces of each text, which the LSTM reads: [batch, S - 2] -> [batch, count]."""

    def __init__(self, count: int, **options: Any) -> None:
        super().__init__(**options)
        self.count = count

    def call(self, pieces: Any) -> Any:
        return pieces[:, : self.count]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count}


@_registered
class PieceRows(keras.layers.Layer):  # type: ignore[misc]
    """Sums the rows of a text's pieces: pieces, [batch, length] -> [batch, label_count].

    Args:
        vocabulary_size: Ids are below it (V).
        label_count: How many labels there are (L).
        dense_rows: Ids below it have a row of all labels (D).
        cells: The others have as many labels, each with its value (k).
    """

    def __init__(self, vocabulary_size: int, label_count: int, dense_rows: int, cells: int, **options: Any) -> None:
        super().__init__(**options)
        self.sizes = {
            "vocabulary_size": vocabulary_size,
            "label_count": label_count,
            "dense_rows": dense_rows,
            "cells": cells,
        }
        self.label_count, self.dense_rows = label_count, dense_rows
        self.sparse_rows, self.cells = vocabulary_size - dense_rows, cells

    def build(self, _: Any) -> None:
        self.dense = self.add_weight(shape=(self.dense_rows, self.label_count), initializer="zeros", name="dense")
        if self.sparse_rows:
            shape = (self.sparse_rows, self.cells)
            self.labels = self.add_weight(
                shape=shape, initializer="zeros", dtype="int32", trainable=False, name="labels"
            )
            self.values = self.add_weight(shape=shape, initializer="zeros", name="values")

    def call(self, pieces: Any) -> Any:
        is_dense = ops.logical_and(ops.greater(pieces, 0), ops.less(pieces, self.dense_rows))
        rows = ops.take(self.dense, ops.where(is_dense, pieces, 0), axis=0)
        sums = ops.sum(rows * ops.cast(is_dense, rows.dtype)[..., None], axis=1)
        if not self.sparse_rows:
            return sums
        is_sparse = ops.greater_equal(pieces, self.dense_rows)
        places = ops.where(is_sparse, pieces - self.dense_rows, 0)
        values = ops.take(self.values, places, axis=0) * ops.cast(is_sparse, rows.dtype)[..., None]
        return sums + _sum_of_cells(ops.take(self.labels, places, axis=0), values, self.label_count)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.sizes}


@_registered
class BigramRows(keras.layers.Layer):  # type: ignore[misc]
    """Sums the rows of the adjacent bigrams that the table holds, and counts them.

    ids, [batch, S] -> sums, [batch, label_count], and how many there are, [batch, 1]. The borders of the text, [CLS]
    and [SEP], are members of bigrams; padding is not.

    Args:
        vocabulary_size: Ids are below it (V).
        label_count: How many labels there are (L).
        slots: Of the table.
        cells: Labels a bigram, each with its value (k); 0: rows of all labels.
    """

    def __init__(self, vocabulary_size: int, label_count: int, slots: int, cells: int, **options: Any) -> None:
        super().__init__(**options)
        self.table = BigramTable(vocabulary_size, slots)
        self.label_count, self.cells = label_count, cells

    def build(self, _: Any) -> None:
        slots = self.table.slots
        self.fingerprints = self.add_weight(
            shape=(slots,),
            initializer=keras.initializers.Constant(EMPTY),
            dtype="int32",
            trainable=False,
            name="fingerprints",
        )
        if self.cells:
            self.labels = self.add_weight(
                shape=(slots, self.cells), initializer="zeros", dtype="int32", trainable=False, name="labels"
            )
        width = self.cells or self.label_count
        self.values = self.add_weight(shape=(slots, width), initializer="zeros", name="values")

    def call(self, ids: Any) -> Any:
        first, second = ids[:, :-1], ids[:, 1:]
        fingerprint = self.table.fingerprint(first, second, ops.mod)
        sums = count = 0.0
        for total in self.table.sums(first, second):
            slots = ops.mod(total, self.table.slots)
            same = ops.equal(ops.take(self.fingerprints, slots), fingerprint)
            stands = ops.logical_and(same, ops.not_equal(second, 0))
            found = ops.cast(stands, self.values.dtype)[..., None]
            values = ops.take(self.values, slots, axis=0) * found
            if self.cells:
                sums = sums + _sum_of_cells(ops.take(self.labels, slots, axis=0), values, self.label_count)
            else:
                sums = sums + ops.sum(values, axis=1)
            count = count + ops.sum(found, axis=1)
        return sums, count

    def get_config(self) -> dict[str, Any]:
        sizes = {"vocabulary_size": self.table.vocabulary_size, "slots": self.table.slots}
        return {**super().get_config(), **sizes, "label_count": self.label_count, "cells": self.cells}


@_registered
class TableLogits(keras.layers.Layer):  # type: ignore[misc]
    """Gives the tables' logits: the sums of pieces and bigrams, over the root of the number of pieces, and a bias."""

    def build(self, shapes: Any) -> None:
        self.bias = self.add_weight(shape=(shapes[0][-1],), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        piece_sum, bigram_sum, pieces = inputs
        return (piece_sum + bigram_sum) / ops.sqrt(_number_of(pieces)) + self.bias


@_registered
class Pool(keras.layers.Layer):  # type: ignore[misc]
    """Sums what the LSTM gives and what it read, each over the root of the number of pieces.

    Outputs, [batch, T, 2 * units], embeddings, [batch, T, embedding_size], and pieces, [batch, T] -> one vector,
    [batch, 2 * units + embedding_size].
    """

    def call(self, inputs: Any) -> Any:
        outputs, embeddings, pieces = inputs
        present = ops.cast(ops.not_equal(pieces, 0), outputs.dtype)[..., None]
        sums = [ops.sum(steps * present, axis=1) for steps in (outputs, embeddings)]
        return ops.concatenate(sums, axis=-1) / ops.sqrt(_number_of(pieces))

    def compute_mask(self, *_: Any) -> None:
        """There is one vector a text: nothing is left to mask."""


@_registered
class Gate(keras.layers.Layer):  # type: ignore[misc]
    """Scales the logits by a sigmoid gate: scale * sigmoid(kernel · inputs + bias) * logits.

    The inputs are the sentence's vector, the share of its bigrams that are known, the share of its pieces that are
    unknown, and the largest logit.
    """

    def build(self, shapes: Any) -> None:
        self.kernel = self.add_weight(shape=(shapes[0][-1] + 3, 1), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")
        self.scale = self.add_weight(shape=(1,), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        sentence, known, pieces, logits = inputs
        number = _number_of(pieces)
        unknown = ops.sum(ops.cast(ops.equal(pieces, _UNKNOWN), logits.dtype), axis=1, keepdims=True)
        largest = ops.max(logits, axis=1, keepdims=True)
        inputs = ops.concatenate([sentence, known / (number + 1), unknown / number, largest], axis=1)
        return logits * self.scale * ops.sigmoid(ops.matmul(inputs, self.kernel) + self.bias)


def _number_of(pieces: Any) -> Any:
    """Counts the pieces, one at least: float32, shape [batch, 1]."""
    return ops.maximum(ops.sum(ops.cast(ops.not_equal(pieces, 0), "float32"), axis=1, keepdims=True), 1.0)


def _sum_of_cells(labels: Any, values: Any, label_count: int) -> Any:
    """Adds each value to its label's logit: both of shape [batch, places, cells] -> [batch, label_count]."""
    batch = ops.shape(values)[0]
    places = ops.arange(batch, dtype="int32")[:, None, None] * label_count + labels
    sums = ops.segment_sum(ops.reshape(values, (-1,)), ops.reshape(places, (-1,)), batch * label_count)
    return ops.reshape(sums, (-1, label_count))
