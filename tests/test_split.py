"""The split: blocks of neighbouring lines, so that no test phrase has a neighbour in training."""

import dataclasses
import re

import pytest

from trainer.corpus import Corpus, Phrase
from trainer.errors import UserError
from trainer.recipes import RECIPES, Recipe
from trainer.split import BLOCKS, PARTS, Split, split

LINES, PER_BLOCK = 400, 400 // BLOCKS
WINDOWS = Recipe(window_passes=3)
WHOLE_LINES = RECIPES["lesson"]


def corpus_of(**lines: tuple[str, ...]) -> Corpus:
    return Corpus("made", "Which?", "Made for a test.", "CC0-1.0", lines)


def numbered(label: str, words_a_line: int, count: int = LINES) -> tuple[str, ...]:
    """Lines whose words tell where they stand: `short12w3` is word 3 of line 12."""
    return tuple(" ".join(f"{label}{line}w{word}" for word in range(words_a_line)) for line in range(count))


CORPUS = corpus_of(short=numbered("short", 6), long=numbered("long", 14))


def line_numbers(phrase: Phrase) -> list[int]:
    return [int(number) for number in re.findall(r"[a-z]+(\d+)w", phrase.text)]


def lines_by_part(parts: Split, label: str) -> dict[str, set[int]]:
    return {
        part: {number for phrase in parts.phrases[part] if phrase.label == label for number in line_numbers(phrase)}
        for part in PARTS
    }


@pytest.mark.parametrize("label", ["short", "long"])
def test_a_tenth_of_the_blocks_each_is_for_validation_and_for_test_and_no_block_is_in_two_parts(label: str) -> None:
    lines = lines_by_part(split(CORPUS, WHOLE_LINES, seed=1), label)
    assert {part: len(lines[part]) for part in PARTS} == {"train": 320, "validation": 40, "test": 40}
    assert set.union(*lines.values()) == set(range(LINES))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_held_out_lines_come_in_whole_blocks_of_neighbours(part: str) -> None:
    held_out = lines_by_part(split(CORPUS, WHOLE_LINES, seed=1), "short")[part]
    blocks = {number // PER_BLOCK for number in held_out}
    assert len(blocks) == BLOCKS // 10
    assert held_out == {block * PER_BLOCK + line for block in blocks for line in range(PER_BLOCK)}


def test_windows_of_one_part_come_from_that_parts_lines_alone() -> None:
    for label in CORPUS.lines:
        lines = lines_by_part(split(CORPUS, WINDOWS, seed=1), label)
        assert not lines["train"] & lines["validation"]
        assert not lines["train"] & lines["test"]
        assert not lines["validation"] & lines["test"]
        assert len(lines["train"]) > 310  # of 320: a remainder is dropped, at another place in each pass


def test_no_window_crosses_the_border_of_a_block() -> None:
    for phrases in split(CORPUS, WINDOWS, seed=1).phrases.values():
        assert all(len({number // PER_BLOCK for number in line_numbers(phrase)}) == 1 for phrase in phrases)


def test_a_phrase_has_the_label_of_the_text_that_it_is_cut_from() -> None:
    phrases = [phrase for of_part in split(CORPUS, WINDOWS, seed=1).phrases.values() for phrase in of_part]
    assert all(word.startswith(phrase.label) for phrase in phrases for word in phrase.text.split())


def test_every_label_is_in_every_part_even_with_three_lines_of_it() -> None:
    parts = split(corpus_of(few=numbered("few", 20, count=3), many=numbered("many", 6)), WINDOWS, seed=1)
    for part in PARTS:
        assert {phrase.label for phrase in parts.phrases[part]} == {"few", "many"}


def test_the_vocabularys_text_is_the_training_lines_and_no_other() -> None:
    parts = split(CORPUS, WINDOWS, seed=1)
    held_out = {
        word for part in ("validation", "test") for phrase in parts.phrases[part] for word in phrase.text.split()
    }
    counted = {word for line in parts.training_text for word in line.split()}
    assert len(parts.training_text) == 640
    assert not counted & held_out
    assert counted >= {word for phrase in parts.phrases["train"] for word in phrase.text.split()}


def test_the_length_of_a_window_tells_nothing_about_its_label() -> None:
    phrases = split(CORPUS, WINDOWS, seed=1).phrases["train"]
    mean = {}
    for label in CORPUS.lines:
        lengths = [len(phrase.text.split()) for phrase in phrases if phrase.label == label]
        assert set(lengths) == set(range(3, 17))
        mean[label] = sum(lengths) / len(lengths)
    assert abs(mean["short"] - mean["long"]) < 0.7  # words; the lines' own lengths differ by 8


def test_training_text_is_cut_anew_in_each_pass_and_held_out_text_once() -> None:
    once, thrice = (split(CORPUS, dataclasses.replace(WINDOWS, window_passes=n), seed=1) for n in (1, 3))
    assert 2.8 < len(thrice.phrases["train"]) / len(once.phrases["train"]) < 3.2
    assert len(set(thrice.phrases["train"])) > 2 * len(once.phrases["train"])
    for phrases in thrice.phrases["test"], thrice.phrases["validation"]:
        words = [word for phrase in phrases for word in phrase.text.split()]
        assert len(words) == len(set(words))


def test_the_lessons_recipe_takes_lines_as_they_are() -> None:
    parts = split(CORPUS, WHOLE_LINES, seed=1)
    assert tuple(phrase.text for phrase in parts.phrases["train"]) == parts.training_text
    assert {phrase.text for of_part in parts.phrases.values() for phrase in of_part} == {
        line for lines in CORPUS.lines.values() for line in lines
    }


def test_equal_seeds_give_equal_splits_and_other_seeds_other_blocks() -> None:
    first, again, other = (split(CORPUS, WINDOWS, seed) for seed in (1, 1, 2))
    assert first == again
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert lines_by_part(first, "long")["test"] != lines_by_part(other, "long")["test"]


def test_the_fingerprint_covers_text_label_and_part() -> None:
    one, two = Phrase("a b c", "x"), Phrase("d e f", "y")
    splits = [
        Split((), {"train": train, "validation": validation, "test": ()})
        for train, validation in [
            ((one,), (two,)),
            ((one, two), ()),
            ((two,), (one,)),
            ((Phrase("a b c", "y"),), (two,)),
            ((Phrase("a b C", "x"),), (two,)),
        ]
    ]
    assert len({parts.fingerprint() for parts in splits}) == len(splits)


def test_one_label_is_refused() -> None:
    with pytest.raises(UserError, match="at least two labels; received 1"):
        split(corpus_of(alone=numbered("alone", 6)), WINDOWS, seed=1)


@pytest.mark.parametrize("lines", [(), ("a b c d",), ("a b c d", "e f g h")])
def test_a_label_with_fewer_than_three_lines_is_named(lines: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=f"the label poor has {len(lines)} lines"):
        split(corpus_of(rich=numbered("rich", 6), poor=lines), WINDOWS, seed=1)


def test_a_label_with_too_few_words_for_a_window_is_named() -> None:
    with pytest.raises(UserError, match="the label poor has too little text for a train part"):
        split(corpus_of(rich=numbered("rich", 6), poor=("one",) * BLOCKS), WINDOWS, seed=1)
