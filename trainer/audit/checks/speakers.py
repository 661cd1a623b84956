"""Speaker names: lines that are a name and a colon, or that begin with one, as plays and interviews have them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_FEWEST_OF_A_NAME: Final = 3  # a name that begins fewer lines is no habit
_LEAST_SHARE: Final = 0.001  # of all lines: rarer is no habit of the corpus
_BEFORE: Final = (0.01, 10)  # share of all lines of one name or word, or lines of several: "Update:" is no speaker
_A_PLAY: Final = 30  # lines of one name and nothing else: here the name that stands once is a speaker too
_MOST_LISTED: Final = 12  # names that an option lists one by one

_SPEAKER = re.compile(r"([^\s:：]{1,60}(?: [^\s:：]{1,60}){0,3})[:：](?: |$)")
_INNER = r"[^\s:：,;!?…]*"  # not \w, which is no vowel sign of Hindi
_ALPHABETS: Final = {
    "A-Z": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "А-ЯЁ": "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "0-9": "0123456789",
}


@dataclass(frozen=True)
class Speakers:
    """The names that begin lines of a corpus, each with how often it stands alone and before other words."""

    alone: dict[str, int]
    before: dict[str, int]

    def is_alone(self, text: str) -> bool:
        """Whether the text is nothing but a name and a colon."""
        name, rest = split_speaker(text)
        return not rest and name in self.alone

    def is_before(self, text: str) -> bool:
        """Whether the text begins with a name and a colon."""
        name, rest = split_speaker(text)
        return bool(rest) and name in self.before


def split_speaker(text: str) -> tuple[str, str]:
    """Parts a text that may begin with `NAME:` into the name, "" where there is none, and the rest.

    A name is up to four words, in capitals or each with a first capital, but for inner words of up to three letters,
    such as "of"; in a script without capitals up to two words.
    """
    match = _SPEAKER.match(text)
    if match is None or not _is_name(match[1]):
        return "", text
    return match[1], text[match.end() :].strip()


def _is_name(name: str) -> bool:
    words = name.split(" ")
    if not name[0].isalnum() or any(unicodedata.category(c)[0] not in "LMN" and c not in " .'’-" for c in name):
        return False
    if name.lower() == name.upper():
        return len(words) <= 2 and any(map(str.isalpha, name))
    if words[0][0].islower() or words[-1][0].islower() or not any(map(str.isupper, name)):
        return False
    return all(not word[0].islower() or len(word) <= 3 for word in words)


def find_speakers(texts: Iterable[str]) -> Speakers:
    """Finds the names that begin at least three lines, if they are a habit: one line of a thousand where they stand
    alone; before other words a hundredth of all lines, or ten lines of several names."""
    alone: Counter[str] = Counter()
    before: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        name, rest = split_speaker(text) if ":" in text or "：" in text else ("", text)
        if name:
            (before if rest else alone)[name] += 1
    in_play = _habit(alone, count)
    if sum(in_play.values()) >= _A_PLAY:
        in_play = dict(alone)
    often = _habit(before, count)
    share, least = _BEFORE
    lines = sum(often.values())
    if lines < share * count and (len(often) < 2 or lines < least):
        often = {}
    return Speakers(in_play, often | {name: before[name] for name in in_play if before[name]})


def _habit(names: Counter[str], count: int) -> dict[str, int]:
    often = {name: lines for name, lines in names.items() if lines >= _FEWEST_OF_A_NAME}
    return often if sum(often.values()) >= _LEAST_SHARE * count else {}


def names_pattern(names: Iterable[str]) -> str:
    """Gives a regular expression for names: one by one if they are few, else by their form."""
    names = sorted(names)
    if len(names) <= _MOST_LISTED:
        return "(" + "|".join(re.escape(name).replace(r"\ ", " ") for name in names) + ")"
    words = [word for name in names for word in name.split(" ")]
    word = f"[{_characters({word[0] for word in words if not word[0].islower()})}]{_INNER}"
    later = rf"({word}|[^\s:：,;!?…]{{1,3}})" if any(word[0].islower() for word in words) else word
    return f"{word}( {later}){{0,3}}"


def _characters(initials: set[str]) -> str:
    """Gives the inside of a set: whole alphabets where they are known, else the characters."""
    whole = [name for name, alphabet in _ALPHABETS.items() if initials & set(alphabet)]
    return "".join(whole) + "".join(sorted(initials.difference(*_ALPHABETS.values())))
