"""The inference graph, written once from the numbers: ids in, probabilities out.

There is no control flow and no state, so the graph answers synchronously in TF.js and is a single subgraph in TFLite.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from export.graph.constants import Constants, dense_kernel, label_offset
from export.graph.rounding import IN_8_BITS, LABELS, in_4_bits
from trainer.model.bigram_table import BigramTable
from trainer.model.weights import Floats
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID

if TYPE_CHECKING:
    import tensorflow as tf

_APART: Final = 16  # numbers of 4 bits
RowType = Literal["int8", "int4", "float32"]


def inference(constants: Constants, steps: int, row_type: RowType) -> Callable[["tf.Tensor"], "tf.Tensor"]:
    """Gives the inference graph.

    The LSTM is unrolled over its steps, both directions in one product. Each weight is one constant under a name that
    a reader of the file can find.

    Args:
        constants: Rounded or not.
        steps: How many pieces the LSTM reads.
        row_type: How rows are stored; TF.js has no int8. Of int4 two numbers of a row share a byte, and builtin
            arithmetic parts them: `BertNLClassifier` cannot gather from a tensor of 4 bits.

    Returns:
        A function, to be traced, from int32 ids, shape [batch, sequence_length], to float32 probabilities, shape
        [batch, labels].
    """
    import tensorflow as tf

    def probabilities(ids: Any) -> Any:
        constant = _Constants(constants, row_type, one_row=ids.shape[0] == 1)
        pieces = ids[:, 1:-1]
        unknown = tf.cast(pieces == UNKNOWN_ID, tf.float32)
        present = unknown + tf.cast(pieces >= len(RESERVED), tf.float32)
        pieces = pieces * tf.cast(present, tf.int32)
        read, embedded = _read(constant, pieces[:, :steps], present[:, :steps], last="dense_0_kernel" in constants)
        if "dense_0_kernel" in constants:
            return tf.nn.softmax(_dense(constant, read), name="probabilities")
        root = tf.sqrt(tf.maximum(tf.reduce_sum(present[:, :steps], axis=1, keepdims=True), 1.0))
        sentence = tf.concat([read, embedded], axis=1) / root @ constant("sentence_kernel") + constant("sentence_bias")
        number = tf.maximum(tf.reduce_sum(present, axis=1, keepdims=True), 1.0)
        bigram_sum, known = _bigrams(constant, ids)
        logits = (_pieces(constant, pieces, present) + bigram_sum) / tf.sqrt(number) + constant("bias")
        if "sentence_logits" in constants:
            logits += sentence @ constant("sentence_logits")
        unknown = tf.reduce_sum(unknown, axis=1, keepdims=True)
        largest = tf.reduce_max(logits, axis=1, keepdims=True)
        inputs = tf.concat([sentence, known / (number + 1.0), unknown / number, largest], axis=1)
        gate = tf.sigmoid(inputs @ constant("gate_kernel") + constant("gate_bias"))
        return tf.nn.softmax(logits * gate * constant("logit_scale"), name="probabilities")

    return probabilities


def packed(rows: Floats) -> NDArray[np.int8]:
    """Puts the second half of each row into the lower 4 bits of the first; what is beyond 4 bits is nobody's.

    Args:
        rows: Whole numbers from -8 to 7, shape [rows, columns].

    Returns:
        Shape [rows, half of the columns, rounded up].
    """
    whole = np.clip(rows, -_APART // 2, _APART // 2 - 1).astype(np.int8)
    first, second = np.split(np.pad(whole, ((0, 0), (0, whole.shape[1] % 2))), 2, axis=1)
    return np.asarray(first * _APART + (second + _APART // 2), np.int8)


class _Constants:
    """Makes each constant once, in the type that it is stored in."""

    def __init__(self, constants: Constants, row_type: RowType, one_row: bool) -> None:
        self.arrays, self.row_type, self.one_row = constants, row_type, one_row
        self._made: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        import tensorflow as tf

        if name not in self._made:
            array: NDArray[Any] = self.arrays[name]
            if self.packed(name):
                array = packed(array)
            elif self.row_type != "float32" and name in IN_8_BITS:
                array = array.astype(np.int8)
            if name in LABELS and self.row_type != "float32":
                array = array.astype(np.int8 if array.min() >= -128 else np.int16)
            self._made[name] = tf.constant(array, name=name)
        return self._made[name]

    def rows(self, name: str, places: Any) -> Any:
        """Gathers rows as float32."""
        import tensorflow as tf

        gathered = tf.cast(tf.gather(self(name), places), tf.float32)
        if not self.packed(name):
            return gathered
        first = tf.floor(gathered / _APART)
        second = gathered - first * _APART - _APART / 2
        return tf.concat([first, second], axis=-1)[..., : self.arrays[name].shape[1]]

    def packed(self, name: str) -> bool:
        """Whether a constant holds two numbers in a byte."""
        return self.row_type == "int4" and in_4_bits(name)

    def labels(self, name: str, places: Any, label_count: int) -> Any:
        """Gathers labels as their indices."""
        import tensorflow as tf

        return tf.cast(tf.gather(self(name), places), tf.int32) + label_offset(label_count)


def _pieces(constant: _Constants, pieces: Any, present: Any) -> Any:
    """Sums the rows of the pieces: [batch, places] -> [batch, labels]."""
    import tensorflow as tf

    dense, label_count = constant.arrays["piece_rows"].shape
    weights = tf.gather(constant("piece_scales"), pieces) * present
    if dense == len(constant.arrays["piece_scales"]):
        return _weighted(weights, constant.rows("piece_rows", pieces))
    beyond = tf.cast(pieces >= dense, tf.float32)
    summed = _weighted(weights * (1.0 - beyond), constant.rows("piece_rows", tf.minimum(pieces, dense - 1)))
    places = tf.maximum(pieces - dense, 0)
    values = constant.rows("sparse_values", places) * tf.expand_dims(weights * beyond, -1)
    return summed + _cells(constant.labels("sparse_labels", places, label_count), values, label_count, constant)


def _bigrams(constant: _Constants, ids: Any) -> tuple[Any, Any]:
    """Finds adjacent bigrams in the table, the text's borders among their members.

    Gives the sum of their rows, shape [batch, labels], and how many they are, shape [batch, 1].
    """
    import tensorflow as tf

    label_count = constant.arrays["piece_rows"].shape[1]
    table = BigramTable(len(constant.arrays["piece_scales"]), len(constant.arrays["bigram_fingerprints"]))
    first, second = ids[:, :-1], ids[:, 1:]
    owner = table.fingerprint(first, second, _remainder)
    slots = tf.concat([_remainder(total, table.slots) for total in table.sums(first, second)], axis=1)
    stands = tf.cast(constant.rows("bigram_fingerprints", slots), tf.int32) == tf.concat([owner, owner], axis=1)
    found = tf.cast(stands & (tf.concat([second, second], axis=1) != 0), tf.float32)
    if "bigram_rows" in constant.arrays:
        summed = _weighted(found, constant.rows("bigram_rows", slots))
    else:
        values = constant.rows("bigram_values", slots) * tf.expand_dims(found, -1)
        summed = _cells(constant.labels("bigram_labels", slots, label_count), values, label_count, constant)
    return summed * constant("bigram_scale"), tf.reduce_sum(found, axis=1, keepdims=True)


def _weighted(weights: Any, rows: Any) -> Any:
    """Sums weighted rows: [batch, places] and [batch, places, labels] -> [batch, labels]."""
    import tensorflow as tf

    return tf.squeeze(tf.expand_dims(weights, 1) @ rows, 1)


def _cells(labels: Any, values: Any, label_count: int, constant: _Constants) -> Any:
    """Adds each value to its label: both of shape [batch, places, cells] -> [batch, labels].

    One row's values are scattered, in a ninth of the time; of many rows TF.js can only spread them.
    """
    import tensorflow as tf

    count = labels.shape[1] * labels.shape[2]
    # The slots that hold the ends of the type name labels that are none, at which a runtime would write beyond its row.
    labels = tf.minimum(labels, label_count - 1)
    if constant.one_row:
        places = tf.reshape(labels, [count, 1])
        return tf.expand_dims(tf.scatter_nd(places, tf.reshape(values, [count]), [label_count]), 0)
    labels = tf.reshape(labels, [-1, count])
    if constant.row_type == "int8":  # ONNX: tf2onnx writes no valid OneHot of these
        spread = tf.cast(tf.expand_dims(labels, -1) == tf.range(label_count), tf.float32)
    else:  # as whole numbers: TF.js's WASM writes such whatever is asked for
        spread = tf.cast(tf.one_hot(labels, label_count, dtype=tf.int32), tf.float32)
    return tf.squeeze(tf.reshape(values, [-1, 1, count]) @ spread, 1)


def _dense(constant: _Constants, x: Any) -> Any:
    """The lesson's layers behind the LSTM, the last of which gives the logits."""
    import tensorflow as tf

    count = sum(name.startswith("dense_") and name.endswith("_kernel") for name in constant.arrays)
    for index in range(count):
        kernel, activate = dense_kernel(index, "relu"), tf.nn.relu
        if kernel not in constant.arrays:
            kernel, activate = dense_kernel(index, "tanh"), tf.tanh
        x = (activate(x) if index else x) @ constant(kernel) + constant(f"dense_{index}_bias")
    return x


