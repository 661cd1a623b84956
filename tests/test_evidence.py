"""Counting: which label each word and each pair of words speaks for, before anything is trained."""

import dataclasses
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer import evidence
from trainer.evidence import InitialWeights, gather, occurrences_of
from trainer.model.pair_table import NOBODY, PairTable

SIZE, SLOTS = 40, 101
Rows = NDArray[np.uint16]


def counted(ids: Any, truth: Any, readings: int = 1, **changes: int) -> InitialWeights:
    labels = changes.get("label_count", int(np.max(truth)) + 1)
    sizes = {
        "vocabulary_size": SIZE, "embedding_size": max(12, labels), "label_count": labels, "slots": SLOTS,
        "pair_size": labels - 1,
    }  # fmt: skip
    return gather(np.array(ids, np.uint16), np.array(truth, np.int32), readings, **(sizes | changes))


def made(labels: int, rows: int = 400, size: int = SIZE) -> tuple[Rows, NDArray[np.int32]]:
    """Rows in which each label prefers words of its own, with unknown words and padding among them."""
    generator = np.random.default_rng(labels)
    truth = generator.integers(0, labels, rows).astype(np.int32)
    taste = generator.dirichlet(np.ones(size - 1) / 2, labels)
    ids = np.array([generator.choice(np.arange(1, size), 8, p=taste[label]) for label in truth], np.uint16)
    ids[np.arange(8) >= generator.integers(2, 9, rows)[:, None]] = 0
    return ids, truth


def pairs_of(found: InitialWeights, size: int = SIZE) -> dict[tuple[int, int], NDArray[Any]]:
    """What the table holds: pairs of known words, with what each adds to the labels; a stranger is one in 125."""
    table = PairTable(size, len(found.owners))
    held = {}
    for first in range(2, size):
        for second in range(2, size):
            for total in table.sums(first, second):
                if found.owners[total % table.slots] == table.owner(first, second):
                    held[first, second] = found.pairs[total % table.slots] @ found.pair_kernel
    return held


def log_odds_of(found: InitialWeights) -> NDArray[Any]:
    return np.asarray(found.vectors @ found.kernel)


def equal(one: InitialWeights, other: InitialWeights) -> bool:
    fields = [field.name for field in dataclasses.fields(InitialWeights)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in fields)


# Words.


def test_a_word_speaks_for_the_label_in_which_it_is_more_frequent() -> None:
    log_odds = log_odds_of(counted([[2, 4], [2, 5], [3, 4], [3, 5]], [0, 0, 1, 1]))
    assert log_odds[2, 0] > 0.1 > -0.1 > log_odds[2, 1]
    assert log_odds[3, 1] > 0.1 > -0.1 > log_odds[3, 0]
    assert log_odds[[4, 5]] == pytest.approx(np.zeros((2, 2)), abs=1e-6)


@pytest.mark.parametrize("labels", [2, 5, 40])
def test_words_log_odds_are_smoothed_centred_and_halved(labels: int) -> None:
    ids, truth = made(labels)
    counts = np.array([[(ids[truth == label] == word).sum() for label in range(labels)] for word in range(SIZE)])
    counts[0] = 0
    shares = (counts + 1) / (counts.sum(axis=0) + SIZE)  # what never occurs is given one occurrence
    expected = np.log(shares) - np.log(shares).mean(axis=1, keepdims=True)
    found = log_odds_of(counted(ids, truth))
    assert found[1:] == pytest.approx(expected[1:] / 2, abs=1e-5)
    assert found.sum(axis=1) == pytest.approx(np.zeros(SIZE), abs=1e-5)


def test_padding_says_nothing() -> None:
    ids, truth = made(3)
    ids[truth == 0, 3:] = 0
    found = counted(ids, truth)
    assert found.vectors[0] == pytest.approx(np.zeros(12), abs=1e-12)
    longer = np.pad(ids, ((0, 0), (0, 5)))
    assert equal(found, counted(longer, truth))


