"""`--fix`: a cleaned copy of a corpus, with a list of what was removed or changed and why. The source is never touched.

The corpus is read several times and never held: of each row a hash and two numbers stay in memory, and where
near-duplicates are looked for, in up to `MOST_ROWS` rows, their shingles.
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.checks.patterns import BOILERPLATE_WORDS, boilerplate, hash_of, is_damaged
from trainer.audit.checks.speakers import Speakers, find_speakers, split_speaker
from trainer.audit.cleaning import repaired, without_markup
from trainer.audit.sample import MOST_ROWS, canonical_of
from trainer.data.corpus import Corpus, Row
from trainer.data.tables import HUB
from trainer.errors import UserError
from trainer.files import is_there
from trainer.splitting.near_duplicates import NearDuplicateIndex
from trainer.text.words import words_of
from trainer.whole import whole_directory

PHRASES, TEXT, REMOVED = "phrases.jsonl", "text", "removed.jsonl"

# Why a row is left out; the numbers are what `_verdicts` gives.
_REASONS: Final = {
    1: "boilerplate",
    2: "speaker name",
    3: "no words left",
    4: "conflicting labels",
    5: "duplicate",
    6: "near-duplicate",
}
_HASHED_AT_ONCE: Final = 100  # texts of a label
_BOILERPLATE, _SPEAKER, _EMPTY, _CONFLICT, _DUPLICATE, _NEAR = _REASONS


@dataclass(frozen=True)
class Copy:
    """A cleaned copy.

    Attributes:
        data: What to read it from: a table, or a folder where the source was one.
        columns: The table's columns beside text and label.
        counts: What happened -> rows.
        read: Label -> rows of the source.
        kept: Label -> rows of the copy; a label of which nothing is left has 0.
    """

    data: Path
    columns: tuple[str, ...]
    counts: dict[str, int]
    read: dict[str, int]
    kept: dict[str, int]


@dataclass(frozen=True)
class _Habits:
    """What is known of the whole corpus before a row of it is cleaned."""

    speakers: Speakers
    shared: frozenset[int]
    groups: bool
    parts: bool
    in_folder: bool
    skipped: dict[str, int]


def fix(corpus: Corpus, output: Path) -> Copy:
    """Writes a directory with the rows that stay, and with `removed.jsonl`, what became of the others.

    The rows that stay are `phrases.jsonl`, or the folder `text` where the source is one: a file's lines follow one
    another, and windows are cut out of them. Left out: lines that many files share, speaker names, exact and
    near-duplicates within a label after the first, and all copies of a text that stands under two labels. Changed:
    speaker names before a text, HTML tags and entities, and wrong encodings.

    Args:
        corpus: It is read five times.
        output: A directory that is not there yet, or that an earlier fix wrote.

    Raises:
        UserError: `output` is something else, or holds the source or lies in it, or cannot be written.
    """
    check_output(corpus, output)
    habits = _habits(corpus, output)
    verdicts = _verdicts(corpus, habits)
    counts: Counter[str] = Counter({"read": len(verdicts), "kept": 0})
    if len(verdicts) <= MOST_ROWS:
        _mark_near_duplicates(corpus, habits, verdicts)
    else:
        counts["not searched for near-duplicates"] = len(verdicts)
    read: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    with (
        whole_directory(output) as folder,
        _Writer(corpus, folder, habits) as writer,
        # The name of a file may hold bytes that are no UTF-8; backslashreplace writes them as JSON escapes them.
        (folder / REMOVED).open("w", encoding="utf-8", errors="backslashreplace") as removed,
    ):
        for (row, text, changes), verdict in zip(_cleaned(corpus, habits), verdicts, strict=True):
            where = {"file": row.file, "row": row.number, "label": row.label, "text": row.text}
            read[row.label] += 1
            if verdict:
                counts["removed"] += 1
                counts[f"removed: {_REASONS[int(verdict)]}"] += 1
                _write(removed, where | {"reason": _REASONS[int(verdict)]})
                continue
            counts["kept"] += 1
            kept[row.label] += 1
            if changes:
                counts["changed"] += 1
                counts.update(f"changed: {change}" for change in changes)
                _write(removed, where | {"reason": ", ".join(changes), "new_text": text})
            writer.write(row, text)
    counts.update({f"not read and not listed: {reason}": count for reason, count in habits.skipped.items()})
    columns = () if habits.in_folder else _columns(habits)
    data = output / (TEXT if habits.in_folder else PHRASES)
    return Copy(data, columns, dict(counts), dict(read), {label: kept[label] for label in read})


def check_output(corpus: Corpus, output: Path) -> None:
    """Sees that a copy may be written, before the time is spent.

    Raises:
        UserError: `output` is there and no earlier fix wrote it, or it holds the source, or lies in its folder.
    """
    there = is_there(output)
    if corpus.path and not corpus.path.startswith(HUB) and not output.is_symlink():  # a link may lead in a circle
        source, place = Path(corpus.path).resolve(), output.resolve()
        if source.is_relative_to(place):
            raise UserError(f"{output}: holds the source {corpus.path}: name a new directory")
        if place.is_relative_to(source):
            raise UserError(f"{output}: lies in the source {corpus.path}, of which it would become a label")
    if there and not _is_ours(output):
        raise UserError(f"{output}: exists and is not what --fix wrote: name a new directory")


def _is_ours(output: Path) -> bool:
    if output.is_symlink() or not output.is_dir():
        return False
    try:
        names = {path.name for path in output.iterdir()}
    except OSError as error:
        raise UserError(f"{output}: cannot be read ({error.strerror})") from error
    return not names or (REMOVED in names and names <= {PHRASES, TEXT, REMOVED})


class _Writer:
    """Writes the rows that stay: one table, or each into a file named as the one that it comes from."""

    def __init__(self, corpus: Corpus, folder: Path, habits: _Habits) -> None:
        self._source, self._folder, self._habits = corpus.path, folder, habits
        self._open: tuple[Path, IO[str]] | None = None

    def __enter__(self) -> "_Writer":
        # Also where no row stays.
        if self._habits.in_folder:
            (self._folder / TEXT).mkdir()
        else:
            (self._folder / PHRASES).touch()
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open[1].close()

    def write(self, row: Row, text: str) -> None:
        if self._habits.in_folder:
            self._file(self._folder / TEXT / Path(row.file).relative_to(self._source)).write(text + "\n")
        else:
            _write(self._file(self._folder / PHRASES), _record(row, text, self._habits))

    def _file(self, path: Path) -> IO[str]:
        if self._open is not None and self._open[0] == path:
            return self._open[1]
        self.__exit__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open = path, path.open("a", encoding="utf-8")
        return self._open[1]


def _is_inside(file: str, folder: str) -> bool:
    path = Path(file)
    return (
        bool(folder)
        and path != Path(folder)
        and path.is_relative_to(folder)
        and ".." not in path.relative_to(folder).parts
    )


def _habits(corpus: Corpus, output: Path) -> _Habits:
    """Reads the corpus for its speakers and for the lines that its files share."""
    numbers: dict[str, int] = {}
    group_numbers: dict[str, int] = {}
    hashes, files, groups = array("Q"), array("L"), array("L")
    seen_parts = set()
    skipped: Counter[str] = Counter()

    def texts() -> Iterator[str]:
        for row in corpus.read(skipped):
            if row.file not in numbers and Path(row.file).resolve().is_relative_to(output.resolve()):
                raise UserError(f"{output}: holds the source {row.file}: name a new directory")
            file = numbers.setdefault(row.file, len(numbers))
            group = group_numbers.setdefault(row.group, len(group_numbers))
            seen_parts.add(row.part)
            words = words_of(row.text)
            if len(words) >= BOILERPLATE_WORDS:
                hashes.append(hash_of(" ".join(map(canonical_of, words))))
                files.append(file)
                groups.append(group)
            yield row.text

    speakers = find_speakers(texts())
    of_files, known = (files, numbers) if len(numbers) > 1 else (groups, group_numbers)
    shared = boilerplate(np.array(hashes, np.uint64), np.array(of_files, np.int64), len(known))
    return _Habits(
        speakers,
        frozenset(shared.tolist()),
        groups=set(group_numbers) != {""},
        parts=seen_parts != {""},
        in_folder=corpus.running and all(_is_inside(file, corpus.path) for file in numbers),
        skipped=dict(skipped),
    )


def _cleaned(corpus: Corpus, habits: _Habits) -> Iterator[tuple[Row, str, list[str]]]:
    """Gives each row with its cleaned text and with what was changed in it."""
    for row in corpus.rows():
        text, changes = row.text, list[str]()
        if is_damaged(text):
            text = _changed(text, repaired(text), "wrong encoding", changes)
        if "<" in text or "&" in text:
            text = _changed(text, without_markup(text), "mark-up", changes)
        if habits.speakers.is_before(text):
            text = _changed(text, split_speaker(text)[1], "speaker name", changes)
        yield row, text, changes


def _changed(before: str, after: str, change: str, changes: list[str]) -> str:
    after = " ".join(after.split())
    if after != before:
        changes.append(change)
    return after


def _verdicts(corpus: Corpus, habits: _Habits) -> NDArray[np.uint8]:
    """Gives for each row 0, or the number of the reason to leave it out: uint8, shape [rows]."""
    label_numbers: dict[str, int] = {}
    hashes, labels, verdicts = array("Q"), array("L"), array("B")
    for row, text, _ in _cleaned(corpus, habits):
        words = words_of(text)
        key = hash_of(" ".join(map(canonical_of, words)))
        hashes.append(key)
        labels.append(label_numbers.setdefault(row.label, len(label_numbers)))
        raw = key if text == row.text else hash_of(" ".join(map(canonical_of, words_of(row.text))))
        if raw in habits.shared:
            verdicts.append(_BOILERPLATE)
        elif habits.speakers.is_alone(text):
            verdicts.append(_SPEAKER)
        else:
            verdicts.append(0 if words else _EMPTY)
    found = np.array(verdicts, np.uint8)
    _mark_copies(np.array(hashes, np.uint64), np.array(labels, np.int64), found)
    return found


def _mark_copies(hashes: NDArray[np.uint64], labels: NDArray[np.int64], verdicts: NDArray[np.uint8]) -> None:
    """Marks conflicts and duplicates among the rows that have no verdict yet."""
    places = np.flatnonzero(verdicts == 0)
    if not len(places):
        return
    order = places[np.argsort(hashes[places], kind="stable")]
    starts = np.flatnonzero(np.concatenate([[True], hashes[order][1:] != hashes[order][:-1]]))
    sizes = np.diff(np.append(starts, len(order)))
    conflicting = np.minimum.reduceat(labels[order], starts) != np.maximum.reduceat(labels[order], starts)
    repeated = np.ones(len(order), bool)
    repeated[starts] = False
    verdicts[order[repeated]] = _DUPLICATE
    verdicts[order[np.repeat(conflicting, sizes)]] = _CONFLICT


def _mark_near_duplicates(corpus: Corpus, habits: _Habits, verdicts: NDArray[np.uint8]) -> None:
    """Marks a row that is a near-duplicate of an earlier row of its label, if that one stays."""
    indexes: dict[str, NearDuplicateIndex[int]] = {}
    waiting: dict[str, list[tuple[int, str]]] = {}

    def mark(label: str) -> None:
        for place, earlier in indexes.setdefault(label, NearDuplicateIndex()).distinct(waiting.pop(label)):
            if earlier is not None:
                verdicts[place] = _NEAR

    for place, (row, text, _) in enumerate(_cleaned(corpus, habits)):
        if not verdicts[place]:
            of_label = waiting.setdefault(row.label, [])
            of_label.append((place, text))
            if len(of_label) == _HASHED_AT_ONCE:
                mark(row.label)
    for label in list(waiting):
        mark(label)


def _columns(habits: _Habits) -> tuple[str, ...]:
    return ("group",) * habits.groups + ("split",) * habits.parts


def _record(row: Row, text: str, habits: _Habits) -> dict[str, Any]:
    record = {"text": text, "label": row.label}
    if habits.groups:
        record["group"] = row.group
    if habits.parts:
        record["split"] = row.part
    return record


def _write(file: IO[str], value: dict[str, Any]) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
