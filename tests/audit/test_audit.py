"""The audit finds what is planted, and does not accuse a clean corpus."""

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.corpora.audits import (
    audited,
    changed,
    clean,
    finding,
    headline,
    listed,
    option_of,
    parts_of,
    with_licence,
)
from trainer.audit import audit_rows
from trainer.audit.checks.headline import remedy
from trainer.audit.report import html
from trainer.cli.report import terminal
from trainer.data.corpus import Row, filtered, of_lines

pytestmark = pytest.mark.slow  # an audit trains its models


@pytest.fixture(scope="module")
def of_clean() -> dict[str, Any]:
    return audited(clean())


def test_a_clean_corpus_is_not_accused(of_clean: dict[str, Any]) -> None:
    assert len(of_clean["headline"]) == 1
    assert of_clean["headline"][0].startswith("Nothing stood out")
    assert of_clean["shortcuts"]["reference"] > 0.95
    assert not any(view["close"] for view in of_clean["shortcuts"]["partial_inputs"])
    assert json.loads(json.dumps(of_clean, allow_nan=False)) == of_clean


def test_sizes(of_clean: dict[str, Any]) -> None:
    sizes = of_clean["sizes"]
    assert sizes["phrases"] == 800
    assert [label["phrases"] for label in sizes["labels"]] == [400, 400]
    assert sizes["labels"][0]["lengths"]["0"] == 7
    assert sum(sizes["labels"][0]["histogram"]) == 400
    assert sizes["known_words"] == {"validation": 1.0, "test": 1.0}
    assert sizes["majority"]["validation"] == pytest.approx(0.5)
    assert of_clean["languages"]["main"] == "en"


def test_flipped_labels_are_label_issues() -> None:
    rows = clean(500)
    flipped = np.random.default_rng(2).choice(len(rows), 50, replace=False).tolist()
    other = {"sea": "town", "town": "sea"}
    planted = [replace(row, label=other[row.label]) if place in flipped else row for place, row in enumerate(rows)]
    report = audited(planted)
    suspects = {(phrase["file"], phrase["row"]) for phrase in report["label_issues"]["phrases"]}
    found = sum((rows[place].file, rows[place].number) in suspects for place in flipped)
    assert len(suspects) <= 50
    assert found >= 35, f"{found} of 50"
    assert report["label_issues"]["phrases"][0]["would_be"] != report["label_issues"]["phrases"][0]["label"]


def test_near_duplicates_across_parts_are_leakage() -> None:
    rows = clean()
    parts = parts_of(rows)
    train = [place for place, part in enumerate(parts) if part == "train"]
    for test, twin in zip([place for place, part in enumerate(parts) if part == "test"][:40], train, strict=False):
        rows[test] = replace(rows[test], text=rows[twin].text.lower().replace(".", "!"), label=rows[twin].label)
    report = audited(rows, parts)
    assert report["leakage"]["test"] == 160
    assert 40 <= report["leakage"]["leaked"] <= 44
    assert report["leakage"]["accuracy_without"] <= report["leakage"]["accuracy"]
    assert "Leakage: 4" in headline(report)
    assert finding(report, "duplicates")["count"] >= 40


def test_near_duplicates_within_a_label() -> None:
    rows = clean()
    extra = [replace(row, text=row.text[:-1] + " today", number=2000 + row.number) for row in rows[:60]]
    found = finding(audited([*rows, *extra]), "near_duplicates")
    assert 50 <= found["count"] <= 66
    assert found["by_label"]["sea"] >= 50


def test_a_licence_in_every_file_is_boilerplate() -> None:
    licence = "This text is licensed under the terms of the Example Licence."
    report = audited(with_licence(clean(), licence))
    found = finding(report, "boilerplate")
    assert found["count"] == 40
    assert found["lines"] == [{"text": licence, "files": 40}]
    assert "--fix DIR" in headline(report)
    assert not any(found["name"] == "conflicting_labels" for found in report["pollution"]), "one name for one thing"


def test_conflicting_labels() -> None:
    rows = clean()
    copies = [replace(row, label="town", number=3000 + row.number) for row in rows[:25]]
    report = audited([*rows, *copies])
    found = finding(report, "conflicting_labels")
    assert found["texts"] == 25
    assert found["count"] == 50
    assert found["pairs"] == [{"labels": ["sea", "town"], "count": 25}]
    assert "The same words under two labels" in headline(report)


def test_mark_up_and_wrong_encodings() -> None:
    rows = clean(200)
    rows = changed(rows, range(0, 20), lambda text: f"<b>{text}</b>")
    rows = changed(rows, range(20, 40), lambda text: text.replace(" ", "&nbsp;", 1))
    rows = changed(rows, range(40, 60), lambda text: f"{text} https://example.org/a?b")
    rows = changed(rows, range(60, 80), lambda text: f"{text} [here](https://example.org)")
    rows = changed(rows, range(80, 100), lambda text: f"{text} cafÃ© dÃ©jÃ  vu")
    rows = changed(rows, range(100, 105), lambda text: f"{text}\ufffd")
    rows = changed(rows, range(105, 108), lambda text: f"{text}\x1b[31m")
    rows += [Row("[Chorus]", "sea", file="sea.txt", number=900 + place) for place in range(12)]
    report = audited(rows)
    counts = {found["name"]: found["count"] for found in report["pollution"]}
    assert counts["tags"] == 20
    assert counts["entities"] == 20
    assert counts["addresses"] == 40
    assert counts["links"] == 20
    assert counts["encoding"] == 23
    assert counts["lost_characters"] == 5
    assert "read the source anew" in headline(report)
    assert counts["brackets"] == 12
    assert "\x1b" not in terminal(report)
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    left = list(filtered(corpus, strip=[option_of(finding(report, "tags"))]).rows())
    assert not any("<" in row.text for row in left)


