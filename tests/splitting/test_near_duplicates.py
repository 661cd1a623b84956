"""Near-duplicates: texts that say the same but for case, punctuation, or a word or two."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.splitting.near_duplicates import MOST_COMPARED, SIMILARITY, NearDuplicateIndex, shingles, similarity

WORDS = [f"word{number}" for number in range(500)]
EIGHT = "the king of France is dead since yesterday"


def alike(one: str, other: str) -> float:
    return similarity(shingles(one), shingles(other))


def found_by(text: str, *others: str) -> list[int]:
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add(enumerate(others))
    ((key, found),) = index.find([(-1, text)])
    assert key == -1
    return sorted(found)


def test_shingles_are_words_and_pairs_of_neighbours_in_their_canonical_form() -> None:
    assert shingles("The cat’s, THE—dog") == {b"the", b"cat's", b"dog", b"the cat's", b"cat's the", b"the dog"}
    assert shingles("?!") == shingles("") == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The king is dead.", "the King is dead!"),
        ("Don't you “know”?", "don’t YOU know"),
        ("café noir", "cafe\u0301 NOIR"),
        ("Ο βασιλιάς πέθανε", "ο ΒΑΣΙΛΙΆΣ ΠΈΘΑΝΕ…"),
    ],
)
def test_case_punctuation_and_the_shape_of_apostrophes_and_accents_do_not_count(one: str, other: str) -> None:
    assert alike(one, other) == 1
    assert found_by(one, other) == [0]


@pytest.mark.parametrize(
    ("other", "near"),
    [
        ("the king of Spain is dead since yesterday", True),
        ("so the king of France is dead since yesterday", True),
        ("the king of France is dead", True),
        ("the queen of Spain is dead since yesterday", False),
        ("yesterday since dead is France of king the", False),
        ("the weather of France is mild", False),
    ],
)
def test_of_eight_words_one_may_differ_and_their_order_counts(other: str, near: bool) -> None:
    assert (alike(EIGHT, other) >= SIMILARITY) is near
    assert found_by(EIGHT, other) == ([0] if near else [])


def test_of_sixteen_words_two_neighbours_may_differ_and_eight_not() -> None:
    text = WORDS[:16]
    assert found_by(" ".join(text), " ".join([*text[:5], "other", "words", *text[7:]])) == [0]
    assert found_by(" ".join(text), " ".join([*text[:8], *WORDS[20:28]])) == []


def test_texts_without_words_have_no_near_duplicates_but_are_taken() -> None:
    assert found_by("?!", "…", "", "a word") == []


def test_a_text_that_was_added_finds_its_copies_and_not_itself() -> None:
    index: NearDuplicateIndex[str] = NearDuplicateIndex()
    texts = {"one": "to be or not to be", "two": "To be, or not to be!", "three": "that is the question"}
    index.add(texts.items())
    found = {key: sorted(others) for key, others in index.find(texts.items())}
    assert found == {"one": ["two"], "two": ["one"], "three": []}


def test_hashing_finds_what_comparing_every_pair_finds() -> None:
    generator = random.Random(3)
    texts = []
    for _ in range(150):
        words = generator.choices(WORDS, k=generator.randint(8, 16))
        changed = list(words)
        for _ in range(generator.randint(0, 3)):
            changed[generator.randrange(len(changed))] = generator.choice(WORDS)
        texts += [" ".join(words), " ".join(changed)]
    expected = {
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if alike(texts[one], texts[other]) >= SIMILARITY
    }
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add(enumerate(texts))
    found = {(key, other) for key, others in index.find(enumerate(texts)) for other in others if key < other}
    assert found <= expected
    assert len(found) >= 0.95 * len(expected) > 60


def test_more_texts_than_are_hashed_at_once_keep_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.splitting import near_duplicates

    monkeypatch.setattr(near_duplicates, "_BATCH", 7)
    index: NearDuplicateIndex[str] = NearDuplicateIndex()
    texts = {str(number): f"{WORDS[number]} and {WORDS[number + 100]}" for number in range(50)}
    index.add(texts.items())
    again = {f"{key} again": text for key, text in texts.items()}
    assert dict(index.find(again.items())) == {f"{key} again": [key] for key in texts}


def templated(count: int) -> list[str]:
    """Texts that share more than the half of their words that makes candidates, and less than makes near-duplicates."""
    generator = random.Random(2)
    opening = "good morning dear support team i am writing to you because"
    return [f"{opening} {' '.join(generator.choices(WORDS, k=6))}" for _ in range(count)]


def test_the_comparisons_grow_no_faster_than_the_texts_whatever_they_share() -> None:
    compared = {}
    for count in (500, 2_000):
        index: NearDuplicateIndex[int] = NearDuplicateIndex()
        index.add(enumerate(templated(count)))
        list(index.find(enumerate(templated(count))))
        compared[count] = index.compared
        assert index.compared <= MOST_COMPARED * count
    assert compared[2_000] < 6 * compared[500]


def test_a_copy_is_found_among_thousands_of_texts_of_one_template() -> None:
    texts = templated(3_000)
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add(enumerate(texts))
    asked = {-1 - place: f"{texts[place]} please" for place in range(0, 3_000, 60)}
    found = dict(index.find(asked.items()))
    assert sum(-1 - key in near for key, near in found.items()) >= 0.95 * len(asked)


def test_of_texts_in_their_order_those_are_distinct_that_have_no_near_duplicate_before_them() -> None:
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    texts = [EIGHT, "something else", f"so {EIGHT}", "something else!", ""]
    assert list(index.distinct(enumerate(texts))) == [(0, None), (1, None), (2, 0), (3, 1), (4, None)]


def test_what_is_taken_is_found_once() -> None:
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add(enumerate([EIGHT] * 100))
    assert [len(found) for _, found in index.take([("a", EIGHT), ("b", EIGHT)])] == [100, 0]


@pytest.mark.slow
@settings(deadline=None)  # the first text waits for a table of Unicode
@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_between_none_and_all(one: str, other: str) -> None:
    assert 0 <= alike(one, other) == alike(other, one) <= 1
    assert alike(one, one) == (1 if shingles(one) else 0)
