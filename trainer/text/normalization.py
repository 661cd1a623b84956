"""Normalization: rules from code points to code points, applied once, by longest match.

Every runtime interprets the same rules: SentencePiece compiles them (its own `Precompiled` maps depend on a version of
Unicode), JavaScript reads them out of `vocabulary.json`. What they do not name stays as it is.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from functools import cache
from itertools import permutations
from typing import Final

Rules = tuple[tuple[str, str], ...]

SPACE: Final = "▁"  # how SentencePiece writes a space
APOSTROPHES: Final = "’‘‛ʼʻˈ´`′＇"  # typed or typeset in place of '
_QUOTES: Final = "“”„‟"
_TATWEEL: Final = "ـ"
_SPACES: Final = "\t\n\v\f\r\x85" + SPACE
_EMOJI_PRESENTATION: Final = range(0xFE00, 0xFE10)
# Vowel marks of Arabic, which most people leave out: harakat, the dagger alif, the Koran's signs.
_ARABIC_MARKS: Final = (
    *range(0x0610, 0x061B),
    *range(0x064B, 0x0653),
    *range(0x0656, 0x0660),
    0x0670,
    *range(0x06D6, 0x06DD),
)
_GRAPHEME_JOINER: Final = 0x034F
_DOT_ABOVE: Final = "\u0307"
_END_OF_MARKS: Final = 0x3040  # the punctuation of most scripts is below
_COMMON_MARKS: Final = frozenset((*range(0x21, 0x7F), *range(0xA1, 0x100), *range(0x2010, 0x205F)))
_WIDE_MARKS: Final = frozenset((*range(0x3000, 0x3100), *range(0xFF00, 0xFFF0)))  # where words have no spaces
_WIDE_SCRIPTS: Final = frozenset(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))
_END_OF_EUROPE: Final = 0x0530  # Latin, Greek, Cyrillic
# Where a character may have a case, a composition or a space: without Chinese characters, and without surrogates.
_CHANGING: Final = (*range(1, 0x3400), *range(0xA000, 0xD7B0), *range(0xF900, 0x20000), *range(0x2F800, 0x2FA20))


def clean(text: str) -> str:
    """Takes out what no client can be given: NUL, at which the mobile clients stop; lone surrogates become U+FFFD."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@cache
def all_rules(keep_case: bool = False, fold_accents: bool = False, word_marks_only: bool = False) -> Rules:
    """Gives every rule there is, sorted.

    Args:
        keep_case: Capitals stay capitals.
        fold_accents: Letters lose their accents, for languages whose capitals drop them.
        word_marks_only: Punctuation becomes a space, as in the lesson: only words are left.
    """

    def outcome(character: str) -> str:
        code = ord(character)
        if _is_invisible(code):
            return ""
        if character in _SPACES or unicodedata.category(character)[0] == "Z":
            return " "
        if character in APOSTROPHES:
            return "'"
        if character in _QUOTES:
            return " " if word_marks_only else '"'
        if word_marks_only and code < _END_OF_MARKS and _is_mark(character):
            return " "
        folded = character if keep_case else _lower(character)
        if fold_accents:
            folded = _without_accents(folded)
        return unicodedata.normalize("NFC", folded)

    rules: dict[str, str] = {}
    for character in map(chr, _CHANGING):
        if unicodedata.category(character) in ("Cn", "Co"):
            continue
        new = outcome(character)
        if new != character:
            rules[character] = new
        for spelling in _decomposed(character):
            rules[spelling] = new
            capital = spelling[0].upper()
            if not keep_case and len(capital) == 1:  # some composed letters have no composed capital
                rules.setdefault(capital + spelling[1:], new)
    if not keep_case:
        rules |= {letter + _DOT_ABOVE: "i" for letter in "iI"}  # what lower-casing makes of İ
    if fold_accents:
        rules |= {chr(code): "" for code in range(0x0300, 0x0370)}
    return tuple(sorted(rules.items()))


def with_marks_apart(rules: Rules, alphabet: Collection[str]) -> Rules:
    """Sets punctuation marks, symbols and emoji apart by spaces: `(hello` and `hello` are then the same piece.

    Apostrophes stand inside words, and scripts without spaces get none.

    Args:
        rules: What gives the alphabet.
        alphabet: The characters of normalized text.
    """
    apart = {mark: f" {mark} " for mark in alphabet if _is_mark(mark) and ord(mark) not in _WIDE_MARKS}
    return tuple(sorted(({old: apart.get(new, new) for old, new in rules} | apart).items()))


