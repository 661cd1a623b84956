"""Phrases as framed rows of ids on disk: what is trained on may be larger than memory."""

import hashlib
import json
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.cluster.workers import ALONE, Workers
from trainer.data.corpus import Phrase
from trainer.encoding.shards import DRAWN_IN_ORDER, SHARD, Job, Maker, encode_shard
from trainer.errors import UserError
from trainer.model.linear import FEW_ROWS
from trainer.splitting.folds import Folds
from trainer.splitting.split import PARTS, Split
from trainer.text.vocabulary import CLS_ID, PADDING_ID, SEP_ID, Vocabulary
from trainer.text.windows import first_rows, split_ids

logger = logging.getLogger(__name__)

SAMPLE: Final = 20_000  # training phrases on which the accuracy in training is measured, and that a teacher reads
LENGTHS: Final = (18, 34, 66, 130)  # positions a row, [CLS] and [SEP] among them
_HELD: Final = 0.99  # of the training phrases are read whole
_PIECES: Final = "pieces.bin"


@dataclass(frozen=True)
class Encoded:
    """A split as numbers.

    Attributes:
        vocabulary: The vocabulary, with the sequence length that fits the phrases.
        rows: Framed training rows, shape [rows, S]; on disk.
        truth: Their labels' indices, int32, shape [rows].
        weights: How much each counts: 1, or less where it is an altered copy; float32, shape [rows].
        phrases: The number of the training phrase that each is a window or an altered copy of, from 0; int64,
            shape [rows].
        validation: The phrases held out to choose by.
        validation_rows: Their first windows, framed, int32, shape [phrases, S].
        validation_truth: Their labels' indices, int32, shape [phrases].
        test: The phrases held out to measure on.
        sample: Training phrases, drawn evenly, at most `SAMPLE`.
        counts: Phrases of each part.
        unmeasured: Part -> labels of which it has no phrase.
        majority_label: The label that most training phrases have, the first of equals.
        sha256: Of all phrases with their labels and parts: equal for equal splits alone.
        own_validation: Whether the validation phrases may be learned from in the end.
        folds: In cross-validation the folds of the training phrases; else None.
    """

    vocabulary: Vocabulary
    rows: NDArray[Any]
    truth: NDArray[np.int32]
    weights: NDArray[np.float32]
    phrases: NDArray[np.int64]
    validation: list[Phrase]
    validation_rows: NDArray[np.int32]
    validation_truth: NDArray[np.int32]
    test: list[Phrase]
    sample: list[Phrase]
    counts: dict[str, int]
    unmeasured: dict[str, tuple[str, ...]]
    majority_label: str
    sha256: str
    own_validation: bool
    folds: Folds | None


