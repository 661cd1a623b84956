"""Words of running text, where no vocabulary has said yet what its pieces are: for splits, windows and the audit."""

import re
import sys
import unicodedata
from functools import cache
from typing import Final

APOSTROPHES: Final = "'’"


def normalize(text: str) -> str:
    """Takes NUL out, which MediaPipe would stop at, and composes accents (NFC)."""
    return unicodedata.normalize("NFC", text.replace("\0", ""))


def words_of(text: str) -> list[str]:
    """Gives a text's words where no training text has said yet what its word characters are: all letters, digits and
    marks there are, and the apostrophes."""
    return _any_word(text).findall(text.replace("\0", "") if text.isascii() else normalize(text))


def unpunctuated(text: str) -> str:
    """Gives a text lower-cased, its punctuation stripped, with straight apostrophes."""
    return " ".join(canonical(word) for word in words_of(text))


def canonical(form: str) -> str:
    """Gives the form by which a word is counted: lower case, straight apostrophes."""
    return unicodedata.normalize("NFC", form.lower()).replace("’", "'")


def word_spans(text: str) -> list[tuple[int, int]]:
    """Gives where the words stand that `words_of` finds in a normalized text: start and end, in characters."""
    return [match.span() for match in _any_word(text).finditer(text)]


def has_word(text: str) -> bool:
    """Whether `words_of` finds any, or the text has an emoji."""
    return _any_word(text).search(text) is not None or any(
        unicodedata.category(character) == "So" for character in text
    )


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


def ranges(characters: str) -> list[tuple[str, str]]:
    """Gives sorted characters as ranges, first and last included."""
    spans: list[tuple[str, str]] = []
    for character in sorted(set(characters)):
        if spans and ord(character) == ord(spans[-1][1]) + 1:
            spans[-1] = (spans[-1][0], character)
        else:
            spans.append((character, character))
    return spans
