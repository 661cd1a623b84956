"""The tokenizer contract: word characters, surface forms, word ids.

raw string -> without NUL, NFC -> maximal runs of word characters -> each looked up in the surface forms -> ids.
`vocabulary.json` holds all of it; every runtime, this one too, is an interpreter of that file.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from trainer.errors import UserError
from trainer.files import read_json, write_json

PADDING_ID: Final = 0
UNKNOWN_ID: Final = 1
RESERVED: Final = ("<PAD>", "<UNKNOWN>")  # ids 0 and 1; `<` and `>` are never word characters
APOSTROPHES: Final = "'’"
_ALWAYS: Final = "".join(map(chr, [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)])) + APOSTROPHES
MOST_FORMS: Final = 3_000_000  # in memory while counting; above that, what was seen once is forgotten
SCHEMA_FILE: Final = Path(__file__).parent / "vocabulary.schema.json"


def normalize(text: str) -> str:
    """Takes NUL out, which MediaPipe would stop at, and composes accents (NFC)."""
    return unicodedata.normalize("NFC", text.replace("\0", ""))


def word_characters_of(texts: Iterable[str]) -> str:
    """Gives the word characters of a training text, sorted.

    They are its letters, digits and marks in either case, the apostrophes, and the ASCII letters and digits, so that a
    foreign word is marked as unknown and not passed over.
    """
    seen = set(_ALWAYS)
    for character in set().union(*map(set, map(normalize, texts))):
        if unicodedata.category(character)[0] in "LMN":
            seen.update(character, *_composed(character.lower()), *_composed(character.upper()))
    return "".join(sorted(seen))


def word_pattern(word_characters: str) -> re.Pattern[str]:
    """Matches one word: a maximal run of word characters."""
    return re.compile(f"[{re.escape(word_characters)}]+")


def words_of(text: str) -> list[str]:
    """Gives a text's words where no training text has said yet what its word characters are: all letters, digits and
    marks there are, and the apostrophes."""
    return _any_word(text).findall(text.replace("\0", "") if text.isascii() else normalize(text))


def word_spans(text: str) -> list[tuple[int, int]]:
    """Gives where the words stand that `words_of` finds in a normalized text: start and end, in characters."""
    return [match.span() for match in _any_word(text).finditer(text)]


def has_word(text: str) -> bool:
    """Whether `words_of` finds any."""
    return _any_word(text).search(text) is not None


_ASCII_WORD = re.compile("[A-Za-z0-9']+")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def _any_word(text: str) -> re.Pattern[str]:
    """A set that reaches beyond the basic plane is eight times slower: few texts need it."""
    return _ASCII_WORD if text.isascii() else _unicode_word(beyond=_BEYOND_BMP.search(text) is not None)


@cache
def _unicode_word(beyond: bool) -> re.Pattern[str]:
    last = sys.maxunicode if beyond else 0xFFFF
    known = (chr(code) for code in range(last + 1) if unicodedata.category(chr(code))[0] in "LMN")
    spans = ranges("".join(known) + APOSTROPHES)
    return re.compile("[" + "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in spans) + "]+")


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer contract of one model.

    Attributes:
        word_characters: Every character that a word may hold; all others delimit.
        words: The surface forms of word id 2, of 3, and so on; the first of each is its canonical form.
        labels: The labels, in the order of the model's outputs.
        sequence_length: How many word ids the model reads at once.
    """

    word_characters: str
    words: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    sequence_length: int

    @property
    def size(self) -> int:
        """How many ids there are, with the two reserved ones."""
        return len(self.words) + len(RESERVED)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Surface form -> word id."""
        return {form: word_id for word_id, forms in enumerate(self.words, len(RESERVED)) for form in forms}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return word_pattern(self.word_characters)

    def tokenize(self, text: str) -> list[str]:
        """Gives the text's words as they are written."""
        return self._pattern.findall(normalize(text))

    def encode(self, text: str) -> list[int]:
        """Gives the ids of all the text's words, uncut and unpadded; an unknown word's is `UNKNOWN_ID`."""
        return [self.ids.get(token, UNKNOWN_ID) for token in self.tokenize(text)]

    def to_json(self) -> dict[str, Any]:
        return {
            "format": "byline-vocabulary",
            "version": 1,
            "normalization": "NFC",
            "word_characters": [list(span) for span in ranges(self.word_characters)],
            "sequence_length": self.sequence_length,
            "padding_id": PADDING_ID,
            "unknown_id": UNKNOWN_ID,
            "reserved": list(RESERVED),
            "words": [list(forms) for forms in self.words],
            "labels": list(self.labels),
        }

    def write(self, path: Path) -> None:
        write_json(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Reads and validates a `vocabulary.json`.

        Raises:
            UserError: The file is missing, or breaks the schema or a rule of the contract.
        """
        import jsonschema  # half of what --help would wait for

        value = read_json(path)
        schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
        error = next(jsonschema.Draft202012Validator(schema).iter_errors(value), None)
        if error is not None:
            raise UserError(f"{path}: {error.json_path}: {error.message[:200]}")
        for first, last in value["word_characters"]:
            if first > last:
                raise UserError(f"{path}: $.word_characters: the range {first!r} to {last!r} runs backwards")
        vocabulary = cls(
            word_characters="".join(
                chr(code) for first, last in value["word_characters"] for code in range(ord(first), ord(last) + 1)
            ),
            words=tuple(tuple(forms) for forms in value["words"]),
            labels=tuple(value["labels"]),
            sequence_length=value["sequence_length"],
        )
        vocabulary.validate(str(path))
        return vocabulary

    def validate(self, source: str) -> None:
        """Holds the vocabulary against the rules that a schema cannot say.

        The mobile clients crash on a list that breaks them, so they are checked before anything is exported.

        Raises:
            UserError: A character is no letter, digit, mark or apostrophe; a surface form has another character, is
                not NFC, or stands twice; a label stands twice.
        """
        for character in self.word_characters:
            if unicodedata.category(character)[0] not in "LMN" and character not in APOSTROPHES:
                raise UserError(
                    f"{source}: word character U+{ord(character):04X} is no letter, digit, mark or apostrophe"
                )
        seen: set[str] = set()
        for word_id, forms in enumerate(self.words, len(RESERVED)):
            for form in forms:
                if not self._pattern.fullmatch(form) or normalize(form) != form:
                    raise UserError(f"{source}: word {word_id}: {form!r} is not made of word characters in NFC")
                if form in seen:
                    raise UserError(f"{source}: word {word_id}: {form!r} stands twice")
                seen.add(form)
        if len(set(self.labels)) != len(self.labels):
            raise UserError(f"{source}: a label stands twice")


def ranges(characters: str) -> list[tuple[str, str]]:
    """Gives sorted characters as ranges, first and last included."""
    spans: list[tuple[str, str]] = []
    for character in sorted(set(characters)):
        if spans and ord(character) == ord(spans[-1][1]) + 1:
            spans[-1] = (spans[-1][0], character)
        else:
            spans.append((character, character))
    return spans


def count(
    texts: Iterable[str], labels: Sequence[str], sequence_length: int, minimum_count: int, maximum_words: int
) -> Vocabulary:
    """Counts a vocabulary on the training texts.

    Words that differ in case or in the apostrophe's shape alone are one word. Words are numbered by frequency.

    Args:
        texts: The training split's texts, and no other's. They are read once.
        labels: In the order of the model's outputs.
        sequence_length: How many word ids the model reads at once.
        minimum_count: A word that occurs less often is unknown.
        maximum_words: Of more words than this, the most frequent are kept.
    """
    written, word_characters = _count_forms(texts)
    pattern = word_pattern(word_characters)
    counts: Counter[str] = Counter()
    seen_forms: dict[str, set[str]] = {}
    for form, occurrences in written.items():
        word = canonical(form)
        counts[word] += occurrences
        seen_forms.setdefault(word, set()).add(form)
    ranked = sorted((-occurrences, word) for word, occurrences in counts.items() if occurrences >= minimum_count)
    taken: set[str] = set()
    words = []
    for _, word in ranked[:maximum_words]:
        forms = [word, *sorted(_surface_forms(word, seen_forms[word]) - {word} - taken)]
        forms = [form for form in forms if form not in taken and pattern.fullmatch(form)]
        if forms:
            words.append(tuple(forms))
            taken.update(forms)
    return Vocabulary(word_characters, tuple(words), tuple(labels), sequence_length)


def _count_forms(texts: Iterable[str]) -> tuple[Counter[str], str]:
    """Gives how often each word is written in each form, and the word characters."""
    written: Counter[str] = Counter()
    word_characters = set(word_characters_of(()))
    for text in texts:
        written.update(words_of(text))
        if len(written) > MOST_FORMS:
            word_characters.update(word_characters_of(written))
            written = Counter({form: occurrences for form, occurrences in written.items() if occurrences > 1})
    return written, "".join(sorted(word_characters.union(word_characters_of(written))))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def canonical(form: str) -> str:
    """Gives the form by which a word is counted: lower case, straight apostrophes."""
    return _composed(form.lower()).replace("’", "'")


def _surface_forms(word: str, seen: set[str]) -> set[str]:
    """The word as training text writes it, in lower case, in capitals, with its first letter a capital, each with
    either apostrophe."""
    first = next((index for index, character in enumerate(word) if character not in APOSTROPHES), 0)
    titled = word[:first] + word[first:][:1].upper() + word[first + 1 :]
    cased = {_composed(form) for form in (word, word.upper(), titled, *seen)}
    return cased | {form.replace(old, new) for form in cased for old, new in (("'", "’"), ("’", "'"))}
