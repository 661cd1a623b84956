"""What the training rows say by counting: the label that each word and each pair of words speaks for.

Training starts from these numbers and not from chance (Wang and Manning: Baselines and Bigrams, 2012): a word's or a
pair's log-odds of each label, smoothed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.pair_table import NOBODY, PairTable
from trainer.text.vocabulary import UNKNOWN_ID

MOST_PLACES: Final = 9_600_000  # of words, in training rows drawn evenly, whose pairs are counted: all in memory
_SMOOTHING: Final = 1.0  # occurrences with every label that a word or pair is given beside its own
_WORD_TRUST: Final = 0.5  # of a word's log-odds: words are not independent; chosen on validation, as is the next
_PAIR_TRUST: Final = 0.25
_LEAST_PAIR: Final = 2  # occurrences: what stood side by side once tells nothing
_BATCH: Final = 50_000  # rows
_NUMBERS: Final = 500_000  # pairs times labels, weighed at once

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InitialWeights:
    """What counting says, as the weights that training starts from.

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
) -> InitialWeights:
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
        np.add.at(words.reshape(-1), (batch.astype(np.int64) * label_count + labels[:, None]).ravel(), 1.0)
    words[0] = 0
    words /= readings
    log_odds = _WORD_TRUST * _centred(np.log((words + _SMOOTHING) / (words.sum(axis=0) + _SMOOTHING * len(words))))
    log_odds[0] = 0
    vectors, kernel = _factors(log_odds, embedding_size)
    chosen = np.sort(np.random.default_rng(1).permutation(len(ids))[: MOST_PLACES // ids.shape[1]])
    # Of a sample: scaled up, what was seen once would look frequent.
    counts = _count_pairs(ids[chosen], truth[chosen], readings, vocabulary_size, label_count)
    table = PairTable(vocabulary_size, slots)
    pairs, owners, pair_kernel = _pairs(counts, words, log_odds, table, pair_size)
    return InitialWeights(vectors, kernel, pairs, owners, pair_kernel)


@dataclass(frozen=True)
class _PairCounts:
    """How often frequent pairs stand with each label they stand with at all: most stand with few of many labels.

    Attributes:
        first: Of each pair, sorted, its first word, shape [pairs].
        second: And its second.
        begins: Where each pair's cells begin, and where the last's end, shape [pairs + 1].
        labels: Of each cell, shape [cells].
        times: How often the cell's pair stands with its label in one reading, shape [cells].
        label_count: How many labels there are.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    begins: NDArray[np.int64]
    labels: NDArray[np.int64]
    times: Floats
    label_count: int

    def of(self, pairs: NDArray[np.int64]) -> Floats:
        """Gives some pairs' counts with all labels, shape [len(pairs), labels]."""
        counts = np.zeros((len(pairs), self.label_count))
        lengths = self.begins[pairs + 1] - self.begins[pairs]
        rows = np.repeat(np.arange(len(pairs)), lengths)
        cells = np.arange(len(rows)) + np.repeat(self.begins[pairs] - (np.cumsum(lengths) - lengths), lengths)
        counts[rows, self.labels[cells]] = self.times[cells]
        return counts

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """Gives all pairs, as many at a time as `of` may be asked for."""
        size = max(1, _NUMBERS // self.label_count)
        return (np.arange(start, min(start + size, len(self.first))) for start in range(0, len(self.first), size))


def _pairs(
    counts: _PairCounts, words: Floats, log_odds: Floats, table: PairTable, pair_size: int
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    prior = words.sum(axis=0) / words.sum()
    ranked = np.argsort(-_surprise(counts, words, prior), kind="stable")[: table.slots - 2]  # two slots stay empty
    placed, places = table.place(counts.first[ranked], counts.second[ranked])
    kept = ranked[placed]
    first, second = counts.first[kept], counts.second[kept]
    smoothed = counts.of(kept) + _SMOOTHING * len(prior) * prior
    beyond = _centred(np.log(_shares(smoothed) / prior)) * _WORD_TRUST - (log_odds[first] + log_odds[second]) / 2
    vectors = np.zeros((table.slots, pair_size), np.float32)
    vectors[places], kernel = _factors(2 * _PAIR_TRUST * beyond, pair_size)
    owners = np.full(table.slots, NOBODY, np.int32)
    owners[places] = table.owner(first, second)
    return vectors, owners, kernel


def _surprise(counts: _PairCounts, words: Floats, prior: Floats) -> Floats:
    """Says how much each pair tells beyond its words, shape [pairs]."""
    shares = _shares(words + 0.5)
    found = [np.zeros(0)]
    for batch in counts.batches():
        seen = counts.of(batch)
        expected = shares[counts.first[batch]] * shares[counts.second[batch]] / prior
        found.append((seen * np.log(np.maximum(seen, 1e-9) / (_total(seen) * _shares(expected)))).sum(axis=1))
    return np.concatenate(found)


def _count_pairs(
    ids: NDArray[Any], truth: NDArray[np.int32], readings: int, vocabulary_size: int, label_count: int
) -> _PairCounts:
    """Counts neighbours that are known words, and leaves out what stood side by side too rarely."""
    known = (ids[:, :-1] > UNKNOWN_ID) & (ids[:, 1:] > UNKNOWN_ID)
    cells = ids[:, :-1][known].astype(np.int64)
    cells = (cells * vocabulary_size + ids[:, 1:][known]) * label_count
    cells += np.repeat(truth, known.sum(axis=1))
    cells, times = np.unique(cells, return_counts=True)
    keys, labels = np.divmod(cells, label_count)
    keys, begins, lengths = np.unique(keys, return_index=True, return_counts=True)
    frequent = np.add.reduceat(times, begins) >= _LEAST_PAIR * readings if len(keys) else np.zeros(0, bool)
    kept = np.repeat(frequent, lengths)
    first, second = np.divmod(keys[frequent], vocabulary_size)
    begins = np.concatenate([[0], np.cumsum(lengths[frequent])])
    return _PairCounts(first, second, begins, labels[kept], times[kept] / readings, label_count)


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
