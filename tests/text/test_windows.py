"""Windows: how running text is cut into phrases, and how a text too long for the model is read."""

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.places import vectors
from trainer.text.vocabulary import CLS_ID, SEP_ID
from trainer.text.windows import BORDERS, SHORTEST, average, cut, piece_counts, split_ids

VECTORS: dict[str, Any] = vectors("windows.json")


def windows_of(text: str, longest: int, seed: int = 1) -> list[str]:
    return list(cut(text, [match.span() for match in re.finditer(r"\w+", text)], longest, np.random.default_rng(seed)))


def running_text(count: int, word: str = "w") -> str:
    return " ".join(f"{word}{number}" for number in range(count))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{len(case['ids'])}-of-{case['sequence_length']}")
def test_ids_become_rows_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    rows = split_ids(case["ids"], case["sequence_length"])
    assert rows.dtype == np.int32
    assert rows.tolist() == case["rows"]


@given(st.lists(st.integers(4, 99), max_size=60), st.integers(3, 19))
def test_rows_hold_every_piece_in_order_between_borders_and_are_padded_only_where_the_text_is_short(
    ids: list[int], length: int
) -> None:
    rows, room = split_ids(ids, length), length - BORDERS
    assert rows.shape == (max(1, -(-len(ids) // room)), length)
    assert (rows[:, 0] == CLS_ID).all()
    assert piece_counts(rows).tolist() == [min(len(ids), room)] * len(rows)
    if len(ids) <= room:
        assert rows[0].tolist() == [CLS_ID, *ids, SEP_ID] + [0] * (room - len(ids))
    else:
        left_over = len(ids) % room or room
        assert (rows[:, -1] == SEP_ID).all()
        assert [*rows[:-1, 1:-1].ravel(), *rows[-1, 1:-1][-left_over:]] == ids
        assert rows[-1, 1:-1].tolist() == ids[-room:]


def test_an_unknown_piece_is_counted() -> None:
    assert piece_counts(split_ids([1, 7, 1], 9)).tolist() == [3]


@pytest.mark.parametrize("case", VECTORS["averages"], ids=lambda case: f"{len(case['probabilities'])}-windows")
def test_windows_are_averaged_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    result = average(np.array(case["probabilities"], np.float32))
    assert result.dtype == np.float64
    assert result == pytest.approx(case["average"], abs=1e-6)


def test_a_single_window_is_given_unchanged() -> None:
    probabilities = np.array([[0.1, 0.2, 0.7 + 1e-6]], np.float32)  # their sum is not quite 1, and stays so
    assert average(probabilities).tolist() == probabilities[0].astype(np.float64).tolist()


@given(st.permutations(range(5)))
def test_the_order_of_windows_does_not_matter(order: list[int]) -> None:
    probabilities = np.random.default_rng(3).dirichlet(np.ones(4), 5).astype(np.float32)
    assert average(probabilities[order]) == pytest.approx(average(probabilities), abs=1e-12)


def test_an_average_is_a_probability_even_where_a_window_is_certain() -> None:
    result = average(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], np.float32))
    assert np.isfinite(result).all()
    assert result.sum() == pytest.approx(1)
    assert result.argmax() == 1


@given(st.integers(0, 200), st.integers(SHORTEST, 20), st.integers(0, 9))
def test_cut_windows_follow_each_other_and_lose_no_word_but_the_remainder(count: int, longest: int, seed: int) -> None:
    windows = windows_of(running_text(count), longest, seed)
    words = [word for window in windows for word in window.split()]
    assert words == running_text(count).split()[: len(words)]
    assert count - len(words) < longest
    assert all(SHORTEST <= len(window.split()) <= longest for window in windows)


@settings(max_examples=50)
@given(st.text("ab é'’-.,;:!? “”—", max_size=300), st.integers(0, 9))
def test_cut_windows_stand_in_the_text_as_they_are_and_in_order(text: str, seed: int) -> None:
    position = 0
    for window in windows_of(text, 6, seed):
        found = text.find(window, position)
        assert found >= 0
        position = found + len(window)


@pytest.mark.parametrize("longest", [3, 8, 40])
def test_lengths_are_drawn_evenly_by_their_logarithm(longest: int) -> None:
    lengths = Counter(len(window.split()) for window in windows_of(running_text(200_000), longest))
    assert set(lengths) == set(range(SHORTEST, longest + 1))
    expected = {length: np.log1p(1 / length) / np.log((longest + 1) / SHORTEST) for length in lengths}
    shares = {length: count / lengths.total() for length, count in lengths.items()}
    assert shares == pytest.approx(expected, abs=0.01)


def test_shorter_windows_are_more_frequent() -> None:
    lengths = Counter(len(window.split()) for window in windows_of(running_text(200_000), 40))
    frequencies = [sum(lengths[length] for length in range(start, start + 5)) for start in range(SHORTEST, 38, 5)]
    assert frequencies == sorted(frequencies, reverse=True)
    assert frequencies[0] > 5 * frequencies[-1]


def test_lengths_depend_on_the_words_count_alone() -> None:
    verse, prose = running_text(500, "o"), running_text(500, "incomprehensibility").replace(" ", ", ")
    lengths = [[len(window.split()) for window in windows_of(text, 16)] for text in (verse, prose)]
    assert lengths[0] == lengths[1]


def test_text_without_enough_words_gives_no_window() -> None:
    assert windows_of("", 3) == windows_of("two words", 3) == windows_of("?!", 3) == []


def test_the_punctuation_after_the_last_word_is_kept_and_what_follows_it_is_not() -> None:
    text = "One two three! four, five; six.” (Seven eight nine) ten"
    assert windows_of(text, 3) == ["One two three!", "four, five; six.”", "Seven eight nine)"]
