"""What the audit finds in a line by its form: speaker names, mark-up, wrong encodings, boilerplate."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FEWEST_OF_A_NAME = 3  # a name that begins fewer lines is no habit
_MOST_LISTED = 12  # names that an option lists one by one

_SPEAKER = re.compile(r"(\w[\w.'’-]*(?: [\w.'’-]+){0,3})[:：](?: |$)")
_WORD_AFTER = r"[\w.'’-]*"

MARKUP: Final = {
    "tags": re.compile(r"</?[A-Za-z][^<>]{0,500}>"),
    "entities": re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    "addresses": re.compile(r"(?:https?://|www\.)\S+"),
    "links": re.compile(r"\[[^\[\]]{0,500}\]\([^()\s]{0,2000}\)"),
    "brackets": re.compile(r"^[\[{][^\[\]{}]{1,80}[\]}]:?$"),
    "emphasis": re.compile(r"\*\*[^\s*][^*]{0,500}\*\*|(?<!\w)_[^\W_](?:[^_]{0,500}[^\s_])?_(?!\w)"),
}


@dataclass(frozen=True)
class Speakers:
    """The names that begin lines of a corpus, each with how often it stands alone and before other words."""

    alone: dict[str, int]
    before: dict[str, int]

    def is_alone(self, text: str) -> bool:
        """Whether the text is nothing but a name and a colon."""
        name = speaker_of(text)
        return name in self.alone and text.rstrip()[-1:] in ":："

    def without(self, text: str) -> str:
        """Gives the text without the name before it."""
        name = speaker_of(text)
        if name is None or name not in self.before or text.rstrip()[-1:] in ":：" and len(text) <= len(name) + 2:
            return text
        return text[len(name) + 1 :].lstrip()


def speaker_of(text: str) -> str | None:
    """Gives the name in `NAME:` at the beginning of a text: up to four words, all in capitals or each with a capital
    but for words of up to three letters, such as "of". Scripts without capitals give up to two words."""
    match = _SPEAKER.match(text)
    if match is None:
        return None
    words = match[1].split(" ")
    if not any(map(str.isalpha, match[1])) or words[0][0].islower():
        return None
    if not any(map(str.isupper, match[1])):
        return match[1] if len(words) <= 2 and not any(map(str.islower, match[1])) else None
    named = all(not word[0].islower() or (1 < place + 1 < len(words) and len(word) <= 3) for place, word in enumerate(words))
    return match[1] if named else None


def find_speakers(texts: Iterable[str]) -> Speakers:
    """Finds the names that begin at least three lines."""
    alone: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for text in texts:
        name = speaker_of(text)
        if name is not None:
            (alone if len(text.rstrip()) <= len(name) + 1 else before)[name] += 1
    both = alone + before
    if sum(both[name] for name in both if both[name] >= _FEWEST_OF_A_NAME) < _FEWEST_OF_A_NAME:
        return Speakers({}, {})
    habit = {name for name in both if both[name] >= _FEWEST_OF_A_NAME}
    # Where names alone are a habit, the one that speaks once is a speaker too.
    if sum(alone[name] for name in habit) >= 10 * _FEWEST_OF_A_NAME:
        habit |= set(alone)
    return Speakers(
        {name: alone[name] for name in alone if name in habit}, {name: before[name] for name in before if name in habit}
    )


def names_pattern(names: dict[str, int]) -> str:
    """Gives a regular expression for names: one by one if they are few, else by their form."""
    if len(names) <= _MOST_LISTED:
        return "(" + "|".join(re.escape(name).replace(r"\ ", " ") for name in sorted(names)) + ")"
    initials = _ranges({word[0] for name in names for word in name.split(" ") if not word[0].islower()})
    short = r"|\w{1,3}" if any(word[0].islower() for name in names for word in name.split(" ")) else ""
    word = f"[{initials}]{_WORD_AFTER}"
    return f"{word}( ({word}{short})){{0,3}}" if short else f"{word}( {word}){{0,3}}"


def _ranges(characters: set[str]) -> str:
    """Gives a set for a regular expression: whole alphabets where they are known, else the characters."""
    known = {"A-Z": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "А-ЯЁ": "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ", "0-9": "0123456789"}
    parts = [name for name, alphabet in known.items() if characters & set(alphabet)]
    return "".join(parts) + "".join(sorted(characters - set("".join(known.values()))))


def is_damaged(text: str) -> bool:
    """Whether a text was read in a wrong encoding, or holds control characters."""
    if "\ufffd" in text or _CONTROL.search(text):
        return True
    return not text.isascii() and _is_bad(text)


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")


@cache
def _ftfy() -> tuple[object, object]:
    import ftfy
    import ftfy.badness

    return ftfy, ftfy.badness


def _is_bad(text: str) -> bool:
    import ftfy.badness

    return bool(ftfy.badness.is_bad(text))


def enough_files(count: int) -> int:
    """Gives how many of `count` files a line must stand in to be boilerplate."""
    return max(3, -(-count // 2)) if count < 10 else max(5, -(-count // 10))


def boilerplate(hashes: NDArray[np.uint64], files: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Finds the lines that stand in many files.

    Args:
        hashes: uint64, shape [lines].
        files: int64, shape [lines]: the number of each line's file, from 0.

    Returns:
        The lines' hashes, sorted.
    """
    file_count = int(files.max()) + 1 if len(files) else 0
    order = np.lexsort((files, hashes))
    hashes, files = hashes[order], files[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (files[1:] != files[:-1])
    found, counts = np.unique(hashes[new], return_counts=True)
    return found[counts >= enough_files(file_count)] if file_count > 1 else found[:0]


def scripts_of(text: str) -> Iterator[str]:
    """Gives each letter's script."""
    return (script for character in text if (script := _script(character)))


@cache
def _script(character: str) -> str:
    import unicodedata

    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "LATIN", "MODIFIER": "", "MATHEMATICAL": "LATIN"}.get(name, name)
