"""Phrases as the SVM and the gate see them: rows of ids with their truth, weights and features."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.model.encoder import encoder_vectors
from trainer.model.weights import Encoder
from trainer.text.vocabulary import Vocabulary
from trainer.training.unseen import count_fragments, is_fragment

Rows = NDArray[Any]
Floats = NDArray[np.float32]
Truth = NDArray[np.int32]


@dataclass(frozen=True)
class Examples:
    """Rows with their truth, weights and features.

    Attributes:
        rows: Framed, shape [rows, S].
        truth: Labels' indices, shape [rows].
        weights: How much each counts: less than 1 where it is a misspelt copy, shape [rows].
        vectors: Of a taught encoder, shape [rows, size]; of no numbers without one.
        fragments: Their count, shape [rows].
    """

    rows: Rows
    truth: Truth
    weights: Floats
    vectors: Floats
    fragments: Floats

    def __getitem__(self, chosen: Any) -> "Examples":
        return Examples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def __add__(self, other: "Examples") -> "Examples":
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Examples(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Featurizer:
    """Makes examples of framed rows.

    Attributes:
        vocabulary: Of the rows.
        encoder: Gives their vectors; None: they have none.
        steps: Pieces that the LSTM reads, at most.
    """

    vocabulary: Vocabulary
    encoder: Encoder | None
    steps: int

    @cached_property
    def fragment(self) -> NDArray[np.bool_]:
        """Which ids are letters inside words, shape [vocabulary_size]."""
        return is_fragment(self.vocabulary)

    def examples(self, rows: Rows, truth: Truth, weights: Floats | None = None) -> Examples:
        """Makes examples.

        Args:
            rows: Framed, shape [rows, S].
            truth: Labels' indices, shape [rows].
            weights: How much each counts, shape [rows]; None: all alike.

        Returns:
            The rows with their features.
        """
        if weights is None:
            weights = np.ones(len(rows), np.float32)
        vectors = np.zeros((len(rows), 0), np.float32)
        if self.encoder is not None:
            vectors = encoder_vectors(self.encoder, rows, self.steps)
        return Examples(rows, truth, weights, vectors, count_fragments(rows, self.fragment, self.steps))
