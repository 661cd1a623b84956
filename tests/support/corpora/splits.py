"""Made corpora whose lines say where they stood, and their splits."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from trainer.data.corpus import Corpus, Phrase, Row, of_lines
from trainer.data.profile import profile_of
from trainer.encoding.encode import Encoded, encode
from trainer.splitting.split import BLOCKS, PARTS, Split, split
from trainer.text.vocabulary import Vocabulary

LINES, PER_BLOCK = 400, 400 // BLOCKS


def corpus_of(**lines: tuple[str, ...]) -> Corpus:
    return of_lines("made", "Which?", "Made for a test.", "CC0-1.0", lines)


def of_rows(rows: Iterable[Row], running: bool = False) -> Corpus:
    kept = tuple(rows)

    def read(_: Counter[str]) -> Iterator[Row]:
        return iter(kept)

    return Corpus("made", "", "", "", read, running)


def numbered(label: str, words_a_line: int, count: int = LINES) -> tuple[str, ...]:
    """Lines whose words tell where they stand: `short12w3` is word 3 of line 12."""
    return tuple(" ".join(f"{label}{line}w{word}" for word in range(words_a_line)) for line in range(count))


CORPUS = corpus_of(short=numbered("short", 6), long=numbered("long", 14))


def by_lines(corpus: Corpus = CORPUS, seed: int = 1, random: bool = False) -> Split:
    return split(corpus, profile_of(corpus), seed, random=random)


def by_windows(corpus: Corpus = CORPUS, seed: int = 1, passes: int = 3) -> Split:
    return split(corpus, profile_of(corpus), seed, window=16, passes=passes)


def phrases_of(parts: Split) -> dict[str, list[Phrase]]:
    phrases: dict[str, list[Phrase]] = {part: [] for part in PARTS}
    for part, phrase in parts.phrases():
        phrases[part].append(phrase)
    return phrases


def encoded(parts: Split) -> Encoded:
    vocabulary = Vocabulary((), ("▁a",), (-1.0,), parts.labels, 18, "word")
    options = {"sequence_length": 18, "first_window": False, "misspelt_weight": 0.0, "seed": 1}
    with tempfile.TemporaryDirectory() as folder:
        return encode(parts, vocabulary, Path(folder), **options)  # type: ignore[arg-type]


def line_numbers(phrase: Phrase) -> list[int]:
    return [int(number) for number in re.findall(r"[a-z]+(\d+)w", phrase.text)]


def lines_by_part(parts: Split, label: str) -> dict[str, set[int]]:
    return {
        part: {number for phrase in phrases if phrase.label == label for number in line_numbers(phrase)}
        for part, phrases in phrases_of(parts).items()
    }
