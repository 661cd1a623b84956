"""The pure parts of the benchmarks: parts and windows of a text, intervals, tables and their place in a document."""

import dataclasses
import os
from collections import Counter
from pathlib import Path
from types import ModuleType

import accents
import accuracy
import frontier
import latency
import numpy as np
import pytest
import variants
from clients import asked
from clients import measure as clients
from reports import tables
from reports.chart import spread
from reports.scores import hits, interval
from scaling import descent, workers
from scaling import measure as scaling
from sets import texts
from systems.baselines import System
from tuning import search, transfer

from export.proof.variants import PHRASES
from trainer.data.corpus import Phrase, Row, of_lines
from trainer.model.recipe import RECIPES
from trainer.text.words import unpunctuated, words_of


def rows_of(label: str, count: int, groups: int = 0) -> list[Row]:
    each = count // groups if groups else 0
    return [
        Row(
            f"{label} says, once more: word{n} ‘tis", label, f"{label}{n // each}" if each else "", file=label, number=n
        )
        for n in range(count)
    ]


def test_every_label_has_every_length_equally_often() -> None:
    rows = rows_of("much", 300) + rows_of("little", 70)
    phrases = texts.windows(rows, 3, 9, seed=1)
    for label in ("much", "little"):
        lengths = Counter(len(words_of(phrase.text)) for phrase in phrases if phrase.label == label)
        assert set(lengths) == set(range(3, 10))
        assert len(set(lengths.values())) == 1, label


