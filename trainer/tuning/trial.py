"""One trial: trains a recipe on a share of the training rows, and asks it what it has not learned from."""

import itertools
import logging
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from trainer.encoding.encode import Encoded
from trainer.evaluation.measuring import tally_of
from trainer.evaluation.metrics import Tally
from trainer.model.classifier import Classifier
from trainer.model.network import build_model
from trainer.model.recipe import (
    GRAPH_BYTES,
    Recipe,
    Sizes,
    bytes_beside_bigrams,
    bytes_of_bigrams,
    spelling_bytes,
    within_budget,
)
from trainer.model.weights import Weights
from trainer.teacher.encoder import open_teacher
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import first_rows
from trainer.training.learn import train
from trainer.tuning import encodings
from trainer.tuning.prepared import Prepared
from trainer.tuning.record import WHOLE

logger = logging.getLogger(__name__)

POINTS_A_DOUBLING: Final = 0.25  # of accuracy, that twice the bytes must bring: of two recipes as good the smaller wins
LEAST_BYTES: Final = 50_000  # smaller is no better: the graph and the tokenizer take as much
# Microseconds of one phrase in TensorFlow Lite's interpreter, one thread. They are fitted to the medians of
# benchmarks/results/latency.json and variants.json (15 to 93 µs), and are within a tenth of them.
_CALL: Final = 5.0
_STEP: Final = 1.2  # of the LSTM: its operations are many and small
_CELL: Final = 0.00344  # of a position for one label: the tables' rows are summed
_PRODUCT: Final = 2.7e-5  # of one multiplication and addition of the LSTM
_STEP_BYTES: Final = 2_000  # of the unrolled LSTM


@dataclass(frozen=True)
class Outcome:
    """What a trial says after a rung.

    Attributes:
        share: Sixteenths of the training rows that were learned from; 0: none, it is too large.
        right: Phrases that are answered right.
        phrases: That were asked: the validation part, or all in cross-validation.
        bytes: Of the `.tflite`, estimated.
        microseconds: Of a phrase, estimated.
        over: Bytes beyond the budget; 0: it is within.
        sizes: What was built.
        seconds: That it took.
    """

    share: int
    right: int
    phrases: int
    bytes: int
    microseconds: float
    over: int
    sizes: dict[str, Any]
    seconds: float

    @property
    def accuracy(self) -> float:
        """From 0 to 1."""
        return self.right / max(self.phrases, 1)

    @property
    def score(self) -> float:
        """What the search makes large: points of accuracy, less what the bytes cost."""
        return score_of(self.accuracy, self.bytes)


def score_of(accuracy: float, size: int) -> float:
    """Gives points of accuracy, less `POINTS_A_DOUBLING` of the bytes: an accuracy that costs nothing is preferred."""
    return 100 * accuracy - POINTS_A_DOUBLING * float(np.log2(max(size, LEAST_BYTES) / LEAST_BYTES))


def run_rung(prepared: Prepared, recipe: Recipe, share: int, most_bytes: int) -> Outcome:
    """Trains a recipe and measures it.

    Args:
        prepared: The phrases, without those of the test part.
        recipe: How.
        share: Sixteenths of the training rows.
        most_bytes: A model that is larger is not trained; 0: any size will do.

    Raises:
        UserError: The recipe cannot be trained on this text.
    """
    started = time.monotonic()
    split = prepared.split
    teacher = open_teacher(recipe.teacher, split.training_text(), prepared.profile.trained_on)
    encoded, sizes, folder = encodings.encoding_of(prepared, recipe, teacher)
    vocabulary = encoded.vocabulary
    sizes = within_budget(sizes, recipe, vocabulary, teacher is not None)
    size, latency = bytes_of(recipe, sizes, vocabulary), microseconds(recipe, sizes, vocabulary)
    if most_bytes and size > most_bytes:
        took = time.monotonic() - started
        return Outcome(0, 0, 0, size, latency, size - most_bytes, asdict(sizes), took)
    if not recipe.tables and encoded.folds:
        counted = _network_in_folds(encoded, recipe, sizes, prepared.seed)
    else:
        kept = encodings.students(folder, recipe, sizes, teacher)
        part = share_of(encoded, share)
        trained = train(part, _quick(recipe, part, share), sizes, teacher, prepared.seed, kept)
        if isinstance(trained.chosen, Weights):
            size = bytes_of(recipe, sizes, vocabulary, len(trained.chosen.tables.fingerprints))
        classifier = Classifier(build_model(trained.chosen, vocabulary.sequence_length), vocabulary)
        crossed = trained.held_out if encoded.folds else None
        counted = crossed or tally_of(classifier, encoded.validation)
    right, phrases = int(counted.confusion.trace()), int(counted.confusion.sum())
    return Outcome(share, right, phrases, size, latency, 0, asdict(sizes), time.monotonic() - started)


