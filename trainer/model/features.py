"""What the linear part sees of a row of ids: pieces, adjacent bigrams, and character n-grams.

An n-gram inside a piece depends on the piece alone, so what is learned of it folds exactly into the piece's row; one
that crosses the border between two pieces of a word folds into the row of their bigram.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, SEP_ID, UNKNOWN_ID, Vocabulary

Rows = NDArray[Any]  # framed rows of piece ids, shape [rows, S]
SHORTEST_NGRAM: Final = 2  # characters
_END: Final = "\0"  # the end of the text among characters: no piece holds it


def is_piece(rows: Rows) -> NDArray[np.bool_]:
    """Says where pieces stand, `<unk>` among them: neither padding nor a border of the text."""
    return np.asarray((rows == UNKNOWN_ID) | (rows >= len(RESERVED)))


def piece_numbers(rows: Rows) -> NDArray[np.float32]:
    """Counts the pieces of each row, one at least, shape [rows]."""
    return np.asarray(np.maximum(is_piece(rows).sum(axis=1), 1), np.float32)


def piece_counts(rows: Rows, vocabulary_size: int) -> Any:
    """Counts each row's pieces: sparse, shape [rows, vocabulary_size]."""
    from scipy import sparse

    there = is_piece(rows)
    numbers = np.nonzero(there)[0]
    values = np.ones(len(numbers), np.float32)
    return sparse.csr_matrix((values, (numbers, rows[there])), shape=(len(rows), vocabulary_size))


def bigram_codes(rows: Rows, vocabulary_size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives every adjacent bigram, the text's borders among its members, as first * vocabulary_size + second.

    Returns:
        The number of its row and its code, for each bigram.
    """
    there = (rows[:, :-1] != 0) & (rows[:, 1:] != 0)
    numbers = np.nonzero(there)[0]
    first, second = rows[:, :-1][there].astype(np.int64), rows[:, 1:][there].astype(np.int64)
    return numbers, first * vocabulary_size + second


def bigram_counts(rows: Rows, codes: NDArray[np.int64], vocabulary_size: int) -> Any:
    """Counts each row's bigrams among sorted `codes`: sparse, shape [rows, bigrams]."""
    from scipy import sparse

    numbers, found = bigram_codes(rows, vocabulary_size)
    if not len(codes):
        return sparse.csr_matrix((len(rows), 0), dtype=np.float32)
    places = np.minimum(np.searchsorted(codes, found), len(codes) - 1)
    known = codes[places] == found
    values = np.ones(int(known.sum()), np.float32)
    return sparse.csr_matrix((values, (numbers[known], places[known])), shape=(len(rows), len(codes)))


def ngrams_of(vocabulary: Vocabulary, codes: NDArray[np.int64], longest: int) -> tuple[Any, Any]:
    """Counts the character n-grams inside each piece, and those that cross the border inside a bigram of pieces.

    The space before a word is a character, and so is the end of the text. No n-gram crosses from one word into the
    next.

    Args:
        vocabulary: Gives the pieces' characters.
        codes: Of bigrams, see `bigram_codes`.
        longest: Characters of the longest n-grams.

    Returns:
        Sparse, shapes [vocabulary_size, ngrams] and [bigrams, ngrams]; an n-gram is the same column in both.
    """
    size = vocabulary.size
    pieces = [""] * len(RESERVED) + list(vocabulary.pieces)
    pieces[SEP_ID] = _END
    index: dict[str, int] = {}
    inside = [
        (piece_id, index.setdefault(gram, len(index)))
        for piece_id, piece in enumerate(pieces)
        for gram in _ngrams(piece, longest)
        if gram != SPACE * len(gram)
    ]
    crossing: list[tuple[int, int]] = []
    for number, (first, second) in enumerate(zip((codes // size).tolist(), (codes % size).tolist(), strict=True)):
        one, other = pieces[first][1 - longest :], pieces[second][: longest - 1]
        if one and other and not other.startswith(SPACE):
            grams = _ngrams(one + other, longest, border=len(one))
            crossing += [(number, index.setdefault(gram, len(index))) for gram in grams]
    return _incidence(inside, size, len(index)), _incidence(crossing, len(codes), len(index))


def _ngrams(text: str, longest: int, border: int | None = None) -> Iterator[str]:
    """Gives a text's n-grams, or those alone that have characters on both sides of a border."""
    for length in range(SHORTEST_NGRAM, longest + 1):
        first = 0 if border is None else max(0, border - length + 1)
        last = len(text) - length if border is None else min(border - 1, len(text) - length)
        yield from (text[start : start + length] for start in range(first, last + 1))


def _incidence(places: list[tuple[int, int]], rows: int, columns: int) -> Any:
    from scipy import sparse

    numbers, found = np.array(places, np.int64).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(len(numbers), np.float32), (numbers, found)), shape=(rows, columns))


@dataclass(frozen=True)
class Block:
    """One kind of feature and how it is weighed.

    Attributes:
        counts: Sparse, shape [rows, features].
        weights: What a count is multiplied by, before the division by the root of the number of pieces, shape
            [features].
    """

    counts: Any
    weights: NDArray[np.float32]


def weigh(counts: Any, occurrences: Any, mean_pieces: float, strength: float, power: float = 1.0) -> Block:
    """Weighs a block by inverse document frequency, and so that its rows have about the length `strength`.

    Args:
        counts: Of all rows, sparse, shape [rows, features].
        occurrences: The same of the rows as they were written, without augmented copies.
        mean_pieces: Of those rows.
        strength: Of this block beside the others.
        power: Of the inverse document frequencies.
    """
    rows = occurrences.shape[0]
    documents = np.asarray((occurrences > 0).sum(axis=0)).ravel()
    idf = (np.log((1 + rows) / (1 + documents)) + 1) ** power
    mean = np.asarray(occurrences.mean(axis=0)).ravel()
    norm = np.sqrt(max(float((idf**2 * mean).sum()) / mean_pieces, 1e-12))
    return Block(counts, (strength * idf / norm).astype(np.float32))
