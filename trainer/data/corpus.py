"""A corpus: labelled rows of text, read again from its source each time they are asked for.

Nothing holds all rows in memory: a corpus may be larger than that.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trainer.errors import UserError
from trainer.text.words import has_word


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text of a source: a line, a file, a record of a table.

    Attributes:
        text: Without line breaks, one space between words.
        label: As the source writes it.
        group: What never straddles two parts of a split: a song, a book, a thread; empty where there is none.
        part: "train", "validation" or "test" where the source says so; else empty.
        file: Where it stands, for messages.
        number: Its line or record there, from 1.
    """

    text: str
    label: str
    group: str = ""
    part: str = ""
    file: str = ""
    number: int = 0


@dataclass(frozen=True)
class Phrase:
    """One labelled phrase, as the model is trained or tested on it."""

    text: str
    label: str


Reader = Callable[[Counter[str]], Iterator[Row]]


@dataclass(frozen=True)
class Corpus:
    """Labelled text, before it is split or cut.

    Attributes:
        name: What the corpus calls itself, for the model card.
        title: The question that the model answers, for the page's heading; empty: made of the labels.
        description: One sentence on what it is and where it comes from.
        license: Under which terms the text may be used.
        read: Gives the rows in the order of the source, counting in a Counter what it skips, by reason.
        running: Whether a file's rows follow one another as running text; else each row stands alone.
        path: Where it was read from, for messages; empty for a corpus that comes with Byline.
        expected: Label -> the file or folder that has to hold its text, where a name announces it.
        rare: Label with too few rows -> the label that its rows have instead; "" where they are left out.
        parts: Readers of the source's stretches, which one after the other give what `read` gives; none where it must
            be read from its beginning.
    """

    name: str
    title: str
    description: str
    license: str
    read: Reader
    running: bool = False
    path: str = ""
    expected: Mapping[str, str] = field(default_factory=dict)
    rare: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Reader, ...] = ()

    @property
    def place(self) -> str:
        """What a message calls it."""
        return self.path or self.name

    def rows(self) -> Iterator[Row]:
        """Reads the rows anew."""
        return self.read(Counter())

    def through(self, step: Callable[[Iterator[Row], Counter[str]], Iterator[Row]]) -> "Corpus":
        """Gives the corpus with its rows as a step gives them, which looks at each row for itself."""

        def after(read: Reader) -> Reader:
            return lambda skipped: step(read(skipped), skipped)

        return replace(self, read=after(self.read), parts=tuple(map(after, self.parts)))


def tidy(text: str) -> str:
    """Gives a text as a row holds it: without NUL, halves of characters and line breaks, one space between words."""
    return " ".join(text.replace("\0", "").encode("utf-8", "replace").decode().split())


def of_lines(name: str, title: str, description: str, license: str, lines: Mapping[str, Sequence[str]]) -> Corpus:
    """Makes a corpus of running text that is in memory: label -> lines, in order."""

    def read(_: Counter[str]) -> Iterator[Row]:
        for label, of_label in lines.items():
            for number, line in enumerate(of_label, 1):
                yield Row(line, label, file=label, number=number)

    return Corpus(name, title, description, license, read, running=True)


def joined(corpora: Sequence[Corpus]) -> Corpus:
    """Makes one corpus of several. Of a text that stands in more than one the last counts: a correction comes later."""
    names = " and ".join(corpus.name for corpus in corpora)

    def read(skipped: Counter[str]) -> Iterator[Row]:
        for place, corpus in enumerate(corpora):
            later = {_digest(row.text) for other in corpora[place + 1 :] for row in other.rows()}
            for row in corpus.read(skipped):
                if _digest(row.text) in later:
                    skipped["replaced by a later --data"] += 1
                else:
                    yield row

    return Corpus(
        name=names,
        title="",
        description=f"Learned from {names}.",
        license="",
        read=read,
        running=any(corpus.running for corpus in corpora),
        path=" and ".join(corpus.place for corpus in corpora),
        expected={label: file for corpus in corpora for label, file in corpus.expected.items()},
    )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def filtered(corpus: Corpus, drop: Sequence[str] = (), strip: Sequence[str] = ()) -> Corpus:
    """Takes out what a user asked to take out, and what no model can read.

    Args:
        corpus: What to read.
        drop: Regular expressions; a text in which one is found is left out.
        strip: Regular expressions; what they match is cut out of every text, before `drop` looks at it.

    Raises:
        UserError: A regular expression is not one.
    """
    dropping, stripping = _compiled("--drop", drop), _compiled("--strip", strip)

    def kept(rows: Iterator[Row], skipped: Counter[str]) -> Iterator[Row]:
        for row in rows:
            text = row.text
            for pattern in stripping:
                text = pattern.sub(" ", text)
            if stripping:
                text = tidy(text)
            if any(pattern.search(text) for pattern in dropping):
                skipped["taken out by --drop"] += 1
            elif not text:
                skipped["empty"] += 1
            elif not has_word(text):
                skipped["without a word"] += 1
            else:
                yield row if text == row.text else replace(row, text=text)

    return corpus.through(kept)


def _compiled(option: str, patterns: Sequence[str]) -> list[re.Pattern[str]]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise UserError(f"{option}: {pattern!r} is not a regular expression ({error})") from error
    return compiled
