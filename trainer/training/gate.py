"""The gate: how far a text is trusted, by what is known of it, and the scale under which probabilities are honest.

Both are fitted on phrases that the tables have not learned from: on those that they have, every logit is large.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.features import is_piece, piece_numbers
from trainer.model.tables import known_pairs
from trainer.model.tables import logits as table_logits
from trainer.model.temperature import temperature_of
from trainer.model.weights import Gate, Tables
from trainer.text.vocabulary import UNKNOWN_ID

# Chosen on CLINC150's out-of-scope validation phrases. Known pairs and the largest logit tell unlike things; the gate
# is half shut where the lowest fiftieth of phrases is, and opens within one standard deviation: a steeper one rejects
# no more and costs calibration.
OF_KNOWN: Final = 1.0
OF_UNKNOWN: Final = -1.0
OF_LARGEST: Final = 0.4
HALF_SHUT: Final = 0.02  # quantile
_LEAST_DEVIATION: Final = 0.02
_EXPECTED: Final = 0.25  # temperature: margins of the SVM are multiplied by about four, on most corpora

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """What the gate sees of some rows.

    Attributes:
        logits: Of tables and sentence, shape [rows, labels].
        known: The share of pairs that are known, shape [rows].
        unknown: The share of pieces that are unknown, shape [rows].
    """

    logits: Floats
    known: Floats
    unknown: Floats

    @property
    def score(self) -> NDArray[np.float64]:
        """How much is known of each row, shape [rows]."""
        return np.asarray(
            OF_KNOWN * self.known + OF_UNKNOWN * self.unknown + OF_LARGEST * self.logits.max(axis=1), np.float64
        )

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(
            np.concatenate([self.logits, other.logits]),
            np.concatenate([self.known, other.known]),
            np.concatenate([self.unknown, other.unknown]),
        )


def see(tables: Tables, rows: NDArray[Any], sentence_logits: Floats | None = None) -> Seen:
    """Looks at framed rows.

    Args:
        tables: The linear part.
        rows: Shape [rows, S].
        sentence_logits: What the sentence's vector adds, shape [rows, labels].
    """
    numbers = piece_numbers(rows)
    logits = table_logits(tables, rows)
    if sentence_logits is not None:
        logits = logits + sentence_logits
    unknown = ((rows == UNKNOWN_ID) & is_piece(rows)).sum(axis=1) / numbers
    return Seen(logits, known_pairs(tables, rows) / (numbers + 1), unknown.astype(np.float32))


def train_gate(seen: Seen, truth: NDArray[Any], sentence_size: int) -> Gate:
    """Fits the gate to how much is known of held-out phrases, and the scale to how often they are answered right.

    Args:
        seen: Of held-out phrases.
        truth: Their labels' indices, shape [rows].
        sentence_size: Of the sentence's vector, which the gate leaves out.
    """
    score = seen.score
    deviation = max(float(score.std()), _LEAST_DEVIATION)
    kernel = np.zeros((sentence_size + 3, 1), np.float32)
    kernel[sentence_size:, 0] = np.array([OF_KNOWN, OF_UNKNOWN, OF_LARGEST]) / deviation
    bias = -float(np.quantile(score, HALF_SHUT)) / deviation
    gate = Gate(kernel, np.array([bias], np.float32), 1.0)
    return Gate(kernel, gate.bias, 1 / temperature_of(gated_logits(gate, seen), truth, _EXPECTED))


def gated_logits(gate: Gate, seen: Seen) -> NDArray[np.float64]:
    """Gives logits as the gate lets them through, shape [rows, labels]; it must leave the sentence's vector out."""
    grounds = np.stack([seen.known, seen.unknown, seen.logits.max(axis=1)], axis=1).astype(np.float64)
    opened = 1 / (1 + np.exp(-(grounds @ gate.kernel[-3:] + gate.bias)))
    return np.asarray(gate.scale * opened * seen.logits, np.float64)