def test_another_language_and_another_script() -> None:
    rows = clean(300)
    french = listed("les hommes de la ville ont vu que le navire était parti sans eux vers les îles du sud")
    generator = np.random.default_rng(4)
    rows = changed(rows, range(100, 180), lambda _: " ".join(generator.permutation(french)[:14]))
    rows = changed(rows, range(590, 600), lambda _: " ".join(generator.permutation(listed("море ветер парус волна"))))
    report = audited(rows)
    assert finding(report, "languages")["by_language"].keys() == {"fr"}
    assert finding(report, "languages")["by_label"].keys() == {"sea"}
    assert finding(report, "scripts")["count"] == 10
    assert "another language than en" in headline(report)


def test_over_long_phrases() -> None:
    rows = changed(clean(), [7], lambda text: text * 30)
    found = finding(audited(rows), "long_phrases")
    assert found["count"] == 1
    assert found["examples"][0]["row"] == 8
    assert len(found["examples"][0]["text"]) <= 160


def test_a_label_is_harmless_on_the_page() -> None:
    names = {"sea": "</script><b>x", "town": "`--fix`<img src=x onerror=alert(1)>"}
    rows = [replace(row, label=names[row.label], text=row.text + " <i>") for row in clean(60)]
    page = html(audited(rows))
    assert "<b>x" not in page
    assert "<img" not in page
    assert "<i>" not in page
    assert "&lt;/script&gt;&lt;b&gt;x" in page
    assert "<script" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not [word for word in ("http:", "https:", "src=", "@import", "url(") if word in page.replace("src=x", "")]


def test_the_terminal_keeps_to_its_columns(of_clean: dict[str, Any]) -> None:
    text = terminal(of_clean)
    assert max(map(len, text.splitlines())) <= 100
    first, second = text.splitlines()[:2]
    assert first == "planted: 800 phrases under 2 labels"
    assert second == "Skipped: 2 empty"
    assert "█" in text
    assert text.index("Nothing stood out") < text.index("SIZES")
    assert "<svg" in html(of_clean)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_tiny_corpus_is_audited(count: int) -> None:
    rows = clean(count)
    report = audited(rows)
    assert report["shortcuts"]["partial_inputs"] == []
    assert report["headline"]
    assert terminal(report)
    assert html(report)


def test_text_of_one_template_ends() -> None:
    rows = [
        Row(f"the quick user number {n} has logged in from here", "ab"[n % 2], file="f", number=n) for n in range(3000)
    ]
    report = audited(rows)
    assert report["leakage"]["leaked"] > 200


@pytest.mark.parametrize("method", ["given", "random"])
def test_of_a_split_that_keeps_leaks_it_is_not_said_that_they_are_left_out(method: str) -> None:
    rows = clean(100)
    doubled = [row for row in rows for _ in range(2)]
    report = audit_rows(
        doubled,
        ["train" if place % 2 else "test" for place in range(len(doubled))],
        source="planted",
        words_mode=False,
        sampled_from=None,
        split=method,
        seed=3,
        skipped={},
    )
    assert "Leakage" in headline(report)
    assert "leaves such phrases out" not in headline(report)
    assert "optimistic" in headline(report)


def test_one_rare_label_does_not_switch_the_suspects_off() -> None:
    report = audited([*clean(200), Row("A phrase alone.", "alone")])
    assert report["label_issues"]["left_out"] == ["alone"]
    assert report["label_issues"]["looked_at"] > 300


def test_vowel_signs_are_no_marks_and_words_stay_whole() -> None:
    generator = np.random.default_rng(4)
    rows = [
        Row(" ".join(generator.choice(["हिन्दी", "भाषा", "नदी", "पानी"], 5)) + f" {own}", label)
        for label, own in (("a", "किताब"), ("b", "दीवार"))
        for _ in range(100)
    ]
    report = audited(rows)
    assert {"किताब", "दीवार"} <= {found["text"] for found in report["label_ngrams"]}


def test_an_advised_option_cuts_no_word_into_pieces() -> None:
    def cut(name: str, text: str) -> str:
        return " ".join(re.sub(remedy(name, False, "LATIN").split("--strip '")[1].split("'")[0], " ", text).split())

    assert cut("punctuation", "“हिन्दी”, it’s (don't)…") == "हिन्दी it’s don't"
    assert cut("capitalised", "then Jean-Luc and O’Neill and O'Hara came") == "then and and came"


def test_few_phrases_without_pollution() -> None:
    assert audited(clean(10))["headline"] == ["No pollution found; too few phrases to look for shortcuts."]


def test_a_text_of_a_million_words_is_read_to_its_beginning() -> None:
    rows = [*clean(50), replace(clean(1)[0], text="word " * 1_000_000)]
    report = audited(rows)
    assert report["sizes"]["words"] < 50_000
    assert report["clipped"] == 1
    assert "Of 1 longer phrases the first 2,000 words were read" in terminal(report)
    assert "Of 1 longer phrases the first 2,000 words were read" in html(report)
