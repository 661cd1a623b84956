"""What a word is made of: its runs of three to five characters, beginnings and endings marked."""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.text.vocabulary import RESERVED, Vocabulary

_SHORTEST: Final = 3
_LONGEST: Final = 5
_MOST: Final = 24  # of a word: its shorter runs come first


def pieces_of(vocabulary: Vocabulary, buckets: int) -> NDArray[np.int32]:
    """Numbers each word's pieces.

    Args:
        vocabulary: Gives the words.
        buckets: Pieces are numbered by a hash up to this; two may share a number.

    Returns:
        Numbers from 1 to `buckets`, and 0 where a word has fewer pieces, shape [vocabulary_size, 24].
    """
    numbers = np.zeros((vocabulary.size, _MOST), np.int32)
    for row, forms in zip(numbers[len(RESERVED) :], vocabulary.words, strict=True):
        found = [zlib.crc32(piece.encode()) % buckets + 1 for piece in _pieces(forms[0])][:_MOST]
        row[: len(found)] = found
    return numbers


def _pieces(word: str) -> list[str]:
    marked = f"<{word}>"
    runs = (
        marked[start : start + length]
        for length in range(_SHORTEST, _LONGEST + 1)
        for start in range(len(marked) - length + 1)
    )
    return list(dict.fromkeys(runs))