def rules_for(alphabet: Collection[str], rules: Rules) -> Rules:
    """Keeps the rules whose outcome the pieces know; those that remove, or give a space, always.

    A European letter with an accent that the pieces do not know loses it, and so does its decomposed spelling. A common
    mark that they do not know is a space, so that it spoils no word.

    Args:
        alphabet: The characters of the pieces.
        rules: All there are.
    """
    known, outcomes = set(alphabet) - {SPACE} | {" "}, dict(rules)
    scripts = {_script(character) for character in known}
    kept = {code: "" for code in map(chr, range(0x0300, 0x0370)) if code not in known}
    marks = (*map(chr, range(_END_OF_MARKS)), *map(chr, sorted(_WIDE_MARKS)))
    kept |= {mark: " " for mark in marks if _is_mark(mark) and _is_of(mark, scripts)}
    kept |= dict.fromkeys(f"'{APOSTROPHES}", " ")
    for code in range(0xC0, _END_OF_EUROPE):
        character = chr(code)
        plain = _without_accents(outcomes.get(character, character))
        if plain != character and plain and known.issuperset(plain):
            kept[character] = plain
    kept = {old: new for old, new in kept.items() if old not in known}
    for old, new in rules:
        if known.issuperset(new) and (new.strip(" ") or _is_of(old, scripts)):
            kept[old] = new
    return tuple(sorted(kept.items()))


def normalizer(rules: Rules) -> Callable[[str], str]:
    """Gives the function that applies rules once, by longest match; spaces are neither trimmed nor joined."""
    single = {ord(old): new for old, new in rules if len(old) == 1}
    longer = {old: new for old, new in rules if len(old) > 1}
    follow = "".join(sorted({old[1] for old in longer}))
    if not longer:
        return lambda text: text.translate(single)
    second = re.compile(f"[{re.escape(follow)}]")
    longest = max(map(len, longer))

    def normalize(text: str) -> str:
        if text.isascii() or not second.search(text):
            return text.translate(single)
        out, at = [], 0
        while at < len(text):
            for size in range(min(longest, len(text) - at), 1, -1):
                if (new := longer.get(text[at : at + size])) is not None:
                    out.append(new)
                    at += size
                    break
            else:
                out.append(single.get(ord(text[at]), text[at]))
                at += 1
        return "".join(out)

    return normalize


def squeeze(text: str) -> str:
    """Joins spaces and trims them, as SentencePiece does."""
    return re.sub(" +", " ", text).strip(" ")


def _is_invisible(code: int) -> bool:
    if code > 0xFFFF or chr(code) in _SPACES:
        return False
    kind = unicodedata.category(chr(code))
    special = code in _EMOJI_PRESENTATION or code in _ARABIC_MARKS or code == _GRAPHEME_JOINER or chr(code) == _TATWEEL
    return kind in ("Cc", "Cf") or special


def _is_of(character: str, scripts: set[str]) -> bool:
    """Whether text in these scripts may hold a mark: Arabic's vowel marks stand in Arabic alone."""
    code, script = ord(character[0]), _script(character)
    if code in _WIDE_MARKS:
        return not scripts.isdisjoint(_WIDE_SCRIPTS)
    return script in scripts or (script != "ARABIC" and not (_is_mark(character[0]) and code not in _COMMON_MARKS))


def _is_mark(character: str) -> bool:
    """Whether it is punctuation, a symbol or an emoji; an apostrophe is a part of words."""
    return unicodedata.category(character)[0] in "PS" and character not in ("'", SPACE)


@cache
def _script(character: str) -> str:
    return unicodedata.name(character[0], "").split(" ")[0]


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(mark for mark in apart if not 0x0300 <= ord(mark) < 0x0370))


def _lower(character: str) -> str:
    if character == "İ":
        return "i"
    lower = character.lower()
    return "σ" if lower == "ς" else lower


def _decomposed(character: str) -> Iterator[str]:
    """Gives the other spellings of a composed character: some or all of its marks apart, in any order."""
    apart = unicodedata.normalize("NFD", character)
    if len(apart) < 2 or unicodedata.normalize("NFC", apart) != character:
        return
    spellings = set()
    for marks in {apart[1:], *("".join(order) for order in permutations(apart[1:]) if len(apart) > 2)}:
        for size in range(len(marks)):
            first = unicodedata.normalize("NFC", apart[0] + marks[:size])
            spelling = first + marks[size:]
            if len(first) == 1 and unicodedata.normalize("NFC", spelling) == character:
                spellings.add(spelling)
    yield from spellings - {character}