def test_too_few_numbers_a_word_hold_what_is_nearest() -> None:
    ids, truth = made(6)
    exact, near = log_odds_of(counted(ids, truth)), log_odds_of(counted(ids, truth, embedding_size=2))
    left, strengths, right = np.linalg.svd(exact, full_matrices=False)
    assert near == pytest.approx((left[:, :2] * strengths[:2]) @ right[:2], abs=1e-4)


def test_numbers_that_no_label_needs_are_left_free() -> None:
    found = counted(*made(2), embedding_size=12)
    assert found.vectors.shape == (SIZE, 12)
    assert found.kernel.shape == (12, 2)
    assert not found.vectors[:, 2:].any()
    assert not found.kernel[2:].any()


# Readings and the order of rows.


def test_the_order_of_rows_changes_nothing() -> None:
    ids, truth = made(4)
    order = np.random.default_rng(1).permutation(len(ids))
    assert equal(counted(ids, truth), counted(ids[order], truth[order]))


def test_a_text_that_is_read_three_times_counts_once() -> None:
    ids, truth = made(4)
    thrice = np.tile(ids, (3, 1)), np.tile(truth, 3)
    assert equal(counted(ids, truth), counted(*thrice, readings=3))
    assert not equal(counted(ids, truth), counted(*thrice, readings=1))


def test_batches_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, truth = made(3)
    whole, occurrences = counted(ids, truth), occurrences_of(ids, 1, SIZE)
    monkeypatch.setattr(evidence, "_BATCH", 7)
    monkeypatch.setattr(evidence, "_NUMBERS", 10)  # three pairs at once
    assert equal(whole, counted(ids, truth))
    assert np.array_equal(occurrences, occurrences_of(ids, 1, SIZE))


def test_occurrences_are_of_one_reading_and_padding_and_unknown_are_never_rare() -> None:
    ids = np.array([[2, 3, 3, 1, 0]] * 4, np.uint16)
    assert occurrences_of(ids, 2, 5).tolist() == [np.inf, np.inf, 2, 4, 0]


# Pairs.


def test_a_pair_speaks_for_what_its_words_do_not() -> None:
    """Each word is as frequent in one label as in the other: their order alone tells."""
    found = counted([[2, 3], [3, 2]] * 5, [0, 1] * 5)
    assert log_odds_of(found)[[2, 3]] == pytest.approx(np.zeros((2, 2)), abs=1e-6)
    held = pairs_of(found)
    assert held[2, 3][0] > 0.1 > -0.1 > held[2, 3][1]
    assert held[3, 2][1] > 0.1 > -0.1 > held[3, 2][0]


@pytest.mark.parametrize("labels", [2, 4])
def test_pairs_log_odds_are_exact_where_there_is_a_number_less_than_labels(labels: int) -> None:
    ids, truth = made(labels)
    found = counted(ids, truth, slots=4_093)
    words = log_odds_of(found)
    known = ids[ids > 0]
    prior = np.bincount(np.repeat(truth, 8)[ids.ravel() > 0], minlength=labels) / len(known)
    held = pairs_of(found)
    checked = 0
    for (first, second), said in held.items():
        counts = np.zeros(labels)
        for row, label in zip(ids, truth, strict=True):
            counts[label] += ((row[:-1] == first) & (row[1:] == second)).sum()
        if counts.sum() < 2:
            continue  # a stranger that is taken for another
        shares = (counts + labels * prior) / (counts.sum() + labels)
        beyond = np.log(shares / prior)
        beyond = (beyond - beyond.mean()) / 2 - (words[first] + words[second]) / 2
        assert said == pytest.approx(beyond / 2, abs=1e-5)
        checked += 1
    assert checked > 100