def encode(
    split: Split,
    vocabulary: Vocabulary,
    folder: Path,
    *,
    sequence_length: int,
    first_window: bool,
    misspelt_weight: float,
    unpunctuated_weight: float = 0.0,
    seed: int,
    workers: Workers = ALONE,
) -> Encoded:
    """Reads all phrases once, and says how many there are.

    Args:
        split: Gives the phrases.
        vocabulary: Gives their ids.
        folder: Where the training rows are written.
        sequence_length: Positions a row; 0: the smallest of `LENGTHS` that holds 99 % of the training phrases.
        first_window: Whether a long phrase is trained on by its first window alone, or in all of them.
        misspelt_weight: Of a misspelt copy of every phrase; 0: no copies.
        unpunctuated_weight: Of a copy of every phrase in lower case and without punctuation; where there is one, every
            second misspelt copy is so written, too. 0: no copies.
        seed: Draws the sample and the slips.
        workers: Encode the training phrases.

    Returns:
        All that is trained on and measured on.

    Raises:
        UserError: A label has no phrase in training, or a part has none at all.
    """
    index = {label: number for number, label in enumerate(vocabulary.labels)}
    kept: dict[str, list[Phrase]] = {"validation": [], "test": []}
    counts = {part: dict.fromkeys(vocabulary.labels, 0) for part in PARTS}
    sample = _Sample(seed)
    digest = hashlib.sha256()
    pieces = _Pieces(folder, Maker(vocabulary, misspelt_weight, unpunctuated_weight, seed))

    def for_training() -> Iterator[tuple[str, int]]:
        for part, phrase in split.phrases():
            counts[part][phrase.label] += 1
            digest.update(json.dumps([part, phrase.label, phrase.text]).encode() + b"\n")
            if part == "train":
                sample.offer(phrase)
                yield phrase.text, index[phrase.label]
            else:
                kept[part].append(phrase)

    pieces.write(for_training(), workers)
    missing = {part: tuple(label for label, count in counts[part].items() if not count) for part in split.parts}
    for part, labels in missing.items():
        if labels and (part == "train" or len(labels) == len(vocabulary.labels)):
            raise UserError(f"{split.corpus.place}: the label {labels[0]} has too little text for a {part} part")
    length = sequence_length or length_for(pieces.lengths())
    rows, truth, weights, phrases = pieces.framed(length, first_window)
    vocabulary = replace(vocabulary, sequence_length=length)
    encoded = Encoded(
        vocabulary=vocabulary,
        rows=rows,
        truth=truth,
        weights=weights,
        phrases=phrases,
        validation=kept["validation"],
        validation_rows=first_rows([phrase.text for phrase in kept["validation"]], vocabulary),
        validation_truth=np.array([index[phrase.label] for phrase in kept["validation"]], np.int32),
        test=kept["test"],
        sample=sample.phrases,
        counts={part: sum(of_label.values()) for part, of_label in counts.items()},
        unmeasured={part: labels for part, labels in missing.items() if labels},
        majority_label=max(counts["train"], key=lambda label: counts["train"][label]),
        sha256=digest.hexdigest(),
        own_validation=split.own_validation,
        folds=split.folds,
    )
    for line in _report(encoded):
        logger.info(line)
    return encoded


def _report(encoded: Encoded) -> Iterator[str]:
    """Says which labels are not measured, and how much there is of what."""
    for part, missing in encoded.unmeasured.items():
        labels = ", ".join(missing) if len(missing) < 5 else f"{len(missing)} labels"
        yield f"split: no {part} phrases of {labels}: too few rows, and all of them are learned from"
    counted = ", ".join(f"{encoded.counts[part]:,} {part} phrases" for part in PARTS if encoded.counts[part])
    yield f"{counted}, {encoded.vocabulary.size:,} pieces, {encoded.vocabulary.sequence_length} positions"


def length_for(pieces: NDArray[Any]) -> int:
    """Gives the smallest of `LENGTHS` that holds 99 % of phrases whole, by their numbers of pieces."""
    wanted = np.quantile(pieces, _HELD) + 2 if len(pieces) else 0
    return next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])


class _Sample:
    """A sample without replacement of a stream of unknown length (Vitter's algorithm R)."""

    def __init__(self, seed: int) -> None:
        self.phrases: list[Phrase] = []
        self._generator = np.random.default_rng(seed)
        self._seen = 0

    def offer(self, phrase: Phrase) -> None:
        self._seen += 1
        if len(self.phrases) < SAMPLE:
            self.phrases.append(phrase)
        elif (place := int(self._generator.random() * self._seen)) < SAMPLE:
            self.phrases[place] = phrase


