"""The table of bigrams: whoever stands in it has a place of its own, found by arithmetic that float32 does exactly."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.model.bigram_table import EMPTY, BigramTable, prime_up_to
from trainer.model.recipe import RECIPES
from trainer.model.tables import MOST_BIGRAM_SLOTS

SIZES = (10, 12_002, 60_000, 1_000_000)
EXACT = 1 << 24  # whole numbers up to this are exact in float32
Bigram = tuple[int, int]


def ends_of(table: BigramTable, bigrams: Sequence[Bigram]) -> list[tuple[int, ...]]:
    return [tuple(total % table.slots for total in table.sums(*bigram)) for bigram in bigrams]


def placed_in(table: BigramTable, bigrams: Sequence[Bigram]) -> tuple[list[int], list[int]]:
    first, second = np.array(bigrams, np.int64).reshape(-1, 2).T
    placed, places = table.place(first, second)
    return placed.tolist(), places.tolist()


def matched(ends: Sequence[tuple[int, ...]]) -> list[int]:
    """Which edges get an end of their own, those that come first before all others, by trying every way around."""
    holder: dict[int, int] = {}

    def sits_down(number: int, asked: set[int]) -> bool:
        for place in ends[number]:
            if place in asked:
                continue
            asked.add(place)
            if place not in holder or sits_down(holder[place], asked):
                holder[place] = number
                return True
        return False

    return [number for number, of_edge in enumerate(ends) if len(set(of_edge)) > 1 and sits_down(number, set())]


def drawn(vocabulary_size: int, count: int, seed: int = 1) -> list[Bigram]:
    """Different bigrams, in an order that chance gives."""
    generator = np.random.default_rng(seed)
    bigrams = generator.integers(2, vocabulary_size, (2 * count, 2)).tolist()
    return [(first, second) for first, second in dict.fromkeys(map(tuple, bigrams))][:count]


@pytest.mark.slow
@given(
    st.integers(5, 40),
    st.sampled_from([2, 3, 5, 7, 11, 13, 31]),
    st.lists(st.tuples(st.integers(2, 39), st.integers(2, 39)), unique=True, max_size=60),
)
def test_as_many_bigrams_as_go_in_stand_in_places_of_their_own_the_first_first(
    vocabulary_size: int, slots: int, bigrams: list[Bigram]
) -> None:
    table = BigramTable(vocabulary_size, slots)
    bigrams = [bigram for bigram in bigrams if max(bigram) < vocabulary_size]
    placed, places = placed_in(table, bigrams)
    ends = ends_of(table, bigrams)
    assert len(set(places)) == len(places) == len(placed)
    assert all(place in ends[number] for number, place in zip(placed, places, strict=True))
    assert placed == matched(ends)


@pytest.mark.parametrize("count", [100, 509, 2_000])
def test_a_larger_table_is_filled_as_far_as_it_can_be(count: int) -> None:
    table, bigrams = BigramTable(300, 509), drawn(300, count)
    placed, places = placed_in(table, bigrams)
    assert placed == matched(ends_of(table, bigrams))
    assert len(set(places)) == len(placed)


def test_a_bigram_that_comes_later_never_takes_the_place_of_an_earlier_one() -> None:
    table, bigrams = BigramTable(300, 101), drawn(300, 400)
    all_placed = placed_in(table, bigrams)[0]
    for count in (1, 50, 100, 200):
        assert placed_in(table, bigrams[:count])[0] == [number for number in all_placed if number < count]


def test_a_bigram_whose_two_places_are_one_is_left_out() -> None:
    table = BigramTable(300, 101)
    bigrams = drawn(300, 4_000)
    once = [bigram for bigram, ends in zip(bigrams, ends_of(table, bigrams), strict=True) if len(set(ends)) == 1]
    assert len(once) > 10
    assert placed_in(table, once) == ([], [])


def test_the_least_table_has_a_place_and_the_largest_is_spread_over() -> None:
    least = BigramTable(300, 3)
    assert len(placed_in(least, drawn(300, 100))[0]) == 3
    largest = BigramTable(60_000, prime_up_to(MOST_BIGRAM_SLOTS))
    bigrams = np.random.default_rng(1).integers(2, 60_000, (2, 4_000_000))
    for total in largest.sums(*bigrams):
        times = np.bincount(total % largest.slots, minlength=largest.slots)
        assert (times == 0).mean() < 0.1  # four each, were they dealt; at random one in 55 would be empty
        assert times.max() < 40


def test_no_bigrams_take_no_place() -> None:
    assert placed_in(BigramTable(300, 101), []) == ([], [])


@pytest.mark.parametrize("vocabulary_size", SIZES)
def test_all_numbers_are_exact_in_float32(vocabulary_size: int) -> None:
    table, last = BigramTable(vocabulary_size, 32_749), vocabulary_size - 1
    assert max(table.sums(last, last)) < EXACT
    assert last + 2 * last < EXACT
    assert min(map(min, table.multipliers)) >= 1
    ids = np.array([*drawn(vocabulary_size, 1_000), (last, last)]).T
    for whole, floating in zip(table.sums(*ids), table.sums(*ids.astype(np.float32)), strict=True):
        assert floating.dtype == np.float32
        assert np.array_equal(whole, floating)


@pytest.mark.parametrize("vocabulary_size", [12_002, 60_000, 1_000_000])
def test_places_are_spread_over_the_whole_table_and_the_second_is_another(vocabulary_size: int) -> None:
    table = BigramTable(vocabulary_size, 32_749)
    bigrams = np.random.default_rng(1).integers(2, vocabulary_size, (2, 160_000))
    one, other = (total % table.slots for total in table.sums(*bigrams))
    for places in (one, other):
        times = np.bincount(places, minlength=table.slots)
        assert times.max() < 30  # five each, were they dealt
        assert (times == 0).mean() < 0.02
    assert (one == other).mean() < 0.01


@pytest.mark.parametrize("vocabulary_size", SIZES)
def test_what_a_slot_remembers_fits_int8_and_leaves_its_ends(vocabulary_size: int) -> None:
    table = BigramTable(vocabulary_size, 4_093)
    fingerprints = table.fingerprint(*np.array(drawn(vocabulary_size, 50_000)).T)
    assert fingerprints.min() >= -125
    assert fingerprints.max() <= 125
    assert EMPTY == 127
    if vocabulary_size > 1_000:
        assert len(set(fingerprints.tolist())) == 251


def test_of_the_bigrams_that_are_not_there_less_than_one_in_125_is_taken_for_one_that_is() -> None:
    table, bigrams = BigramTable(12_002, 4_093), drawn(12_002, 60_000)
    placed, places = placed_in(table, bigrams[:8_000])
    held = np.array(bigrams)[placed]
    fingerprints = np.full(table.slots, EMPTY)
    fingerprints[places] = table.fingerprint(*held.T)
    strangers = np.array(bigrams[8_000:]).T
    found = [fingerprints[total % table.slots] == table.fingerprint(*strangers) for total in table.sums(*strangers)]
    share = np.mean(found[0] | found[1])
    assert 1 / 250 < share < 1 / 120


def test_the_largest_prime_is_found() -> None:
    primes = [number for number in range(2, 600) if all(number % divisor for divisor in range(2, number))]
    for number in range(2, 600):
        assert prime_up_to(number) == max(prime for prime in primes if prime <= number)
    assert prime_up_to(1) == 2  # the smallest table: two slots, both of which stay empty
    assert prime_up_to(32_768) == 32_749


def test_the_recipes_tables_have_a_prime_number_of_slots_already() -> None:
    sizes = {recipe.bigram_slots for recipe in RECIPES.values()} - {0}
    assert sizes
    assert {prime_up_to(size) for size in sizes} == sizes