def test_forty_labels_share_eight_numbers_a_pair() -> None:
    ids, truth = made(40, rows=2_000)
    exact, near = (counted(ids, truth, pair_size=size, slots=997) for size in (39, 8))
    assert near.pairs.shape == (997, 8)
    assert np.array_equal(exact.owners, near.owners)
    of_all = exact.pairs @ exact.pair_kernel
    left, strengths, right = np.linalg.svd(of_all, full_matrices=False)
    assert near.pairs @ near.pair_kernel == pytest.approx((left[:, :8] * strengths[:8]) @ right[:8], abs=1e-3)


@pytest.mark.parametrize("row", [[1, 5], [5, 1], [1, 1], [5, 0]], ids=["before", "behind", "both", "padding"])
def test_pairs_of_unknown_words_or_padding_get_no_slot(row: list[int]) -> None:
    found = counted([row, row, row, row, [6, 0]], [0, 0, 0, 0, 1])
    assert (found.owners == NOBODY).all()
    assert not found.pairs.any()


def test_a_pair_that_stood_side_by_side_once_gets_no_slot() -> None:
    found = counted([[5, 6], [7, 8], [7, 8]], [0, 1, 1])
    assert (found.owners != NOBODY).sum() == 1
    assert (7, 8) in pairs_of(found)


def test_a_pair_that_stood_side_by_side_twice_in_every_reading_gets_a_slot() -> None:
    """Whatever labels it stands with: sixths, added up, may be less than 2 to a computer."""
    shared = [label for label, times in enumerate([2, 2, 6, 2]) for _ in range(times)]
    found = counted([[5, 6]] * 12 + [[7, 8]] * 11, [*shared, *[0] * 11], readings=6, label_count=4)
    assert (5, 6) in pairs_of(found)
    assert (found.owners != NOBODY).sum() == 1


def test_memory_does_not_grow_with_labels_times_pairs() -> None:
    ids = np.random.default_rng(1).integers(2, 2_000, (20_000, 8))
    ids[:, 1::2] = np.minimum(ids[:, ::2] + ids[:, 1::2] % 20, 1_999)  # some 36,000 pairs that are no rarity
    tracemalloc.start()
    counted(ids, np.arange(len(ids)) % 200, vocabulary_size=2_000, embedding_size=8, pair_size=8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 36_000 * 200 * 8  # what one matrix of all of them would take, in bytes


def test_a_slot_that_is_nobodys_holds_zeros() -> None:
    found = counted(*made(4))
    assert not found.pairs[found.owners == NOBODY].any()
    assert np.abs(found.pairs[found.owners != NOBODY]).max() > 0


@pytest.mark.parametrize("slots", [2, 3, 5, 7, 11, 101])
def test_two_slots_stay_empty_however_many_pairs_there_are(slots: int) -> None:
    found = counted(*made(3, rows=2_000), slots=slots)
    assert (found.owners == NOBODY).sum() >= 2
    assert slots < 5 or (found.owners != NOBODY).any()


def test_the_pairs_that_tell_most_beside_their_words_come_first() -> None:
    tells, repeats = [[2, 3], [3, 2]] * 6, [[4, 5], [5, 4]] * 6  # 4 and 5 stand in any order with either label
    ids, truth = tells + repeats, [0, 1] * 6 + [0, 0, 1, 1] * 3
    held = pairs_of(counted(ids, truth, slots=5))  # three of the four pairs may ask for a place
    assert {(2, 3), (3, 2)} <= set(held)


def test_pairs_of_a_large_corpus_are_counted_on_an_even_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_PLACES", 200)
    ids = [[2, 3]] * 500 + [[3, 2]] * 500
    found = counted(ids, [0] * 500 + [1] * 500)
    assert {(2, 3), (3, 2)} <= set(pairs_of(found))
    assert (found.owners != NOBODY).sum() == 2


def test_text_without_a_pair_gives_words_alone() -> None:
    found = counted([[2, 0], [3, 0], [2, 0], [3, 0]], [0, 1, 0, 1])
    assert (found.owners == NOBODY).all()
    assert np.isfinite(found.pair_kernel).all()
    assert log_odds_of(found)[2, 0] > 0.1
