"""What a model sees of a phrase that sees only its punctuation, only its capitals, only its length, …"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby, pairwise

from trainer.audit.sample import canonical_of

PartialInput = Callable[[str, Sequence[str]], list[str]]  # a phrase's text and its words as written -> features

_MOST_REPEATS = 6  # of one mark in a phrase: more are one feature
_NOT_TEXT = re.compile(r"[^\w\s]")


@cache
def is_mark(character: str) -> bool:
    """Punctuation or a symbol, the apostrophe too: neither letter, digit, accent nor space."""
    return unicodedata.category(character)[0] in "PS"


def punctuation(text: str, forms: Sequence[str]) -> list[str]:
    """Which marks, how many of each, and how they follow one another."""
    marks = [mark for mark in _NOT_TEXT.findall(text) if is_mark(mark)]
    counts = [f"{mark}×{min(count, _MOST_REPEATS)}" for mark, count in Counter(marks).items()]
    framed = [
        "^" + (text[:1] if text[:1] and is_mark(text[0]) else ""),
        *marks,
        "$" + (text[-1:] if text[-1:] and is_mark(text[-1]) else ""),
    ]
    return [*counts, framed[0], framed[-1], *(f"{one} {other}" for one, other in pairwise(framed))]


def shape(word: str) -> str:
    """Gives how a word is written: "X" in capitals, "Xx" with a first capital, "x" in lower case, "xX" mixed."""
    if word.islower() or word.lower() == word.upper():
        return "x"
    if word.isupper():
        return "X" if len(word) > 1 else "Xx"
    return "Xx" if word[0].isupper() and not any(map(str.isupper, word[1:])) else "xX"


def case(text: str, forms: Sequence[str]) -> list[str]:
    """Shapes of words. How many words are in lower case is not told: that would be the length."""
    shapes = list(map(shape, forms))
    counts = [f"{kind}×{min(count, _MOST_REPEATS)}" for kind, count in Counter(shapes).items() if kind != "x"]
    runs = ["^", *(kind for kind, _ in groupby(shapes)), "$"]
    upper = sum(kind != "x" for kind in shapes) * 8 // max(len(shapes), 1)
    return [f"upper{upper}", *counts, *map(" ".join, zip(runs, runs[1:], runs[2:], strict=False))]


def length(text: str, forms: Sequence[str]) -> list[str]:
    """How many words and characters, and how long the words are."""
    characters = len(text)
    per_word = min(characters * 2 // max(len(forms), 1), 30)
    step = 3 if characters < 120 else 15 if characters < 600 else 120
    words = len(forms) if len(forms) < 40 else len(forms) // 10 * 10
    return [f"w{words}", f"c{characters // step * step}", f"m{per_word}"]


def first_word(text: str, forms: Sequence[str]) -> list[str]:
    return [canonical_of(forms[0])] if forms else []


def capitalised(text: str, forms: Sequence[str]) -> list[str]:
    """The words that begin with a capital, but for the first one: most of them are names."""
    return [canonical_of(form) for form in forms[1:] if form.lstrip("'’")[:1].isupper()]


PARTIAL_INPUTS: dict[str, PartialInput] = {
    "punctuation": punctuation,
    "case": case,
    "length": length,
    "first_word": first_word,
    "capitalised": capitalised,
}
