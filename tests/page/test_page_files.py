"""The page reads the files that the trainer reads, and gets the same rows: spreadsheets, JSON, what gzip packed."""

import csv
import gzip
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.corpora.workbooks import open_document, sheets
from tests.support.pages.browser import Open, type_phrase
from trainer.data.sources import Source, load
from trainer.data.tables import Reading, open_table
from trainer.run import Run

ROWS: list[list[Any]] = [
    ["text", "label", "count", "when", "at", "right"],
    ['the king & queen <say> "no"', "a", 12, date(2024, 2, 29), datetime(2024, 2, 29, 18, 30), True],
    ["two\nlines", "b", 0.5, date(1999, 12, 31), datetime(2000, 1, 1, 0, 0), False],
    ["", "", 1e21, date(1970, 1, 1), datetime(1970, 1, 1, 12, 0, 1), True],
    ["ὦ Μοῦσα 🙂", "a", -3, date(2100, 3, 1), datetime(2026, 11, 27, 23, 59, 59), False],
]
ODS_ROWS = [
    ["text", "label", "count", "when"],
    [
        "<table:table-cell office:value-type='string'><text:p>one<text:s text:c='2'/>two</text:p><text:p>three</text:p>"
        "</table:table-cell>",
        "a & b",
        "<table:table-cell office:value-type='float' office:value='12'><text:p>12,0</text:p></table:table-cell>",
        "<table:table-cell office:value-type='date' office:date-value='2024-02-29'><text:p>29.2.</text:p>"
        "</table:table-cell>",
    ],
    [
        "<table:table-cell table:number-columns-repeated='2' office:value-type='string'><text:p>same</text:p>"
        "</table:table-cell>"
    ],
    ["<table:table-cell table:number-columns-repeated='16384'/>"],
    ["last"],
]


def give(page: Page, path: Path) -> None:
    page.locator("#table-file").set_input_files(path)
    page.wait_for_selector("#table[data-state=done], #table-complaint:not([hidden])")


def saved(page: Page) -> str:
    with page.expect_download() as waiting:
        page.locator("#table-download").click()
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


def kept(page: Page) -> list[list[str]]:
    content = saved(page)
    delimiter = next(mark for mark in ";\t," if f"{mark}label{mark}" in content)
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))


def as_the_trainer_reads(path: Path) -> list[list[str]]:
    table = open_table(path, Reading())
    rows = table.records([name for name in table.columns if name])
    return [list(table.columns), *(["" if value is None else str(value) for value in row.values] for row in rows)]


def files(folder: Path) -> list[Path]:
    records = [{"text": 'a cat, "asleep"', "label": "cats"}, {"text": "ὦ Μοῦσα", "label": None}]
    lined = "\n".join(json.dumps(record) for record in records).encode()
    found = [
        sheets(folder / "one.xlsx", Empty=[], Texts=ROWS, More=[["no"]]),
        sheets(folder / "headless.xlsx", Texts=[["ham", "see you"], ["spam", "a prize"], ["ham", "on my way"]]),
        open_document(folder / "one.ods", ODS_ROWS),
    ]
    for name, data in (
        ("array.json", json.dumps({"version": 1, "data": records}).encode("utf-16")),
        ("columns.json", json.dumps({"text": ["a", "b"], "label": ["x", "y"]}).encode()),
        ("lines.jsonl", lined),
        ("lines.jsonl.gz", gzip.compress(lined)),
        ("packed.csv.gz", gzip.compress(b"text;label\nthe king;a\nO Muse;b\n")),
    ):
        (folder / name).write_bytes(data)
        found.append(folder / name)
    return found


def test_every_kind_of_file_has_the_trainers_rows(visit: Open, site: str, tmp_path: Path) -> None:
    page = visit().open(site)
    for path in files(tmp_path):
        expected = as_the_trainer_reads(path)
        give(page, path)
        assert page.get_attribute("#table", "data-state") == "done", path.name
        assert [row[: len(expected[0])] for row in kept(page)] == expected, path.name


def test_an_encoding_is_shown_where_it_is_not_utf8_and_another_can_be_chosen(
    visit: Open, site: str, tmp_path: Path
) -> None:
    page = visit().open(site)
    path = tmp_path / "russian.csv"
    path.write_bytes("text,label\nсобака лает,да\n".encode("koi8-r"))
    give(page, path)
    assert page.locator("#table-encoding").input_value() == "windows-1252"  # the model's phrases are English
    assert page.locator("#table-rows td").first.inner_text() != "собака лает"
    page.locator("#table-encoding").select_option("koi8-r")
    page.wait_for_selector("#table-rows td:has-text('собака лает')")
    path.write_text("text,label\nthe king,a\n", encoding="utf-8")
    give(page, path)
    page.wait_for_selector("#table-rows td:has-text('the king')")
    assert not page.locator("#table-encoding").is_visible()


