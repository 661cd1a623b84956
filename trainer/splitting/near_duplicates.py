"""Near twins: texts that share most of their words and pairs of words.

MinHash by `datasketch` finds candidates, and the Jaccard similarity of their shingles decides. Case, punctuation and
apostrophes' shapes do not count: "The king is dead." and "the King is dead!" are twins.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

from trainer.text.words import canonical, words_of

if TYPE_CHECKING:
    from datasketch import MinHash

Key = TypeVar("Key")

SIMILARITY = 0.6  # of 8 words one may differ, of 16 three
_CANDIDATE = 0.5  # MinHash misses pairs near its threshold: it is asked for more
_PERMUTATIONS = 64
_BATCH = 1_000


def shingles(text: str) -> frozenset[bytes]:
    """Gives a text's words and pairs of neighbouring words, in their canonical form."""
    words = [canonical(word).encode("utf-8", "surrogatepass") for word in words_of(text)]
    return frozenset(words) | {b" ".join(pair) for pair in pairwise(words)}


def similarity(one: frozenset[bytes], other: frozenset[bytes]) -> float:
    """The Jaccard similarity: shared shingles over all shingles."""
    return len(one & other) / max(len(one | other), 1)


class TwinIndex(Generic[Key]):
    """Texts, to be asked which of them are near twins of another."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._lsh = MinHashLSH(threshold=_CANDIDATE, num_perm=_PERMUTATIONS)
        self._shingles: dict[Key, frozenset[bytes]] = {}

    def add(self, texts: Iterable[tuple[Key, str]]) -> None:
        """Adds texts, each under a key of its own."""
        for key, of_text, hashed in _hashed(texts):
            self._lsh.insert(key, hashed, check_duplication=False)
            self._shingles[key] = of_text

    def remove(self, key: Key) -> None:
        """Takes a text out."""
        self._lsh.remove(key)
        del self._shingles[key]

    def find(self, texts: Iterable[tuple[Key, str]]) -> Iterator[tuple[Key, list[Key]]]:
        """Gives each text's key with the keys of its near twins, itself among them where it was added."""
        for key, of_text, hashed in _hashed(texts):
            candidates = self._lsh.query(hashed)
            yield key, [twin for twin in candidates if similarity(of_text, self._shingles[twin]) >= SIMILARITY]


def _hashed(texts: Iterable[tuple[Key, str]]) -> Iterator[tuple[Key, frozenset[bytes], "MinHash"]]:
    from datasketch import MinHash

    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        sets = [shingles(text) for _, text in batch]
        hashes = MinHash.bulk(sets, num_perm=_PERMUTATIONS, seed=1, hashfunc=zlib.crc32)
        yield from ((key, of_text, hashed) for (key, _), of_text, hashed in zip(batch, sets, hashes, strict=True))
