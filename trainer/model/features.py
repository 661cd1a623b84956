"""What the linear part sees of a row of ids: pieces, adjacent bigrams, and character n-grams.

An n-gram inside a piece depends on the piece alone, so what is learned of it folds exactly into the piece's row; one
that crosses the border between two pieces of a word folds into the row of their bigram.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, SEP_ID, UNKNOWN_ID, Vocabulary

Rows = NDArray[Any]  # framed rows of piece ids, shape [rows, S]
Floats = NDArray[np.float32]
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
class Features:
    """What is seen of rows, of three kinds: pieces, bigrams and n-grams.

    Attributes:
        size: Of the vocabulary.
        codes: Of bigrams, sorted, see `bigram_codes`.
        whole: Places of those that are features themselves; the others give their n-grams alone.
        inside: The n-grams of pieces, see `ngrams_of`.
        crossing: Those of bigrams.
        weights: Of each kind, what a count is multiplied by, before the division by the root of the number of pieces.
        times: How often each piece stands in the rows, shape [size], and each bigram, shape [bigrams].
    """

    size: int
    codes: NDArray[np.int64]
    whole: NDArray[np.int64]
    inside: Any
    crossing: Any
    weights: tuple[Floats, ...] = ()
    times: tuple[Floats, ...] = ()

    def counts(self, rows: Rows) -> tuple[Any, Any, Any]:
        """Counts pieces, bigrams and n-grams: sparse, each of shape [rows, features]."""
        pieces, bigrams = piece_counts(rows, self.size), bigram_counts(rows, self.codes, self.size)
        return pieces, bigrams[:, self.whole], pieces @ self.inside + bigrams @ self.crossing

    def matrix(self, rows: Rows, extra: Floats | None = None) -> Any:
        """Gives all features: sparse, shape [rows, features], those of `extra`, shape [rows, more], the last."""
        from scipy import sparse

        scale = sparse.diags((1 / np.sqrt(piece_numbers(rows))).astype(np.float32))
        kinds = zip(self.counts(rows), self.weights, strict=True)
        parts = [scale @ counts @ sparse.diags(weights) for counts, weights in kinds]
        return sparse.hstack([*parts, *([] if extra is None else [sparse.csr_matrix(extra)])], format="csr")


@dataclass(frozen=True)
class Selection:
    """Which features there are, and how they are weighed.

    Attributes:
        strengths: Of pieces, bigrams and n-grams: the length of what a row has of each.
        longest: Characters of the longest n-grams.
        least: Rows that a bigram or an n-gram must stand in.
        most_bigrams: Of more, those that stand most often are read.
        power: Of the inverse document frequencies.
        together: Rows that are counted at once.
    """

    strengths: tuple[float, float, float]
    longest: int
    least: int
    most_bigrams: int
    power: float
    together: int


def learn(rows: Rows, original: NDArray[np.bool_], vocabulary: Vocabulary, selection: Selection) -> Features:
    """Counts the features of rows, and weighs each kind by inverse document frequency.

    Args:
        rows: Framed, shape [rows, S].
        original: Which of them are no augmented copies, shape [rows]: frequencies are theirs.
        vocabulary: Gives the pieces' characters.
        selection: Which features.
    """
    size = vocabulary.size
    parts = [slice(start, start + selection.together) for start in range(0, len(rows), selection.together)]
    codes = _frequent((bigram_codes(rows[part], size)[1] for part in parts), selection.most_bigrams)
    every = Features(size, codes, np.arange(len(codes)), *ngrams_of(vocabulary, codes, selection.longest))
    total = int(original.sum())
    documents: list[Any] = [0, 0, 0]
    means: list[Any] = [0, 0, 0]
    times: list[Any] = [0, 0]
    pieces = 0.0
    for part in parts:
        written = original[part]
        share = float(written.sum() / total)
        pieces += share * float(piece_numbers(rows[part])[written].mean()) if share else 0.0
        for kind, counts in enumerate(every.counts(rows[part])):
            if kind < len(times):
                times[kind] = times[kind] + np.asarray(counts.sum(axis=0), np.float64).ravel()
            if share:
                occurrences = counts[written]
                documents[kind] = documents[kind] + np.asarray((occurrences > 0).sum(axis=0)).ravel()
                means[kind] = means[kind] + np.asarray(occurrences.mean(axis=0)).ravel() * share
    whole, told = np.flatnonzero(documents[1] >= selection.least), documents[2] >= selection.least
    chosen = (slice(None), whole, told)
    weights = tuple(
        _weights(documents[kind][of_kind], means[kind][of_kind], total, pieces, strength, selection.power)
        for kind, (of_kind, strength) in enumerate(zip(chosen, selection.strengths, strict=True))
    )
    stood = tuple(counted.astype(np.float32) for counted in times)
    return Features(size, codes, whole, every.inside[:, told], every.crossing[:, told], weights, stood)


def _frequent(codes: Iterable[NDArray[np.int64]], most: int) -> NDArray[np.int64]:
    """Gives different codes, sorted; of more than `most` those that stand most often."""
    found, times = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for part in codes:
        more, counts = np.unique(part, return_counts=True)
        found, places = np.unique(np.concatenate([found, more]), return_inverse=True)
        times = np.bincount(places, np.concatenate([times, counts]), len(found)).astype(np.int64)
    if len(found) > most:
        found = np.sort(found[np.argsort(-times, kind="stable")[:most]])
    return found


def _weights(
    documents: NDArray[np.int64], mean: NDArray[Any], rows: int, mean_pieces: float, strength: float, power: float
) -> Floats:
    """Gives inverse document frequencies, so scaled that the rows' counts have about the length `strength`.

    Args:
        documents: Rows that have each feature.
        mean: Of each feature's counts.
        rows: How many there are.
        mean_pieces: Of a row.
        strength: Of this kind beside the others.
        power: Of the inverse document frequencies.
    """
    idf = (np.log((1 + rows) / (1 + documents)) + 1) ** power
    norm = np.sqrt(max(float((idf**2 * mean).sum()) / mean_pieces, 1e-12))
    return np.asarray(strength * idf / norm, np.float32)