@pytest.mark.parametrize("name", ["old.xls", "torn.xlsx", "torn.jsonl", "torn.csv.gz", "numbers.json"])
def test_a_file_that_cannot_be_read_gets_one_line(name: str, visit: Open, site: str, tmp_path: Path) -> None:
    content = {
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        "torn.xlsx": sheets(tmp_path / "whole.xlsx", One=ROWS).read_bytes()[:900],
        "torn.jsonl": b'{"text": "a"}\n{"text": ',
        "torn.csv.gz": gzip.compress(b"text\n" * 99)[:-9],
        "numbers.json": b"[1, 2]",
    }
    (tmp_path / name).write_bytes(content[name])
    visitor = visit()
    page = visitor.open(site)
    give(page, tmp_path / name)
    assert page.locator("#table-complaint").inner_text().startswith(f"{name} cannot be read here.")
    assert visitor.complaints == []


def test_a_cell_without_a_known_word_is_not_sure(visit: Open, site: str, tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    path.write_text("text,id\nthe king of the sea,1\n,2\n!!!,3\n", encoding="utf-8")
    page = visit().open(site)
    give(page, path)
    shown = page.locator("#table-rows select").evaluate_all("(all) => all.map((each) => each.selectedOptions[0].text)")
    assert shown[1:] == ["not sure", "not sure"]
    assert [row[2] for row in kept(page)][2:] == ["", ""]


def test_a_label_is_corrected_and_the_download_says_so_in_a_column_of_its_own(
    visit: Open, site: str, trained: Run, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\nthe king of the sea\nO Muse\n!!!\n", encoding="utf-8")
    visitor = visit()
    page = visitor.open(site)
    give(page, path)
    before = kept(page)
    column = before[0].index("corrected")
    assert [row[column] for row in before[1:]] == ["", "", ""]
    other = next(label for label in trained.vocabulary.labels if label != before[2][1])
    for row in (2, 3):
        page.get_by_label(f"Label of row {row}").focus()
        page.get_by_label(f"Label of row {row}").select_option(other)
    assert page.locator("#table-status").inner_text().endswith(" 2 labels corrected.")
    assert page.locator("td.corrected").count() == 2
    after = kept(page)
    assert [row[column] for row in after[1:]] == ["", other, other]
    assert [row[:column] for row in after] == [row[:column] for row in before]  # what the model said stands
    (tmp_path / "corrected.csv").write_text(saved(page), encoding="utf-8")
    (tmp_path / "old.csv").write_text(f"text,label\nO Muse,{before[2][1]}\nO ship,{other}\n", encoding="utf-8")
    corpus = load(Source(str(tmp_path / "old.csv"), more=(str(tmp_path / "corrected.csv"),)))
    assert [(row.text, row.label) for row in corpus.rows()] == [
        ("O ship", other),
        ("O Muse", other),
    ]  # `!!!` is no word
    page.get_by_label("Label of row 2").evaluate("(select) => { select.selectedIndex = 0; }")
    page.get_by_label("Label of row 2").dispatch_event("change")
    assert [row[column] for row in kept(page)[1:]] == ["", "", other]
    give(page, path)
    assert [row[column] for row in kept(page)[1:]] == ["", "", ""]
    assert visitor.complaints == []


def test_a_spreadsheet_finds_no_formula_in_the_download(visit: Open, site: str, tmp_path: Path) -> None:
    cells = ["=1+1", "+1", "-2.5", "@SUM(A1)", "-cmd|x", "+CALL", "\tx", "a=b", "- a list"]
    path = tmp_path / "cells.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["text", "cell"], *(["the king", cell] for cell in cells)])
    page = visit().open(site)
    give(page, path)
    found = [row[1] for row in kept(page)][1:]
    assert found == ["'=1+1", "+1", "-2.5", "'@SUM(A1)", "'-cmd|x", "'+CALL", "'\tx", "a=b", "'- a list"]


def test_two_files_in_quick_succession_end_with_the_later_one(visit: Open, site: str, tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("text,id\n" + "the king,1\n" * 50_000, encoding="utf-8")
    (tmp_path / "short.csv").write_text("text,id\nO Muse,7\n", encoding="utf-8")
    page = visit().open(site)
    page.locator("#table-file").set_input_files(tmp_path / "long.csv")
    give(page, tmp_path / "short.csv")
    assert "1 row, in " in page.locator("#table-status").inner_text()
    assert page.locator("#table-rows td").first.inner_text() == "O Muse"


def test_a_worker_that_dies_is_started_again_and_asked_once_more(visit: Open, site: str, tmp_path: Path) -> None:
    visitor = visit()
    page = visitor.open(site)
    (tmp_path / "long.csv").write_text("text,id\n" + "the king,1\n" * 300_000, encoding="utf-8")
    page.locator("#table-file").set_input_files(tmp_path / "long.csv")
    page.wait_for_selector("#table[data-state=reading]")
    page.workers[0].evaluate("setTimeout(() => { throw new Error('out of memory'); })")
    type_phrase(page, "the king of the sea")
    page.wait_for_selector("#table[data-state=done]", timeout=60_000)
    assert "300,000 rows, in " in page.locator("#table-status").inner_text()
    assert page.locator("#leader").inner_text() != ""
