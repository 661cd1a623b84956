"""Generated strings that break tokenizers: what the proof asks of every runtime beside the test phrases."""

import random
import sys
import unicodedata
from collections.abc import Callable
from typing import Final

from trainer.text.normalization import SPACE
from trainer.text.vocabulary import Vocabulary

COUNT: Final = 2_000  # that a proof asks of every runtime; tests ask for ten times as many, a benchmark for a million
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
_STRETCHES: Final = (  # of code points: the crowded ones more often than by their length
    (0x20, 0x2FF),
    (0x300, 0x10FF),
    (0x1100, 0x2FFF),
    (0x3000, 0xA4CF),
    (0xA4D0, 0xD7FF),
    (0xE000, 0xFFFF),
    (0x10000, 0x1FFFF),
    (0x20000, sys.maxunicode),
)
_SCRIPTS: Final = (  # letters and their marks, of which whole words are made
    (0x61, 0x17F),
    (0x370, 0x3FF),
    (0x400, 0x45F),
    (0x5D0, 0x5EA),
    (0x620, 0x670),
    (0x904, 0x96F),
    (0xE01, 0xE5B),
    (0xE81, 0xEDF),
    (0x1000, 0x1049),
    (0x10D0, 0x10FF),
    (0x1100, 0x11FF),
    (0x1780, 0x17E9),
    (0x3041, 0x30FF),
    (0x4E00, 0x52FF),
    (0xAC00, 0xAFFF),
    (0x1F300, 0x1F64F),
)


def strings(vocabulary: Vocabulary, seed: int, count: int = COUNT) -> list[str]:
    """Gives `count` strings: the fixed ones, one of 10,000 words, and by turns mixtures of known pieces made hostile,
    words of any script and any code points."""
    generator = random.Random(seed)
    words = [piece.strip(SPACE) for piece in vocabulary.pieces if piece != SPACE] or ["a"]

    def phrase(length: int) -> str:
        return "".join(_twist(generator.choice(words), generator) + generator.choice(_BETWEEN) for _ in range(length))

    longest = phrase(10_000)
    made = []
    for number in range(count - len(_FIXED) - 1):
        length = generator.randrange(3 * vocabulary.sequence_length)
        if number % 4 == 3:
            made.append(_any(length // 4, generator))
        elif number % 4 == 1:
            made.append(_foreign(length // 4, generator))
        else:
            made.append(phrase(length))
    return [*_FIXED, longest, *made][:count]


def every_code_point(length: int = 64) -> list[str]:
    """Gives strings of `length` code points, each between two letters, all of Unicode among them."""
    codes = [code for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    return [
        " ".join(f"a{chr(code)}b" for code in codes[start : start + length]) for start in range(0, len(codes), length)
    ]


def _any(length: int, generator: random.Random) -> str:
    """Gives code points of any kind, those of one stretch beside each other as in text, lone surrogates among them."""
    low, high = generator.choice(_STRETCHES)
    first = generator.randint(low, high)
    codes = (min(max(first + generator.randint(-60, 60), 1), sys.maxunicode) for _ in range(length))
    return "".join(chr(code) if generator.random() < 0.99 else "\ud83d" for code in codes)


def _foreign(length: int, generator: random.Random) -> str:
    """Gives words of one script."""
    low, high = generator.choice(_SCRIPTS)
    words = ("".join(chr(generator.randint(low, high)) for _ in range(generator.randint(1, 7))) for _ in range(length))
    return "".join(_twist(word, generator) + generator.choice(_BETWEEN) for word in words)


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


def _twist(word: str, generator: random.Random) -> str:
    """Leaves half of the words as they are."""
    return word if generator.random() < 0.5 else generator.choice(_TWISTS)(word)
