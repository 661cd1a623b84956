"""The sentence encoder's vectors, in NumPy: few rows would wait for a graph longer than for their vectors."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.features import is_piece
from trainer.model.weights import Encoder, Floats, Integers, Lstm

_LENGTHS: Final = (8, 12, 16, 24, 32)  # steps to which batches are cut, and what is longer: a graph each in training
_READ_AT_ONCE: Final = 1_024


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
    for length, places in by_length(read):
        for first in range(0, len(places), _READ_AT_ONCE):
            some = places[first : first + _READ_AT_ONCE]
            vectors[some] = _vectors(student, read[some, :length])
    return vectors


def read_pieces(rows: NDArray[Any], steps: int) -> Integers:
    """Takes out of framed rows the pieces that the LSTM reads, zeros behind them: int32, shape [rows, steps]."""
    pieces = rows[:, 1:-1][:, :steps]
    return np.where(is_piece(pieces), pieces, 0).astype(np.int32)


def by_length(read: Integers) -> list[tuple[int, Integers]]:
    """Groups texts by the steps that they need: each length, and the places of its texts."""
    most = read.shape[1]
    lengths = np.maximum((read != 0).sum(axis=1), 1)
    limits = [*(length for length in _LENGTHS if length < most), most]
    of_text = np.searchsorted(limits, lengths)
    groups = ((limit, np.flatnonzero(of_text == index).astype(np.int32)) for index, limit in enumerate(limits))
    return [(limit, places) for limit, places in groups if len(places)]


def _vectors(student: Encoder, pieces: Integers) -> Floats:
    """Gives vectors of pieces, [batch, steps] -> [batch, size]."""
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
