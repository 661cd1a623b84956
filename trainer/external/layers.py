"""The Keras layers between the tokenizer contract and a model of another's."""

from typing import Any

import keras
from keras import ops

_UNKNOWN = 1  # of the reserved ids, the one that is read
_FIRST_PIECE = 4
_registered = keras.saving.register_keras_serializable(package="byline")


@_registered
class UserIds(keras.layers.Layer):  # type: ignore[misc]
    """Gives the ids that a model was trained with: framed rows, [batch, S] -> int32, [batch, length].

    What stands for no id of the model, frame, padding and pieces with -1 in the table, is left out: the others move
    together, and padding follows.

    Args:
        table: Contract id -> the model's id; -1 where it has none.
        length: How many ids the model reads (at most S - 2).
        padding: The model's id of padding.
        holes: Whether pieces between others may have no id.
        alone: The id that stands first in a row without any: padding, unless the model cannot answer such a row.
    """

    def __init__(
        self, table: list[int], length: int, padding: int, holes: bool, alone: int = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.table, self.length, self.padding, self.holes, self.alone = table, length, padding, holes, alone

    def build(self, _: Any) -> None:
        self.ids = self.add_weight(
            shape=(len(self.table),),
            dtype="int32",
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(self.table, dtype),
            trainable=False,
            name="ids",
        )

    def call(self, ids: Any) -> Any:
        pieces = ids[:, 1:-1]
        read = ops.logical_or(ops.equal(pieces, _UNKNOWN), ops.greater_equal(pieces, _FIRST_PIECE))
        found = ops.where(read, ops.take(self.ids, pieces, axis=0), -1)
        if self.holes:
            found = self._together(found)
        found = found[:, : self.length]
        first, others = found[:, :1], found[:, 1:]
        first = ops.where(ops.greater_equal(first, 0), first, self.alone)
        return ops.concatenate([first, ops.where(ops.greater_equal(others, 0), others, self.padding)], axis=1)

    def _together(self, found: Any) -> Any:
        """Moves what is kept to the front: a product with a one-hot of places, which every runtime computes alike."""
        kept = ops.cast(ops.greater_equal(found, 0), "float32")
        places = ops.cumsum(kept, axis=1) * kept  # from 1 on; 0 where nothing is kept
        wanted = ops.arange(1, self.length + 1, dtype="float32")
        moved = ops.cast(ops.equal(places[:, :, None], wanted), "float32")
        summed = ops.squeeze(ops.matmul(ops.cast(found + 1, "float32")[:, None, :], moved), 1)
        return ops.cast(summed, "int32") - 1

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], self.length)

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((ids.shape[0], self.length), "int32")

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("table", "length", "padding", "holes", "alone")}
        return {**super().get_config(), **own}


@_registered
class Complement(keras.layers.Layer):  # type: ignore[misc]
    """Gives both labels' probabilities of one output, the second label's: [batch, 1] -> [batch, 2]."""

    def call(self, probability: Any) -> Any:
        return ops.concatenate([1 - probability, probability], axis=-1)