class _Pieces:
    """The pieces of all training phrases, one after the other, on their way to a file."""

    def __init__(self, folder: Path, maker: Maker) -> None:
        self._folder, self._maker = folder, maker
        self._generator = np.random.default_rng(maker.seed)
        self._lengths: list[NDArray[np.int32]] = []
        self._truth: list[NDArray[np.int32]] = []
        self._weights: list[NDArray[np.float32]] = []
        self._phrases: list[NDArray[np.int64]] = []

    def write(self, phrases: Iterator[tuple[str, int]], workers: Workers) -> None:
        """Writes phrases, each with its label's index; they are read as they are needed."""
        sent: deque[list[int]] = deque()  # labels of the shards that are being encoded
        begun = 0
        with (self._folder / _PIECES).open("wb") as file:
            for encoded in workers.map(encode_shard, self._maker, self._jobs(phrases, sent)):
                labels = np.array(sent.popleft(), np.int32)
                for ids, lengths, places, weight in encoded:
                    file.write(ids.tobytes())  # tofile() does not say why it could not
                    self._lengths.append(lengths)
                    self._truth.append(labels[places])
                    self._weights.append(np.full(len(places), weight, np.float32))
                    self._phrases.append(begun + places)
                begun += len(labels)

    def _jobs(self, phrases: Iterator[tuple[str, int]], sent: deque[list[int]]) -> Iterator[Job]:
        for number in count():
            some = list(islice(phrases, SHARD))
            if not some:
                return
            texts, copies = [text for text, _ in some], None
            if number < DRAWN_IN_ORDER:
                few = number == 0 and len(some) < FEW_ROWS
                copies = self._maker.copies(texts, self._generator, few=few)
            sent.append([label for _, label in some])
            yield Job(number, texts, copies)

    def lengths(self) -> NDArray[np.int32]:
        """Gives the number of pieces of each phrase, without the copies."""
        written = zip(self._lengths, self._weights, strict=True)
        return np.concatenate([np.zeros(0, np.int32), *(lengths[weights == 1] for lengths, weights in written)])

    def framed(
        self, length: int, first_window: bool
    ) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
        """Gives the rows, shape [rows, length], their labels' indices, their weights and their phrases' numbers."""
        dtype = self._maker.dtype
        path = self._folder / "rows.bin"
        lengths = np.concatenate(self._lengths)
        repeats: list[NDArray[np.int64]] = []
        with (self._folder / _PIECES).open("rb") as pieces, path.open("wb") as file:
            for start in range(0, len(lengths), SHARD):
                some = lengths[start : start + SHARD]
                rows, windows = _frame(np.fromfile(pieces, dtype, int(some.sum())), some, length, first_window)
                file.write(rows.tobytes())
                repeats.append(windows)
        (self._folder / _PIECES).unlink()
        of_phrase = np.concatenate(repeats)
        truth = np.repeat(np.concatenate(self._truth), of_phrase)
        weights = np.repeat(np.concatenate(self._weights), of_phrase)
        phrases = np.repeat(np.concatenate(self._phrases), of_phrase)
        return np.memmap(path, dtype, "r", shape=(len(truth), length)), truth, weights, phrases


def _frame(
    pieces: NDArray[Any], lengths: NDArray[np.int32], length: int, first_window: bool
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Frames phrases whose pieces stand one after the other.

    Returns:
        Rows, shape [rows, length], and how many of them each phrase has.
    """
    room = length - 2
    windows = np.ones(len(lengths), np.int64) if first_window else np.maximum(1, -(-lengths.astype(np.int64) // room))
    begins = np.concatenate([[0], np.cumsum(lengths)])
    first = np.concatenate([[0], np.cumsum(windows)])
    rows = np.full((int(first[-1]), length), PADDING_ID, pieces.dtype)
    rows[:, 0] = CLS_ID
    read = np.minimum(lengths, room)
    places = first[:-1]
    inside = np.zeros(rows.shape, bool)
    inside[places, 1:-1] = np.arange(room) < read[:, None]
    kept = np.arange(len(pieces)) - np.repeat(begins[:-1], lengths) < room
    rows[inside] = pieces[kept]
    rows[places, read + 1] = SEP_ID
    for phrase in np.flatnonzero(windows > 1):
        ids = pieces[begins[phrase] : begins[phrase + 1]].tolist()
        rows[first[phrase] : first[phrase + 1]] = split_ids(ids, length)
    return rows, windows
