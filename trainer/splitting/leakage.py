"""What is held out and stands in training too: near twins, and text that training holds line by line otherwise."""

from collections.abc import Iterable, Iterator
from itertools import islice

from trainer.data.corpus import Row
from trainer.splitting.near_duplicates import TwinIndex
from trainer.text.words import canonical, words_of

PASSAGE = 5  # words
_HELD = 0.5  # of a row's passages found in training: it was copied, whatever the lines


def leaked(held_out: Iterable[tuple[int, str]], training: Iterable[Row], running: bool) -> set[int]:
    """Finds the rows held out that training holds as well.

    A row is leaked if it has a near twin in training, or if at least half of its passages, each five words on end, are
    found there: so is a chapter that was copied with its lines broken elsewhere.

    Args:
        held_out: Rows with their numbers. They are kept in memory.
        training: Rows in the order of the source, read once.
        running: Whether a file's rows follow one another as running text, and passages run on over their ends.

    Returns:
        The numbers of the rows that are leaked.
    """
    index: TwinIndex[int] = TwinIndex()
    passages: dict[int, set[tuple[str, ...]]] = {}
    index.add(_noting(held_out, passages))
    wanted = set().union(*passages.values()) if passages else set()
    seen: set[tuple[str, ...]] = set()
    found: set[int] = set()
    for _, twins in index.find(_watching(training, running, wanted, seen)):
        found.update(twins)
        for twin in twins:  # it is not asked for again: thousands of rows may be of one template
            index.remove(twin)
    copied = {number for number, of_row in passages.items() if len(of_row & seen) >= _HELD * len(of_row)}
    return found | copied


def _noting(
    held_out: Iterable[tuple[int, str]], passages: dict[int, set[tuple[str, ...]]]
) -> Iterator[tuple[int, str]]:
    for number, text in held_out:
        of_row = set(_passages([canonical(word) for word in words_of(text)]))
        if of_row:
            passages[number] = of_row
        yield number, text


def _watching(
    training: Iterable[Row], running: bool, wanted: set[tuple[str, ...]], seen: set[tuple[str, ...]]
) -> Iterator[tuple[int, str]]:
    file, tail = "", list[str]()
    for row in training:
        words = [canonical(word) for word in words_of(row.text)]
        before = tail if running and row.file == file else []
        seen.update(wanted.intersection(_passages(before + words)))
        file, tail = row.file, (before + words)[1 - PASSAGE :]
        yield -1, row.text


def _passages(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(words, start, None) for start in range(PASSAGE)), strict=False)
