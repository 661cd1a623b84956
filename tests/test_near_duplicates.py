"""Near twins: texts that say the same but for case, punctuation, or a word or two."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.splitting.near_duplicates import SIMILARITY, TwinIndex, shingles, similarity

WORDS = [f"word{number}" for number in range(500)]
EIGHT = "the king of France is dead since yesterday"


def alike(one: str, other: str) -> float:
    return similarity(shingles(one), shingles(other))


def twins_of(text: str, *others: str) -> list[int]:
    index: TwinIndex[int] = TwinIndex()
    index.add(enumerate(others))
    ((key, twins),) = index.find([(-1, text)])
    assert key == -1
    return sorted(twins)


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
    assert twins_of(one, other) == [0]


@pytest.mark.parametrize(
    ("other", "twin"),
    [
        ("the king of Spain is dead since yesterday", True),
        ("so the king of France is dead since yesterday", True),
        ("the king of France is dead", True),
        ("the queen of Spain is dead since yesterday", False),
        ("yesterday since dead is France of king the", False),
        ("the weather of France is mild", False),
    ],
)
def test_of_eight_words_one_may_differ_and_their_order_counts(other: str, twin: bool) -> None:
    assert (alike(EIGHT, other) >= SIMILARITY) is twin
    assert twins_of(EIGHT, other) == ([0] if twin else [])


def test_of_sixteen_words_two_neighbours_may_differ_and_eight_not() -> None:
    text = WORDS[:16]
    assert twins_of(" ".join(text), " ".join([*text[:5], "other", "words", *text[7:]])) == [0]
    assert twins_of(" ".join(text), " ".join([*text[:8], *WORDS[20:28]])) == []


def test_texts_without_words_have_no_twins_but_are_taken() -> None:
    assert twins_of("?!", "…", "", "a word") == []


def test_a_text_that_was_added_finds_itself_and_all_its_copies() -> None:
    index: TwinIndex[str] = TwinIndex()
    texts = {"one": "to be or not to be", "two": "To be, or not to be!", "three": "that is the question"}
    index.add(texts.items())
    found = {key: sorted(twins) for key, twins in index.find(texts.items())}
    assert found == {"one": ["one", "two"], "two": ["one", "two"], "three": ["three"]}


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
    index: TwinIndex[int] = TwinIndex()
    index.add(enumerate(texts))
    found = {(key, twin) for key, twins in index.find(enumerate(texts)) for twin in twins if key < twin}
    assert found <= expected  # what is called a twin is one
    assert len(found) >= 0.95 * len(expected) > 60


def test_more_texts_than_are_hashed_at_once_keep_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.splitting import near_duplicates

    monkeypatch.setattr(near_duplicates, "_BATCH", 7)
    index: TwinIndex[str] = TwinIndex()
    texts = {str(number): f"{WORDS[number]} and {WORDS[number + 100]}" for number in range(50)}
    index.add(texts.items())
    assert dict(index.find(texts.items())) == {key: [key] for key in texts}


@settings(deadline=None)  # the first text waits for a table of Unicode
@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_between_none_and_all(one: str, other: str) -> None:
    assert 0 <= alike(one, other) == alike(other, one) <= 1
    assert alike(one, one) == (1 if shingles(one) else 0)
