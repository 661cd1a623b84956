"""Near-duplicates: texts that share most of their words and bigrams of words.

MinHash signatures, cut into bands, find candidates (Broder 1997; locality-sensitive hashing), and the Jaccard
similarity of their shingles decides. Of one text no more than `MOST_COMPARED` candidates are compared, those of the
rarest bands first, so that the search takes time proportional to the number of texts, whatever they share. Case,
punctuation and the shapes of apostrophes do not count: "The king is dead." and "the King is dead!" are near-duplicates.
"""

import zlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice, pairwise
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.text.words import canonical, words_of

Key = TypeVar("Key", bound=Hashable)
Other = TypeVar("Other", bound=Hashable)

SIMILARITY: Final = 0.6  # of 8 words one may differ, of 16 three
MOST_COMPARED: Final = 32  # candidates of one text
MOST_FOUND: Final = 8  # near-duplicates of one text: where there are more, these stand for the others
_BANDS: Final = 14
_BAND_HASHES: Final = 4  # with 14 bands half of the pairs of similarity 0.5 become candidates, nine of ten of 0.6
_BATCH: Final = 1_000
_DRAWN: Final = 64  # permutations, of which the bands take the first
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2^64 over the golden ratio


def shingles(text: str) -> frozenset[bytes]:
    """Gives a text's words and bigrams of words, in their canonical form."""
    words = [canonical(word).encode("utf-8", "surrogatepass") for word in words_of(text)]
    return frozenset(words) | {b" ".join(pair) for pair in pairwise(words)}


def similarity(one: frozenset[bytes], other: frozenset[bytes]) -> float:
    """The Jaccard similarity: shared shingles over all shingles."""
    shared = len(one & other)
    return shared / max(len(one) + len(other) - shared, 1)


class NearDuplicateIndex(Generic[Key]):
    """Texts, to be asked which of them are near-duplicates of another.

    Attributes:
        compared: How many pairs of texts were compared so far.
    """

    def __init__(self) -> None:
        self.compared = 0
        self._shingles: dict[Key, frozenset[bytes]] = {}
        self._buckets: defaultdict[int, list[Key]] = defaultdict(list)  # the last added is the first looked at

    def add(self, texts: Iterable[tuple[Key, str]]) -> None:
        """Adds texts, each under a key of its own. Of equally good candidates those added last are compared first."""
        for key, of_text, bands in _hashed(texts):
            self._insert(key, of_text, bands)

    def take(self, texts: Iterable[tuple[Other, str]]) -> Iterator[tuple[Other, list[Key]]]:
        """Gives each text's key with those of its near-duplicates here, and takes these out."""
        for key, of_text, bands in _hashed(texts):
            taken: list[Key] = []
            while near := list(self._near(key, of_text, bands)):
                taken += near
                self.remove(near)
            yield key, taken

    def remove(self, keys: Iterable[Key]) -> None:
        """Takes texts out; those that are out already are passed over."""
        for key in keys:
            self._shingles.pop(key, None)

    def find(self, texts: Iterable[tuple[Key, str]]) -> Iterator[tuple[Key, list[Key]]]:
        """Gives each text's key with those of its near-duplicates, at most `MOST_FOUND`.

        A text that was added is not among its own.
        """
        for key, of_text, bands in _hashed(texts):
            yield key, list(islice(self._near(key, of_text, bands), MOST_FOUND))

    def distinct(self, texts: Iterable[tuple[Key, str]]) -> Iterator[tuple[Key, Key | None]]:
        """Adds those of the texts that have no near-duplicate here or before them.

        Yields:
            Each text's key with that of a near-duplicate that was added before it; None where it is added itself.
        """
        for key, of_text, bands in _hashed(texts):
            first = next(self._near(key, of_text, bands), None)
            if first is None:
                self._insert(key, of_text, bands)
            yield key, first

    def _insert(self, key: Key, of_text: frozenset[bytes], bands: Sequence[int]) -> None:
        self._shingles[key] = of_text
        if of_text:
            for band in bands:
                self._buckets[band].append(key)

    def _near(self, key: Hashable, of_text: frozenset[bytes], bands: Sequence[int]) -> Iterator[Key]:
        full = sorted((bucket for band in bands if (bucket := self._buckets.get(band))), key=len)
        seen: set[Hashable] = {key}
        for bucket in full if of_text else ():
            for candidate in self._last(bucket):
                if candidate not in seen:
                    if len(seen) > MOST_COMPARED:
                        return
                    seen.add(candidate)
                    self.compared += 1
                    if similarity(of_text, self._shingles[candidate]) >= SIMILARITY:
                        yield candidate

    def _last(self, bucket: list[Key]) -> list[Key]:
        """Gives the last texts of a bucket, and forgets those on the way that were taken out."""
        last: list[Key] = []
        while bucket and len(last) <= MOST_COMPARED:
            if (key := bucket.pop()) in self._shingles:
                last.append(key)
        bucket.extend(reversed(last))
        return last


def _hashed(texts: Iterable[tuple[Other, str]]) -> Iterator[tuple[Other, frozenset[bytes], list[int]]]:
    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        sets = [shingles(text) for _, text in batch]
        bands = _bands_of(sets)
        yield from ((key, of_text, of_bands) for (key, _), of_text, of_bands in zip(batch, sets, bands, strict=True))


def _bands_of(sets: Sequence[frozenset[bytes]]) -> list[list[int]]:
    """Gives the numbers of each set's bands; those of an empty set mean nothing."""
    sizes = np.array([len(of_text) for of_text in sets], np.int64)
    total = int(sizes.sum())
    if not total:
        return [[] for _ in sets]
    hashes = np.fromiter((zlib.crc32(shingle) for of_text in sets for shingle in of_text), np.uint32, total)
    hashes = _mixed(hashes)
    starts = np.minimum(np.cumsum(sizes) - sizes, total - 1)
    bands = np.zeros((len(sets), _BANDS), np.uint64)
    for place, (factor, offset) in enumerate(zip(*_permutations(), strict=True)):
        band = place // _BAND_HASHES
        if place % _BAND_HASHES == 0:
            bands[:, band] = band  # equal hashes in another band are no hit
        least = np.minimum.reduceat(hashes * factor + offset, starts)
        bands[:, band] = (bands[:, band] ^ least) * _SPREAD
        bands[:, band] ^= bands[:, band] >> np.uint64(29)
    numbers: list[list[int]] = bands.tolist()
    return numbers


def _mixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's finalizer: a permutation of 32-bit numbers in which each bit changes half of the others."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        hashes = (hashes ^ (hashes >> np.uint32(shift))) * np.uint32(factor)
    return hashes ^ (hashes >> np.uint32(16))


@cache
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Gives factors and offsets of permutations of 32-bit numbers: h -> factor * h + offset, the factor odd."""
    generator = np.random.RandomState(1)
    factors = generator.randint(0, 1 << 31, _DRAWN, np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = generator.randint(0, 1 << 32, _DRAWN, np.uint32)
    count = _BANDS * _BAND_HASHES
    return factors[:count], offsets[:count]
