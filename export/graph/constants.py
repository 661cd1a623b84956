"""A model's numbers under the names that the graph's constants have, and back.

    piece_rows, piece_scales            a row a piece; of many labels, of the first pieces alone
    sparse_labels, sparse_values        of the others a few labels, and what each adds
    bigram_fingerprints, bigram_rows, bigram_scale  the table of bigrams; of many labels bigram_labels and bigram_values
    bias
    embedding_rows, embedding_scales
    lstm_kernel, _recurrent, _bias      both directions, forward first; gates: input, forget, output, cell
    sentence_kernel, sentence_bias, sentence_logits
    gate_kernel, gate_bias, logit_scale
    dense_0_kernel, dense_0_bias, …     of the lesson; dense_1_tanh_kernel follows outputs that tanh has bent

Labels are stored from -128 on, or from -32,768 where they are more than 256: both ends of the type are then in use.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.weights import GATES, Cells, Encoder, Floats, Gate, LessonWeights, Lstm, Tables, Weights

Constants = dict[str, Floats]
MOST_8_BIT_LABELS: Final = 256
_ORDER: Final = (0, 1, 3, 2)  # of the `GATES`


def label_offset(label_count: int) -> int:
    """Gives what is subtracted from a label's index where it is stored."""
    return 128 if label_count <= MOST_8_BIT_LABELS else 32_768


def constants_of(weights: Weights | LessonWeights) -> Constants:
    """Names a model's numbers; all scales are 1."""
    named = {
        "embedding_rows": weights_embedding(weights),
        "embedding_scales": np.ones(len(weights_embedding(weights)), np.float32),
    }
    if isinstance(weights, LessonWeights):
        named |= _lstm(weights.forward, weights.backward)
        for index, (kernel, bias) in enumerate(weights.dense):
            named |= {dense_kernel(index, weights.activation): kernel, f"dense_{index}_bias": bias}
        return named
    encoder, gate = weights.encoder, weights.gate
    named |= _lstm(encoder.forward, encoder.backward)
    named |= {"sentence_kernel": encoder.kernel, "sentence_bias": encoder.bias}
    if encoder.logits is not None:
        named["sentence_logits"] = encoder.logits
    named |= {"gate_kernel": gate.kernel, "gate_bias": gate.bias}
    named["logit_scale"] = np.array([gate.scale], np.float32)
    return named | _tables(weights.tables)


def dense_kernel(index: int, activation: str) -> str:
    """Names the kernel of one of the lesson's dense layers, by the activation of the layer before it."""
    return f"dense_{index}_kernel" if activation == "relu" or not index else f"dense_{index}_{activation}_kernel"


def weights_embedding(weights: Weights | LessonWeights) -> Floats:
    return weights.embedding if isinstance(weights, LessonWeights) else weights.encoder.embedding


def _tables(tables: Tables) -> Constants:
    dense, label_count = tables.dense.shape
    offset = label_offset(label_count)
    size = dense + (0 if tables.sparse is None else len(tables.sparse.labels))
    named = {
        "piece_rows": tables.dense,
        "piece_scales": np.ones(size, np.float32),
        "bigram_fingerprints": tables.fingerprints.astype(np.float32),
        "bigram_scale": np.ones(1, np.float32),
        "bias": tables.bias,
    }
    if tables.sparse is not None:
        named |= {"sparse_labels": _stored(tables.sparse.labels, offset), "sparse_values": tables.sparse.values}
    if isinstance(tables.bigrams, Cells):
        named |= {"bigram_labels": _stored(tables.bigrams.labels, offset), "bigram_values": tables.bigrams.values}
    else:
        named["bigram_rows"] = tables.bigrams
    return named


def _stored(labels: NDArray[np.int32], offset: int) -> Floats:
    return (labels - offset).astype(np.float32)


def _lstm(forward: Lstm, backward: Lstm) -> Constants:
    """Stacks both directions, the three gates that a sigmoid follows first."""
    both = [
        [_in_order(part, _ORDER) for part in (lstm.kernel, lstm.recurrent, lstm.bias[None])]
        for lstm in (forward, backward)
    ]
    kernel, recurrent, bias = (np.stack(parts) for parts in zip(*both, strict=True))
    return {"lstm_kernel": kernel, "lstm_recurrent": recurrent, "lstm_bias": bias}


def _lstms_of(constants: Constants) -> tuple[Lstm, Lstm]:
    """Gives both directions in Keras' order of gates."""
    back = np.argsort(_ORDER)
    parts = [constants[f"lstm_{part}"] for part in ("kernel", "recurrent", "bias")]
    forward, backward = (
        Lstm(kernel, recurrent, bias[0])
        for kernel, recurrent, bias in ([_in_order(part[direction], back) for part in parts] for direction in (0, 1))
    )
    return forward, backward


def _in_order(columns: Floats, order: Sequence[int] | NDArray[np.int64]) -> Floats:
    gates = np.split(columns, len(GATES), axis=-1)
    return np.concatenate([gates[index] for index in order], axis=-1)


def weights_from(constants: Constants, like: Weights | LessonWeights) -> Weights | LessonWeights:
    """Gives numbers back to the form that they were named from, scales multiplied out."""
    embedding = constants["embedding_rows"] * constants["embedding_scales"][:, None]
    embedding[0] = 0
    forward, backward = _lstms_of(constants)
    if isinstance(like, LessonWeights):
        dense = tuple(
            (constants[dense_kernel(index, like.activation)], constants[f"dense_{index}_bias"])
            for index in range(len(like.dense))
        )
        return LessonWeights(embedding, forward, backward, dense, like.activation)
    encoder = Encoder(
        embedding,
        forward,
        backward,
        constants["sentence_kernel"],
        constants["sentence_bias"],
        constants.get("sentence_logits"),
    )
    gate = Gate(constants["gate_kernel"], constants["gate_bias"], float(constants["logit_scale"][0]))
    return replace(like, tables=_tables_from(constants, like.tables), encoder=encoder, gate=gate)


def _tables_from(constants: Constants, like: Tables) -> Tables:
    size = len(like.dense)
    scales = constants["piece_scales"][:, None]
    dense = constants["piece_rows"] * scales[:size]
    dense[[0, 2, 3]] = 0
    sparse = None
    if like.sparse is not None:
        rows = len(like.sparse.labels)  # what is stored has a row more, for the ends of 8 bits
        sparse = Cells(like.sparse.labels, constants["sparse_values"][:rows] * scales[size:])
    scale = constants["bigram_scale"]
    bigrams: Floats | Cells
    if isinstance(like.bigrams, Cells):
        bigrams = Cells(like.bigrams.labels, constants["bigram_values"] * scale)
    else:
        bigrams = constants["bigram_rows"] * scale
    return Tables(dense, sparse, like.fingerprints, bigrams, constants["bias"])
