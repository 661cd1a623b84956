"""The one inference graph that every runtime gets, and the one place where numbers are rounded.

The embedding becomes int8 rows, each with a scale that float16 can hold, and so do the pairs, whose columns' scales go
into the kernel behind them; every other weight is rounded to float16.
All artefacts carry these numbers exactly, and every runtime computes with them in float32.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.classifier import Classifier
from trainer.model.pair_table import NOBODY, PairTable

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Floats = NDArray[np.float32]
GATES: Final = ("input", "forget", "cell", "output")  # in Keras' order


@dataclass(frozen=True)
class Lstm:
    """One direction of the LSTM; its columns are the four `GATES`, one after the other.

    Attributes:
        kernel: Shape [embedding_size, 4 * units].
        recurrent: Shape [units, 4 * units].
        bias: Shape [4 * units].
    """

    kernel: Floats
    recurrent: Floats
    bias: Floats


@dataclass(frozen=True)
class Evidence:
    """What single words and pairs of words speak for, beside the LSTM.

    Attributes:
        word_kernel: From the sum of the words' vectors to logits, shape [embedding_size, labels].
        trust: Kernel, shape [2 * units + 1, 1], and bias, shape [1], of how much all logits count.
        rows: The pairs' vectors, shape [slots, pair_size]; whole numbers from -128 to 127 once rounded.
        owners: What each slot remembers of its pair, whole numbers from -128 to 127, shape [slots].
        pair_kernel: From the sum of the pairs' vectors to logits, shape [pair_size, labels].
    """

    word_kernel: Floats
    trust: tuple[Floats, Floats]
    rows: Floats
    owners: Floats
    pair_kernel: Floats


@dataclass(frozen=True)
class Weights:
    """The trained numbers, without Keras around them.

    Attributes:
        rows: The embedding, shape [vocabulary_size, embedding_size]; whole numbers from -128 to 127 once rounded.
        scales: What each row is multiplied by, shape [vocabulary_size]; ones before rounding.
        forward: Reads the phrase from its first word.
        backward: Reads it from its last.
        dense: Kernel and bias of each dense layer, the last of which gives the logits.
        evidence: What is added to them; None for a recipe without.
    """

    rows: Floats
    scales: Floats
    forward: Lstm
    backward: Lstm
    dense: tuple[tuple[Floats, Floats], ...]
    evidence: Evidence | None


def weights_of(model: "keras.Model") -> Weights:
    """Reads the weights of a model that `trainer.model.build_model` built."""
    bidirectional = model.get_layer("bidirectional")
    directions = [
        Lstm(*(np.asarray(weight) for weight in layer.get_weights()))
        for layer in (bidirectional.forward_layer, bidirectional.backward_layer)
    ]
    (rows,) = model.get_layer("embedding").get_weights()
    return Weights(
        rows=rows,
        scales=np.ones(len(rows), np.float32),
        forward=directions[0],
        backward=directions[1],
        dense=tuple((layer.get_weights()[0], layer.get_weights()[1]) for layer in _dense_layers(model)),
        evidence=_evidence_of(model) if any(layer.name == "pairs" for layer in model.layers) else None,
    )


def _dense_layers(model: "keras.Model") -> "list[keras.layers.Layer]":
    """The layers that the LSTM's output goes through, the logits' last."""
    return [layer for layer in model.layers if layer.name.startswith("dense_") or layer.name == "logits"]


def _evidence_of(model: "keras.Model") -> Evidence:
    rows, owners = model.get_layer("pairs").get_weights()
    (word_kernel,), (pair_kernel,) = (model.get_layer(f"{name}_evidence").get_weights() for name in ("word", "pair"))
    trust_kernel, trust_bias = model.get_layer("trust").get_weights()
    return Evidence(word_kernel, (trust_kernel, trust_bias), rows, owners.astype(np.float32), pair_kernel)


def round_weights(weights: Weights) -> Weights:
    """Rounds all numbers once, before any converter sees them.

    A row's scale is a float16 of few bits, at most 3 % above its largest number divided by 127. The row of `<PAD>`,
    which the mask never lets through, holds -128 and 127, and so do slots that are nobody's: with both ends present,
    TF.js's affine 8-bit storage is exact.
    """
    scales = _row_scales(weights.rows)
    rows = np.clip(np.rint(weights.rows / scales[:, None]), -127, 127)
    rows[0], rows[0, 0], scales[0] = -128, 127, 1
    return Weights(
        rows=rows.astype(np.float32),
        scales=scales,
        forward=_half(weights.forward),
        backward=_half(weights.backward),
        dense=tuple((_to_half(kernel), _to_half(bias)) for kernel, bias in weights.dense),
        evidence=_round_evidence(weights.evidence) if weights.evidence else None,
    )


def _round_evidence(evidence: Evidence) -> Evidence:
    nobody = np.abs(evidence.owners) >= NOBODY
    rows = np.where(nobody[:, None], 0, evidence.rows)  # no scale is theirs
    scales = _to_half(_least_scales(rows, axis=0))
    rows = np.clip(np.rint(rows / scales), -127, 127).astype(np.float32)
    owners = evidence.owners.copy()
    one, other = np.flatnonzero(nobody)[:2]
    rows[one], rows[other] = -128, 127
    owners[one] = -128
    pair_kernel = _to_half(scales[:, None] * evidence.pair_kernel)
    trust = _to_half(evidence.trust[0]), _to_half(evidence.trust[1])
    return Evidence(_to_half(evidence.word_kernel), trust, rows, owners, pair_kernel)


def _row_scales(rows: Floats) -> Floats:
    """Gives each row a scale with 5 bits behind the point of its float16, rounded up.

    A row loses 3 % of its resolution at most. Compressed, 11,600 of them are 8.8 kB, with all 10 bits 17.8; the rows,
    whose largest numbers are then not all 127, grow by 2.4.
    """
    scales = _few_bits(_least_scales(rows, axis=1))
    # A row whose largest number was rounded down may fit the next smaller scale: then rounding twice is rounding once.
    return _few_bits(_least_scales(np.rint(rows / scales[:, None]) * scales[:, None], axis=1))


def _least_scales(rows: Floats, axis: int) -> Floats:
    least: Floats = np.maximum(np.abs(rows).max(axis=axis) / 127, np.finfo(np.float16).tiny)
    return least


def _few_bits(scales: Floats) -> Floats:
    """Rounds positive numbers up to the next float16 whose last 5 bits are zero."""
    bits = scales.astype(np.float16).view(np.uint16)
    return ((bits + np.uint16(31)) & np.uint16(0xFFE0)).view(np.float16).astype(np.float32)


def _to_half(array: Floats) -> Floats:
    return array.astype(np.float16).astype(np.float32)


def _half(lstm: Lstm) -> Lstm:
    return Lstm(_to_half(lstm.kernel), _to_half(lstm.recurrent), _to_half(lstm.bias))


def rounded_classifier(classifier: Classifier) -> Classifier:
    """Gives the Keras model with its numbers rounded: what every artefact has to agree with."""
    import keras

    rounded = round_weights(weights_of(classifier.model))
    model = keras.models.clone_model(classifier.model)
    model.set_weights(classifier.model.get_weights())
    model.get_layer("embedding").set_weights([rounded.rows * rounded.scales[:, None]])
    model.get_layer("bidirectional").set_weights(
        [array for lstm in (rounded.forward, rounded.backward) for array in (lstm.kernel, lstm.recurrent, lstm.bias)]
    )
    for layer, (kernel, bias) in zip(_dense_layers(model), rounded.dense, strict=True):
        layer.set_weights([kernel, bias])
    if (evidence := rounded.evidence) is not None:
        model.get_layer("pairs").set_weights([evidence.rows, evidence.owners.astype(np.int32)])
        model.get_layer("trust").set_weights(evidence.trust)
        model.get_layer("word_evidence").set_weights([evidence.word_kernel])
        model.get_layer("pair_evidence").set_weights([evidence.pair_kernel])
    return replace(classifier, model=model)


def inference(weights: Weights, row_type: Literal["int8", "float32"]) -> Callable[["tf.Tensor"], "tf.Tensor"]:
    """Gives the inference graph: word ids in, probabilities out.

    The LSTM is unrolled over the sequence and masked where the id is 0. There is no control flow and no state, so the
    graph answers synchronously in TF.js and is a single subgraph in TFLite. Each weight is one constant, made once and
    not once a step, under a name that a reader of the file can find.

    Args:
        weights: Rounded or not.
        row_type: How rows and owners are stored; TF.js has no int8.

    Returns:
        A function, to be traced, from int32 ids, shape [batch, sequence_length], to float32 probabilities, shape
        [batch, labels].
    """
    import tensorflow as tf

    def probabilities(ids: Any) -> Any:
        rows = tf.constant(weights.rows.astype(row_type), name="embedding_rows")
        scales = tf.constant(weights.scales, name="embedding_scales")
        steps = tf.transpose(
            ids
        )  # time first: TF.js takes a step out of the first axis without copying number by number
        inputs = tf.cast(tf.gather(rows, steps), tf.float32) * tf.expand_dims(tf.gather(scales, steps), -1)
        present = tf.expand_dims(tf.cast(tf.not_equal(steps, 0), tf.float32), -1)
        forward = _read(weights.forward, "forward", inputs, present, reverse=False)
        backward = _read(weights.backward, "backward", inputs, present, reverse=True)
        read = x = tf.concat([forward, backward], axis=1)
        for index, (kernel, bias) in enumerate(weights.dense):
            x = tf.nn.relu(x) if index else x
            x = x @ tf.constant(kernel, name=f"dense_{index}_kernel") + tf.constant(bias, name=f"dense_{index}_bias")
        if weights.evidence:
            words = tf.reduce_sum(inputs * present, axis=0) @ tf.constant(
                weights.evidence.word_kernel, name="word_kernel"
            )
            table = PairTable(len(weights.rows), len(weights.evidence.rows))
            pairs, known = _pair_logits(weights.evidence, table, ids, row_type)
            kernel, bias = weights.evidence.trust
            grounds = tf.concat([read, known], axis=1)
            trust = grounds @ tf.constant(kernel, name="trust_kernel") + tf.constant(bias, name="trust_bias")
            x = (x + words + pairs) * tf.sigmoid(trust)
        return tf.nn.softmax(x, name="probabilities")

    return probabilities


def _read(lstm: Lstm, name: str, inputs: Any, present: Any, reverse: bool) -> Any:
    """Runs one direction over the steps and gives its last output, shape [batch, units].

    Each gate has matrices of its own: TF.js' CPU backend is slow to split what one product for all four would give.

    Args:
        lstm: The direction's weights.
        name: Begins the names of its constants.
        inputs: The words' vectors, shape [steps, batch, embedding_size].
        present: 1 where there is a word and 0 where there is padding, shape [steps, batch, 1].
        reverse: Whether the last step is read first.
    """
    import tensorflow as tf

    length, _, size = inputs.shape
    flat = tf.reshape(inputs, [-1, size])
    units = lstm.recurrent.shape[0]
    projected, recurrent = [], []
    for index, gate in enumerate(GATES):
        columns = slice(index * units, (index + 1) * units)
        kernel = tf.constant(lstm.kernel[:, columns], name=f"{name}_{gate}_kernel")
        bias = tf.constant(lstm.bias[columns], name=f"{name}_{gate}_bias")
        projected.append(tf.unstack(tf.reshape(flat @ kernel + bias, [length, -1, units])))
        recurrent.append(tf.constant(lstm.recurrent[:, columns], name=f"{name}_{gate}_recurrent"))
    known = tf.unstack(present * tf.ones([units]))
    padded = tf.unstack((1.0 - present) * tf.ones([units]))
    output = state = tf.zeros_like(known[0])
    for step in range(length - 1, -1, -1) if reverse else range(length):
        write, forget, candidate, reveal = (
            of_step[step] + output @ matrix for of_step, matrix in zip(projected, recurrent, strict=True)
        )
        new_state = tf.sigmoid(forget) * state + tf.sigmoid(write) * tf.tanh(candidate)
        new_output = tf.sigmoid(reveal) * tf.tanh(new_state)
        # Where the step is padding, what was known is kept. Products by 0 and 1 are exact.
        state = known[step] * new_state + padded[step] * state
        output = known[step] * new_output + padded[step] * output
    return output


def _pair_logits(evidence: Evidence, table: PairTable, ids: Any, row_type: Literal["int8", "float32"]) -> Any:
    """Finds neighbouring pairs in the table.

    Gives what they add to the logits, shape [batch, labels], and how many they are, shape [batch, 1].

    Args:
        evidence: Holds the table.
        table: Its arithmetic.
        ids: Word ids, shape [batch, steps].
        row_type: How rows and owners are stored.
    """
    import tensorflow as tf

    rows = tf.constant(evidence.rows.astype(row_type), name="pair_rows")
    owners = tf.constant(evidence.owners.astype(row_type), name="pair_owners")
    first, second = ids[:, :-1], ids[:, 1:]
    owner = table.owner(first, second, _remainder)
    sums = count = 0.0
    for total in table.sums(first, second):
        slots = _remainder(total, table.slots)
        stands = tf.equal(tf.cast(tf.gather(owners, slots), tf.int32), owner) & tf.not_equal(second, 0)
        found = tf.expand_dims(tf.cast(stands, tf.float32), -1)
        sums += tf.reduce_sum(tf.cast(tf.gather(rows, slots), tf.float32) * found, axis=1)
        count += tf.reduce_sum(found, axis=1)
    return sums @ tf.constant(evidence.pair_kernel, name="pair_kernel"), count


def _remainder(total: Any, divisor: int) -> Any:
    """Of int32, by operators that all of TF.js's backends have."""
    return total - total // divisor * divisor
