"""What `--data` holds and is left out is counted and reported."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.makers import opened, parquet
from trainer.data.profile import profile_of, report_of


def skipping(tmp_path: Path, texts: list[str], **options: Any) -> tuple[list[str], Counter[str]]:
    rows = [json.dumps({"text": text, "label": "ab"[number % 2]}) for number, text in enumerate(texts)]
    (tmp_path / "data.jsonl").write_text("\n".join(rows))
    skipped: Counter[str] = Counter()
    return [row.text for row in opened(tmp_path / "data.jsonl", **options).read(skipped)], skipped


def test_empty_and_wordless_texts_are_left_out_and_counted(tmp_path: Path) -> None:
    texts, skipped = skipping(tmp_path, ["one", "", " \t", "?!", "— 👑", "two", "5"])
    assert texts == ["one", "— 👑", "two", "5"]  # an emoji says something, marks alone do not
    assert list(report_of(skipped)) == ["left out: 2 texts empty", "left out: 1 text without a word"]


def test_a_row_of_a_table_without_any_value_is_left_out_as_empty(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label\nwords,a\n,\n , \nwords,b\n")
    skipped: Counter[str] = Counter()
    assert [row.label for row in opened(tmp_path / "data.csv").read(skipped)] == ["a", "b"]
    assert skipped == {"empty": 2}


def test_half_a_surrogate_pair_does_not_come_in_for_nobody_can_print_it(tmp_path: Path) -> None:
    texts, _ = skipping(tmp_path, ["half a crown \ud83d of gold"])
    assert texts[0].encode().startswith(b"half a crown ")
    assert texts[0].endswith(" of gold")


def test_a_value_that_a_table_lacks_is_an_empty_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parquet(text=[None, "b"], label=["a", "b"])()
    skipped: Counter[str] = Counter()
    assert [(row.text, row.label) for row in opened("data.parquet").read(skipped)] == [("b", "b")]
    assert skipped == {"empty": 1}


def test_what_drop_finds_is_left_out_and_what_strip_matches_is_cut_out_before(tmp_path: Path) -> None:
    texts = ["HAMLET. To be", "OPHELIA. My lord", "[Exit]", "the end of it", "THE END"]
    kept, skipped = skipping(tmp_path, texts, strip=(r"^[A-Z]+\. ", r"\[.*?\]"), drop=("HAMLET", "(?i)the end$"))
    assert kept == ["To be", "My lord", "the end of it"]
    assert skipped == {"empty": 1, "taken out by --drop": 1}


def test_what_strip_leaves_is_one_line_with_single_spaces(tmp_path: Path) -> None:
    assert skipping(tmp_path, ["a <b>bold</b> word", "<i>"], strip=("<.*?>",))[0] == ["a bold word"]


def test_the_survey_counts_labels_groups_and_what_was_left_out(tmp_path: Path) -> None:
    rows = "".join(f"word {number},{'ba'[number % 2]},s{number // 4}\n" for number in range(8))
    (tmp_path / "data.csv").write_text(f"text,label,song\n{rows}?,c,s9\n")
    seen = profile_of(opened(tmp_path / "data.csv", group_column="song"))
    assert list(seen.labels.items()) == [("a", 4), ("b", 4)]
    assert seen.groups == {"s0": {"a": 2, "b": 2}, "s1": {"a": 2, "b": 2}}
    assert (seen.first["b"].number, seen.skipped) == (2, {"without a word": 1})
