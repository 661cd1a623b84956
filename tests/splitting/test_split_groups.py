"""The split where the source has groups, or says itself what is in which part."""

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.support.corpora.splits import PER_BLOCK, by_lines, encoded, lines_by_part, numbered, of_rows, phrases_of
from trainer.data.corpus import Row
from trainer.errors import UserError
from trainer.splitting.split import PARTS, Split
from trainer.splitting.wording import warnings_of


def grouped(sizes: Iterable[tuple[str, dict[str, int]]]) -> list[Row]:
    """Rows of groups that hold so many of each label, interleaved; every text is of words of its own."""
    rows = [
        Row(f"{group}x{label}x{number} {label}y{group}y{number}", label, group)
        for group, of_group in sizes
        for label, size in of_group.items()
        for number in range(size)
    ]
    return sorted(rows, key=lambda row: row.text.split("x")[2])


MIXED = grouped((f"g{number}", {"a": 3 + number % 5, "b": number % 4, "c": 2}) for number in range(120))


def parts_of_groups(parts: Split) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part, phrase in parts.phrases():
        found.setdefault(phrase.text.split("x")[0], set()).add(part)
    return found


def test_a_group_is_never_divided_even_where_it_holds_several_labels() -> None:
    found = parts_of_groups(by_lines(of_rows(MIXED)))
    assert len(found) == 120
    assert {len(parts) for parts in found.values()} == {1}


@pytest.mark.parametrize("seed", range(5))
def test_groups_give_each_part_about_a_tenth_of_each_label(seed: int) -> None:
    total = Counter(row.label for row in MIXED)
    phrases = phrases_of(by_lines(of_rows(MIXED), seed))
    assert sum(map(len, phrases.values())) == len(MIXED)
    for part in ("validation", "test"):
        held = Counter(phrase.label for phrase in phrases[part])
        for label in total:
            assert 0.06 <= held[label] / total[label] <= 0.14, (part, label)


def test_a_rare_label_in_three_groups_is_in_every_part() -> None:
    rows = MIXED + grouped((f"rare{number}", {"rare": 1, "a": 1}) for number in range(3))
    phrases = phrases_of(by_lines(of_rows(rows)))
    for part in PARTS:
        assert {phrase.label for phrase in phrases[part]} == {"a", "b", "c", "rare"}


@pytest.mark.parametrize("groups", [1, 2])
def test_a_label_in_fewer_than_three_groups_is_learned_and_not_measured(groups: int) -> None:
    rows = MIXED + grouped((f"rare{number}", {"rare": 30}) for number in range(groups))
    phrases = phrases_of(by_lines(of_rows(rows)))
    assert sum(phrase.label == "rare" for phrase in phrases["train"]) == 30
    assert not any(phrase.label == "rare" for phrase in phrases["validation"])


@pytest.mark.parametrize("groups", [1, 2])
def test_labels_in_fewer_than_three_groups_are_refused_where_none_is_in_more(groups: int) -> None:
    rows = grouped((f"{label}{number}", {label: 30}) for number in range(groups) for label in ("odd", "rare"))
    with pytest.raises(UserError, match=f"the label odd has {30 * groups} phrases in {groups} groups?; training, val"):
        by_lines(of_rows(rows))


