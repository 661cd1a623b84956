"""The gate, whose inputs are what is known of a text, and the scale under which probabilities are honest.

Both are fitted on phrases that the tables have not learned from: on those that they have, every logit is large.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.metrics import calibration_error, tally
from trainer.model.features import is_piece, piece_numbers
from trainer.model.tables import known_bigrams
from trainer.model.tables import logits as table_logits
from trainer.model.temperature import log_softmax, temperature_of
from trainer.model.weights import Gate, Tables
from trainer.text.vocabulary import UNKNOWN_ID

# Chosen on CLINC150's out-of-scope validation phrases. Known bigrams, the largest logit and fragments of words
# are each informative.
OF_KNOWN: Final = 1.0
OF_UNKNOWN: Final = -1.0
OF_LARGEST: Final = 0.4
OF_FRAGMENTS: Final = -0.2  # for each standard deviation of their count,
MOST_OF_FRAGMENTS: Final = 0.5  # and no more than that for each of them
# Where the gate is half shut, as a quantile of held-out phrases, and how many standard deviations it takes to open: the
# first that leaves probabilities honest. Many labels bear less of it than few.
SHAPES: Final = ((0.1, 0.25), (0.1, 0.5), (0.05, 0.5), (0.02, 0.5), (0.02, 1.0))
MOST_ERROR: Final = 0.025  # expected calibration error
_LEAST_PHRASES: Final = 500  # that a calibration error takes
_LEAST_DEVIATION: Final = 0.02
_EXPECTED: Final = 0.25  # temperature: margins of the SVM are multiplied by about four, on most corpora

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """What the gate sees of some rows.

    Attributes:
        logits: Of tables and sentence, shape [rows, labels].
        known: The share of bigrams that are known, shape [rows].
        unknown: The share of pieces that are unknown, shape [rows].
        fragments: The count of fragments of words, over the root of the number of pieces, shape [rows].
    """

    logits: Floats
    known: Floats
    unknown: Floats
    fragments: Floats

    def __add__(self, other: "Seen") -> "Seen":
        names = ("logits", "known", "unknown", "fragments")
        return Seen(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


def see(tables: Tables, rows: NDArray[Any], fragments: Floats, sentence_logits: Floats | None = None) -> Seen:
    """Looks at framed rows.

    Args:
        tables: The linear part.
        rows: Shape [rows, S].
        fragments: Their count, shape [rows].
        sentence_logits: What the sentence's vector adds, shape [rows, labels].
    """
    numbers = piece_numbers(rows)
    logits = table_logits(tables, rows)
    if sentence_logits is not None:
        logits = logits + sentence_logits
    unknown = ((rows == UNKNOWN_ID) & is_piece(rows)).sum(axis=1) / numbers
    return Seen(logits, known_bigrams(tables, rows) / (numbers + 1), unknown.astype(np.float32), fragments)


def train_gate(seen: Seen, truth: NDArray[Any], sentence_size: int) -> Gate:
    """Fits the gate to how much is known of held-out phrases, and the scale to how often they are answered right.

    Args:
        seen: Of held-out phrases.
        truth: Their labels' indices, shape [rows].
        sentence_size: Of the sentence's vector, whose last number is the count of fragments; the rest is left out.
    """
    of_fragments = max(-MOST_OF_FRAGMENTS, OF_FRAGMENTS / max(float(seen.fragments.std()), 1e-6))
    parts = np.array([of_fragments, OF_KNOWN, OF_UNKNOWN, OF_LARGEST])
    score = _inputs(seen) @ parts
    deviation = max(float(score.std()), _LEAST_DEVIATION)
    gate = None
    for quantile, width in SHAPES if len(truth) >= _LEAST_PHRASES else SHAPES[-1:]:
        kernel = np.zeros((sentence_size + 3, 1), np.float32)
        kernel[-len(parts) :, 0] = parts / (width * deviation)
        bias = np.array([-float(np.quantile(score, quantile)) / (width * deviation)], np.float32)
        scale = 1 / temperature_of(gated_logits(Gate(kernel, bias, 1.0), seen), truth, _EXPECTED)
        gate = Gate(kernel, bias, scale)
        if _calibration_error(gated_logits(gate, seen), truth) <= MOST_ERROR:
            break
    assert gate is not None
    return gate


def gated_logits(gate: Gate, seen: Seen) -> NDArray[np.float64]:
    """Gives logits as the gate lets them through, shape [rows, labels]; of the sentence it must see the last number."""
    open_by = _inputs(seen) @ gate.kernel[-4:] + gate.bias
    return np.asarray(gate.scale / (1 + np.exp(-open_by)) * seen.logits, np.float64)


def _inputs(seen: Seen) -> NDArray[np.float64]:
    """What the gate weighs, in the order of its kernel, shape [rows, 4]."""
    largest = seen.logits.max(axis=1)
    return np.asarray(np.stack([seen.fragments, seen.known, seen.unknown, largest], axis=1), np.float64)


def _calibration_error(logits: NDArray[np.float64], truth: NDArray[Any]) -> float:
    probabilities = np.exp(log_softmax(logits))
    return calibration_error(tally(probabilities, truth.astype(np.int64)))
