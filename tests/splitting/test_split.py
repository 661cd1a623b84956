"""The split: whole groups, or blocks of neighbouring rows, and nothing held out that training has all but seen."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.corpora.splits import (
    CORPUS,
    LINES,
    PER_BLOCK,
    by_lines,
    by_windows,
    corpus_of,
    encoded,
    line_numbers,
    lines_by_part,
    numbered,
    of_rows,
    phrases_of,
)
from trainer.data.corpus import Row
from trainer.errors import UserError
from trainer.splitting import split as splitting
from trainer.splitting.split import BLOCKS, PARTS

# Blocks.


@pytest.mark.parametrize("label", ["short", "long"])
def test_a_tenth_of_the_blocks_each_is_for_validation_and_for_test_and_no_block_is_in_two_parts(label: str) -> None:
    lines = lines_by_part(by_lines(), label)
    assert {part: len(lines[part]) for part in PARTS} == {"train": 320, "validation": 40, "test": 40}
    assert set.union(*lines.values()) == set(range(LINES))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_held_out_lines_come_in_whole_blocks_of_neighbours(part: str) -> None:
    held_out = lines_by_part(by_lines(), "short")[part]
    blocks = {number // PER_BLOCK for number in held_out}
    assert len(blocks) == BLOCKS // 10
    assert held_out == {block * PER_BLOCK + line for block in blocks for line in range(PER_BLOCK)}


def test_every_label_is_in_every_part_even_with_three_lines_of_it() -> None:
    phrases = phrases_of(by_windows(corpus_of(few=numbered("few", 20, count=3), many=numbered("many", 6))))
    for part in PARTS:
        assert {phrase.label for phrase in phrases[part]} == {"few", "many"}


def test_the_vocabularys_text_is_the_training_lines_and_no_other() -> None:
    parts = by_windows()
    phrases = phrases_of(parts)
    held_out = {word for part in ("validation", "test") for phrase in phrases[part] for word in phrase.text.split()}
    lines = list(parts.training_text())
    counted = {word for line in lines for word in line.split()}
    assert len(lines) == 640
    assert not counted & held_out
    assert counted >= {word for phrase in phrases["train"] for word in phrase.text.split()}


def test_where_every_row_is_a_phrase_it_is_taken_as_it_is() -> None:
    parts = by_lines()
    phrases = phrases_of(parts)
    assert [phrase.text for phrase in phrases["train"]] == list(parts.training_text())
    assert {(phrase.text, phrase.label) for of_part in phrases.values() for phrase in of_part} == {
        (row.text, row.label) for row in CORPUS.rows()
    }


def test_no_more_is_held_out_than_makes_an_accuracy_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "MOST_HELD_OUT", 40)  # of both labels together: 20 of each are two blocks
    lines = lines_by_part(by_lines(), "short")
    assert {part: len(lines[part]) for part in PARTS} == {"train": 360, "validation": 20, "test": 20}


def test_labels_stand_by_name_whatever_the_order_of_the_source() -> None:
    assert by_lines().labels == ("long", "short")


# Windows.


def test_windows_of_one_part_come_from_that_parts_lines_alone() -> None:
    for label in ("short", "long"):
        lines = lines_by_part(by_windows(), label)
        assert not lines["train"] & lines["validation"]
        assert not lines["train"] & lines["test"]
        assert not lines["validation"] & lines["test"]
        assert len(lines["train"]) > 310  # of 320: a remainder is dropped, at another place in each pass


def test_no_window_crosses_the_border_of_a_block() -> None:
    for _, phrase in by_windows().phrases():
        assert len({number // PER_BLOCK for number in line_numbers(phrase)}) == 1


def test_a_phrase_has_the_label_of_the_text_that_it_is_cut_from() -> None:
    assert all(word.startswith(phrase.label) for _, phrase in by_windows().phrases() for word in phrase.text.split())


def test_no_window_crosses_a_file_or_a_group() -> None:
    files = [
        Row(line, label, group, file=f"{label}/{number // 20}", number=number % 20 + 1)
        for label in ("one", "two")
        for number, line in enumerate(numbered(label, 5))
        for group in (f"{label}{number // 20}",)
    ]
    phrases = [phrase for _, phrase in by_windows(of_rows(files, running=True)).phrases()]
    assert any(len(set(line_numbers(phrase))) > 1 for phrase in phrases)  # neighbours do share a window
    assert all(len({number // 20 for number in line_numbers(phrase)}) == 1 for phrase in phrases)


def test_rows_of_a_table_share_no_window() -> None:
    rows = [Row(line, label) for label in ("one", "two") for line in numbered(label, 20)]
    phrases = [phrase for _, phrase in by_windows(of_rows(rows)).phrases()]
    assert len(phrases) > 1_000
    assert all(len(set(line_numbers(phrase))) == 1 for phrase in phrases)


def test_no_window_crosses_a_near_duplicate_that_was_left_out() -> None:
    lines = list(numbered("long", 5))
    held_out = sorted(lines_by_part(by_lines(corpus_of(long=tuple(lines), short=numbered("short", 5))), "long")["test"])
    twin = held_out[PER_BLOCK // 2]
    training = next(number for number in range(LINES) if number not in held_out and number % PER_BLOCK == 0)
    lines[twin] = f"{lines[training]} again"
    corpus = corpus_of(long=tuple(lines), short=numbered("short", 5))
    for passes in (1, 5):
        parts = by_windows(corpus, passes=passes)
        assert parts.dropped == {twin}
        test = [set(line_numbers(phrase)) for phrase in phrases_of(parts)["test"] if phrase.label == "long"]
        assert not any({twin - 1, twin + 1} <= numbers for numbers in test)
        assert not any(training in numbers for numbers in test)


def test_the_length_of_a_window_tells_nothing_about_its_label() -> None:
    phrases = phrases_of(by_windows())["train"]
    mean = {}
    for label in ("short", "long"):
        lengths = [len(phrase.text.split()) for phrase in phrases if phrase.label == label]
        assert set(lengths) == set(range(3, 17))
        mean[label] = sum(lengths) / len(lengths)
    assert abs(mean["short"] - mean["long"]) < 0.7  # words; the lines' own lengths differ by 8


def test_training_text_is_cut_anew_in_each_pass_and_held_out_text_once() -> None:
    once, thrice = (phrases_of(by_windows(passes=passes)) for passes in (1, 3))
    assert 2.8 < len(thrice["train"]) / len(once["train"]) < 3.2
    assert len(set(thrice["train"])) > 2 * len(set(once["train"]))
    for phrases in thrice["test"], thrice["validation"]:
        words = [word for phrase in phrases for word in phrase.text.split()]
        assert len(words) == len(set(words))


# By row, for comparison.


def test_a_split_by_row_takes_about_a_tenth_of_the_rows_wherever_they_stand() -> None:
    parts = by_lines(random=True)
    lines = lines_by_part(parts, "short")
    assert (parts.method, len(parts.dropped)) == ("random", 0)
    assert set.union(*lines.values()) == set(range(LINES))
    for part in ("validation", "test"):
        assert 20 <= len(lines[part]) <= 60
        assert len({number // PER_BLOCK for number in lines[part]}) > 15
    assert sum(one + 1 in lines["train"] for one in lines["test"]) > len(lines["test"]) / 2  # neighbours: optimistic


# Duplicates.


def test_rows_held_out_that_have_a_near_duplicate_in_training_are_left_out() -> None:
    plain = lines_by_part(by_lines(), "short")
    lines = list(numbered("short", 6))
    copied, twins = min(plain["train"]), sorted(plain["test"])[:7] + sorted(plain["validation"])[:3]
    for twin in twins:
        lines[twin] = lines[copied].upper() + "!"
    parts = by_lines(corpus_of(short=tuple(lines), long=numbered("long", 14)))
    assert parts.dropped == frozenset(twins)
    assert parts.optimistic == {}
    assert parts.facts()["near_duplicates_left_out"] == 10
    assert {part: len(phrases) for part, phrases in phrases_of(parts).items()} == {
        "train": 640,
        "validation": 77,
        "test": 73,
    }


def test_near_duplicates_within_one_part_stay() -> None:
    plain = lines_by_part(by_lines(), "short")
    lines = list(numbered("short", 6))
    for twin in plain["test"]:
        lines[twin] = "the test says one thing again and again"
    assert by_lines(corpus_of(short=tuple(lines), long=numbered("long", 14))).dropped == frozenset()


def test_near_duplicates_across_labels_are_left_out_too() -> None:
    test = sorted(lines_by_part(by_lines(), "short")["test"])
    lines = list(numbered("short", 6))
    of_other = numbered("long", 14)
    lines[test[0]] = of_other[min(lines_by_part(by_lines(), "long")["train"])]
    assert by_lines(corpus_of(short=tuple(lines), long=of_other)).dropped == frozenset(test[:1])


def test_of_a_label_that_has_nothing_but_duplicates_half_are_kept_and_that_is_noted() -> None:
    parts = by_lines(corpus_of(same=("the same line again and again",) * 40, long=numbered("long", 14, 600)))
    phrases = phrases_of(parts)
    assert len(parts.dropped) == 4
    assert parts.optimistic == parts.facts()["near_duplicates_kept"] == {"test": {"same": 2}, "validation": {"same": 2}}
    assert Counter(phrase.label for phrase in phrases["test"])["same"] == 2


def test_of_templated_text_enough_stays_to_measure_on() -> None:
    """3,000 tickets with an opening formula left 8 validation and 11 test rows."""
    tickets = {
        label: tuple(f"good morning dear support team i am writing to you because {label} {n}" for n in range(1_000))
        for label in ("billing", "delivery", "login")
    }
    parts = by_lines(corpus_of(**tickets))
    counts = Counter((part, phrase.label) for part, phrases in phrases_of(parts).items() for phrase in phrases)
    assert all(counts[part, label] == 50 for part in ("validation", "test") for label in tickets)
    assert parts.optimistic["test"] == dict.fromkeys(tickets, 50)


def test_no_part_falls_below_fifty_rows_for_its_duplicates() -> None:
    lines = numbered("short", 6, 100)
    held_out = sorted(lines_by_part(by_lines(corpus_of(short=lines, long=numbered("long", 14))), "short")["test"])
    copied = tuple(lines[0] if number in held_out else line for number, line in enumerate(lines))
    parts = by_lines(corpus_of(short=copied, long=numbered("long", 14)))
    assert len(phrases_of(parts)["test"]) == 50
    assert parts.optimistic["test"] == {"short": len(held_out)}


# The same data, the same split.


def test_equal_seeds_give_equal_splits_and_other_seeds_other_blocks() -> None:
    first, again, other = (by_windows(seed=seed) for seed in (1, 1, 2))
    assert list(first.phrases()) == list(first.phrases()) == list(again.phrases())
    assert encoded(first).sha256 == encoded(again).sha256 != encoded(other).sha256
    assert lines_by_part(first, "long")["test"] != lines_by_part(other, "long")["test"]


# What cannot be split.


def test_one_label_is_refused() -> None:
    with pytest.raises(UserError, match="at least two labels; received one, 'alone'"):
        by_windows(corpus_of(alone=numbered("alone", 6)))


@pytest.mark.parametrize(("lines", "told"), [(("a b c d",), "1 phrase"), (("a b c d", "e f g h"), "2 phrases")])
def test_labels_with_fewer_than_three_rows_are_refused_where_no_label_has_more(
    lines: tuple[str, ...], told: str
) -> None:
    with pytest.raises(UserError, match=f"poor: row 1: the label poor has {told}; training, validation and test need"):
        by_windows(corpus_of(poor=lines, second=numbered("second", 6, 2)))


def test_a_label_with_fewer_than_three_rows_is_learned_and_not_measured_beside_others() -> None:
    for rows in (1, 2):
        parts = lines_by_part(by_lines(corpus_of(rich=numbered("rich", 6), poor=numbered("poor", 6, rows))), "poor")
        assert parts["train"]
        assert not parts["validation"]


def test_a_label_with_too_few_words_for_a_window_is_named() -> None:
    parts = by_windows(corpus_of(rich=numbered("rich", 6), poor=("one",) * 10))
    with pytest.raises(UserError, match="the label poor has too little text for a train part"):
        encoded(parts)


ANY_ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["", "g", "h", "i", "j"]), st.booleans()), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(ANY_ROWS, st.sampled_from([None, "test", "validation"]), st.integers(0, 3), st.booleans())
def test_every_row_of_any_corpus_is_in_exactly_one_part_or_the_corpus_is_refused(
    drawn: list[tuple[str, str, bool]], given_part: str | None, seed: int, random: bool
) -> None:
    rows = [
        Row(f"x{number} y{number}", label, group, "" if given_part is None else given_part if held else "train")
        for number, (label, group, held) in enumerate(drawn)
    ]
    try:
        parts = by_lines(of_rows(rows), seed, random)
        encoded(parts)
    except UserError:
        return
    assert [phrase.text for _, phrase in parts.phrases()] == [row.text for row in rows]
    found: dict[str, set[str]] = {}
    for row, (part, phrase) in zip(rows, parts.phrases(), strict=True):
        found.setdefault(row.group, set()).add(part)
        assert phrase.label == row.label
        assert random or row.part in ("", "train") or part == row.part
    assert all(len(of_group) == 1 for group, of_group in found.items() if group)
    labels = {row.label for row in rows}
    for part, of_part in phrases_of(parts).items():
        held = {phrase.label for phrase in of_part}
        assert held == labels if part == "train" else held and held <= labels


def test_no_block_is_left_over_where_a_label_does_not_divide_evenly() -> None:
    for lines in (3, 39, 41, 79, 123):
        parts = lines_by_part(by_lines(corpus_of(a=numbered("a", 4, lines), b=numbered("b", 4))), "a")
        assert sorted(number for of_part in parts.values() for number in of_part) == list(range(lines))
        runs = sum(later - one > 1 for one, later in pairwise(sorted(parts["test"]))) + 1
        assert runs <= max(1, BLOCKS // 10 + 1)
