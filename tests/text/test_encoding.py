"""What is trained on: the rows as they stand beside their windows."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from trainer.data.corpus import Corpus, of_lines
from trainer.data.profile import profile_of
from trainer.encoding.encode import encode
from trainer.model.recipe import RECIPES
from trainer.splitting.options import split_by
from trainer.splitting.split import Split, split
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import SHORTEST
from trainer.text.words import words_of
from trainer.training.options import FitOptions

LONGEST = 12


def lines_of(label: str) -> tuple[str, ...]:
    """Lines whose words and marks tell where they stand."""
    return tuple(f"{label}{line}a, {label}{line}B — {label}{line}c; {label}{line}d!" for line in range(400))


CORPUS: Corpus = of_lines("made", "", "", "", {"cats": lines_of("cats"), "dogs": lines_of("dogs")})
LINES = {line for label in ("cats", "dogs") for line in lines_of(label)}


def made_split(*, whole_rows: bool, window: int = LONGEST, passes: int = 2) -> Split:
    return split(CORPUS, profile_of(CORPUS), 1, window=window, passes=passes, whole_rows=whole_rows)


def by_part(parts: Split) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part, phrase in parts.phrases():
        found.setdefault(part, []).append(phrase.text)
    return found


def test_each_training_row_is_there_once_beside_the_windows_and_nothing_more_is_held_out() -> None:
    with_rows, windows = by_part(made_split(whole_rows=True)), by_part(made_split(whole_rows=False))
    for part in ("validation", "test"):
        assert with_rows[part] == windows[part]
    added = Counter(with_rows["train"])
    added.subtract(Counter(windows["train"]))
    assert +added == Counter(made_split(whole_rows=True).training_text())
    assert len(+added) == 640
    assert not -added


def test_without_windows_a_row_is_there_once_whatever_is_asked_for() -> None:
    parts = made_split(whole_rows=True, window=0)
    assert by_part(parts) == by_part(made_split(whole_rows=False, window=0))
    assert Counter(text for texts in by_part(parts).values() for text in texts) == Counter(LINES)


@pytest.mark.parametrize(("passes", "whole_rows", "readings"), [(1, False, 1), (4, False, 4), (4, True, 5)])
def test_training_holds_the_text_as_often_as_it_is_cut(passes: int, whole_rows: bool, readings: int) -> None:
    parts = made_split(whole_rows=whole_rows, passes=passes)
    in_phrases = sum(len(text.split()) for text in by_part(parts)["train"])
    in_text = sum(len(text.split()) for text in parts.training_text())
    assert 0.85 * readings < in_phrases / in_text <= readings  # a remainder of each block is dropped


def test_a_short_phrase_is_one_row_whether_it_is_a_window_or_not(tmp_path: Path) -> None:
    parts = made_split(whole_rows=True)
    vocabulary = Vocabulary((), ("▁cats",), (-1.0,), parts.labels, 18, "word")
    encoded = encode(parts, vocabulary, tmp_path, sequence_length=18, first_window=False, misspelt_weight=0.0, seed=1)
    assert encoded.counts["train"] == len(encoded.truth) == len(by_part(parts)["train"])
    assert encoded.unmeasured == {}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_decides_windows_and_whole_rows(name: str) -> None:
    recipe = dataclasses.replace(RECIPES[name], longest_window=LONGEST)
    parts = split_by(CORPUS, profile_of(CORPUS), recipe, FitOptions())
    train = by_part(parts)["train"]
    whole = sum(text in LINES for text in train)
    assert parts.facts()["whole_rows"] == recipe.whole_rows
    if recipe.unit == "line":
        assert whole == len(train) == 640
        return
    lengths = [len(words_of(text)) for text in train if text not in LINES]
    assert {SHORTEST, LONGEST} <= set(lengths) <= set(range(SHORTEST, LONGEST + 1))
    assert lengths.count(SHORTEST) > 2 * lengths.count(LONGEST)
    assert (whole > 640) == recipe.whole_rows  # a window of four words may be a line
