"""`--fix`: a cleaned copy of a corpus, with a list of what was removed or changed and why. The source is never touched.

The corpus is read several times and never held: of each row only a hash and two numbers stay in memory.
"""

import html
import json
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.patterns import MARKUP, boilerplate, hash_of, is_damaged
from trainer.audit.sample import canonical_of
from trainer.audit.speakers import Speakers, find_speakers, split_speaker
from trainer.corpus import Corpus, Row
from trainer.errors import UserError
from trainer.files import whole_directory
from trainer.twins import TwinIndex
from trainer.vocabulary import words_of

PHRASES, REMOVED = "phrases.jsonl", "removed.jsonl"
MOST_ROWS: Final = 200_000  # among which near duplicates are looked for
_BOILERPLATE_WORDS = 4

# Why a row is left out; the numbers are what `_verdicts` gives.
_REASONS: Final = {
    1: "boilerplate",
    2: "speaker name",
    3: "no words left",
    4: "conflicting labels",
    5: "duplicate",
    6: "near duplicate",
}
_BOILERPLATE, _SPEAKER, _EMPTY, _CONFLICT, _DUPLICATE, _NEAR = _REASONS


@dataclass(frozen=True)
class _Habits:
    """What is known of the whole corpus before a row of it is cleaned."""

    speakers: Speakers
    shared: frozenset[int]
    groups: bool
    parts: bool


def fix(corpus: Corpus, output: Path) -> dict[str, int]:
    """Writes a directory with `phrases.jsonl`, the rows that stay, and `removed.jsonl`, what became of the others.

    Left out: lines that many files share, speaker names, exact and near duplicates within a label after the first, and
    all copies of a text that stands under two labels. Changed: speaker names before a text, HTML tags and entities,
    and wrong encodings.

    Args:
        corpus: It is read five times.
        output: A directory that is not there yet, or that an earlier fix wrote.

    Returns:
        What happened -> rows.

    Raises:
        UserError: `output` is something else, or holds the source, or cannot be written.
    """
    _refuse(output)
    habits = _habits(corpus, output)
    verdicts = _verdicts(corpus, habits)
    counts: Counter[str] = Counter({"read": len(verdicts), "kept": 0})
    if len(verdicts) <= MOST_ROWS:
        _mark_near_duplicates(corpus, habits, verdicts)
    else:
        counts["not searched for near duplicates"] = len(verdicts)
    with (
        whole_directory(output) as folder,
        (folder / PHRASES).open("w", encoding="utf-8") as phrases,
        (folder / REMOVED).open("w", encoding="utf-8") as removed,
    ):
        for (row, text, changes), verdict in zip(_cleaned(corpus, habits), verdicts, strict=True):
            where = {"file": row.file, "row": row.number, "label": row.label, "text": row.text}
            if verdict:
                counts["removed"] += 1
                counts[f"removed: {_REASONS[int(verdict)]}"] += 1
                _write(removed, where | {"reason": _REASONS[int(verdict)]})
                continue
            counts["kept"] += 1
            if changes:
                counts["changed"] += 1
                counts.update(f"changed: {change}" for change in changes)
                _write(removed, where | {"reason": ", ".join(changes), "new_text": text})
            _write(phrases, _record(row, text, habits))
    return dict(counts)


def _refuse(output: Path) -> None:
    if not output.exists() and not output.is_symlink():
        return
    if output.is_dir() and not output.is_symlink() and {path.name for path in output.iterdir()} <= {PHRASES, REMOVED}:
        return
    raise UserError(f"{output}: exists and is not what --fix wrote: name a new directory")


def _habits(corpus: Corpus, output: Path) -> _Habits:
    """Reads the corpus for its speakers and for the lines that its files share."""
    numbers: dict[str, int] = {}
    group_numbers: dict[str, int] = {}
    hashes, files, groups = array("Q"), array("L"), array("L")
    seen_parts = set()

    def texts() -> Iterator[str]:
        for row in corpus.rows():
            if row.file not in numbers and Path(row.file).resolve().is_relative_to(output.resolve()):
                raise UserError(f"{output}: holds the source {row.file}: name a new directory")
            file = numbers.setdefault(row.file, len(numbers))
            group = group_numbers.setdefault(row.group, len(group_numbers))
            seen_parts.add(row.part)
            words = words_of(row.text)
            if len(words) >= _BOILERPLATE_WORDS:
                hashes.append(hash_of(" ".join(map(canonical_of, words))))
                files.append(file)
                groups.append(group)
            yield row.text

    speakers = find_speakers(texts())
    of_files, known = (files, numbers) if len(numbers) > 1 else (groups, group_numbers)
    shared = boilerplate(np.array(hashes, np.uint64), np.array(of_files, np.int64), len(known))
    return _Habits(speakers, frozenset(shared.tolist()), set(group_numbers) != {""}, seen_parts != {""})


def _cleaned(corpus: Corpus, habits: _Habits) -> Iterator[tuple[Row, str, list[str]]]:
    """Gives each row with its cleaned text and with what was changed in it."""
    for row in corpus.rows():
        text, changes = row.text, list[str]()
        if is_damaged(text):
            text = _changed(text, _repaired(text), "wrong encoding", changes)
        if "<" in text or "&" in text:
            without = MARKUP["tags"].sub(" ", text)
            text = _changed(text, html.unescape(without), "mark-up", changes)
        if habits.speakers.is_before(text):
            text = _changed(text, split_speaker(text)[1], "speaker name", changes)
        yield row, text, changes


def _repaired(text: str) -> str:
    import ftfy

    # A fix of an encoding alone: curly quotes and ligatures are what an author wrote.
    fixed = ftfy.fix_text(
        text, unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False
    )
    return "".join(character for character in fixed if character.isprintable() or character.isspace())


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
    """Marks a row that is a near twin of an earlier row of its label, if that one stays."""
    labels: dict[int, str] = {}

    def kept() -> Iterator[tuple[int, str]]:
        for place, (row, text, _) in enumerate(_cleaned(corpus, habits)):
            if not verdicts[place]:
                labels[place] = row.label
                yield place, text

    index = TwinIndex[int]()
    for batch in _growing(kept()):
        _mark_twins(index.find(batch), labels, verdicts)
        index.add((place, text) for place, text in batch if not verdicts[place])
    _mark_twins(index.find(kept()), labels, verdicts)  # those of one batch did not meet


def _mark_twins(found: Iterator[tuple[int, list[int]]], labels: dict[int, str], verdicts: NDArray[np.uint8]) -> None:
    for place, twins in found:
        if any(twin < place and labels[twin] == labels[place] and not verdicts[twin] for twin in twins):
            verdicts[place] = _NEAR


def _growing(texts: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Cuts into batches of 1, 2, 4, … texts: of a thousand texts of one template the index then holds the first."""
    size = 1
    while batch := list(islice(texts, size)):
        yield batch
        size = min(2 * size, 1_000)


def _record(row: Row, text: str, habits: _Habits) -> dict[str, Any]:
    record = {"text": text, "label": row.label}
    if habits.groups:
        record["group"] = row.group
    if habits.parts:
        record["split"] = row.part
    return record


def _write(file: IO[str], value: dict[str, Any]) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
