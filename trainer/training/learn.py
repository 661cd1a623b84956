"""Trains a model's numbers: the encoder, the tables with or without its vector, the gate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.evaluate import truth_of
from trainer.model import linear
from trainer.model.linear import LinearSettings
from trainer.model.recipe import Recipe, Sizes
from trainer.model.tables import TableSizes, squeeze
from trainer.model.temperature import log_softmax
from trainer.model.weights import Tables, Weights
from trainer.terminal import say
from trainer.training.encode import Encoded, first_rows
from trainer.training.gate import Seen, gated_logits, see, train_gate
from trainer.training.sentence import train_on_labels, vectors_of

FEW_ROWS: Final = 2_000  # below, training phrases are held out in turn: the validation phrases alone are too few
FOLDS: Final = 10
SURE: Final = 1.5  # standard deviations that a gain on the validation phrases must have
_STRENGTHS: Final = (0.5, 1.0, 2.0)  # of a label-trained encoder's logits beside the tables'

Rows = NDArray[Any]
Floats = NDArray[np.float32]
Truth = NDArray[np.int32]


@dataclass(frozen=True)
class Rated:
    """Phrases with their truth and weights.

    Attributes:
        rows: Framed, shape [rows, S].
        truth: Labels' indices, shape [rows].
        weights: How much each counts, shape [rows].
    """

    rows: Rows
    truth: Truth
    weights: Floats

    def __getitem__(self, chosen: Any) -> "Rated":
        return Rated(self.rows[chosen], self.truth[chosen], self.weights[chosen])

    def __add__(self, other: "Rated") -> "Rated":
        return Rated(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.truth, other.truth]),
            np.concatenate([self.weights, other.weights]),
        )


@dataclass(frozen=True)
class Learned:
    """What was learned.

    Attributes:
        chosen: The numbers from the training phrases alone: what the validation phrases measure.
        final: The same, with the tables learned from the validation phrases, too, where those are our own.
        held_out: Probabilities of held-out phrases by which the gate was fitted, float64, shape [phrases, labels].
        truth: Their labels' indices, shape [phrases].
        facts: What was chosen, for `run.json`.
    """

    chosen: Weights
    final: Weights
    held_out: NDArray[np.float64]
    truth: Truth
    facts: dict[str, Any]


class Learner:
    """Trains one model.

    Args:
        encoded: The phrases.
        recipe: How.
        sizes: Of everything that is built.
        seed: Of all chance.
    """

    def __init__(self, encoded: Encoded, recipe: Recipe, sizes: Sizes, seed: int) -> None:
        self.encoded, self.recipe, self.sizes, self.seed = encoded, recipe, sizes, seed
        self.vocabulary = encoded.vocabulary
        self.settings = LinearSettings(regularization=recipe.regularization)
        self.table_sizes = TableSizes(sizes.dense_rows, sizes.cells, sizes.pair_slots, sizes.pair_cells)
        self.train = Rated(encoded.rows, encoded.truth, encoded.weights)
        rows = first_rows([phrase.text for phrase in encoded.validation], self.vocabulary)
        truth = truth_of(encoded.validation, self.vocabulary.labels).astype(np.int32)
        self.validation = Rated(rows, truth, np.ones(len(rows), np.float32))

    def learn(self, refit: bool) -> Learned:
        """Trains.

        Args:
            refit: Whether the tables are learned again in the end from the validation phrases, too.
        """
        say("tables: training")
        tables = self.tables(self.train)
        of_tables = see(tables, self.validation.rows)
        say(f"tables: {_share_right(of_tables.logits, self.validation.truth):.1%} of the validation phrases right")
        encoder, head = train_on_labels(self.encoded, self.recipe, self.sizes, self.seed)
        own = vectors_of(encoder, self.vocabulary, self.sizes.lstm_steps, self.validation.rows) @ head[0] + head[1]
        strength = self._strength(of_tables.logits, own)
        facts = {"sentence_strength": strength}
        held = self._held_out(tables)
        gate = train_gate(held.seen, held.truth, self.sizes.sentence_size)
        if strength:
            encoder = replace(encoder, logits=(strength * head[0]).astype(np.float32))
        chosen = Weights(tables, encoder, gate, self.sizes.lstm_steps)
        final = chosen
        if refit and len(self.validation.rows):
            say("tables: training once more, with the validation phrases")
            final = replace(chosen, tables=self.tables(self.train + self.validation))
        probabilities = np.exp(log_softmax(gated_logits(gate, held.seen)))
        return Learned(chosen, final, probabilities, held.truth, facts)

    def tables(self, rated: Rated) -> Tables:
        """Trains the linear part on some phrases."""
        learned = linear.train(rated.rows, rated.truth, rated.weights, self.vocabulary, self.settings, None, self.seed)
        return squeeze(learned, self.table_sizes)

    def _strength(self, logits: Floats, own: Floats) -> float:
        """Says how much the encoder's own logits are worth beside the tables': 0 where they do not pay."""
        truth = self.validation.truth
        before = logits.argmax(axis=1) == truth
        best, best_gain = 0.0, 0.0
        for strength in _STRENGTHS:
            after = (logits + strength * own).argmax(axis=1) == truth
            gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
            gain = gained - lost
            if gain > max(best_gain, SURE * np.sqrt(gained + lost)):
                best, best_gain = strength, gain
        return best

    def _held_out(self, tables: Tables) -> "_HeldOut":
        """Gives phrases that the tables have not learned from."""
        originals = self.train.weights == 1
        if originals.sum() + len(self.validation.rows) >= FEW_ROWS:
            return _HeldOut(see(tables, self.validation.rows), self.validation.truth)
        say(f"gate: {FOLDS} times a {_ordinal(FOLDS)} of the phrases held out")
        rated = self.train[originals] + self.validation
        fold = _folds(rated.truth, self.seed)
        parts: list[_HeldOut] = []
        for number in range(FOLDS):
            out = fold == number
            if out.any() and len(np.unique(rated.truth[~out])) > 1:
                parts.append(_HeldOut(see(self.tables(rated[~out]), rated.rows[out]), rated.truth[out]))
        seen = parts[0].seen
        for part in parts[1:]:
            seen = seen + part.seen
        return _HeldOut(seen, np.concatenate([part.truth for part in parts]))


@dataclass(frozen=True)
class _HeldOut:
    seen: Seen
    truth: Truth


def _folds(truth: Truth, seed: int) -> NDArray[np.int64]:
    """Deals each label's phrases to the folds in turn, shape [phrases]."""
    fold = np.zeros(len(truth), np.int64)
    generator = np.random.default_rng(seed)
    start = 0
    for label in np.unique(truth):
        of_label = generator.permutation(np.flatnonzero(truth == label))
        fold[of_label] = (start + np.arange(len(of_label))) % FOLDS
        start += len(of_label)
    return fold


def _share_right(logits: Floats, truth: Truth) -> float:
    return float((logits.argmax(axis=1) == truth).mean())


def _ordinal(number: int) -> str:
    return f"{number}th"


def class_weights(truth: Sequence[int] | Truth, label_count: int) -> Floats:
    """Gives each label's weight under which all labels count alike, mean 1 over the phrases, shape [labels]."""
    counts = np.maximum(np.bincount(truth, minlength=label_count), 1)
    return np.asarray(len(truth) / (label_count * counts), np.float32)
