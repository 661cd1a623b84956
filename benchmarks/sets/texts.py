"""The texts that the benchmarks learn from and are tested on: python benchmarks/accuracy.py --corpus union

The last tenth of each label is for the test, the tenth before it for validation; where rows are known to belong
together, as a paper's, they are not divided. Lines are tested as they are printed. Windows are cut from the same rows
as running text, with the same lengths for each label: length tells nothing. "Typed" is lower case without punctuation,
as people type.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

import corpora
import numpy as np

from trainer.cli.options import add_data, corpus_of
from trainer.data import built_in
from trainer.data.corpus import Corpus, Phrase, Row, filtered
from trainer.splitting.leakage import leaked
from trainer.text.words import normalize, unpunctuated, word_spans

ILIAD: Final = Path(__file__).parents[3] / "shared" / "data" / "iliad"
SPEAKER: Final = r"^[A-Z][\w'’.-]*( [\w'’.-]+){0,3}:$"
SHARE: Final = 0.1  # of each label's rows for each of validation and test
MOST_ROWS: Final = 25_000  # of a label of the State of the Union, the largest of these texts
MOST_PHRASES: Final = 10_000  # of a test: their 95 % interval is a point wide
TRAINED: Final = (3, 16)  # words of the windows that the alternatives learn from, besides the lines
TRAINED_PASSES: Final = 2  # at other places each time
TYPED_SHARE: Final = 1 / 3  # of what the alternatives learn from
LENGTHS: Final = ((3, 3), (4, 6), (7, 10), (11, 16), (17, 40), (120, 120))  # words; the last are ten windows long
USUAL: Final = (6, 14)  # words of the windows that the accuracy is given for


@dataclass(frozen=True)
class Training:
    """What the alternatives learn from.

    Attributes:
        lines: As they are printed.
        mixed: Lines and windows, a third of them typed, in an order drawn by chance.
        seed: By which windows and order were drawn.
    """

    lines: Sequence[Phrase]
    mixed: Sequence[Phrase]
    seed: int


def iliad() -> Corpus:
    """The lesson's four authors as the web has them, without blank lines and speaker names."""
    return _read("--data", str(ILIAD), "--drop", SPEAKER)


def federalist() -> Corpus:
    """The rows of a paper follow one another, though a table's usually do not."""
    return replace(_laid_out(corpora.federalist, "Federalist papers"), running=True)


def union() -> Corpus:
    corpus = _laid_out(corpora.union, "State of the Union")
    seen: Counter[str] = Counter()
    rows = []
    for row in corpus.rows():
        seen[row.label] += 1
        if seen[row.label] <= MOST_ROWS:
            rows.append(row)
    return replace(corpus, read=lambda _: iter(rows))


CORPORA: Final[dict[str, Callable[[], Corpus]]] = {
    "iliad": iliad,
    "lesson": lambda: filtered(built_in.load()),
    "brontes": lambda: _laid_out(corpora.brontes, "Brontë chapters"),
    "federalist": federalist,
    "union": union,
}


def available() -> list[str]:
    """Gives the corpora that can be read here, the default one first."""
    return [name for name in CORPORA if name != "iliad" or ILIAD.is_dir()]


def load(name: str) -> Corpus:
    """Gives a corpus that is in memory and divided: every row is of a part."""
    return divided(CORPORA[name]())


def _laid_out(lay_out: Callable[[Path], list[str]], name: str) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        corpus = _read(*lay_out(Path(folder)))
        rows = tuple(corpus.rows())
    return replace(corpus, name=name, read=lambda _: iter(rows))


def _read(*options: str) -> Corpus:
    parser = argparse.ArgumentParser()
    add_data(parser, to_split=True)
    return filtered(corpus_of(parser.parse_args(options)))


def divided(corpus: Corpus) -> Corpus:
    """Reads a corpus into memory, and marks each row with its part."""
    of_label: dict[str, list[Row]] = {}
    for row in corpus.rows():
        of_label.setdefault(row.label, []).append(row)
    rows = tuple(row for kept in of_label.values() for row in _divided(kept))
    return replace(corpus, read=lambda _: iter(rows))


def _divided(rows: Sequence[Row]) -> list[Row]:
    """Gives a label's last whole groups to the test until it has its share, those before them to validation."""
    groups = [list(of_group) for _, of_group in groupby(rows, key=lambda row: row.group or (row.file, row.number))]
    parts = {}
    place = len(groups)
    for part in ("test", "validation"):
        held = 0
        while place > 1 and held < SHARE * len(rows):
            place -= 1
            held += len(groups[place])
            parts[place] = part
    return [replace(row, part=parts.get(place, "train")) for place, group in enumerate(groups) for row in group]


