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
    """

    def __init__(self, table: list[int], length: int, padding: int, holes: bool, **options: Any) -> None:
        super().__init__(**options)
        self.table, self.length, self.padding, self.holes = table, length, padding, holes

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
        return ops.where(ops.greater_equal(found, 0), found, self.padding)

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
        own = {name: getattr(self, name) for name in ("table", "length", "padding", "holes")}
        return {**super().get_config(), **own}


@_registered
class UnrolledBidirectional(keras.layers.Bidirectional):  # type: ignore[misc]
    """A `Bidirectional` layer for unrolled layers: what is masked is 0 in its output.

    Keras has the layers inside do that, and where they are unrolled the backward one takes the mask from the wrong end.
    """

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(layer, **options)
        self.forward_layer.zero_output_for_mask = self.backward_layer.zero_output_for_mask = False

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        output = super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        if mask is None or not self.return_sequences:
            return output
        return ops.where(mask[:, :, None], output, 0.0)


@_registered
class OrUniform(keras.layers.Layer):  # type: ignore[misc]
    """Answers every label alike where nothing was read: a mask that leaves nothing to average gives no number.

    Ids, [batch, length], and probabilities, [batch, labels] -> probabilities.

    Args:
        padding: The model's id of padding.
    """

    def __init__(self, padding: int, **options: Any) -> None:
        super().__init__(**options)
        self.padding = padding

    def call(self, inputs: Any) -> Any:
        ids, probabilities = inputs
        some = ops.max(ops.cast(ops.not_equal(ids, self.padding), "int32"), axis=1, keepdims=True)
        return ops.where(ops.equal(some, 1), probabilities, 1 / probabilities.shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


@_registered
class Complement(keras.layers.Layer):  # type: ignore[misc]
    """Gives both labels' probabilities of one output, the second label's: [batch, 1] -> [batch, 2]."""

    def call(self, probability: Any) -> Any:
        return ops.concatenate([1 - probability, probability], axis=-1)
