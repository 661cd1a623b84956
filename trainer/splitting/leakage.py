"""What is held out and stands in training too: near-duplicates, and text that training holds line by line otherwise."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from trainer.data.corpus import Row
from trainer.splitting.near_duplicates import SIMILARITY, NearDuplicateIndex
from trainer.text.words import canonical, words_of

PASSAGE: Final = 5  # words
FORMULA: Final = 20  # training rows: a passage that more of them hold is a formula of its genre, and no sign of a copy
_HELD: Final = 0.5  # of a row's passages found in training: it was copied, whatever the lines

Passage = tuple[str, ...]


def leaked(held_out: Iterable[tuple[int, str]], training: Iterable[Row], running: bool) -> dict[int, float]:
    """Finds the rows held out that training holds as well.

    A row is leaked if it has a near-duplicate in training, or if at least half of its passages, each five words on
    end, are found there: so is a chapter that was copied with its lines broken elsewhere. Passages that more than
    `FORMULA` training rows hold ("Dear support team, I am writing") count neither way.

    Args:
        held_out: Rows with their numbers. They are kept in memory.
        training: Rows in the order of the source, read once.
        running: Whether a file's rows follow one another as running text, and passages run on over their ends.

    Returns:
        The numbers of the rows that are leaked, each with how surely: 1 for the same words, `SIMILARITY` for a
        near-duplicate, and half of that for a copy of passages.
    """
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    passages: dict[int, set[Passage]] = {}
    same: dict[str, list[int]] = {}
    index.add(_noting(held_out, passages, same))
    counts = dict.fromkeys(set().union(*passages.values()), 0) if passages else {}
    found: dict[int, float] = {}
    watched = _watching(training, running, counts)
    for words, near in index.take(watched):
        found |= dict.fromkeys(near, SIMILARITY)
        if copies := same.pop(words, None):
            index.remove(copies)
            found |= dict.fromkeys(copies, 1.0)
    for number, of_row in passages.items():
        telling = [counts[passage] for passage in of_row if counts[passage] <= FORMULA]
        if number not in found and telling and sum(map(bool, telling)) >= _HELD * len(telling):
            found[number] = SIMILARITY / 2
    return found


def _noting(
    held_out: Iterable[tuple[int, str]], passages: dict[int, set[Passage]], same: dict[str, list[int]]
) -> Iterator[tuple[int, str]]:
    for number, text in held_out:
        words = _words(text)
        if of_row := set(_passages(words)):
            passages[number] = of_row
        if words:
            same.setdefault(" ".join(words), []).append(number)
        yield number, text


def _watching(training: Iterable[Row], running: bool, counts: dict[Passage, int]) -> Iterator[tuple[str, str]]:
    """Gives the words of each training row with its text, and counts the rows that hold a passage that is wanted."""
    file, tail = "", list[str]()
    for row in training:
        words = _words(row.text)
        before = tail if running and row.file == file else []
        for passage in set(_passages(before + words)):
            if passage in counts:
                counts[passage] += 1
        file, tail = row.file, (before + words)[1 - PASSAGE :]
        yield " ".join(words), row.text


def _words(text: str) -> list[str]:
    return [canonical(word) for word in words_of(text)]


def _passages(words: list[str]) -> Iterator[Passage]:
    return zip(*(islice(words, start, None) for start in range(PASSAGE)), strict=False)
