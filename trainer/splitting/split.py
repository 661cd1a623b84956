"""Train, validation and test: by groups or by blocks of neighbouring rows.

A row's neighbours speak of the same people in the same scene: a split by row tests on what it has all but seen. Of a
block only the first and the last row have a neighbour elsewhere. What is held out and stands in training too is left
out, as long as enough is left to measure on. The same data gives the same split, whatever the order in which a disk
lists its files, and wherever they lie.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np

from trainer.data.corpus import Corpus, Phrase, Row
from trainer.data.profile import CorpusProfile, wrong
from trainer.errors import UserError
from trainer.splitting.folds import Folds, folds_of
from trainer.splitting.leakage import leaked
from trainer.text.windows import cut
from trainer.text.words import normalize, word_spans

Method = Literal["blocks", "groups", "given", "random", "folds"]
PARTS: Final = ("train", "validation", "test")
HELD_OUT: Final = ("test", "validation")
SHARE = 0.1  # of a label's rows for each of validation and test
MOST_HELD_OUT = 20_000  # rows in each: more make no accuracy more certain that anybody reads
MOST_MEASURED = 200_000  # rows of each part of a split of one's own: they are in memory
LEAST_HELD_OUT = 50  # rows of a part: none is left out below them
_LEAST_OF_LABEL = 0.5  # of a label's rows in a part, likewise
BLOCKS = 40  # of a label, where it has the rows
_BLOCK_ROWS = 2_000  # at most: a block is in memory
_DRAWS: Final = 1 << 64
_UNREAD: Final = ""  # the part of rows that are in none


@dataclass(frozen=True)
class Segment:
    """Neighbouring rows of one label that are in one part."""

    part: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Split:
    """Which row of a corpus is in which part.

    Attributes:
        corpus: Is read again for each thing that is asked.
        method: How it was divided.
        seed: Equal seeds give equal splits.
        labels: By name.
        window: The most words of the windows that running text is cut into; 0: every row is a phrase.
        passes: How often the training text is cut into windows, at other places each time.
        whole_rows: Whether the training rows are phrases as they stand too, beside the windows.
        dropped: Numbers of the rows held out that training holds too and that are left out, from 0.
        optimistic: How many such rows are kept all the same, by part and label.
        unread: Part -> the share of its rows that is neither measured nor learned from, where they are too many.
        own_validation: Whether the validation rows were chosen here, by groups or blocks: they may be learned from in
            the end.
        folds: In cross-validation the folds of the rows, in the order of the source; else None.
    """

    corpus: Corpus
    method: Method
    seed: int
    labels: tuple[str, ...]
    window: int
    passes: int
    whole_rows: bool
    dropped: frozenset[int]
    optimistic: dict[str, dict[str, int]]
    unread: dict[str, float]
    own_validation: bool
    folds: Folds | None = field(repr=False)
    _division: "_Division" = field(repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that must have phrases."""
        return ("train",) if self.method == "folds" else PARTS

    def training_text(self) -> Iterator[str]:
        """Gives the rows on which the vocabulary is counted."""
        return (row.text for _, row, _, part in self._division.rows(self.corpus) if part == "train")

    def learned_text(self) -> Iterator[str]:
        """Gives the phrases of training and validation: what is learned from in the end where rows are few."""
        return (row.text for part, row in self.rows() if part != "test")

    def training_phrases(self) -> Iterator[Phrase]:
        """Gives the phrases of the training part."""
        return (phrase for part, phrase in self.phrases() if part == "train")

    def phrases(self) -> Iterator[tuple[str, Phrase]]:
        """Gives every phrase with its part, in the order of the source."""
        return ((part, Phrase(row.text, row.label)) for part, row in self.rows())

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Gives every phrase as a row: a window stands where the text begins that it is cut from."""
        for segment in self._segments():
            if self.window:
                for window in self._windows(segment):
                    yield segment.part, replace(segment.rows[0], text=window)
            if not self.window or (self.whole_rows and segment.part == "train"):
                yield from ((segment.part, row) for row in segment.rows)

    @property
    def readings(self) -> int:
        """How often the training phrases hold the training text."""
        return self.passes + self.whole_rows if self.window else 1

    def facts(self) -> dict[str, Any]:
        """How it was made, for `run.json`."""
        return {
            "method": self.method,
            "window": self.window,
            "passes": self.passes,
            "whole_rows": self.whole_rows,
            "near_duplicates_left_out": len(self.dropped),
            "near_duplicates_kept": self.optimistic,
        }

    def _windows(self, segment: Segment) -> Iterator[str]:
        label, text = segment.rows[0].label, normalize(" ".join(row.text for row in segment.rows))
        spans = word_spans(text)
        for number in range(self.passes if segment.part == "train" else 1):
            # Drawn by what the text is and not by where it stands: files that are added elsewhere change nothing here.
            generator = np.random.default_rng(_draw(self.seed, number, label, text))
            # A record of a table stands alone: cut short it would lose words, and vanish where it is short.
            yield from cut(text, spans, self.window, generator, whole=not self.corpus.running)

    def _segments(self) -> Iterator[Segment]:
        open_one: Hashable = None
        open_part, waiting = "", list[Row]()
        for number, row, key, part in self._division.rows(self.corpus):
            joined = (part, row.label, row.file, key) if self.corpus.running and self.window else number
            identity: Hashable = None if number in self.dropped or part == _UNREAD else joined
            if waiting and (identity != open_one or len(waiting) == _BLOCK_ROWS):
                yield Segment(open_part, tuple(waiting))
                waiting = []
            open_one, open_part = identity, part
            if identity is not None:
                waiting.append(row)
        if waiting:
            yield Segment(open_part, tuple(waiting))


@dataclass(frozen=True)
class _Division:
    """Which group or block is in which part, before near-duplicates are dropped.

    Attributes:
        method: How it was divided.
        seed: Of all draws.
        free: Label -> rows without a group that the source does not hold out itself.
        part_of: Group or block -> part, of those that are held out.
        kept: Part -> the share of the rows drawn for it, or put there by the source, that stay in it.
    """

    method: Method
    seed: int
    free: Mapping[str, int]
    part_of: Mapping[Hashable, str]
    kept: Mapping[str, float]

    def rows(self, corpus: Corpus) -> Iterator[tuple[int, Row, Hashable, str]]:
        """Gives every row with its number, its group or block, and its part."""
        seen: Counter[str] = Counter()
        for number, row in enumerate(corpus.rows()):
            key = self._key(row, seen)
            yield number, row, key, self._part(row, key)

    def _key(self, row: Row, seen: Counter[str]) -> Hashable:
        if row.part in HELD_OUT:
            return row.part
        if row.group or self.method == "folds":
            return row.group
        index = seen[row.label]
        seen[row.label] += 1
        count = self.free[row.label]
        return row.label, index * _blocks(count) // count

    def _part(self, row: Row, key: Hashable) -> str:
        if self.method == "folds":
            return "train"
        if self.method == "random":
            drawn = _draw(self.seed, row.number, row.label, row.text)
            part = {0: "test", 1: "validation"}.get(drawn % 10, "train")
            return part if drawn // 10 < self.kept.get(part, 1.0) * (_DRAWS // 10) else "train"
        if row.part not in HELD_OUT:
            return self.part_of.get(key, "train")
        kept = self.kept[row.part]
        drawn = _draw(self.seed, row.number, row.label, row.text) if kept < 1 else 0
        return row.part if drawn < kept * _DRAWS else _UNREAD


def split(
    corpus: Corpus,
    seen: CorpusProfile,
    seed: int,
    *,
    window: int = 0,
    passes: int = 1,
    whole_rows: bool = False,
    random: bool = False,
    with_leaks: bool = False,
    folds: int = 0,
) -> Split:
    """Splits a corpus.

    Args:
        corpus: What to split.
        seen: Its profile.
        seed: Equal seeds give equal splits.
        window: The most words of the windows that running text is cut into; 0: every row is a phrase.
        passes: How often the training text is cut.
        whole_rows: Whether the training rows are phrases as they stand too, beside the windows.
        random: By row, as the lesson does it: optimistic, for comparison.
        with_leaks: Whether to keep what is held out and stands in training too, without looking for it.
        folds: How many rows are dealt to, for cross-validation: then all rows are for training; 0: parts are held out.

    Returns:
        The split, which reads the corpus again for each thing that is asked.

    Raises:
        UserError: A label has too little text for three parts.
    """
    division = _Division("folds", seed, seen.free, {}, {}) if folds else _divide(corpus, seen, seed, random)
    dropped: frozenset[int] = frozenset()
    optimistic: dict[str, dict[str, int]] = {}
    if not with_leaks and not folds:
        # A split that somebody made is kept as it is, and so is the lesson's: what leaks is counted and said.
        dropped, optimistic = _leaks(corpus, division, drop=division.method in ("blocks", "groups"))
    unread = {part: 1 - kept for part, kept in division.kept.items() if kept < 1 and division.method == "given"}
    return Split(
        corpus=corpus,
        method=division.method,
        seed=seed,
        labels=tuple(seen.labels),
        window=window,
        passes=passes,
        whole_rows=whole_rows,
        dropped=dropped,
        optimistic=optimistic,
        unread=unread,
        own_validation=not seen.given["validation"] and division.method != "random",
        folds=folds_of(list(corpus.rows()), corpus.running, seed, folds) if folds else None,
        _division=division,
    )


def _divide(corpus: Corpus, seen: CorpusProfile, seed: int, random: bool) -> _Division:
    """Puts each group or block into a part."""
    method: Method = "blocks"
    if random:
        if seen.groups:
            raise UserError(f"{corpus.place}: --split random would divide its groups")
        if seen.given["validation"] or seen.given["test"]:
            raise UserError(f"{corpus.place}: --split random would ignore the split that it brings")
        method = "random"
    elif seen.given["validation"] or seen.given["test"]:
        method = "given"
    elif seen.groups:
        method = "groups"
    missing = [part for part in HELD_OUT if not seen.given[part]]
    sizes: dict[Hashable, Mapping[str, int]] = {group: held for group, held in seen.groups.items()}  # noqa: C416
    for label, count in seen.free.items():
        blocks = Counter(index * _blocks(count) // count for index in range(count))
        sizes |= {(label, block): {label: size} for block, size in blocks.items()}
    part_of = {} if random else _assign(sizes, missing, seed, seen)
    if random:
        kept = dict.fromkeys(HELD_OUT, min(1.0, MOST_HELD_OUT / (SHARE * max(sum(seen.labels.values()), 1))))
    else:
        kept = {part: min(1.0, MOST_MEASURED / max(seen.given[part], 1)) for part in HELD_OUT}
    return _Division(method, seed, seen.free, part_of, kept)


def _blocks(count: int) -> int:
    """How many blocks a label's rows make: of ten rows and more where there are a hundred, else ten of a few."""
    return min(count, max(10, min(BLOCKS, count // 10), math.ceil(count / _BLOCK_ROWS)))


def _assign(
    sizes: Mapping[Hashable, Mapping[str, int]], parts: Sequence[str], seed: int, seen: CorpusProfile
) -> dict[Hashable, str]:
    """Gives the groups and blocks that are held out, drawn by their names, about `SHARE` of each label in each part."""
    totals: Counter[str] = Counter()
    for of_group in sizes.values():
        totals.update(of_group)
    share = min(SHARE, MOST_HELD_OUT / max(totals.total(), 1))
    have: dict[str, Counter[str]] = {part: Counter() for part in parts}
    order = sorted(sizes, key=lambda key: _draw(seed, *key) if isinstance(key, tuple) else _draw(seed, str(key)))
    part_of: dict[Hashable, str] = {}
    for key in order:
        for part in parts:
            if all(have[part][label] + size / 2 <= share * totals[label] for label, size in sizes[key].items()):
                part_of[key] = part
                have[part].update(sizes[key])
                break
    for part in parts:
        for label in seen.labels:
            if not have[part][label]:
                key = _spare(label, sizes, order, part_of)
                if key is not None:  # else the label is learned and not measured
                    part_of[key] = part
                    have[part].update(sizes[key])
        if not have[part]:
            raise _too_few(min(seen.labels, key=lambda label: seen.labels[label]), sizes, seen)
    return part_of


def _spare(
    label: str, sizes: Mapping[Hashable, Mapping[str, int]], order: Sequence[Hashable], part_of: Mapping[Hashable, str]
) -> Hashable | None:
    """Finds the smallest group or block of a label that training can do without."""
    left = [key for key in order if key not in part_of and label in sizes[key]]
    return min(left, key=lambda key: sum(sizes[key].values())) if len(left) > 1 else None


def _too_few(label: str, sizes: Mapping[Hashable, Mapping[str, int]], seen: CorpusProfile) -> UserError:
    """Says that no label has text for three parts, by the example of one."""
    count = seen.labels[label]
    rule = f"the label {label} has {count:,} {'phrase' if count == 1 else 'phrases'}"
    if seen.groups:
        groups = sum(label in held for held in sizes.values())
        rule += f" in {groups} {'group' if groups == 1 else 'groups'}"
        rule += ", which other labels need too" if groups > 2 else ""
    return wrong(seen.first[label], f"{rule}; training, validation and test need one each")


def _leaks(corpus: Corpus, division: _Division, *, drop: bool) -> tuple[frozenset[int], dict[str, dict[str, int]]]:
    """Finds the rows held out that training holds too: those to leave out, and how many stay, by part and label."""
    held_out: dict[int, tuple[str, str]] = {}
    compared: Counter[str] = Counter()

    def rows_held_out() -> Iterator[tuple[int, str]]:
        for number, row, _, part in division.rows(corpus):
            # Our own parts are bounded; of others' enough are compared to say that they leak.
            if part in HELD_OUT and (drop or compared[part] < MOST_HELD_OUT):
                compared[part] += 1
                held_out[number] = (part, row.label)
                yield number, row.text

    training = (row for _, row, _, part in division.rows(corpus) if part == "train")
    found = leaked(rows_held_out(), training, corpus.running)
    dropped = _to_drop(found, held_out, division.seed) if drop else frozenset()
    kept: dict[str, dict[str, int]] = {}
    counted = Counter(held_out[number] for number in found if number not in dropped)
    for (part, label), count in sorted(counted.items()):
        kept.setdefault(part, {})[label] = count
    return dropped, kept


def _to_drop(found: Mapping[int, float], held_out: Mapping[int, tuple[str, str]], seed: int) -> frozenset[int]:
    """Chooses what to leave out, the surest copies first, as long as `LEAST_HELD_OUT` rows of a part and half of each
    label's stay in it: of templated text nearly every row has a near-duplicate in training.

    Args:
        found: Row that training holds too -> how surely.
        held_out: Row -> its part and label.
        seed: Orders equals.
    """
    of_label = Counter(held_out.values())
    left_of_label = of_label.copy()
    left = Counter(part for part, _ in held_out.values())
    dropped = set()
    for number in sorted(found, key=lambda number: (-found[number], _draw(seed, number))):
        place = held_out[number]
        if left[place[0]] > LEAST_HELD_OUT and left_of_label[place] - 1 >= _LEAST_OF_LABEL * of_label[place]:
            left[place[0]] -= 1
            left_of_label[place] -= 1
            dropped.add(number)
    return frozenset(dropped)


def _draw(seed: int, *what: Any) -> int:
    """A number that chance would give, the same for the same things."""
    named = "\0".join(map(str, (seed, *what))).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest())
