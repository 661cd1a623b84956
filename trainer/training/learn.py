"""Trains a model's numbers: the encoder, the tables with or without its vector, the gate."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.checkpoints import NOTHING_KEPT, Checkpoints
from trainer.cluster.workers import ALONE, Workers
from trainer.encoding.encode import Encoded
from trainer.errors import UserError
from trainer.evaluation.metrics import Tally, macro_f1, tally
from trainer.model import linear
from trainer.model.encoder import encoder_vectors
from trainer.model.linear import LinearSettings
from trainer.model.recipe import Recipe, Sizes
from trainer.model.tables import TableSizes, squeeze
from trainer.model.temperature import log_softmax
from trainer.model.weights import Encoder, LessonWeights, Tables, Weights
from trainer.splitting.folds import Folds, deal
from trainer.teacher import distil
from trainer.teacher.distil import Distillation
from trainer.teacher.encoder import Teacher, common_words
from trainer.text.normalization import SPACE
from trainer.text.windows import average
from trainer.training.examples import Examples, Featurizer, Floats, Truth
from trainer.training.gate import Seen, gated_logits, see, train_gate
from trainer.training.sentence import train_lesson, train_on_labels
from trainer.training.unseen import cut_unseen, with_count

logger = logging.getLogger(__name__)

FEW_ROWS: Final = 2_000  # below, training phrases are held out in turn: the validation phrases alone are too few
STRENGTHS: Final = (1.0, 3.0)  # of a taught vector (about 0.8 long) among the features: few rows want it stronger
_MOST_TRIED: Final = 5_000  # rows: of more, the first strength alone is tried
_APART: Final = 0.5  # of the tables' logits beside an SVM of the taught vector alone: of few rows better than one SVM
_OWN_REGULARIZATION: Final = 3.0  # liblinear's C of that SVM
_OF_LABELS: Final = (0.5, 1.0, 2.0)  # strengths of a label-trained encoder's logits beside the tables'
_SURE: Final = 1.5  # standard deviations that its gain must have: it has seen the labels, and is believed less
_MOST_REFIT: Final = 60_000  # rows: to more, the validation phrases would add nothing that is seen
_UNEVEN: Final = 3.0  # times as many rows of the most frequent label as of the rarest: weights are tried
_MOST_WEIGHED: Final = 60_000  # rows: of more, they are not tried, and hardly matter
_BALANCE: Final = 0.5  # exponent of the weights under which all labels would count alike


@dataclass(frozen=True)
class Choice:
    """What is chosen on held-out phrases.

    Attributes:
        strength: Of the taught vector among the features of the SVM; 0: it is not among them.
        apart: Of the tables' logits beside those of an SVM of the taught vector alone; 0: there is none.
        balance: Exponent of the labels' weights; 0: every row counts alike.
    """

    strength: float = 0.0
    apart: float = 0.0
    balance: float = 0.0


@dataclass(frozen=True)
class Fitted:
    """The linear part.

    Attributes:
        tables: Of pieces and bigrams.
        kernel: From a taught vector to logits, shape [size, labels]; None where it is left out.
    """

    tables: Tables
    kernel: Floats | None

    def see(self, examples: Examples) -> Seen:
        """Gives what the gate sees of some phrases."""
        own = None if self.kernel is None else examples.vectors @ self.kernel
        return see(self.tables, examples.rows, examples.fragments, own)


@dataclass(frozen=True)
class HeldOut:
    """What models that have not learned from some phrases say of them.

    Attributes:
        seen: What the gate sees.
        truth: Labels' indices, shape [rows].
        places: Which rows they are, among those without the misspelt copies, int64, shape [rows].
    """

    seen: Seen
    truth: Truth
    places: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Says which are answered right, shape [phrases]."""
        return np.asarray(self.seen.logits.argmax(axis=1) == self.truth)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels."""
        answers = np.exp(log_softmax(self.seen.logits.astype(np.float64)))
        return macro_f1(tally(answers, self.truth.astype(np.int64)).confusion)


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Attributes:
        final: The model's numbers.
        chosen: Those that the validation phrases measure, where `final` has learned from them.
        held_out: The answers to phrases held out in turn, where rows are few or cross-validated; else None.
        temperature: What logits are divided by.
        facts: What was chosen, for `run.json`.
    """

    final: Weights | LessonWeights
    chosen: Weights | LessonWeights
    held_out: Tally | None
    temperature: float
    facts: dict[str, Any]