def of_part(corpus: Corpus, part: str) -> list[Row]:
    return [row for row in corpus.rows() if row.part == part]


def windows(rows: Sequence[Row], shortest: int, longest: int, seed: int) -> list[Phrase]:
    """Cuts each label's rows, as running text, into windows, every length as often as every other.

    Lengths are dealt like cards from a shuffled deck that holds each once; a deck that is not dealt to its end is left
    out. So a label with more text has more windows, and yet length tells nothing about the label.
    """
    generator = np.random.default_rng(seed)
    deck_size = longest - shortest + 1
    phrases = []
    for label, of_label in groupby(rows, key=lambda row: row.label):
        deck = _deck(shortest, longest, generator)
        texts = (list(of_text) for _, of_text in groupby(of_label, key=lambda row: (row.file, row.group)))
        pieces: list[str] = []
        wanted = next(deck)
        for of_text in texts:
            text = normalize(" ".join(row.text for row in of_text))
            spans, position = word_spans(text), 0
            while position + wanted <= len(spans):
                pieces.append(_piece(text, spans, position, position + wanted))
                position, wanted = position + wanted, next(deck)
        phrases += [Phrase(piece, label) for piece in pieces[: len(pieces) // deck_size * deck_size]]
    return phrases


def _deck(shortest: int, longest: int, generator: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(length) for length in generator.permutation(np.arange(shortest, longest + 1)))


def _piece(text: str, spans: Sequence[tuple[int, int]], first: int, end: int) -> str:
    """Gives some words as they stand in the text, with the punctuation that follows the last one."""
    stop = spans[end][0] if end < len(spans) else len(text)
    piece, last_word = text[spans[first][0] : stop], spans[end - 1][1] - spans[first][0]
    return piece[:last_word] + piece[last_word:].split(" ")[0]


def test_lines(corpus: Corpus, part: str) -> list[Phrase]:
    """Gives a part's lines, without those that stand in training too, or nearly, and repeated ones."""
    rows = of_part(corpus, part)
    training = (row for row in corpus.rows() if row.part == "train")
    known = leaked(enumerate(row.text for row in rows), training, corpus.running)
    once = {unpunctuated(row.text): Phrase(row.text, row.label) for place, row in enumerate(rows) if place not in known}
    return list(once.values())


def tests(corpus: Corpus, part: str) -> dict[str, list[Phrase]]:
    """Gives what is asked of every system, by name."""
    rows = of_part(corpus, part)
    printed = {"lines": test_lines(corpus, part), "windows": windows(rows, *USUAL, seed=0)}
    found = printed | {"typed": _typed(printed["windows"])}
    for low, high in LENGTHS:
        found[length_name(low, high)] = _typed(windows(rows, low, high, seed=0))
    found["printed paragraphs"] = windows(rows, *LENGTHS[-1], seed=0)
    return {name: _some(phrases) for name, phrases in found.items()}


def length_name(low: int, high: int) -> str:
    return f"{low} words" if low == high else f"{low} to {high} words"


def _typed(phrases: Sequence[Phrase]) -> list[Phrase]:
    return [replace(phrase, text=unpunctuated(phrase.text)) for phrase in phrases]


def _some(phrases: list[Phrase]) -> list[Phrase]:
    if len(phrases) <= MOST_PHRASES:
        return phrases
    chosen = np.random.default_rng(0).choice(len(phrases), MOST_PHRASES, replace=False)
    return [phrases[int(place)] for place in np.sort(chosen)]


def training(corpus: Corpus, seed: int) -> Training:
    """Gives what the alternatives learn from."""
    rows = of_part(corpus, "train")
    lines = [Phrase(row.text, row.label) for row in rows]
    mixed = list(lines)
    for number in range(TRAINED_PASSES):
        mixed += windows(rows, *TRAINED, seed=seed * TRAINED_PASSES + number)
    generator = np.random.default_rng(seed)
    low = generator.random(len(mixed)) < TYPED_SHARE
    mixed = [
        replace(phrase, text=unpunctuated(phrase.text)) if as_typed else phrase
        for phrase, as_typed in zip(mixed, low, strict=True)
    ]
    return Training(lines, [mixed[int(place)] for place in generator.permutation(len(mixed))], seed)
