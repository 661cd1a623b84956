"""Whether words are pieces as a whole: asked of held-out rows."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from trainer.data.corpus import Corpus, Phrase, Row
from trainer.data.profile import profile_of
from trainer.encoding import subwords
from trainer.encoding.subwords import whole_words
from trainer.model.recipe import RECIPES, sizes_for
from trainer.splitting.split import split
from trainer.text.pieces import learn

BYLINE = RECIPES["byline"]


def names(count: int) -> list[tuple[str, str]]:
    """Single words, all different, whose middle tells the label: a syllable from one half of the alphabet."""
    generator = random.Random(3)
    made = dict[str, str]()
    while len(made) < count:
        label = "xy"[len(made) % 2]
        middle = "".join(generator.choice(("aeiou", "ulorw")[label == "y"]) for _ in range(3))
        made["".join(generator.choices("bcdfg", k=3)) + middle + "".join(generator.choices("hjkmn", k=2))] = label
    return list(made.items())


def phrases(count: int) -> list[tuple[str, str]]:
    """Words that come again, of two letters under both labels: only the whole word tells."""
    generator = random.Random(3)
    words = {label: ["".join(generator.choices("ab", k=12)) for _ in range(150)] for label in ("x", "y")}
    return [(" ".join(generator.choices(words[label], k=4)), label) for label in ("x", "y") * (count // 2)]


def divided(rows: list[tuple[str, str]]) -> Iterator[Phrase]:
    """Gives the training phrases of a corpus."""
    made = tuple(Row(text, label, "", "train", "made", number) for number, (text, label) in enumerate(rows, 1))
    corpus = Corpus("made", "", "", "", lambda _: iter(made))
    return split(corpus, profile_of(corpus), 1).training_phrases()


@pytest.mark.slow
def test_words_that_are_never_met_again_are_cut() -> None:
    assert not whole_words(divided(names(400)), BYLINE, 400, windows=False)


@pytest.mark.slow
def test_words_that_come_again_are_kept() -> None:
    assert whole_words(divided(phrases(400)), BYLINE, 400, windows=False)


@pytest.mark.parametrize(("rows", "whole"), [(subwords.LEAST_TRIED - 1, False), (subwords.MOST_TRIED + 1, True)])
def test_what_is_not_tried(rows: int, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subwords, "_right", lambda *_: pytest.fail("was tried"))
    some = list(divided(phrases(40)))
    assert whole_words(some, BYLINE, rows, windows=False) is whole
    assert whole_words(some, replace(BYLINE, whole_words="yes"), 400, windows=False)
    assert not whole_words(some, replace(BYLINE, whole_words="no"), 400, windows=False)
    assert whole_words(some, BYLINE, 400, windows=True)  # running text: its words come again


def test_a_label_of_one_row_is_no_reason_to_fail() -> None:
    some = divided([("only once", "y"), *((text, "x") for text, _ in phrases(300))])
    assert not whole_words(some, BYLINE, 301, windows=False)


def test_without_whole_words_a_word_is_its_pieces() -> None:
    texts = ["one wordy thing"] * 9 + ["another wordy one"] * 9
    whole = learn(texts, ("a", "b"), sequence_length=20, maximum_pieces=30)
    cut = learn(texts, ("a", "b"), sequence_length=20, maximum_pieces=30, whole_words=False)
    assert "▁wordy" in whole.pieces
    assert "▁wordy" not in cut.pieces
    assert cut.encode("wordy") != [1]
    assert (
        sizes_for(BYLINE, 3, 500, False, whole_words=False).maximum_pieces
        < sizes_for(BYLINE, 3, 500, False).maximum_pieces
    )
