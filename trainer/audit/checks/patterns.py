"""What the audit finds in a line by its form: mark-up, wrong encodings, other scripts, boilerplate."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

MARKUP: Final = {
    "entities": re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    "addresses": re.compile(r"(?:https?://|www\.)\S+"),
    "links": re.compile(r"\[[^\[\]]{0,500}\]\([^()\s]{0,2000}\)"),
    "brackets": re.compile(r"^[\[{][^\[\]{}]{1,80}[\]}]:?$"),
    "emphasis": re.compile(r"\*\*[^\s*][^*]{0,500}\*\*|(?<!\w)_[^\W_](?:[^_]{0,500}[^\s_])?_(?!\w)"),
}

BOILERPLATE_WORDS: Final = 4  # a shorter line may stand anywhere
LOST: Final = "\ufffd"  # stands where a reader met what is no character of its encoding


def is_damaged(text: str) -> bool:
    """Whether a text was read in a wrong encoding, or holds control characters: what can be repaired."""
    if CONTROL.search(text):
        return True
    return not text.isascii() and _is_bad(text.replace(LOST, ""))


CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")


def _is_bad(text: str) -> bool:
    import ftfy.badness

    return bool(ftfy.badness.is_bad(text))


def hash_of(key: str) -> int:
    """Gives 64 bits that stand for a text where the texts themselves would not fit into memory."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def enough_files(count: int) -> int:
    """Gives how many of `count` files a line must stand in to be boilerplate."""
    return max(3, -(-count // 2)) if count < 10 else max(5, -(-count // 10))


def boilerplate(hashes: NDArray[np.uint64], files: NDArray[np.int64], file_count: int) -> NDArray[np.uint64]:
    """Finds the lines that stand in many files.

    Args:
        hashes: uint64, shape [lines].
        files: int64, shape [lines]: the number of each line's file.
        file_count: How many files there are.

    Returns:
        The lines' hashes, sorted.
    """
    if file_count < 2:
        return hashes[:0]
    order = np.lexsort((files, hashes))
    hashes, files = hashes[order], files[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (files[1:] != files[:-1])
    found, counts = np.unique(hashes[new], return_counts=True)
    shared: NDArray[np.uint64] = found[counts >= enough_files(file_count)]
    return shared


def scripts_of(text: str) -> Iterator[str]:
    """Gives each letter's script."""
    return (script for character in text if (script := _script(character)))


@cache
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "LATIN", "MODIFIER": "", "MATHEMATICAL": "LATIN"}.get(
        name, name
    )
