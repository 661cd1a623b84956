"""Phrases as numbers on disk: what is trained on may be larger than memory."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.corpus import Phrase
from trainer.errors import UserError
from trainer.split import PARTS, Split
from trainer.text.vocabulary import Vocabulary, typed
from trainer.text.windows import split_ids

SAMPLE = 20_000  # training phrases on which the accuracy in training is measured
TYPED_SHARE = 1 / 3  # of training phrases, where marks count: people type few of them
_FLUSH = 20_000  # rows written at once


@dataclass(frozen=True)
class Encoded:
    """A split as numbers.

    Attributes:
        ids: Word ids of the training rows, shape [rows, sequence_length]; where they are many, on disk.
        truth: Their labels' indices, shape [rows].
        readings: How often the rows hold the training text.
        validation: The phrases held out to choose by.
        test: The phrases held out to measure on.
        sample: Training phrases, drawn evenly, at most `SAMPLE`.
        counts: Phrases of each part.
        sha256: Of all phrases with their labels and parts: equal for equal splits alone.
    """

    ids: NDArray[Any]
    truth: NDArray[np.int32]
    readings: int
    validation: list[Phrase]
    test: list[Phrase]
    sample: list[Phrase]
    counts: dict[str, int]
    sha256: str


def encode(split: Split, vocabulary: Vocabulary, folder: Path, first_words: bool, seed: int) -> Encoded:
    """Reads all phrases once.

    Args:
        split: Gives the phrases.
        vocabulary: Gives their ids.
        folder: Where the training rows are written.
        first_words: Whether a long phrase is trained on by its first words alone, or in all its windows.
        seed: Draws the sample, and which phrases are learned from as people type them.

    Raises:
        UserError: A label has no phrase in a part.
    """
    index = {label: number for number, label in enumerate(vocabulary.labels)}
    kept: dict[str, list[Phrase]] = {"validation": [], "test": []}
    counts = {part: dict.fromkeys(vocabulary.labels, 0) for part in PARTS}
    sample = _Sample(seed)
    generator = np.random.default_rng(seed)
    digest = hashlib.sha256()
    rows = _Rows(folder / "ids.bin", vocabulary)
    for part, phrase in split.phrases():
        counts[part][phrase.label] += 1
        digest.update(json.dumps([part, phrase.label, phrase.text]).encode() + b"\n")
        if part == "train":
            text = typed(phrase.text) if vocabulary.marks and generator.random() < TYPED_SHARE else phrase.text
            windows = split_ids(vocabulary.encode(text), vocabulary.sequence_length)
            rows.add(windows[:1] if first_words else windows, index[phrase.label])
            sample.offer(phrase)
        else:
            kept[part].append(phrase)
    for part, of_label in counts.items():
        missing = [label for label, count in of_label.items() if not count]
        if missing:
            raise UserError(f"{split.corpus.place}: the label {missing[0]} has too little text for a {part} part")
    ids, truth = rows.close()
    totals = {part: sum(of_label.values()) for part, of_label in counts.items()}
    return Encoded(
        ids, truth, split.readings, kept["validation"], kept["test"], sample.phrases, totals, digest.hexdigest()
    )


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


class _Rows:
    """Rows of word ids on their way to a file, in the smallest numbers that hold them."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self._path = path
        self._file = path.open("wb")
        self._length = vocabulary.sequence_length
        self._dtype = np.uint16 if vocabulary.size <= 1 << 16 else np.int32
        self._waiting: list[NDArray[np.int32]] = []
        self._truth: list[NDArray[np.int32]] = []
        self._labels: list[int] = []

    def add(self, windows: NDArray[np.int32], label: int) -> None:
        self._waiting.append(windows)
        self._labels.extend([label] * len(windows))
        if len(self._labels) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            np.concatenate(self._waiting).astype(self._dtype).tofile(self._file)
            self._truth.append(np.array(self._labels, np.int32))
            self._waiting, self._labels = [], []

    def close(self) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Gives the rows, shape [rows, sequence_length], and their labels' indices, shape [rows]."""
        self._flush()
        self._file.close()
        truth = np.concatenate(self._truth)
        return np.memmap(self._path, self._dtype, "r", shape=(len(truth), self._length)), truth
