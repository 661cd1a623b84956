"""The model's numbers in one form, which training writes, Keras holds, and every exported graph carries."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
GATES: Final = ("input", "forget", "cell", "output")  # in Keras' order


@dataclass(frozen=True)
class Cells:
    """Sparse rows: of each row the few labels with the largest weights.

    Attributes:
        labels: Label indices, int32, shape [rows, cells].
        values: What each adds to its label's logit, float32, shape [rows, cells]; 0 where a row has fewer.
    """

    labels: Integers
    values: Floats


@dataclass(frozen=True)
class Tables:
    """The linear part: rows of pieces and of adjacent bigrams of pieces, and a bias.

    Attributes:
        dense: Rows of the ids below D, float32, shape [D, labels]; the reserved rows 0, 2 and 3 are zero.
        sparse: Rows of the ids from D on; None where all rows are dense.
        fingerprints: What each slot of the table of bigrams remembers, int32, shape [slots]; see `bigram_table`.
        bigrams: Rows of the slots: dense, float32, shape [slots, labels], or cells.
        bias: float32, shape [labels].
    """

    dense: Floats
    sparse: Cells | None
    fingerprints: Integers
    bigrams: Floats | Cells
    bias: Floats


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
class Encoder:
    """The bidirectional LSTM and what makes one vector of a sentence out of it.

    Attributes:
        embedding: A row a piece, float32, shape [vocabulary_size, embedding_size].
        forward: Reads the text from its first piece.
        backward: Reads it from its last.
        kernel: From the sums of outputs and of embeddings, each over the root of their number, to the sentence's
            vector, shape [2 * units + embedding_size, size].
        bias: Shape [size].
        logits: From the vector to logits, shape [size, labels]; None where the vector feeds the gate alone.
    """

    embedding: Floats
    forward: Lstm
    backward: Lstm
    kernel: Floats
    bias: Floats
    logits: Floats | None


@dataclass(frozen=True)
class Gate:
    """What the logits are scaled by: sigmoid(kernel · [sentence, known bigrams, unknown pieces, largest logit] + bias).

    Attributes:
        kernel: Shape [size + 3, 1].
        bias: Shape [1].
        scale: What logits are multiplied by beside the gate: one over the temperature.
    """

    kernel: Floats
    bias: Floats
    scale: float


@dataclass(frozen=True)
class Weights:
    """All numbers of a model.

    Attributes:
        tables: The linear part.
        encoder: The sentence's vector.
        gate: What their sum is scaled by.
        steps: How many pieces the LSTM reads, from the first; the tables read all of a row.
    """

    tables: Tables
    encoder: Encoder
    gate: Gate
    steps: int


@dataclass(frozen=True)
class LessonWeights:
    """All numbers of the lesson's model: no tables, no gate.

    Attributes:
        embedding: A row a piece, float32, shape [vocabulary_size, embedding_size].
        forward: Reads the text from its first piece.
        backward: Reads it from its last.
        dense: Kernel and bias of each dense layer, the last of which gives the logits.
        activation: Of the others: relu or tanh.
    """

    embedding: Floats
    forward: Lstm
    backward: Lstm
    dense: tuple[tuple[Floats, Floats], ...]
    activation: str = "relu"


def steps_of(weights: Weights | LessonWeights, window: int) -> int:
    """Gives how many pieces the LSTM reads; the lesson's reads the whole window."""
    return weights.steps if isinstance(weights, Weights) else window