def bytes_of(recipe: Recipe, sizes: Sizes, vocabulary: Vocabulary, slots: int | None = None) -> int:
    """Estimates the bytes of the `.tflite`.

    Args:
        recipe: Tables, or the lesson's network.
        sizes: Of all that is built.
        vocabulary: As it was learned.
        slots: Of the table of bigrams, where it is built already; None: as many as `sizes` says.
    """
    if recipe.tables:
        taken = sizes.bigram_slots if slots is None else slots
        return bytes_beside_bigrams(sizes, vocabulary) + bytes_of_bigrams(sizes, len(vocabulary.labels), taken)
    size, units = recipe.embedding_size, recipe.lstm_units
    numbers = vocabulary.size * (size + 2) + 16 * units * (size + units + 1)
    widths = (2 * units, *recipe.dense_units, len(vocabulary.labels))
    numbers += sum(2 * (before + 1) * after for before, after in itertools.pairwise(widths))
    return numbers + spelling_bytes(vocabulary) + GRAPH_BYTES + _STEP_BYTES * vocabulary.window


def microseconds(recipe: Recipe, sizes: Sizes, vocabulary: Vocabulary) -> float:
    """Estimates the time of one phrase in the interpreter, a whole window of pieces, in microseconds."""
    if recipe.tables:
        size, units = sizes.embedding_size, sizes.lstm_units
        steps, cells = sizes.lstm_steps, vocabulary.sequence_length * len(vocabulary.labels)
    else:
        size, units = recipe.embedding_size, recipe.lstm_units
        steps, cells = vocabulary.window, 0
    return _CALL + _STEP * steps + _CELL * cells + _PRODUCT * steps * 8 * units * (size + units)


def _quick(recipe: Recipe, encoded: Encoded, share: int) -> Recipe:
    """Leaves out the training of an LSTM on the labels where its logits are not asked, or the rung is not the last.

    In cross-validation it has no logits and feeds the gate, which scales all labels alike.
    """
    return replace(recipe, steps=0) if recipe.tables and (encoded.folds or share < WHOLE) else recipe


def share_of(encoded: Encoded, share: int) -> Encoded:
    """Gives some sixteenths of the training phrases, with all their windows and copies, evenly of every label."""
    if share == WHOLE:
        return encoded
    phrases, first = np.unique(encoded.phrases, return_index=True)
    label = encoded.truth[first]
    taken = np.zeros(int(phrases[-1]) + 1, bool)
    for of in np.unique(label):
        of_label = phrases[label == of]
        taken[of_label[np.arange(len(of_label)) % WHOLE < share]] = True
    chosen = taken[encoded.phrases]
    return replace(
        encoded,
        rows=encoded.rows[chosen],
        truth=encoded.truth[chosen],
        weights=encoded.weights[chosen],
        phrases=encoded.phrases[chosen],
    )


def _network_in_folds(encoded: Encoded, recipe: Recipe, sizes: Sizes, seed: int) -> Tally:
    """Trains the lesson's network once a fold, and asks it the phrases of that fold."""
    assert encoded.folds is not None
    total: Tally | None = None
    for out, rest in encoded.folds:
        asked = [encoded.sample[place] for place in np.flatnonzero(out)]
        chosen = rest[encoded.phrases]
        index = {label: number for number, label in enumerate(encoded.vocabulary.labels)}
        part = replace(
            encoded,
            rows=encoded.rows[chosen],
            truth=encoded.truth[chosen],
            weights=encoded.weights[chosen],
            phrases=encoded.phrases[chosen],
            validation=asked,
            validation_rows=first_rows([phrase.text for phrase in asked], encoded.vocabulary),
            validation_truth=np.array([index[phrase.label] for phrase in asked], np.int32),
        )
        trained = train(part, recipe, sizes, None, seed)
        classifier = Classifier(build_model(trained.chosen, encoded.vocabulary.sequence_length), encoded.vocabulary)
        counted = tally_of(classifier, asked)
        total = counted if total is None else total + counted
    assert total is not None
    return total
