"""Shards of training phrases as numbers: each with its altered copies, the same whoever encodes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.encoding.augment import Speller
from trainer.text.vocabulary import Vocabulary
from trainer.text.words import unpunctuated

SHARD: Final = 10_000  # phrases encoded at once
DRAWN_IN_ORDER: Final = 100  # shards whose slips one generator draws, one after the other; each later one has its own
_COPIES_OF_FEW: Final = 4  # misspelt ones, of a third of the weight each: one point better on misspelt text than one


class Copies(NamedTuple):
    """Altered copies of some phrases of a shard.

    Attributes:
        texts: Altered.
        places: Of their phrases in the shard, shape [copies].
        weight: How much each counts.
    """

    texts: list[str]
    places: NDArray[np.int64]
    weight: float


class Job(NamedTuple):
    """A shard to be encoded.

    Attributes:
        number: Its place among all, from 0.
        texts: Of its phrases.
        copies: Of them; None: they are made where it is encoded.
    """

    number: int
    texts: list[str]
    copies: list[Copies] | None


class Ids(NamedTuple):
    """Encoded texts.

    Attributes:
        ids: Of their pieces, one text after the other, shape [pieces].
        lengths: Pieces of each, int32, shape [texts].
        places: Of their phrases in the shard, int64, shape [texts].
        weight: How much each counts.
    """

    ids: NDArray[Any]
    lengths: NDArray[np.int32]
    places: NDArray[np.int64]
    weight: float


@dataclass(frozen=True)
class Maker:
    """What turns phrases into numbers.

    Attributes:
        vocabulary: Gives the ids.
        misspelt_weight: Of a misspelt copy of every phrase; 0: no copies.
        unpunctuated_weight: Of a copy without capitals and punctuation; 0: no copies.
        seed: Draws the slips.
    """

    vocabulary: Vocabulary
    misspelt_weight: float
    unpunctuated_weight: float
    seed: int

    @property
    def dtype(self) -> Any:
        """Of the ids."""
        return np.dtype(np.uint16 if self.vocabulary.size <= 1 << 16 else np.int32)

    @cached_property
    def _speller(self) -> Speller:
        return Speller.of(self.vocabulary)

    def copies(self, texts: Sequence[str], generator: np.random.Generator, *, few: bool) -> list[Copies]:
        """Makes altered copies; a copy that reads as its phrase does is none.

        Args:
            texts: A shard's.
            generator: Draws the slips.
            few: Whether these are all the phrases there are, and few.
        """
        plain = texts if self.vocabulary.reads_capitals else [text.lower() for text in texts]
        found = []
        for altered, weight in self._altered(texts, generator, _COPIES_OF_FEW if few else 1):
            changed = [place for place, text in enumerate(texts) if altered[place] not in (text, plain[place])]
            found.append(Copies([altered[place] for place in changed], np.array(changed, np.int64), weight))
        return found

    def _altered(
        self, texts: Sequence[str], generator: np.random.Generator, count: int
    ) -> list[tuple[Sequence[str], float]]:
        bare, found = texts, list[tuple[Sequence[str], float]]()
        if self.unpunctuated_weight:
            bare = [unpunctuated(text) or text for text in texts]
            found.append((bare, self.unpunctuated_weight))
        for _ in range(count if self.misspelt_weight else 0):
            sources = texts
            if self.unpunctuated_weight:
                sources = [pair[int(generator.integers(2))] for pair in zip(texts, bare, strict=True)]
            slips = [self._speller.misspell(text, generator) for text in sources]
            found.append((slips, self.misspelt_weight if count == 1 else self.misspelt_weight / (count - 1)))
        return found

    def encode(self, texts: Sequence[str], places: NDArray[np.int64], weight: float) -> Ids:
        """Gives the ids of texts."""
        encoded = self.vocabulary.encode_all(texts) if texts else []
        lengths = np.array([len(ids) for ids in encoded], np.int32)
        ids = np.fromiter((each for ids in encoded for each in ids), self.dtype, int(lengths.sum()))
        return Ids(ids, lengths, places, weight)


def encode_shard(maker: Maker, job: Job) -> list[Ids]:
    """Encodes a shard: its phrases, then each kind of copies."""
    maker = _ready(maker)
    copies = job.copies
    if copies is None:
        copies = maker.copies(job.texts, np.random.default_rng([maker.seed, job.number]), few=False)
    originals = maker.encode(job.texts, np.arange(len(job.texts), dtype=np.int64), 1.0)
    return [originals, *(maker.encode(*of_kind) for of_kind in copies)]


@lru_cache(maxsize=1)
def _ready(maker: Maker) -> Maker:
    """Gives the first of equal ones: what its vocabulary reads with is made once in a process."""
    return maker
