"""The audit of many labels: different ones stay different, and where not all fit the worst are shown."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.corpora.audits import PLACES, SUBJECTS, THINGS, audited, clean, finding
from tests.support.pages.browser import Open, Visit
from trainer.__main__ import main
from trainer.audit.report import cut_apart, html
from trainer.cli.report import terminal
from trainer.data.corpus import Row
from trainer.data.labels import alike

pytestmark = pytest.mark.slow  # an audit trains its models

LONG = "card_payment_not_recognised_by_the_customer_{:02}_although_it_was_made"
WORST = ["the_first_of_two_labels_that_nothing_tells_from_each_other", "the_second_of_two_labels_without_words"]


def many(count: int = 45) -> list[Row]:
    """Labels with words of their own, and of fewest phrases two that share all words."""
    generator = np.random.default_rng(4)
    rows = []
    for number in range(count):
        own = [f"own{number}x{word}" for word in range(5)]
        for _ in range(14):
            rows.append(Row(" ".join([*generator.choice(THINGS, 4), *generator.choice(own, 2)]), LONG.format(number)))
    for label in WORST:
        rows += [Row(" ".join(generator.choice(PLACES + SUBJECTS, 6)), label) for _ in range(10)]
    return [Row(row.text, row.label, file="data/a.csv", number=number) for number, row in enumerate(rows, 1)]


@pytest.fixture(scope="module")
def of_many() -> dict[str, Any]:
    rows = many()
    generator = np.random.default_rng(1)
    return audited(rows, generator.choice(["train", "train", "validation", "test"], len(rows)).tolist())


# Names.


def test_a_long_label_is_cut_in_its_middle_and_a_short_one_is_whole() -> None:
    names = cut_apart(["card_payment_fee_charged", "card_arrival"], 16)
    assert names == {"card_payment_fee_charged": "card_pay…charged", "card_arrival": "card_arrival"}


def test_the_cut_is_moved_to_where_labels_differ() -> None:
    ends = "balance_not_{}updated_after_the_bank_transfer"
    labels = [ends.format("yet_"), ends.format("ever_"), "balance_of_another_kind_of_transfer"]
    names = cut_apart(labels, 21)
    assert [name.startswith("balance_not_") for name in names.values()] == [True, True, False]
    assert len({*names.values()}) == 3
    assert {len(name) for name in names.values()} == {21}


def test_labels_that_no_cut_tells_apart_are_numbered() -> None:
    labels = ["a" * 40 + middle + "b" * 40 for middle in "xyz"] + ["a" * 22 + "…2"]
    names = cut_apart(labels, 24)
    assert len({*names.values()}) == 4
    assert max(map(len, names.values())) == 24
    assert names[labels[3]] == labels[3], "it is whole"


@pytest.mark.parametrize("width", [10, 24, 30, 60])
def test_no_two_labels_have_one_name(width: int) -> None:
    generator = np.random.default_rng(width)
    labels = {"".join(generator.choice([*"ab_…2"], int(generator.integers(1, 100)))) for _ in range(300)}
    labels |= {"a" * 50 + "".join(generator.choice([*"ab"], 5)) + "a" * 45 for _ in range(60)}
    labels |= {"a\u200dsoft\u00ad" * 9, "a\u200dsoft\u2066" * 9}  # both are shown with the same mark
    names = cut_apart(labels, width)
    assert names.keys() == labels
    assert len({*names.values()}) == len(labels)
    assert max(map(len, names.values())) <= width


# The terminal.


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_the_terminal_keeps_to_its_columns_with_many_labels(of_many: dict[str, Any], width: int) -> None:
    lines = terminal(of_many, width).splitlines()
    assert max(map(len, lines)) <= width
    sizes = lines[lines.index("SIZES") + 2 :][:20]
    assert len({line.split()[0] for line in sizes}) == 20
    assert terminal(of_many, 1) == terminal(of_many, 80)
    assert terminal(of_many, 1000) == terminal(of_many, 160)


def test_the_terminal_shows_the_worst_labels_first_and_whole_where_they_fit(of_many: dict[str, Any]) -> None:
    lines = terminal(of_many, 160).splitlines()
    table = lines[lines.index("SIZES") + 1 :][:21]
    assert table[0].split()[-2:] == ["F1", "doubted"]
    assert {line.split()[0] for line in table[1:3]} == set(WORST)
    assert "these 20 of 47 labels have the lowest F1" in "\n".join(lines)
    shares = [float(line.split()[-2]) for line in table[1:]]
    assert shares == sorted(shares)
    assert shares[1] < 0.8 < shares[2]


def test_few_labels_stand_by_their_size_with_the_same_measures() -> None:
    report = audited(clean(60))
    quality = report["label_issues"]["labels"]
    assert [of_label["label"] for of_label in quality] == ["sea", "town"]
    assert all(of_label["f1"] > 0.9 and of_label["phrases"] == 60 for of_label in quality)
    assert sum(of_label["doubted"] for of_label in quality) == report["label_issues"]["issues"]
    text = terminal(report)
    assert "finds label issues.\n" in text
    assert len(re.findall(r"^  (?:sea|town) .* [01]\.\d\d +\d+$", text, re.MULTILINE)) == 2


def test_labels_with_too_few_phrases_have_no_measure() -> None:
    report = audited([*clean(60), Row("one of its kind", "alone")])
    assert "alone" not in {of_label["label"] for of_label in report["label_issues"]["labels"]}
    assert re.search(r"^  alone .* – +–$", terminal(report), re.MULTILINE)
    assert '<td class="number">–</td>' in html(report)
    rows = [Row(f"words of {number}", f"label {number:02}") for number in range(30)]
    text = terminal(audited(rows))
    assert "These 20 of 30 labels have the most phrases." in text
    assert "lowest F1" not in text


def test_the_width_is_that_of_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"text": row.text, "label": row.label}) + "\n" for row in clean(30)), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)  # a path is never broken, and that of the test may be longer than the line
    widest = {}
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["audit", "--data=a.jsonl"]) == 0
        widest[columns] = max(map(len, capsys.readouterr().out.splitlines()))
    assert widest[80] <= 80 < widest[120] <= 120


# The page.


def test_the_page_shows_the_worst_of_many_labels(of_many: dict[str, Any]) -> None:
    page = html(of_many).replace("<wbr>", "")
    assert "The 40 of 47 labels with the lowest recall." in page
    heat, sizes = page.split('class="map"')[1].split("</table>")[0], page.split('class="bars sizes"')[1]
    assert len(re.findall('<th scope="row">', heat)) == 40
    recall = [int(share) for share in re.findall(r'<th scope="row">[^<]+</th><td class="heat[^>]+>(\d+)', heat)]
    assert len(recall) > 30
    assert recall == sorted(recall)
    assert all(f'<th scope="row">{label}</th>' in heat for label in WORST)
    rows = re.findall(r'<th scope="row">([^<]+)</th>', sizes)
    assert set(rows[:2]) == set(WORST)
    assert len(set(rows)) == len(rows) == 47


def test_over_a_column_a_label_is_cut_and_whole_on_hover() -> None:
    rows = [Row(row.text, {"sea": LONG.format(1), "town": LONG.format(2)}[row.label]) for row in clean(60)]
    page = html(audited(rows)).replace("<wbr>", "")
    heads = re.findall(r'<th scope="col" class="label" title="([^"]+)">([^<]+)</th>', page)
    assert [title for title, _ in heads] == [LONG.format(1), LONG.format(2)]
    assert len({name for _, name in heads}) == 2
    assert {len(name) for _, name in heads} == {24}


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_the_page_fits_its_window(of_many: dict[str, Any], visit: Open, tmp_path: Path, width: int) -> None:
    (tmp_path / "audit.html").write_text(html(of_many), encoding="utf-8")
    visited: Visit = visit(viewport={"width": width, "height": 800})
    page = visited.open((tmp_path / "audit.html").as_uri(), "main")
    for section in page.locator("main > section").all():
        of_section = section.bounding_box()
        assert of_section is not None
        tables = [table.bounding_box() for table in section.locator(":scope > table, details > table").all()]
        assert all(table is None or table["width"] <= of_section["width"] for table in tables)
    words = page.locator(".ranked q").all()
    assert words
    assert all((of_word := word.bounding_box()) and of_word["height"] < 60 for word in words)  # not a letter a line
    assert visited.complaints == []


# Findings.


def test_a_model_no_better_than_the_majority_accuses_nobody() -> None:
    generator = np.random.default_rng(3)
    rows = [Row(" ".join(generator.choice(THINGS, 4)), "ab"[number % 2], number=number) for number in range(18)]
    report = audited(rows, ["train", "train", "test"] * 6)
    assert report["label_issues"]["phrases"] == report["label_issues"]["labels"] == []
    said = "of 18 phrases right: not reliably better than always the most frequent label (50%)."
    assert said in report["label_issues"]["skipped"]
    assert said in " ".join(terminal(report, 80).split())
    assert said in html(report)


def test_labels_that_differ_in_capitals_blanks_or_unicode_form_are_a_finding() -> None:
    fullwidth, ligature = "Ｆｅｅ", "reﬁll"
    spelled = [("Top up", "topup"), ("FEE", fullwidth), ("refill", ligature), (unicodedata.normalize("NFD", "é"), "é")]
    for one, other in spelled:
        assert alike([one, "else", other]) == [sorted([one, other])]
        rows = [Row(row.text, one if row.label == "sea" else "else", number=row.number) for row in clean(30)]
        rows += [Row(row.text, other, number=row.number) for row in clean(8, seed=9) if row.label == "sea"]
        report = audited(rows)
        found = finding(report, "alike_labels")
        assert (found["count"], found["by_label"]) == (8, {other: 8})
        assert found["option"] == f"--label-names '{other}={one}'"
        assert any(found["option"] in line for line in report["headline"])


def test_near_duplicates_under_different_labels_are_shown_as_they_are_alike() -> None:
    words = [f"word{number}" for number in range(14)]
    chain = [" ".join([*words[:start], *(f"new{number}" for number in range(start, 14))]) for start in range(15)]
    labels = ["sea"] * 7 + ["town"] * 8
    rows = [Row(text, label, number=number) for number, (text, label) in enumerate(zip(chain, labels, strict=True))]
    report = audited([*rows, *clean(60)])
    found = finding(report, "near_duplicates_across")
    one, other = found["examples"][:2]
    assert {one["label"], other["label"]} == {"sea", "town"}
    shared = set(one["text"].split()) & set(other["text"].split())
    assert len(shared) > 10, "the ends of the chain share no word"
    for text in (terminal(report), html(report)):
        assert all(re.search(rf":{shown['row']}\b.*\b{shown['label']}\b", text) for shown in (one, other))
