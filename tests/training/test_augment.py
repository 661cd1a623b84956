"""What is done to training phrases: slips of the finger."""

import numpy as np
import pytest

from trainer.encoding.augment import MISSPELT, Speller
from trainer.text.pieces import learn

LATIN = Speller.of_letters("etaoinshrdlu.,1")


def slips(text: str, times: int = 400, speller: Speller = LATIN) -> list[str]:
    generator = np.random.default_rng(3)
    return [speller.misspell(text, generator) for _ in range(times)]


def distance(one: str, other: str) -> int:
    """Edits between two words; two neighbours that change places are one edit."""
    table = {(-1, -1): 0} | {(i, -1): i + 1 for i in range(len(one))} | {(-1, j): j + 1 for j in range(len(other))}
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if i and j and a == other[j - 1] and b == one[i - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one) - 1, len(other) - 1]


def test_about_a_fifth_of_the_words_has_one_edit() -> None:
    text = "winter weather whispers everywhere"
    changed = 0
    for slip in slips(text):
        for before, after in zip(text.split(), slip.split(), strict=True):
            assert distance(before, after) <= 1
            changed += before != after
    assert changed / (400 * 4) == pytest.approx(MISSPELT, abs=0.04)


def test_every_kind_of_slip_is_there_and_letters_are_of_the_training_text() -> None:
    found = {slip for slip in slips("maps", 2_000) if slip != "maps"}
    assert {len(slip) for slip in found} == {3, 4, 5}
    assert {"amps", "mpas", "masp"} <= found
    assert set("".join(found)) <= set("maps") | set("etaoinshrdlu")


def test_short_words_and_what_stands_between_words_is_left_alone() -> None:
    assert set(slips("is it, 1? — ok!")) == {"is it, 1? — ok!"}


@pytest.mark.parametrize(("word", "letters"), [("привет", "оеа"), ("שלום", "אבג"), ("안녕하세요", "가나다")])
def test_letters_are_of_the_words_own_script(word: str, letters: str) -> None:
    speller = Speller.of_letters(letters + "etaoin")
    assert set("".join(slips(word, speller=speller))) <= set(word) | set(letters)


def test_a_long_run_without_spaces_has_more_than_one_slip() -> None:
    text = "今天天气很好我们一起去公园散步吧然后去吃饭"
    most = max(sum(a != b for a, b in zip(text, slip, strict=False)) for slip in slips(text))
    assert most > 1


def test_a_speller_takes_its_letters_from_the_vocabulary() -> None:
    vocabulary = learn(["one two three"] * 3, ("a", "b"), sequence_length=18, maximum_pieces=100)
    assert set(Speller.of(vocabulary).letters["LATIN"]) <= set("onetwhr")