def test_windows_follow_one_another_and_do_not_cross_groups() -> None:
    rows = rows_of("label", 60, groups=4)
    running = " ".join(row.text for row in rows)
    phrases = texts.windows(rows, 4, 4, seed=1)
    assert len(phrases) == 4 * (15 * 6 // 4)
    assert all(phrase.text in running for phrase in phrases)


def test_parts_are_the_last_tenths_of_each_label() -> None:
    corpus = texts.divided(of_lines("c", "", "", "", {"a": [f"line {n}" for n in range(100)], "b": ["x y"] * 20}))
    rows = list(corpus.rows())
    assert Counter((row.label, row.part) for row in rows) == {
        ("a", "train"): 80,
        ("a", "validation"): 10,
        ("a", "test"): 10,
        ("b", "train"): 16,
        ("b", "validation"): 2,
        ("b", "test"): 2,
    }
    assert [row.part for row in rows[79:91]] == ["train", *["validation"] * 10, "test"]


def test_groups_are_not_divided_and_every_part_has_one() -> None:
    parts: dict[str, set[str]] = {}
    for row in texts._divided(rows_of("jay", 50, groups=5)):
        parts.setdefault(row.group, set()).add(row.part)
    assert [parts[f"jay{n}"] for n in range(5)] == [{"train"}, {"train"}, {"train"}, {"validation"}, {"test"}]


def test_typed_is_lower_case_without_punctuation() -> None:
    assert unpunctuated("“To BE, or not—’tis  the question!”") == "to be or not 'tis the question"


def test_interval_holds_the_mean_and_narrows_with_more_phrases() -> None:
    few, many = (np.tile([1.0, 0.0, 1.0, 1.0], count) for count in (25, 2500))
    for values in (few, many):
        low, high = interval(values)
        assert low < 0.75 < high
    assert np.ptp(interval(many)) < np.ptp(interval(few)) / 5
    # By the normal approximation: 1.96 times the root of p (1 - p) / n, on either side.
    assert interval(many) == pytest.approx([0.75 - 0.0085, 0.75 + 0.0085], abs=0.001)


def test_paired_interval_of_equal_systems_is_nothing() -> None:
    right = hits(["a", "b", "a"], [Phrase("", "a"), Phrase("", "a"), Phrase("", "a")])
    assert right.tolist() == [1, 0, 1]
    assert interval(right - right) == [0, 0]


def test_table_stands_between_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("before\n<!-- size -->\nold\n<!-- /size -->\nafter\n", encoding="utf-8")
    tables.put("size", tables.table(["system", "bytes"], [["one", "1"]]), path)
    written = path.read_text(encoding="utf-8")
    assert written == "before\n<!-- size -->\n| system | bytes |\n|---|---:|\n| one | 1 |\n<!-- /size -->\nafter\n"
    tables.put("size", tables.table(["system", "bytes"], [["one", "1"]]), path)
    assert path.read_text(encoding="utf-8") == written


def test_document_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("<!-- size -->\nold\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must have <!-- size --> and <!-- /size -->"):
        tables.put("size", "new", path)
    assert path.read_text(encoding="utf-8") == "<!-- size -->\nold\n"


@pytest.mark.parametrize(
    "name",
    ["accuracy", "accuracy-corpora", "accents", "frontier", "latency", "token-parity", "recipes", "web", "public"],
)
def test_report_has_a_place_for_every_table(name: str) -> None:
    text = tables.REPORT.read_text(encoding="utf-8")
    assert text.count(f"<!-- {name} -->\n") == text.count(f"<!-- /{name} -->") == 1


def test_names_in_the_picture_do_not_overlap() -> None:
    assert spread([83.0, 82.9, 81.0, 50.0], 2.0) == [83.0, 81.0, 79.0, 50.0]


def test_the_table_of_variants_is_the_one_of_the_numbers_kept() -> None:
    kept = tables.kept(variants.NAME)
    assert kept
    assert variants.report(kept) in variants.PAGE.read_text(encoding="utf-8")
    assert variants.steps_report(kept) in variants.PAGE.read_text(encoding="utf-8")
    for name, facts in kept["variants"].items():
        whole, *parts = facts["bytes"].values()
        assert whole == sum(parts), name
        assert all(part > 0 for part in parts), name
        assert facts["timed"] == PHRASES, name


def test_the_table_of_clients_is_the_one_of_the_numbers_kept() -> None:
    kept = tables.kept(clients.NAME)
    assert kept
    assert clients.report(kept) in clients.PAGE.read_text(encoding="utf-8")
    for name, facts in kept["clients"].items():
        assert (facts["asked"], facts["changed"]) == (clients.PHRASES, 0), name
        assert 0 < facts["above"] < facts["peak"], name


@pytest.mark.parametrize("of", [search, transfer, scaling, workers, descent], ids=lambda of: of.NAME)
def test_the_table_is_the_one_of_the_numbers_kept(of: ModuleType) -> None:
    kept = tables.kept(of.NAME)
    assert kept
    assert of.report(kept) in of.PAGE.read_text(encoding="utf-8")


def test_what_a_search_found_is_set_beside_the_default_of_the_same_set() -> None:
    found = "`misspelt_weight` 0.15"
    one, two = ({"phrases": 200, "right": right, "misspelt": 80} for right in (100, 140))
    rows = {
        f"one | none | {transfer.DEFAULT} | 1": one,
        f"one | none | {found} | 1": one | {"right": 104, "misspelt": 78},
        f"two | none | {transfer.DEFAULT} | 1": two,
        f"two | none | {found} | 1": two | {"right": 140, "misspelt": 80},
        f"two | minilm | {found} | 1": two,  # beside nothing
    }
    head, _, *drawn = transfer.report({"rows": rows}).split("\n\n")[0].splitlines()
    assert "| without a teacher, 2 sets | misspelt | worst to best set | with a teacher, 0 sets |" in head
    assert drawn == [f"| {found} | +1.00 ±1.00 | -0.50 ±0.50 | +0.0 to +2.0 |  |  |  |"]


def test_a_finding_is_the_default_but_for_its_settings() -> None:
    assert transfer.recipe_of("0.6 of `C`", "minilm", 4).regularization == pytest.approx(0.15)
    assert transfer.recipe_of("0.6 of `C`", "minilm", 11).regularization == pytest.approx(0.3)
    default = transfer.recipe_of(transfer.DEFAULT, "minilm", 11)
    assert default == dataclasses.replace(RECIPES["byline"], teacher="minilm")
    for finding in transfer.FINDINGS:
        assert finding == transfer.DEFAULT or transfer.recipe_of(finding, "minilm", 11) != default, finding


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux alone has /proc/self/clear_refs")
def test_the_peak_of_memory_is_counted_anew() -> None:
    taken = bytearray(os.urandom(1 << 20) * 100)
    high = asked.memory("VmHWM")
    del taken
    asked.forget()
    assert asked.memory("VmHWM") < high - (50 << 20)
    assert asked.memory("VmRSS") <= asked.memory("VmHWM")


def test_capitals_drop_accents() -> None:
    assert accents.capitals("École, Καλημέρα! ϊ ñ ß") == "ECOLE, ΚΑΛΗΜΕΡΑ! Ι N SS"


def test_each_language_is_asked_both_ways() -> None:
    asked = accents.asked([Phrase("été", "fr"), Phrase("μέρα", "el"), Phrase("day", "en")])
    assert {name: [phrase.text for phrase in phrases] for name, phrases in asked.items()} == {
        "all languages": ["été", "μέρα", "day"],
        "Greek, as published": ["μέρα"],
        "Greek, capitals": ["ΜΕΡΑ"],
        "French, as published": ["été"],
        "French, capitals": ["ETE"],
    }


def test_frontier_of_what_was_measured() -> None:
    numbers = {
        "banking77 | validation | none | 300 | 1": {"accuracy": 0.9, "bytes": 299_600},
        "banking77, 10 a label | test | minilm | 2000 | 1": {"accuracy": 0.83, "bytes": 1_900_000},
        "banking77, 10 a label | test | minilm | 2000 | 2": {"accuracy": 0.84, "bytes": 1_950_000},
    }
    report = frontier.report(numbers)
    assert "| 300 kB | 300 kB | 90.0 |  |  |" in report
    assert "| 500 kB |  |  |  |  |" in report
    assert "test 83.5 in 1,950 kB (mean of 2 seeds)" in report


def test_latency_stands_in_milliseconds() -> None:
    run = {"labels": 4, "bytes": 493_765, "median": 0.0000994, "quartiles": [0.00009, 0.00012]}
    report = latency.report({"phrases": 1_000, "runs": {"built-in": run}})
    assert "| built-in | 4 | 494 kB | 0.099 ms | 0.090–0.120 |" in report


def test_what_a_system_answered_is_asked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    corpus = texts.divided(of_lines("c", "", "", "", {"a": [f"line {n}" for n in range(100)], "b": ["x y"] * 20}))
    tests = {"lines": [Phrase("one", "a"), Phrase("two", "b")], "typed": [Phrase("one", "a")], "empty": []}
    monkeypatch.setattr(texts, "tests", lambda *_: tests)
    trained = []

    def built(training: texts.Training, folder: Path, only: str) -> list[System]:
        trained.append(only)
        return [System("all are a", lambda asked: ["a"] * len(asked), 7)]

    monkeypatch.setattr(accuracy, "built", built)
    found, phrases = accuracy.answered(corpus, "test", 2, "^majority$", tmp_path / "kept")
    assert (trained, phrases) == (["^majority$"] * 2, {"lines": 2, "typed": 1, "empty": 0})
    assert [answer.hits for answer in found["all are a"]] == [{"lines": "10", "typed": "1", "empty": ""}] * 2
    assert accuracy.answered(corpus, "test", 2, "^majority$", tmp_path / "kept") == (found, phrases)
    assert len(trained) == 2
