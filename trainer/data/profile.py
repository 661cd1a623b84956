"""The first look at a corpus: its labels and groups, counted and held against what a classifier needs."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from trainer.data.corpus import Corpus, Row
from trainer.errors import UserError

MOST_LABELS: Final = 1_000
LONGEST_LABEL: Final = 100  # characters
# What scripts and emoji are joined and directed with. What turns the direction of a whole line round is not among them.
_JOINERS: Final = re.compile("[\u00ad\u200c-\u200f\U000e0020-\U000e007f]")


@dataclass
class CorpusProfile:
    """What a corpus holds.

    Attributes:
        labels: Label -> rows, by name.
        free: Label -> rows without a group that the source does not hold out itself.
        groups: Group -> label -> rows, of the rows that the source does not hold out itself.
        given: "train", "validation", "test" -> rows that the source puts there.
        first: Label -> its first row.
        skipped: Why rows were left out -> how many.
    """

    labels: dict[str, int] = field(default_factory=dict)
    free: Counter[str] = field(default_factory=Counter)
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    first: dict[str, Row] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def learned_from(self) -> int:
        """How many rows a model may learn from in the end: all that the source does not hold out to measure on."""
        return sum(self.labels.values()) - self.given["test"]

    @property
    def trained_on(self) -> int:
        """How many of them the source does not hold out to choose by, either."""
        return self.learned_from - self.given["validation"]


def profile_of(corpus: Corpus) -> CorpusProfile:
    """Reads a corpus once.

    Raises:
        UserError: A source cannot be read; there are fewer than 2 labels or more than `MOST_LABELS`; a label cannot be
            printed on a line; a group is in two parts.
    """
    seen = CorpusProfile()
    labels: Counter[str] = Counter()
    part_of_group: dict[str, str] = {}
    for row in corpus.read(seen.skipped):
        labels[row.label] += 1
        if row.label not in seen.first:
            check_label(row)
            if len(labels) > MOST_LABELS:
                rule = f"{row.label!r} is label {len(labels)}; a classifier has from 2 to {MOST_LABELS}"
                raise wrong(row, rule)
            seen.first[row.label] = row
        seen.given[row.part] += 1
        if row.part and row.group and part_of_group.setdefault(row.group, row.part) != row.part:
            raise wrong(row, f"the group {row.group!r} is in {row.part} here and in {part_of_group[row.group]} before")
        if row.part not in ("validation", "test"):
            if row.group:
                seen.groups.setdefault(row.group, Counter())[row.label] += 1
            else:
                seen.free[row.label] += 1
    _check_count(corpus, labels)
    for label, place in corpus.expected.items():
        if label not in labels:
            raise UserError(f"{place}: holds no text")
    seen.labels = dict(sorted(labels.items()))
    return seen


def check_label(row: Row) -> None:
    """Refuses a label that cannot be printed on a line.

    Raises:
        UserError: It cannot.
    """
    seen = _JOINERS.sub("", row.label)
    if not seen or not seen.isprintable() or len(row.label) > LONGEST_LABEL:
        raise wrong(
            row, f"a label is one line of 1 to {LONGEST_LABEL} printable characters; received {row.label!r:.60}"
        )


def _check_count(corpus: Corpus, labels: Counter[str]) -> None:
    if not labels:
        raise UserError(f"{corpus.place}: holds no text")
    if len(labels) < 2:
        raise UserError(f"{corpus.place}: a classifier needs at least two labels; received one, {next(iter(labels))!r}")


def wrong(row: Row, rule: str) -> UserError:
    """A user's mistake in one row."""
    return UserError(f"{row.file}: row {row.number}: {rule}")


def report_of(skipped: Mapping[str, int]) -> Iterator[str]:
    """Says what was left out, a line a reason."""
    for reason, count in sorted(skipped.items()):
        yield f"left out: {count:,} {'text' if count == 1 else 'texts'} {reason}"