def train(
    encoded: Encoded,
    recipe: Recipe,
    sizes: Sizes,
    teacher: Teacher | None,
    seed: int,
    checkpoints: Checkpoints = NOTHING_KEPT,
    workers: Workers = ALONE,
) -> Trained:
    """Trains a model: the lesson's, or tables, encoder and gate.

    Args:
        encoded: The phrases.
        recipe: How.
        sizes: Of everything that is built.
        teacher: What the encoder is distilled from, if anything.
        seed: Of all chance.
        checkpoints: Where it goes on, if it was killed.
        workers: Train the network, and the linear part of many rows.

    Returns:
        The model's numbers, and what held-out phrases say of them.

    Raises:
        UserError: The corpus cannot be cross-validated.
    """
    if recipe.tables:
        return Learner(encoded, recipe, sizes, teacher, seed, checkpoints, workers).learn()
    weights, temperature, history = train_lesson(encoded, recipe, seed, checkpoints, workers)
    return Trained(weights, weights, None, temperature, {"history": history})


class Learner:
    """Trains one model.

    Args:
        encoded: The phrases.
        recipe: How.
        sizes: Of everything that is built.
        teacher: What the encoder is distilled from, if anything.
        seed: Of all chance.
        checkpoints: Where it goes on, if it was killed.
        workers: Train the network, and the linear part of many rows.
    """

    def __init__(
        self,
        encoded: Encoded,
        recipe: Recipe,
        sizes: Sizes,
        teacher: Teacher | None,
        seed: int,
        checkpoints: Checkpoints = NOTHING_KEPT,
        workers: Workers = ALONE,
    ) -> None:
        self.checkpoints, self.workers = checkpoints, workers
        self.encoded, self.recipe, self.sizes, self.teacher, self.seed = encoded, recipe, sizes, teacher, seed
        self.vocabulary = encoded.vocabulary
        self.settings = LinearSettings.of(recipe)
        self.table_sizes = TableSizes(sizes.dense_rows, sizes.cells, sizes.bigram_slots, sizes.bigram_cells)
        # The last number of a piece and of the vector is the count of fragments.
        self.free = replace(sizes, embedding_size=sizes.embedding_size - 1, sentence_size=sizes.sentence_size - 1)
        self.encoder = self._taught(teacher) if teacher else None
        self.featurizer = Featurizer(self.vocabulary, self.encoder, sizes.lstm_steps)
        self.train = self.featurizer.examples(encoded.rows, encoded.truth, encoded.weights)
        self.validation = self.featurizer.examples(encoded.validation_rows, encoded.validation_truth)
        self.phrases = encoded.phrases[self.train.weights == 1]
        # In cross-validation the folds are given; else rows are dealt to folds where they are few.
        self.folds = encoded.folds[self.phrases] if encoded.folds else None
        self.few = self.folds is not None or len(self.phrases) + len(encoded.validation) < FEW_ROWS
        self._on_training: dict[Choice, Fitted] = {}

    def learn(self) -> Trained:
        """Trains; the tables are learned again in the end from the validation phrases, too, where those are our own."""
        choice, held = self._choose()
        chosen, final = self._trained(choice), None
        if self.encoded.own_validation and len(self.validation.rows) and len(self.train.rows) <= _MOST_REFIT:
            logger.info("linear part: training once more, with the validation phrases")
            final = self.fit(self.train + self.validation, choice)
        facts: dict[str, Any] = {
            "sentence_strength": choice.strength,
            "tables_apart": choice.apart,
            "label_balance": choice.balance,
        }
        if self.encoder is None:
            encoder, strength = self._on_labels(held)
            facts["sentence_strength"] = strength
            if encoder.logits is not None:
                own = encoder_vectors(encoder, self.validation.rows, self.sizes.lstm_steps) @ encoder.logits
                held = replace(held, seen=replace(held.seen, logits=held.seen.logits + own))
        else:
            encoder = self.encoder
        gate = train_gate(held.seen, held.truth, self.sizes.sentence_size)

        def weights(fitted: Fitted) -> Weights:
            logits = encoder.logits if fitted.kernel is None else fitted.kernel
            counting = with_count(replace(encoder, logits=logits), self.featurizer.fragment)
            return Weights(fitted.tables, counting, gate, self.sizes.lstm_steps)

        answers = self._answers(held, np.exp(log_softmax(gated_logits(gate, held.seen))))
        of_chosen = weights(chosen)
        return Trained(weights(final) if final else of_chosen, of_chosen, answers, 1 / gate.scale, facts)

    def fit(self, examples: Examples, choice: Choice) -> Fitted:
        """Trains the linear part on some phrases."""
        of_label = class_weights(examples.truth, len(self.vocabulary.labels)) ** choice.balance
        extra = examples.vectors * np.float32(choice.strength) if choice.strength else None
        balanced = examples.weights if not choice.balance else examples.weights * of_label[examples.truth]
        learned = linear.train(
            examples.rows,
            examples.truth,
            balanced,
            self.vocabulary,
            self.settings,
            extra,
            self.seed,
            examples.weights == 1,
            self.workers,
        )
        kernel = None if learned.extra is None else learned.extra * np.float32(choice.strength)
        if choice.apart:
            own = replace(self.settings, regularization=_OWN_REGULARIZATION)
            label_count = len(self.vocabulary.labels)
            kernel, bias = linear.solve(
                examples.vectors, examples.truth, balanced, label_count, own, self.seed, self.workers
            )
            share = np.float32(choice.apart)
            learned = replace(
                learned,
                pieces=learned.pieces * share,
                bigrams=learned.bigrams * share,
                bias=learned.bias * share + bias,
            )
        return Fitted(squeeze(learned, self.table_sizes), kernel)

    def _taught(self, teacher: Teacher) -> Encoder:
        texts = [phrase.text for phrase in self.encoded.sample]
        settings = Distillation.of(self.recipe, self.free)
        return distil.encoder(teacher, texts, self.vocabulary, settings, self.seed, self.checkpoints)

    def _choose(self) -> tuple[Choice, HeldOut]:
        """Chooses on held-out phrases, and gives what the chosen model says of them."""
        choice = Choice()
        held = self._held_out(choice)
        logger.info(f"linear part: {held.right.mean():.1%} of the held-out phrases right")
        if self.encoder is not None:
            some = len(self.train.rows) <= _MOST_TRIED
            tried = [Choice(strength) for strength in (STRENGTHS if some else STRENGTHS[:1])]
            for other in [*tried, Choice(apart=_APART)] if some else tried:
                with_vector = self._held_out(other)
                how = f"times {other.strength:g}" if other.strength else f"and {other.apart:g} of the tables"
                logger.info(f"with the LSTM's vector {how}: {with_vector.right.mean():.1%}")
                if with_vector.right.sum() > held.right.sum():
                    choice, held = other, with_vector
        counts = np.bincount(self.train.truth, minlength=len(self.vocabulary.labels))
        if counts.max() > _UNEVEN * counts.min() and len(self.train.rows) <= _MOST_WEIGHED:
            other = replace(choice, balance=_BALANCE)
            weighed = self._held_out(other)
            gain = weighed.macro_f1 - held.macro_f1
            logger.info(f"with rare labels weighing more: {weighed.right.mean():.1%}, macro F1 {gain:+.3f}")
            lost = float(held.right.mean() - weighed.right.mean())  # accuracy
            if gain > max(0.0, lost, _least_gain(len(held.truth))):
                choice, held = other, weighed
        return choice, held

    def _trained(self, choice: Choice) -> Fitted:
        if choice not in self._on_training:
            self._on_training[choice] = self.fit(self.train, choice)
        return self._on_training[choice]

    def _held_out(self, choice: Choice) -> HeldOut:
        """Asks about phrases that the model has not learned from: the validation phrases, or all in turn."""
        if not self.few:
            places = np.arange(len(self.validation.truth))
            return HeldOut(self._trained(choice).see(self.validation), self.validation.truth, places)
        parts = [
            HeldOut(self.fit(fitted, choice).see(asked), asked.truth, places) for fitted, asked, places in self._turns
        ]
        seen = parts[0].seen
        for part in parts[1:]:
            seen = seen + part.seen
        truth, places = (np.concatenate([getattr(part, name) for part in parts]) for name in ("truth", "places"))
        return HeldOut(seen, truth, places)

    def _answers(self, held: HeldOut, probabilities: NDArray[np.float64]) -> Tally | None:
        """Counts the answers to phrases held out in turn; None where validation phrases alone were held out.

        In cross-validation a long phrase is answered by all its windows, as a client answers it.

        Args:
            held: The phrases, a row each or more.
            probabilities: Of the labels, shape [rows, labels].
        """
        truth = held.truth.astype(np.int64)
        if self.folds:
            numbers = self.phrases[held.places]
            phrases, first, windows = np.unique(numbers, return_index=True, return_counts=True)
            in_order = np.split(probabilities[np.argsort(numbers, kind="stable")], np.cumsum(windows)[:-1])
            probabilities, truth = np.stack([average(of_phrase) for of_phrase in in_order]), truth[first]
            logger.info(f"cross-validation: {len(phrases):,} phrases answered")
        return tally(probabilities, truth) if len(truth) > len(self.encoded.validation) else None

    @cached_property
    def _turns(self) -> list[tuple[Examples, Examples, NDArray[np.int64]]]:
        """Gives for each fold what is learned from, and what is held out, with its places among all rows."""
        examples = self.train[self.train.weights == 1] + self.validation
        each = np.arange(len(examples.truth))
        common = common_words(self.teacher, self.sizes.extra_words) if self.teacher else []
        kept = {SPACE + word for word in common}
        turns = []
        for out, rest in self.folds or Folds(deal(examples.truth, each, self.seed), each):
            labels = np.unique(examples.truth[rest])
            if self.folds:  # a label that all stands in one fold cannot be measured
                out = out & np.isin(examples.truth, labels)
            if out.any() and len(labels) > 1:
                fitted, asked = examples[rest], examples[out]
                rows = cut_unseen(asked.rows, fitted.rows, self.vocabulary, kept)
                turns.append((fitted, self.featurizer.examples(rows, asked.truth, asked.weights), np.flatnonzero(out)))
        if not turns:
            raise UserError("cross-validation: no fold leaves two labels to learn from; there are too few groups")
        return turns

    def _on_labels(self, held: HeldOut) -> tuple[Encoder, float]:
        """Trains a small encoder on the labels, and says how much its logits are worth beside the tables'."""
        logger.info("LSTM: training on the labels")
        encoder, kernel = train_on_labels(
            self.encoded, self.recipe, self.free, self.seed, self.checkpoints, self.workers
        )
        if self.few:  # its rows cannot be held out in turn: each time would be a training of its own
            return encoder, 0.0
        own = encoder_vectors(encoder, self.validation.rows, self.sizes.lstm_steps) @ kernel
        best, best_gain = 0.0, 0.0
        for strength in _OF_LABELS:
            after = (held.seen.logits + strength * own).argmax(axis=1) == held.truth
            gained, lost = int((after & ~held.right).sum()), int((held.right & ~after).sum())
            if gained - lost > max(best_gain, _SURE * np.sqrt(gained + lost)):
                best, best_gain = strength, gained - lost
        logger.info(f"LSTM: its logits {f'times {best:g} add {best_gain} right answers' if best else 'add nothing'}")
        return (replace(encoder, logits=(best * kernel).astype(np.float32)) if best else encoder), best


def class_weights(truth: Sequence[int] | Truth, label_count: int) -> Floats:
    """Gives each label's weight under which all labels count alike, mean 1 over the phrases, shape [labels]."""
    counts = np.maximum(np.bincount(truth, minlength=label_count), 1)
    return np.asarray(len(truth) / (label_count * counts), np.float32)


def _least_gain(phrases: int) -> float:
    """Gives half of the largest standard error that a share of that many phrases can have."""
    return float(0.25 / np.sqrt(max(phrases, 1)))
