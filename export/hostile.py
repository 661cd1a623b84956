"""Generated strings that break tokenizers: what the proof asks of every runtime beside the test phrases.

Punctuation is hostile to every tokenizer: to one that keeps marks, and to one that must not.
"""

from collections.abc import Callable

import numpy as np

from trainer.text.vocabulary import Vocabulary

COUNT = 2_000
_FIXED = (
    "",
    " ",
    "\0",
    "\r\n\r\n",
    "'",
    "’’’",
    "<PAD> <UNKNOWN> <START>",
    "__proto__ constructor toString hasOwnProperty",
    "</script><script>alert(1)</script>",
    "e\u0301\u0302 a\u030a \u0041\u030a \u1e9b\u0323",  # accents composed, decomposed and twice
    "\ufb01ne ﬀ Å K ſ İ ı ß ẞ",  # look-alikes that NFC keeps apart, and letters whose case maps badly
    "1234567890 ٣٤ Ⅷ ½",
    "👩‍👩‍👧‍👦 🇺🇸 ✨",
    "\u202eright to left\u202c \u200bzero\u200bwidth \u00adsoft \ufeffmark",
    "日本語 한국어 ไทย עברית العربية Ελληνικά",
    "\x1b[31m\x07\x7f\x85\u2028\u2029",
    "“Stop!” he cried: „halt‟, «no»; ‘tis—well… the ‹end›?!",
    "!!! ... …… --- ——— –– ,,,, ;;: ?!?! ((([[[{{{}}}]]])))",
    "“”„‟\"\"''’’‘‘`´ ‐‑‒–—―−-",
    "^]\\[-a-z] \\w+ \\u{41} $& .* (?:x) ${1} % # @ ~ | &amp; _",
    "!\u0301,\u0338=\u0338<\u0338 .\u200d. ;\u037e ·\u0387 `\u1fef",  # marks with accents, and some that NFC changes
    ",\0,\0. \0“\0” .\0",
)
_BETWEEN = (" ", "  ", ", ", ". ", "—", "\n", "\r\n", "\t", "\0", " \0 ", "-", "; ", "/", "\u00a0", "\u2003", "!?", "…")
_MARKS = (",", ".", "...", "!!", "--", " – ", "“", "”", '"', " ‘", "(", ")")


def strings(vocabulary: Vocabulary, seed: int) -> list[str]:
    """Gives `COUNT` strings: the fixed ones, one of 10,000 words, and mixtures of known words made hostile."""
    generator = np.random.default_rng(seed)
    words = [forms[0] for forms in vocabulary.words] or ["word"]
    own = (*vocabulary.marks, vocabulary.marks) if vocabulary.marks else ()
    between = (*_BETWEEN, *_MARKS, *own)

    def phrase(length: int) -> str:
        chosen = [words[int(index)] for index in generator.integers(0, len(words), length)]
        return "".join(_twist(word, generator) + between[int(generator.integers(len(between)))] for word in chosen)

    longest = phrase(10_000)
    lengths = generator.integers(0, 3 * vocabulary.sequence_length, COUNT - len(_FIXED) - 1)
    return [*_FIXED, longest, *(phrase(int(length)) for length in lengths)]


_TWISTS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.title,
    str.swapcase,
    lambda word: word[:1] + word[1:].upper(),
    lambda word: word.replace("'", "’"),
    lambda word: word.replace("’", "'"),
    lambda word: f"'{word}'",
    lambda word: f"“{word}”",
    lambda word: f"‘{word},’",
    lambda word: f"—{word}–",
    lambda word: word + "\u0301",
    lambda word: word[:2] + "\0" + word[2:],
    lambda word: word + "🙂",
    lambda word: word + "7",
    lambda word: word[::-1],
)


def _twist(word: str, generator: np.random.Generator) -> str:
    """Leaves half of the words as they are."""
    return word if generator.random() < 0.5 else _TWISTS[int(generator.integers(len(_TWISTS)))](word)