def test_rows_without_a_group_beside_rows_with_one_are_divided_in_blocks() -> None:
    loose = [Row(line, label) for label in ("a", "b") for line in numbered(label, 4)]
    parts = by_lines(of_rows(MIXED + loose))
    lines = lines_by_part(parts, "b")
    assert parts.method == "groups"
    for part in ("validation", "test"):
        assert {number // PER_BLOCK for number in lines[part]}.isdisjoint(n // PER_BLOCK for n in lines["train"])


def test_groups_cannot_be_split_at_random() -> None:
    with pytest.raises(UserError, match="--split random would divide its groups"):
        by_lines(of_rows(MIXED), random=True)


def given_rows(*parts: str, label: str = "a", count: int = 30) -> list[Row]:
    return [
        Row(f"{part}z{label}{number} w{label}{part}{number}", label, "", part)
        for part in parts
        for number in range(count)
    ]


def test_given_parts_are_kept_as_they_are_with_their_near_duplicates() -> None:
    rows = [row for label in "ab" for row in given_rows("train", "validation", "test", label=label)]
    rows += [Row("the very same words", "a", "", part) for part in PARTS]
    parts = by_lines(of_rows(rows))
    assert (parts.method, len(parts.dropped)) == ("given", 0)
    assert [(part, phrase.text) for part, phrase in parts.phrases()] == [(row.part, row.text) for row in rows]


def test_of_given_parts_that_are_too_many_for_memory_some_rows_are_read_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.splitting.split.MOST_MEASURED", 100)
    rows = [row for label in "ab" for row in given_rows("train", "validation", "test", label=label, count=200)]
    parts = by_lines(of_rows(rows))
    counts = Counter(part for part, _ in parts.phrases())
    assert counts["train"] == 400
    assert all(60 <= counts[part] <= 140 for part in ("validation", "test"))
    assert [line for line in warnings_of(parts) if "25.0% are read" in line and "test" in line]


@pytest.mark.parametrize(("given_one", "missing"), [("test", "validation"), ("validation", "test")])
def test_a_part_that_is_not_given_is_drawn_from_training(given_one: str, missing: str) -> None:
    rows = [row for label in "ab" for row in given_rows("train", given_one, label=label, count=100)]
    phrases = phrases_of(by_lines(of_rows(rows)))
    assert len(phrases[given_one]) == 200
    assert all(phrase.text.startswith(given_one) for phrase in phrases[given_one])
    assert all(phrase.text.startswith("train") for part in ("train", missing) for phrase in phrases[part])
    assert all(9 <= sum(phrase.label == label for phrase in phrases[missing]) <= 11 for label in "ab")
    assert len(phrases["train"]) + len(phrases[missing]) == 200


def test_a_missing_validation_is_drawn_in_whole_groups() -> None:
    rows = [Row(row.text, row.label, row.group, "train") for row in MIXED] + [
        row for label in "abc" for row in given_rows("test", label=label)
    ]
    found = parts_of_groups(by_lines(of_rows(rows)))
    assert {len(parts) for group, parts in found.items() if group.startswith("g")} == {1}
    assert Counter(part for parts in found.values() for part in parts)["validation"] >= 8


def test_a_group_in_two_given_parts_is_refused_and_its_row_named() -> None:
    rows = [Row(f"w{number}", "ab"[number % 2], f"g{number}", "train", "songs.csv", number) for number in range(2, 9)]
    rows.append(Row("w9", "a", "g3", "test", "songs.csv", 9))
    with pytest.raises(UserError, match=r"songs\.csv: row 9: the group 'g3' is in test here and in train before"):
        by_lines(of_rows(rows))


def test_a_label_that_a_given_part_lacks_is_not_measured_there_and_one_without_training_is_named() -> None:
    rows = [row for label in "ab" for row in given_rows("train", "validation", "test", label=label)]
    lacking = [*rows, *given_rows("train", "validation", label="c")]
    assert encoded(by_lines(of_rows(lacking))).unmeasured == {"test": ("c",)}
    untrained = [*rows, *given_rows("validation", "test", label="c")]
    with pytest.raises(UserError, match="the label c has too little text for a train part"):
        encoded(by_lines(of_rows(untrained)))


def test_groups_are_drawn_by_their_names_wherever_they_stand() -> None:
    one, other = (parts_of_groups(by_lines(of_rows(rows))) for rows in (MIXED, MIXED[::-1]))
    assert one == other


def test_the_fingerprint_covers_text_label_and_part() -> None:
    rows = [row for label in "ab" for row in given_rows("train", "validation", "test", label=label, count=2)]
    changed = {
        "text": [Row("other words", *(getattr(rows[0], name) for name in ("label", "group", "part"))), *rows[1:]],
        "case": [Row(rows[0].text.upper(), rows[0].label, "", rows[0].part), *rows[1:]],
        "label": [Row(rows[0].text, "b", "", rows[0].part), *rows[1:]],
        "part": [Row(rows[0].text, rows[0].label, "", "test"), *rows[1:]],
        "none": rows,
    }
    assert len({encoded(by_lines(of_rows(of_case))).sha256 for of_case in changed.values()}) == len(changed)
