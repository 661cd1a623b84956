"""What is held out and stands in training too is found: near-duplicates, and passages whatever their lines."""

import textwrap
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from trainer.data.corpus import Corpus, Row, of_lines
from trainer.data.profile import profile_of
from trainer.splitting.leakage import FORMULA, leaked
from trainer.splitting.near_duplicates import SIMILARITY
from trainer.splitting.split import Split, split
from trainer.splitting.wording import warnings_of

WORDS = [f"word{number}" for number in range(400)]
TEXT = " ".join(np.random.default_rng(3).choice(WORDS, 600))
OTHER = " ".join(np.random.default_rng(4).choice(WORDS, 600))


def wrapped(text: str, width: int, file: str = "a") -> list[Row]:
    return [Row(line, "x", file=file, number=number) for number, line in enumerate(textwrap.wrap(text, width), 1)]


def numbered(rows: list[Row]) -> list[tuple[int, str]]:
    return list(enumerate(row.text for row in rows))


def test_a_copy_with_its_lines_broken_elsewhere_is_found_in_running_text() -> None:
    held_out = wrapped(TEXT, 50)[:-1]  # the last line may hold fewer words than a passage
    assert leaked(numbered(held_out), wrapped(TEXT, 83), running=True).keys() == set(range(len(held_out)))


def test_other_text_of_the_same_words_is_no_copy() -> None:
    assert leaked(numbered(wrapped(TEXT, 50)), wrapped(OTHER, 50), running=True) == {}


def test_passages_run_on_over_the_end_of_a_line_and_not_of_a_file() -> None:
    held_out = [(0, "one two three four five six")]
    halves = [Row("one two three", "x", file="a"), Row("four five six", "x", file="a")]
    apart = [halves[0], Row("four five six", "x", file="b")]
    assert leaked(held_out, halves, running=True) == {0: SIMILARITY / 2}
    assert leaked(held_out, apart, running=True) == {}
    assert leaked(held_out, halves, running=False) == {}


def test_a_quotation_in_a_long_text_is_found() -> None:
    assert leaked(
        [(0, "to be or not to be that is")], [Row(f"{OTHER} To be, or not to be: that is! {TEXT}", "x")], False
    ) == {0: SIMILARITY / 2}


def test_an_opening_formula_makes_no_copy_and_a_copied_passage_beside_it_does() -> None:
    opening = "dear support team thank you for your help so far i am writing to you again because"
    training = [Row(f"{opening} {' '.join(WORDS[place : place + 9])}", "x") for place in range(2 * FORMULA)]
    asked = [f"{opening} {' '.join(WORDS[300:309])}", f"{opening} but {' '.join(WORDS[2:9])}"]
    others = [Row(text, "x") for text in wrapped_words(OTHER, 9)]
    assert leaked(list(enumerate(asked)), training[:5] + others, running=False).keys() == {0, 1}
    assert leaked(list(enumerate(asked)), training, running=False).keys() == {1}


def wrapped_words(text: str, count: int) -> list[str]:
    words = text.split()
    return [" ".join(words[place : place + count]) for place in range(0, len(words), count)]


def test_the_same_words_are_surer_than_a_near_duplicate() -> None:
    text = " ".join(WORDS[:9])
    training = [Row(f"{text} more", "x"), Row(text.upper(), "x")]
    assert leaked([(0, text), (1, f"{text} again")], training, running=False) == {0: 1.0, 1: SIMILARITY}


def test_thousands_of_rows_of_one_template_end() -> None:
    held_out = [(number, f"book a table for two at {number}") for number in range(2_000)]
    training = [Row(f"book a table for two at {number}", "x") for number in range(2_000, 12_000)]
    assert leaked(held_out, training, running=False).keys() == set(range(2_000))


def by_rows(lines: tuple[str, ...]) -> Split:
    corpus = of_lines("made", "", "", "", {"a": lines, "b": tuple(line.upper()[::-1] for line in lines)})
    return split(corpus, profile_of(corpus), seed=1, random=True)


@pytest.mark.parametrize("copies", [1, 3])
def test_the_lessons_split_keeps_what_leaks_and_says_how_much(copies: int) -> None:
    lines = tuple(
        f"{first} {second} {third}" for first, second, third in zip(WORDS, WORDS[1:], WORDS[2:], strict=False)
    )
    parts = by_rows(tuple(line for line in lines for _ in range(copies)))
    assert not parts.dropped
    said = " ".join(warnings_of(parts))
    assert "by row" in said
    assert ("and are kept: the accuracy is optimistic" in said) == (copies > 1)


def test_of_a_split_of_ones_own_every_part_is_compared_however_many_rows_stand_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.splitting.split.MOST_HELD_OUT", 5)
    lines = [" ".join(WORDS[place : place + 6]) for place in range(0, 360, 6)]
    parts = ["validation"] * 20 + ["test"] * 20 + ["train"] * 20
    rows = [Row(line, "ab"[place % 2], part=part) for place, (line, part) in enumerate(zip(lines, parts, strict=True))]
    rows += [replace(row, part="train") for row in rows if row.part == "test"]
    corpus = Corpus("made", "", "", "", lambda _: iter(rows))
    found = split(corpus, profile_of(corpus), seed=1)
    assert found.method == "given"
    assert not found.dropped
    assert sum(found.optimistic["test"].values()) == 5
    assert "validation" not in found.optimistic


def given_rows(counts: dict[str, int]) -> Corpus:
    rows = [
        Row(f"{part} words of row {number}", "ab"[number % 2], part=part, number=number)
        for part, count in counts.items()
        for number in range(count)
    ]
    return Corpus("made", "", "", "", lambda _: iter(rows))


def test_of_a_split_of_ones_own_no_more_is_read_than_fits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.splitting.split.MOST_MEASURED", 100)
    corpus = given_rows({"train": 300, "test": 400, "validation": 50})
    parts = split(corpus, profile_of(corpus), seed=1)
    counts = Counter(part for part, _ in parts.phrases())
    assert counts["train"] == 300
    assert counts["validation"] == 50
    assert 70 < counts["test"] < 130
    assert "of the test rows 25.0% are read" in " ".join(warnings_of(parts))


def test_the_lessons_split_holds_out_no_more_than_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.splitting.split.MOST_HELD_OUT", 10)
    corpus = of_lines("made", "", "", "", {label: [f"{label} {word}" for word in WORDS] for label in "ab"})
    counts = Counter(part for part, _ in split(corpus, profile_of(corpus), seed=1, random=True).phrases())
    assert counts.total() == 800
    assert all(1 <= counts[part] <= 22 for part in ("validation", "test"))
