"""What is trained on: the rows as they stand beside their windows, and a third of them as people type."""

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trainer.corpus import Corpus, of_lines
from trainer.encoding import TYPED_SHARE, encode
from trainer.training.fit import split_by
from trainer.options import FitOptions
from trainer.model.recipe import RECIPES
from trainer.split import Split, split
from trainer.survey import survey
from trainer.vocabulary import count, typed
from trainer.text.windows import SHORTEST

LONGEST = 12


def lines_of(label: str) -> tuple[str, ...]:
    """Lines whose words and marks tell where they stand."""
    return tuple(f"{label}{line}a, {label}{line}B — {label}{line}c; {label}{line}d!" for line in range(400))


CORPUS: Corpus = of_lines("made", "", "", "", {"cats": lines_of("cats"), "dogs": lines_of("dogs")})
LINES = {line for label in ("cats", "dogs") for line in lines_of(label)}


def made_split(*, whole_rows: bool, window: int = LONGEST, passes: int = 2) -> Split:
    return split(CORPUS, survey(CORPUS), 1, window=window, passes=passes, whole_rows=whole_rows)


def by_part(parts: Split) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part, phrase in parts.phrases():
        found.setdefault(part, []).append(phrase.text)
    return found


# Whole rows.


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


@pytest.mark.parametrize(
    ("window", "passes", "whole_rows", "readings"),
    [(12, 1, False, 1), (12, 4, False, 4), (12, 4, True, 5), (0, 4, True, 1)],
)
def test_readings_are_how_often_training_holds_a_word(
    window: int, passes: int, whole_rows: bool, readings: int
) -> None:
    parts = made_split(whole_rows=whole_rows, window=window, passes=passes)
    assert parts.readings == readings
    in_phrases = sum(len(text.split()) for text in by_part(parts)["train"])
    in_text = sum(len(text.split()) for text in parts.training_text())
    assert 0.85 * readings < in_phrases / in_text <= readings  # a remainder of each block is dropped


def test_what_was_encoded_remembers_its_readings(tmp_path: Path) -> None:
    parts = made_split(whole_rows=True)
    vocabulary = count(parts.training_text(), parts.labels, 16, 1, 10_000)
    encoded = encode(parts, vocabulary, tmp_path, False, seed=1)
    assert encoded.readings == 3
    assert encoded.counts["train"] == len(encoded.truth) == len(by_part(parts)["train"])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_decides_windows_and_whole_rows(name: str) -> None:
    recipe = dataclasses.replace(RECIPES[name], longest_window=LONGEST)
    parts = split_by(CORPUS, survey(CORPUS), recipe, FitOptions())
    train = by_part(parts)["train"]
    whole = sum(text in LINES for text in train)
    assert parts.facts()["whole_rows"] == recipe.whole_rows
    if recipe.unit == "line":
        assert whole == len(train) == 640
        return
    lengths = [len(typed(text).split()) for text in train if text not in LINES]
    assert {SHORTEST, LONGEST} <= set(lengths) <= set(range(SHORTEST, LONGEST + 1))
    assert lengths.count(SHORTEST) > 2 * lengths.count(LONGEST)
    assert (whole > 640) == recipe.whole_rows  # a window of four words may be a line


# As people type.


@pytest.mark.parametrize("punctuation", [True, False], ids=["marks", "words alone"])
def test_a_third_of_training_phrases_is_typed_where_the_vocabulary_has_marks(punctuation: bool, tmp_path: Path) -> None:
    parts = made_split(whole_rows=False, window=0)
    vocabulary = count(parts.training_text(), parts.labels, 16, 1, 10_000, punctuation)
    assert bool(vocabulary.marks) == punctuation
    encoded = encode(parts, vocabulary, tmp_path, False, seed=1)
    as_typed = 0
    for row, text in zip(encoded.ids.tolist(), by_part(parts)["train"], strict=True):
        ids = [number for number in row if number]
        assert ids in (vocabulary.encode(text), vocabulary.encode(typed(text)))
        as_typed += ids != vocabulary.encode(text)
    assert as_typed / len(encoded.truth) == pytest.approx(TYPED_SHARE if punctuation else 0, abs=0.05)


def test_which_phrases_are_typed_is_drawn_by_the_seed_and_what_is_held_out_stays_as_it_is(tmp_path: Path) -> None:
    parts = made_split(whole_rows=False, window=0)
    vocabulary = count(parts.training_text(), parts.labels, 16, 1, 10_000, True)
    rows = []
    for number, seed in enumerate((1, 1, 2)):
        (tmp_path / str(number)).mkdir()
        encoded = encode(parts, vocabulary, tmp_path / str(number), False, seed)
        assert [phrase.text for phrase in encoded.test] == by_part(parts)["test"]
        assert {phrase.text for phrase in encoded.sample} == set(by_part(parts)["train"])
        rows.append(np.array(encoded.ids))
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])