def _read(constant: _Constants, pieces: Any, present: Any, last: bool) -> tuple[Any, Any]:
    """Runs both directions over the steps.

    What is done once for both has them one below the other, shape [2 * batch, …]: the graph of a step is then 2 kB.
    Products alone are apart in TFLite, whose product of batches takes up to ten times as long; in TF.js they are not,
    because its converter would fold the halves of a kernel into weights without names.

    Padding is at the end of a row alone: a state that is multiplied by 0 there is as it was before the first piece,
    for who reads from the end, and is not looked at any more, for who reads from the beginning.

    Args:
        constant: Gives the weights.
        pieces: Shape [batch, steps], 0 where none is.
        present: 1 where one is, shape [batch, steps].
        last: Whether the last outputs are wanted, or the sums of all.

    Returns:
        The outputs, shape [batch, 2 * units], and the sum of the embeddings, shape [batch, embedding_size].
    """
    import tensorflow as tf

    length, units = pieces.shape[1], constant.arrays["lstm_recurrent"].shape[1]
    scales = tf.gather(constant("embedding_scales"), pieces) * present
    x = constant.rows("embedding_rows", pieces) * tf.expand_dims(scales, -1)
    steps = tf.transpose(x, [1, 0, 2])  # time first
    ordered = tf.reshape(tf.concat([steps, tf.reverse(steps, [0])], axis=0), [-1, x.shape[2]])
    projected = tf.reshape(_both(constant, ordered, "lstm_kernel", "lstm_bias"), [2 * length, -1, 4 * units])
    there = tf.expand_dims(tf.transpose(present), -1)
    masks = tf.unstack(tf.concat([there, tf.reverse(there, [0])], axis=1))
    state = output = None
    outputs = []
    for step, mask in zip(tf.unstack(tf.concat(tf.split(projected, 2), axis=1)), masks, strict=True):
        gates = step if output is None else step + _both(constant, output, "lstm_recurrent")
        write, forget, reveal = tf.split(tf.sigmoid(gates[:, : 3 * units]), 3, axis=-1)
        new = write * tf.tanh(gates[:, 3 * units :])
        new = new if state is None else forget * state + new
        if last and output is not None:
            state = mask * new + (1.0 - mask) * state
            output = mask * (reveal * tf.tanh(new)) + (1.0 - mask) * output
        else:
            state = mask * new
            output = reveal * tf.tanh(state)
            outputs.append(output)
    summed = output if last else tf.reduce_sum(tf.stack(outputs), axis=0)
    return tf.concat(tf.split(summed, 2), axis=1), tf.reduce_sum(x, axis=1)


def _both(constant: _Constants, x: Any, kernel: str, bias: str = "") -> Any:
    """Gives the product of the upper half of x with the forward kernel, and of the lower half with the backward one."""
    import tensorflow as tf

    size = constant.arrays[kernel].shape[2]
    if constant.one_row:
        halves = zip(tf.split(x, 2), tf.unstack(constant(kernel)), strict=True)
        products = [half @ of_half for half, of_half in halves]
        if bias:
            products = [
                product + of_half for product, of_half in zip(products, tf.unstack(constant(bias)), strict=True)
            ]
        return tf.concat(products, axis=0)
    product = tf.reshape(x, [2, -1, x.shape[1]]) @ constant(kernel)
    return tf.reshape(product + constant(bias) if bias else product, [-1, size])


def _remainder(total: Any, divisor: int) -> Any:
    """Of int32, by operators that all of TF.js's backends have."""
    return total - total // divisor * divisor
