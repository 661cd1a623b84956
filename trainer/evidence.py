"""What the training rows say by counting: the label that each word and each pair of words speaks for.

Training starts from these numbers and not from chance (Wang and Manning: Baselines and Bigrams, 2012): a word's or a
pair's log-odds of each label, smoothed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.pair_table import NOBODY, PairTable
from trainer.vocabulary import UNKNOWN_ID

MOST_ROWS: Final = 400_000  # training rows, drawn evenly, on which pairs are counted: they are all in memory
_SMOOTHING: Final = 1.0  # occurrences with every label that a word or pair is given beside its own
_WORD_TRUST: Final = 0.5  # of a word's log-odds: words are not independent; chosen on validation, as is the next
_PAIR_TRUST: Final = 0.25
_LEAST_PAIR: Final = 2  # occurrences: what stood side by side once tells nothing
_BATCH: Final = 50_000  # rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What counting says.

    Attributes:
        vectors: float32, shape [vocabulary_size, embedding_size]: the rank of the log-odds, and zeros.
        kernel: From a sum of vectors to log-odds, float32, shape [embedding_size, labels].
        pairs: Vectors of the pairs that tell most beside their words, float32, shape [slots, pair_size].
        owners: What each slot of theirs remembers, int32, shape [slots].
        pair_kernel: From a sum of pairs' vectors to log-odds, float32, shape [pair_size, labels].
    """

    vectors: NDArray[np.float32]
    kernel: NDArray[np.float32]
    pairs: NDArray[np.float32]
    owners: NDArray[np.int32]
    pair_kernel: NDArray[np.float32]


def occurrences_of(ids: NDArray[Any], readings: int, vocabulary_size: int) -> Floats:
    """Counts each word id in rows, shape [rows, sequence_length], that hold the text `readings` times; padding and
    unknown are never rare."""
    counts = np.zeros(vocabulary_size)
    for batch in _batches(ids):
        counts += np.bincount(batch.ravel(), minlength=vocabulary_size)
    counts[: UNKNOWN_ID + 1] = np.inf
    return counts / readings


def gather(
    ids: NDArray[Any],
    truth: NDArray[np.int32],
    readings: int,
    *,
    vocabulary_size: int,
    embedding_size: int,
    label_count: int,
    slots: int,
    pair_size: int,
) -> Evidence:
    """Counts words and pairs by label.

    Args:
        ids: Word ids of the training rows, shape [rows, sequence_length].
        truth: Their labels' indices, shape [rows].
        readings: How often the rows hold the training text.
        vocabulary_size: Word ids are below it.
        embedding_size: Numbers a word.
        label_count: How many labels there are.
        slots: Of the table of pairs.
        pair_size: Numbers a pair, at most one less than there are labels.
    """
    words = np.zeros((vocabulary_size, label_count))
    for batch, labels in zip(_batches(ids), _batches(truth), strict=True):
        places = batch.astype(np.int64) * label_count + labels[:, None]
        words += np.bincount(places.ravel(), minlength=words.size).reshape(words.shape)
    words[0] = 0
    words /= readings
    log_odds = _WORD_TRUST * _centred(np.log((words + _SMOOTHING) / (words.sum(axis=0) + _SMOOTHING * len(words))))
    log_odds[0] = 0
    vectors, kernel = _factors(log_odds, embedding_size)
    chosen = np.sort(np.random.default_rng(1).permutation(len(ids))[:MOST_ROWS])
    keys, counts = _count_pairs(ids[chosen].astype(np.int64), truth[chosen], vocabulary_size, label_count)
    counts /= readings  # of a sample: scaled up, what was seen once would look frequent
    table = PairTable(vocabulary_size, slots)
    pairs, owners, pair_kernel = _pairs(keys, counts, words, log_odds, table, pair_size)
    return Evidence(vectors, kernel, pairs, owners, pair_kernel)


def _pairs(
    keys: NDArray[np.int64], counts: Floats, words: Floats, log_odds: Floats, table: PairTable, pair_size: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    vocabulary_size, label_count = words.shape
    first, second = np.divmod(keys, vocabulary_size)
    prior = words.sum(axis=0) / words.sum()
    expected = _shares(words + 0.5)[first] * _shares(words + 0.5)[second] / prior
    surprise = (counts * np.log(np.maximum(counts, 1e-9) / (_total(counts) * _shares(expected)))).sum(axis=1)
    allowed = (counts.sum(axis=1) >= _LEAST_PAIR) & (first > UNKNOWN_ID) & (second > UNKNOWN_ID)
    ranked = np.flatnonzero(allowed)
    ranked = ranked[np.argsort(-surprise[ranked], kind="stable")[: table.slots - 2]]  # two slots stay empty
    placed, places = table.place(first[ranked], second[ranked])
    kept = ranked[placed]
    first, second = first[kept], second[kept]
    smoothed = counts[kept] + _SMOOTHING * label_count * prior
    beyond = _centred(np.log(_shares(smoothed) / prior)) * _WORD_TRUST - (log_odds[first] + log_odds[second]) / 2
    vectors = np.zeros((table.slots, pair_size), np.float32)
    vectors[places], kernel = _factors(2 * _PAIR_TRUST * beyond, pair_size)
    owners = np.full(table.slots, NOBODY, np.int32)
    owners[places] = table.owner(first, second)
    return vectors, owners, kernel


def _count_pairs(
    ids: NDArray[np.int64], truth: NDArray[np.int32], vocabulary_size: int, label_count: int
) -> tuple[NDArray[np.int64], Floats]:
    """Gives every pair that occurs as `first * vocabulary_size + second`, and its occurrences by label."""
    present = ids[:, 1:] != 0
    keys = (ids[:, :-1] * vocabulary_size + ids[:, 1:])[present]
    labels = np.broadcast_to(truth[:, None], present.shape)[present]
    found, place = np.unique(keys, return_inverse=True)
    counts = np.bincount(place * label_count + labels, minlength=len(found) * label_count)
    return found, counts.reshape(len(found), label_count).astype(float)


def _factors(log_odds: Floats, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Writes log-odds as vectors times a kernel, exactly where `size` reaches their rank, else as nearly as can be."""
    left, strengths, right = np.linalg.svd(log_odds, full_matrices=False)
    real = strengths > 1e-6 * strengths.max(initial=0.0)  # centred log-odds have one rank less than there are labels
    rank = min(size, int(real.sum()))
    vectors = np.zeros((len(log_odds), size), np.float32)
    kernel = np.zeros((size, log_odds.shape[1]), np.float32)
    vectors[:, :rank], kernel[:rank] = left[:, :rank] * strengths[:rank], right[:rank]
    return vectors, kernel


def _centred(log_odds: Floats) -> Any:
    return log_odds - log_odds.mean(axis=1, keepdims=True)


def _total(counts: Floats) -> Any:
    return counts.sum(axis=1, keepdims=True)


def _shares(counts: Floats) -> Any:
    return counts / np.maximum(_total(counts), 1e-12)


def _batches(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    return (np.asarray(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH))
