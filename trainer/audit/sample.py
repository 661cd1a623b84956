"""The rows that an audit looks at, with what all of its rooms ask about them worked out once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Row
from trainer.text.words import canonical, words_of

PARTS = ("train", "validation", "test")
MOST_ROWS = 200_000  # in memory at once; of a larger corpus as many are drawn evenly
MOST_FITTED = 60_000  # rows that a model is fitted on or n-grams are counted in, taken evenly
MOST_WORDS = 2_000  # of a text that are looked at: the audit is of phrases, and of many
_MOST_CHARACTERS = 20 * MOST_WORDS
CLIP = 160  # characters of an example: enough to find it again


@dataclass(frozen=True)
class Sample:
    """Rows of a corpus in the order of the source.

    Attributes:
        rows: At least one, each read no further than `MOST_WORDS` words.
        parts: For each row the part of the split that it falls into.
        words: For each row its words, in their canonical form.
        forms: For each row its words as they are written.
        keys: For each row its canonical words as one string: rows with equal keys are exact duplicates.
        labels: All labels, sorted.
        label_ids: int64, shape [rows]: for each row its label's place in `labels`.
        clipped: How many rows are longer.
    """

    rows: Sequence[Row]
    parts: Sequence[str]
    words: list[list[str]]
    forms: list[list[str]]
    keys: list[str]
    labels: tuple[str, ...]
    label_ids: NDArray[np.int64]
    clipped: int = 0

    def part(self, name: str) -> NDArray[np.int64]:
        """Gives the places of one part's rows."""
        return self._places[name]

    @cached_property
    def _places(self) -> dict[str, NDArray[np.int64]]:
        parts = np.array(self.parts)
        return {name: np.flatnonzero(parts == name).astype(np.int64) for name in PARTS}

    def example(self, place: int) -> dict[str, Any]:
        """Gives a row as a report shows it: where it stands, and the beginning of its text."""
        row = self.rows[place]
        text = row.text if len(row.text) <= CLIP else row.text[: CLIP - 1] + "…"
        return {"file": row.file, "row": row.number, "label": row.label, "text": text}

    def by_label(self, places: Sequence[int] | NDArray[np.int64]) -> dict[str, int]:
        """Counts rows by label, the most first; labels without one are left out."""
        counts = np.bincount(self.label_ids[np.asarray(places, np.int64)], minlength=len(self.labels))
        order = np.argsort(-counts, kind="stable")
        return {self.labels[place]: int(counts[place]) for place in order if counts[place]}


def make_sample(rows: Sequence[Row], parts: Sequence[str]) -> Sample:
    """Reads the words of all rows.

    Raises:
        ValueError: There is no row, or not one part for each row.
    """
    if not rows or len(rows) != len(parts):
        raise ValueError(f"`rows` and `parts` must be as many, and not none. Received: {len(rows)} and {len(parts)}")
    whole, rows = rows, [clip(row) for row in rows]
    clipped = sum(len(row.text) < len(before.text) for row, before in zip(rows, whole, strict=True))
    forms = [words_of(row.text) for row in rows]
    words = [[canonical_of(form) for form in row] for row in forms]
    labels = tuple(sorted({row.label for row in rows}))
    places = {label: place for place, label in enumerate(labels)}
    label_ids = np.array([places[row.label] for row in rows], np.int64)
    return Sample(rows, parts, words, forms, [" ".join(row) for row in words], labels, label_ids, clipped)


def clip(row: Row, times: int = 1) -> Row:
    """Gives a row with no more of its text than so many times what is looked at."""
    text = row.text[: times * _MOST_CHARACTERS]
    if text.count(" ") >= times * MOST_WORDS:
        text = " ".join(text.split(" ", times * MOST_WORDS)[:-1])
    return row if len(text) == len(row.text) else replace(row, text=text)


@cache
def _canonical(form: str) -> str:
    return canonical(form)


def canonical_of(form: str) -> str:
    """Like `canonical`, remembered: a corpus repeats its words."""
    return _canonical(form) if len(form) <= 40 else canonical(form)


def evenly(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Takes at most `most` of the places, at even distances."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
