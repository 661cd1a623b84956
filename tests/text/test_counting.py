"""Runs are counted exactly: the same for any shards, any order and any number of workers."""

import random
from collections import Counter

import pytest

from trainer.cluster.counting import count_runs

GENERATOR = random.Random(1)
WORDS = [f"w{number}" for number in range(400)]
TEXTS = [" ".join(GENERATOR.choices(WORDS, weights=range(400, 0, -1), k=6)) for _ in range(1_000)]
EXACT = Counter(word for text in TEXTS for word in text.split())


@pytest.mark.parametrize("characters", [1, 100, 3_333, 10_000_000])
def test_any_shards_give_the_same_counts(characters: int) -> None:
    assert count_runs(TEXTS, shard_characters=characters) == (EXACT, 1_000)


@pytest.mark.parametrize("in_memory", [10, 150, 1_000])
def test_what_does_not_fit_in_memory_is_counted_on_the_disk(in_memory: int) -> None:
    assert count_runs(TEXTS, in_memory=in_memory, shard_characters=500) == (EXACT, 1_000)


@pytest.mark.parametrize("characters", [50, 700, 10_000_000])
@pytest.mark.parametrize("in_memory", [60, 10_000])
def test_which_of_too_many_are_left_depends_on_their_sums_alone(characters: int, in_memory: int) -> None:
    expected, _ = count_runs(TEXTS, most=100)
    assert 0 < len(expected) <= 100
    assert all(EXACT[run] == times for run, times in expected.items())
    backwards, _ = count_runs(TEXTS[::-1], most=100, in_memory=in_memory, shard_characters=characters)
    assert backwards == expected


def test_a_word_that_comes_late_is_counted_though_the_table_is_full_of_words_seen_twice() -> None:
    seen_twice = [f"w{number} w{number}" for number in range(1_000)]
    counts, rows = count_runs([*seen_twice, *["late"] * 50], most=100)
    assert (counts["late"], rows) == (50, 1_050)
    assert len(counts) <= 100
