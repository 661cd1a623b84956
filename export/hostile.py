"""Generated strings that break tokenizers: what the proof asks of every runtime beside the test phrases."""

import os
import sys
import unicodedata
from collections.abc import Callable
from typing import Final

import numpy as np

from trainer.text.normalization import SPACE
from trainer.text.vocabulary import Vocabulary

COUNT: Final = int(os.environ.get("BYLINE_HOSTILE", "2000"))  # the tests of a whole CI ask for more
_FIXED: Final = (
    "",
    " ",
    "\0",
    "\r\n\r\n",
    "'",
    "’’’",
    "<pad> <unk> [CLS] [SEP] <s> </s>",
    "▁ ▁▁ a▁b ▁the",
    "__proto__ constructor toString hasOwnProperty",
    "</script><script>alert(1)</script>",
    "e\u0301\u0302 a\u030a \u0041\u030a \u1e9b\u0323",  # accents composed, decomposed and twice
    "\ufb01ne ﬀ Å K ſ İ ı ß ẞ",  # look-alikes that NFC keeps apart, and letters whose case maps badly
    "İstanbul istanbul I\u0307 i\u0307 ISTANBUL",
    "don´t don`t donʼt don‘t don’t don't",
    "1234567890 ٣٤ Ⅷ ½",
    "👩‍👩‍👧‍👦 🇺🇸 ✨ ❤️ great😀 😀😀",
    "\u202eright to left\u202c \u200bzero\u200bwidth \u00adsoft \ufeffmark a\u200cb a\u200db a\u2060b",
    "日本語 한국어 \u1112\u1161\u11ab ไทย ຂໍ້ ကမ္ဘာ ខ្មែរ עִבְרִית العَرَبِيَّة عـــربي Ελληνικά ΣΑΣ हिन्दी",
    "\x1b[31m\x07\x7f\x85\u2028\u2029\u3000\u00a0",
    "“Stop!” he cried: „halt‟, «no»; ‘tis—well… the ‹end›?!",
    "!!! ... …… --- ——— –– ,,,, ;;: ?!?! ((([[[{{{}}}]]])))",
    "^]\\[-a-z] \\w+ \\u{41} $& .* (?:x) ${1} % # @ ~ | &amp; _",
    "!\u0301,\u0338=\u0338<\u0338 .\u200d. ;\u037e ·\u0387 `\u1fef",  # marks with accents, and some that NFC changes
    "\ud800 \udc00x \udbff\ud800 \U0010ffff \ufffe",
    "a" * 3_000,
    "\u0301" * 50,
)
_BETWEEN: Final = (
    " ",
    "  ",
    ", ",
    ". ",
    "—",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "-",
    "; ",
    "/",
    "\u00a0",
    "\u2003",
    "!?",
    "…",
    "",
)
_ASSIGNED: Final = (0x20, 0x2FFF, 0x3000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x1FFFF)


def strings(vocabulary: Vocabulary, seed: int, count: int = COUNT) -> list[str]:
    """Gives `count` strings: the fixed ones, one of 10,000 words, mixtures of known pieces made hostile, and any code
    points."""
    generator = np.random.default_rng(seed)
    words = [piece.strip(SPACE) for piece in vocabulary.pieces if piece != SPACE]

    def phrase(length: int) -> str:
        chosen = [words[int(index)] for index in generator.integers(0, len(words), length)]
        return "".join(_twist(word, generator) + _BETWEEN[int(generator.integers(len(_BETWEEN)))] for word in chosen)

    longest = phrase(10_000)
    lengths = generator.integers(0, 3 * vocabulary.sequence_length, max(0, count - len(_FIXED) - 1))
    mixtures = [_any(int(n) // 4, generator) if number % 4 == 3 else phrase(int(n)) for number, n in enumerate(lengths)]
    return [*_FIXED, longest, *mixtures][:count]


def _any(length: int, generator: np.random.Generator) -> str:
    """Gives code points of any kind, those of one stretch beside each other as in text."""
    if not length:
        return ""
    low, high = _ASSIGNED[2 * (place := int(generator.integers(len(_ASSIGNED) // 2)))], _ASSIGNED[2 * place + 1]
    first = int(generator.integers(low, high))
    codes = first + generator.integers(-60, 60, length)
    return "".join(chr(int(code)) for code in np.clip(codes, 1, sys.maxunicode) if not 0xD800 <= code < 0xE000)


_TWISTS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.title,
    str.swapcase,
    lambda word: unicodedata.normalize("NFD", word),
    lambda word: word[:1] + word[1:].upper(),
    lambda word: word.replace("'", "’"),
    lambda word: f"'{word}'",
    lambda word: f"“{word}”",
    lambda word: f"—{word}–",
    lambda word: word + "\u0301",
    lambda word: word[:2] + "\0" + word[2:],
    lambda word: word[:1] + "\u00ad\u200b" + word[1:],
    lambda word: word + "🙂",
    lambda word: word + "7",
    lambda word: word[::-1],
)


def _twist(word: str, generator: np.random.Generator) -> str:
    """Leaves half of the words as they are."""
    return word if generator.random() < 0.5 else _TWISTS[int(generator.integers(len(_TWISTS)))](word)
