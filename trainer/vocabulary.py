"""The tokenizer contract: word characters, marks, surface forms, word ids.

raw string -> without NUL, NFC -> maximal runs of word characters, and each mark where the vocabulary has marks
-> each looked up in the surface forms -> ids.
`vocabulary.json` holds all of it; every runtime, this one too, is an interpreter of that file.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
_NO_MARKS: Final = APOSTROPHES + "<>"
_ALWAYS: Final = "".join(map(chr, [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)])) + APOSTROPHES
MOST_FORMS: Final = 3_000_000  # in memory while counting; above that, what was seen once is forgotten
# Curly double quotes and the two long dashes are the typesetter's choice, as the apostrophe's shape is: an edition
# that prints one of them would otherwise be told by its printer. An ellipsis or a single quote is no other's variant.
_SHAPES: Final = {"’": "'", "“": '"', "”": '"', "–": "—"}
_TO_PLAIN: Final = str.maketrans(_SHAPES)
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


def token_pattern(word_characters: str, marks: str = "") -> re.Pattern[str]:
    """Matches one token: a maximal run of word characters, or one mark."""
    return re.compile(f"[{re.escape(word_characters)}]+" + (f"|[{re.escape(marks)}]" if marks else ""))


def is_mark(token: str) -> bool:
    """Whether it is one punctuation mark or symbol that may be a token of its own.

    Apostrophes belong to words, and with `<` or `>` a text could spell a reserved token.
    """
    return len(token) == 1 and unicodedata.category(token)[0] in "PS" and token not in _NO_MARKS


def words_of(text: str) -> list[str]:
    """Gives a text's words where no training text has said yet what its word characters are: all letters, digits and
    marks there are, and the apostrophes."""
    return _any_word(text).findall(text.replace("\0", "") if text.isascii() else normalize(text))


def typed(text: str) -> str:
    """Gives a text as people type it: lower case, no punctuation, straight apostrophes."""
    return " ".join(canonical(word) for word in words_of(text))


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
        word_characters: Every character that a word may hold; all others delimit, except the marks.
        words: The surface forms of word id 2, of 3, and so on; the first of each is its canonical form.
        labels: The labels, in the order of the model's outputs.
        sequence_length: How many word ids the model reads at once.
        marks: Every character that is a token of its own, and stands in `words` like a word; none: they all delimit.
    """

    word_characters: str
    words: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    sequence_length: int
    marks: str = ""

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
        return token_pattern(self.word_characters, self.marks)

    def tokenize(self, text: str) -> list[str]:
        """Gives the text's words as they are written, and its marks among them."""
        return self._pattern.findall(normalize(text))

    def words_in(self, text: str) -> list[str]:
        """Gives the text's words as they are written, without its marks: what a reader would count."""
        marks = set(self.marks)
        return [token for token in self.tokenize(text) if token not in marks]

    def encode(self, text: str) -> list[int]:
        """Gives the ids of all the text's tokens, uncut and unpadded; an unknown word's is `UNKNOWN_ID`."""
        return [self.ids.get(token, UNKNOWN_ID) for token in self.tokenize(text)]

    def to_json(self) -> dict[str, Any]:
        return {
            "format": "byline-vocabulary",
            "version": 1,
            "normalization": "NFC",
            "word_characters": [list(span) for span in ranges(self.word_characters)],
            **({"marks": [list(span) for span in ranges(self.marks)]} if self.marks else {}),
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
        return cls.from_json(read_json(path), str(path))

    @classmethod
    def from_json(cls, value: Any, source: str) -> "Vocabulary":
        """Validates what a `vocabulary.json` holds.

        Args:
            value: The parsed file.
            source: What a mistake names.

        Raises:
            UserError: It breaks the schema or a rule of the contract.
        """
        import jsonschema  # half of what --help would wait for

        schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
        error = next(jsonschema.Draft202012Validator(schema).iter_errors(value), None)
        if error is not None:
            raise UserError(f"{source}: {error.json_path}: {error.message[:200]}")
        vocabulary = cls(
            word_characters=_characters(value, "word_characters", source),
            words=tuple(tuple(forms) for forms in value["words"]),
            labels=tuple(value["labels"]),
            sequence_length=value["sequence_length"],
            marks=_characters(value, "marks", source),
        )
        vocabulary.validate(source)
        return vocabulary

    def validate(self, source: str) -> None:
        """Holds the vocabulary against the rules that a schema cannot say.

        The mobile clients crash on a list that breaks them, so they are checked before anything is exported.

        Raises:
            UserError: A word character is no letter, digit, combining mark or apostrophe; a mark is none, or has no
                id; a surface form has another character, is not NFC, or stands twice; a label stands twice.
        """
        for character in self.word_characters:
            if unicodedata.category(character)[0] not in "LMN" and character not in APOSTROPHES:
                raise UserError(
                    f"{source}: word character U+{ord(character):04X} is no letter, digit, mark or apostrophe"
                )
        for character in self.marks:
            if not is_mark(character):
                raise UserError(
                    f"{source}: mark U+{ord(character):04X} is no punctuation mark or symbol that may be a token"
                )
        seen: set[str] = set()
        for word_id, forms in enumerate(self.words, len(RESERVED)):
            for form in forms:
                if not self._pattern.fullmatch(form) or normalize(form) != form:
                    raise UserError(
                        f"{source}: word {word_id}: {form!r} is not made of word characters in NFC, nor a mark"
                    )
                if form in seen:
                    raise UserError(f"{source}: word {word_id}: {form!r} stands twice")
                seen.add(form)
        for character in self.marks:
            if character not in seen:
                raise UserError(f"{source}: mark {character!r} is none of the words' forms, so it has no id")
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


def _characters(value: dict[str, Any], key: str, source: str) -> str:
    """Gives the characters of the ranges that stand under a key; none where it is left out."""
    spans = value.get(key, ())
    for first, last in spans:
        if first > last:
            raise UserError(f"{source}: $.{key}: the range {first!r} to {last!r} runs backwards")
    return "".join(chr(code) for first, last in spans for code in range(ord(first), ord(last) + 1))


def count(
    texts: Iterable[str],
    labels: Sequence[str],
    sequence_length: int,
    minimum_count: int,
    maximum_words: int,
    punctuation: bool = False,
) -> Vocabulary:
    """Counts a vocabulary on the training texts.

    Words that differ in case or in the apostrophe's shape alone are one word. Words are numbered by frequency.

    Args:
        texts: The training split's texts, and no other's. They are read once.
        labels: In the order of the model's outputs.
        sequence_length: How many word ids the model reads at once.
        minimum_count: A word that occurs less often is unknown, and a mark delimits.
        maximum_words: Of more words than this, marks among them, the most frequent are kept.
        punctuation: Marks are tokens of their own, and a writing with capitals that occurs `minimum_count` times is a
            word of its own.
    """
    written, word_characters = _count_forms(texts, punctuation)
    word_of = _frequent_writing(written, minimum_count) if punctuation else canonical
    counts: Counter[str] = Counter()
    seen_forms: dict[str, set[str]] = {}
    for form, occurrences in written.items():
        counts[word_of(form)] += occurrences
        seen_forms.setdefault(canonical(form), set()).add(form)
    ranked = sorted((-occurrences, word) for word, occurrences in counts.items() if occurrences >= minimum_count)
    words = _with_forms([word for _, word in ranked[:maximum_words]], seen_forms, token_pattern(word_characters))
    marks = "".join(sorted(form for forms in words for form in forms if is_mark(form)))
    return Vocabulary(word_characters, words, tuple(labels), sequence_length, marks)


def _count_forms(texts: Iterable[str], punctuation: bool) -> tuple[Counter[str], str]:
    """Gives how often each word is written in each form, each mark too where they are asked for, and the word
    characters."""
    written: Counter[str] = Counter()
    word_characters = set(word_characters_of(()))
    for text in texts:
        written.update(words_of(text))
        if punctuation:
            written.update({mark: times for mark, times in Counter(normalize(text)).items() if is_mark(mark)})
        if len(written) > MOST_FORMS:
            word_characters.update(word_characters_of(written))
            written = Counter({form: occurrences for form, occurrences in written.items() if occurrences > 1})
    return written, "".join(sorted(word_characters.union(word_characters_of(written))))


def _frequent_writing(written: Counter[str], minimum_count: int) -> Callable[[str], str]:
    """Gives the function from a form to the word that it counts for: its own writing, capitals and all, where that is
    frequent enough to be learned, or else the word in lower case."""
    writings: Counter[str] = Counter()
    for form, occurrences in written.items():
        writings[_plain(form)] += occurrences
    return lambda form: plain if writings[plain := _plain(form)] >= minimum_count else canonical(form)


def _with_forms(
    words: Sequence[str], seen_forms: dict[str, set[str]], pattern: re.Pattern[str]
) -> tuple[tuple[str, ...], ...]:
    """Gives each word its surface forms, the word first; no form has two.

    A word's own writing is its own. All other forms of a word, seen or not, go to the lower-case word; if there is
    none, to the most frequent writing of it.
    """
    homes: dict[str, str] = {}
    for word in words:
        homes.setdefault(canonical(word), word)
    homes.update({word: word for word in words if word == canonical(word)})
    taken = {form: word for word in words for form in _shapes(word)}
    listed = []
    for word in words:
        lower = canonical(word)
        forms = _shapes(word) | (_surface_forms(lower, seen_forms[lower]) if homes[lower] == word else set())
        fitting = [form for form in [word, *sorted(forms - {word})] if pattern.fullmatch(form) or is_mark(form)]
        mine = tuple(form for form in fitting if taken.setdefault(form, word) == word)
        if mine:
            listed.append(mine)
    return tuple(listed)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _plain(form: str) -> str:
    """The form with its typesetter's choices undone, case and all."""
    return form.translate(_TO_PLAIN)


def canonical(form: str) -> str:
    """Gives the form by which a word is counted: lower case, straight apostrophes."""
    if is_mark(form):  # a circled letter has a lower case too, but is another sign
        return _plain(form)
    return _composed(form.lower()).replace("’", "'")


def _shapes(word: str) -> set[str]:
    """A word in straight apostrophes, or a plain mark, in each of its shapes."""
    return {word} | {word.replace(plain, shape) for shape, plain in _SHAPES.items()}


def _surface_forms(word: str, seen: set[str]) -> set[str]:
    """The word as training text writes it, in lower case, in capitals, with its first letter a capital, each with
    either apostrophe; of a mark its shapes alone."""
    if is_mark(word):
        return _shapes(word)
    first = next((index for index, character in enumerate(word) if character not in APOSTROPHES), 0)
    titled = word[:first] + word[first:][:1].upper() + word[first + 1 :]
    cased = {_composed(form) for form in (word, word.upper(), titled, *seen)}
    return cased | {form.replace(old, new) for form in cased for old, new in (("'", "’"), ("’", "'"))}
