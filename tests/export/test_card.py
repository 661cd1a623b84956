"""The model card on the page: its numbers are the metrics, whatever the labels are called and however many they are."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from playwright.sync_api import Browser

from export.settings import Settings
from export.targets import figures, theme, web
from export.targets.node import WEB
from export.targets.strings import read_strings
from trainer.evaluation.metrics import metrics, tally
from trainer.run import Run
from trainer.splitting.split import Method
from trainer.text.vocabulary import Vocabulary

LABELS = ("Butler", "</script><b>bold</b>", "هوميروس", "Overlong" * 16)


def measured(count: int, threshold: float = 0.4, phrases: int = 3000) -> dict[str, Any]:
    """Metrics of made-up answers: every other one is right, and the surer the more often."""
    draw = np.random.default_rng(1)
    truth = draw.integers(0, count, phrases)
    probabilities = draw.dirichlet(np.full(count, 0.5), phrases)
    probabilities[np.arange(phrases), truth] += draw.random(phrases)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return metrics(tally(probabilities, truth), threshold, 0)


def facts(labels: tuple[str, ...], test: dict[str, Any], **of_run: Any) -> dict[str, Any]:
    """What the page says of a model that nobody trained."""
    vocabulary = Vocabulary((), ("a",), (0.0,), labels, 18)
    run_facts = {
        "created": "2026-11-25T04:29:17.549855+00:00",
        "corpus": {"name": "Voices", "description": "Made up.", "license": "MIT", "labels": {labels[0]: 1234}},
        "split": {
            "method": "blocks",
            "window": 40,
            "whole_rows": True,
            "near_duplicates_left_out": 1,
            "near_duplicates_kept": {"test": {labels[0]: 3, labels[-1]: 4}},
            "phrases": {"train": 216_443, "validation": 3867, "test": test["phrases"]},
        },
        "abstention": {"target_precision": 0.9, "largest_rate": 0.08},
        "model_sha256": "5e221232aa2679fa",
    }
    run = Run(Path("run"), run_facts | of_run, vocabulary)
    return {
        "description": "Who wrote it?",
        "version": "0.2.0",
        "license": "MIT",
        "author": "",
        "labels": list(labels),
        "accuracy": test["accuracy"],
        "accuracy_interval": test["intervals"]["accuracy"],
        "majority": test["majority"],
        "folds": test.get("folds", 0),
        "abstention": test["abstention"],
        "test_phrases": test["phrases"],
        "vocabulary_size": 11_600,
        "window": 16,
        "model_bytes": 542_306,
        "card": figures.card_facts(run, test, 335_000),
    }


def card(labels: Sequence[str], test: dict[str, Any], **of_run: Any) -> ET.Element:
    return ET.fromstring(written(labels, test, **of_run))


def written(labels: Sequence[str], test: dict[str, Any], **of_run: Any) -> str:
    page = web.Page(facts(tuple(labels), test, **of_run), {}, read_strings("en"), Settings())
    return web._render(page, "card.html.j2", hues=8, files={})


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def share(coordinate: str | None) -> float:
    assert coordinate is not None
    return float(coordinate.removesuffix("%")) / 100


def table(element: ET.Element) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in element.findall(".//tbody/tr")]


def names(count: int) -> tuple[str, ...]:
    return tuple(f"label {number}" for number in range(count))


# Numbers


@pytest.mark.parametrize("count", [2, 4, figures.WIDEST])
def test_matrix_and_its_table_hold_the_confusion(count: int) -> None:
    test = measured(count)
    shown = card(names(count), test)
    rows = shown.findall(".//svg[@aria-labelledby='matrix-title matrix-text']/g")
    drawn = [[text_of(cell) for cell in row.findall("text")] for row in rows]
    expected = [
        [name, *(f"{value:,}" for value in row)] for name, row in zip(names(count), test["confusion"], strict=True)
    ]
    assert drawn == expected
    (under,) = (found for found in shown.iter("table") if found.get("class") == "counts")
    assert table(under) == expected
    confusion = np.array(test["confusion"])
    shades = [[float(cell.get("fill-opacity", 9)) for cell in row.findall("rect")] for row in rows]
    assert np.allclose(shades, confusion / confusion.sum(axis=1, keepdims=True), atol=0.0005)


def test_matrix_says_which_label_is_taken_for_which_most_often() -> None:
    test = measured(4)
    confusion = np.array(test["confusion"])
    wrong = confusion - np.diag(np.diag(confusion))
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    part = wrong.max() / confusion[row].sum()
    expected = f"Most often it takes label {row} for label {column}: {wrong.max()} times, {part:.1%} of its phrases."
    assert expected in text_of(card(names(4), test))


def test_plot_and_its_table_hold_the_bins() -> None:
    test = measured(4)
    shown = card(names(4), test)
    plot = shown.find(".//svg[@class='plot']")
    assert plot is not None
    filled = [of_bin for of_bin in test["reliability"] if of_bin["phrases"]]
    assert 3 < len(filled) < len(test["reliability"])
    points = [(share(point.get("cx")), 1 - share(point.get("cy"))) for point in plot.iter("circle")]
    assert np.allclose(points, [(of_bin["probability"], of_bin["right"]) for of_bin in filled], atol=0.0001)
    sizes = [float(point.get("r", 0)) for point in plot.iter("circle")]
    assert np.argsort(sizes)[-1] == np.argmax([of_bin["phrases"] for of_bin in filled])
    (line,) = (line for line in plot.iter("line") if line.get("class") == "threshold")
    assert share(line.get("x1")) == test["abstention"]["threshold"]
    assert f"{100 * test['calibration_error']:.1f} percentage points" in text_of(shown)
    rows = [[f"{of_bin['probability']:.1%}", f"{of_bin['right']:.1%}", f"{of_bin['phrases']:,}"] for of_bin in filled]
    assert rows in [table(found) for found in shown.iter("table")]


def test_accuracy_is_said_and_drawn() -> None:
    test = measured(4)
    shown = card(names(4), test)
    low, high = test["intervals"]["accuracy"]
    assert f"right for {test['accuracy']:.1%} (95 % confidence interval: {low:.1%} to {high:.1%})" in text_of(shown)
    scale = shown.find(".//svg[@class='scale']")
    assert scale is not None
    _, right, interval, accuracy, majority = scale.findall("rect")
    drawn = [share(right.get("width")), share(interval.get("x")), share(interval.get("width"))]
    assert np.allclose(drawn, [low, low, high - low], atol=0.0001)
    assert share(accuracy.get("x")) == pytest.approx(test["accuracy"], abs=0.0001)
    assert share(majority.get("x")) == pytest.approx(test["majority"], abs=0.0001)


def test_each_label_has_its_rows_and_its_share_of_right_answers() -> None:
    test = measured(4)
    rows = table(list(card(names(4), test).iter("table"))[-1])
    assert [row[:2] for row in rows] == [["label 0", "1,234"], ["label 1", "–"], ["label 2", "–"], ["label 3", "–"]]
    for number, row in enumerate(test["confusion"]):
        assert rows[number][2:] == [f"{sum(row):,}", f"{row[number] / sum(row):.1%}"]


# Models of all kinds


def test_of_many_labels_the_worst_confusions_are_listed() -> None:
    test = measured(200)
    shown = card(names(200), test)
    assert shown.find(".//*[@id='matrix-title']") is None
    worst = table(next(shown.iter("table")))
    confusion = np.array(test["confusion"])
    np.fill_diagonal(confusion, 0)
    assert [int(row[2]) for row in worst] == sorted(confusion.ravel(), reverse=True)[: figures.WORST]
    for truth, nearest, count, _ in worst:
        assert confusion[names(200).index(truth), names(200).index(nearest)] == int(count)


def test_labels_stay_text_and_long_ones_are_cut() -> None:
    shown = card(LABELS, measured(4))
    assert not list(shown.iter("b"))
    drawn = [text_of(name) for name in shown.findall(".//text[@class='name']")]
    assert drawn == ["Butler", "</script><b>bo…", "هوميروس", "OverlongOverl…"]
    (under,) = (found for found in shown.iter("table") if found.get("class") == "counts")
    assert [row[0] for row in table(under)] == list(LABELS)  # whole


def test_a_model_that_always_answers_has_no_threshold_line() -> None:
    shown = card(names(3), measured(3, threshold=0.0))
    assert not [line for line in shown.iter("line") if line.get("class") == "threshold"]
    assert "always names one of its 3 labels" in text_of(shown)
    assert "“not sure”" not in text_of(shown)


def test_without_an_answer_there_is_no_plot() -> None:
    shown = card(names(3), measured(3, phrases=0))
    assert shown.find(".//svg[@class='plot']") is None
    assert "It was not measured here how often it is right" in text_of(shown)


@pytest.mark.parametrize("method", get_args(Method))
def test_every_way_of_dividing_is_told(method: str) -> None:
    split = {"method": method, "phrases": {"train": 1, "validation": 1, "test": 1}}
    assert "The phrases are as they stand in the source." in text_of(card(names(2), measured(2), split=split))


def test_every_string_of_the_card_is_said_somewhere() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in (WEB / "templates").glob("card*.j2"))
    keys = [key for key in read_strings("en").page if key.startswith("card_")]
    assert len(keys) > 40
    assert [key for key in keys if f'"{key}"' not in templates and not key.startswith("card_split_")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("four", "four"),
        ("fourteen chars", "four…"),
        ("日本語", "日本…"),
        ("e\u0301" * 5, "e\u0301" * 5),
        ("MMMMM", "MM…"),
    ],
)
def test_short(text: str, expected: str) -> None:
    assert figures.short(text, 5) == expected


# What a browser makes of it


def test_policy_is_kept() -> None:
    """A `style` attribute would be refused by the page's policy."""
    assert not [element for element in card(LABELS, measured(4)).iter() if "style" in element.attrib]


@pytest.mark.parametrize("labels", [LABELS, names(figures.WIDEST), tuple(f"{'x' * 40}{n}" for n in range(40))])
def test_no_card_is_wider_than_a_phone(chromium: Browser, labels: tuple[str, ...]) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 640})
    page.set_content(f"<style>{stylesheet()}</style><main>{written(labels, measured(len(labels)))}</main>")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


def test_numbers_can_be_read_on_every_shade() -> None:
    """Ink on a label's colour, as strong as `--shade` lets it be, on either paper."""
    shades = [int(shade) / 100 for shade in re.findall(r"--shade: (\d+)%", style("card"))]
    palettes = [dict(re.findall(r"--([\w-]+): (#\w{6})", half)) for half in style("palette").split("@media")]
    for palette, shade, paper in zip(palettes, shades, theme.PAPERS, strict=True):
        assert palette["paper"] == paper
        for name in [f"hue-{number}" for number in range(8)] + ["soft"]:
            fullest = mixed(palette[name], paper, shade)
            assert theme.contrast(palette["ink"], fullest) >= theme.READABLE, (name, fullest)


def style(name: str) -> str:
    return (WEB / "src" / "style" / f"{name}.css").read_text(encoding="utf-8")


def stylesheet() -> str:
    return "".join(style(name) for name in re.findall(r'@import "\./(\w+)\.css"', style("style")))


def mixed(one: str, other: str, share_of_one: float) -> str:
    pairs = [(int(one[start : start + 2], 16), int(other[start : start + 2], 16)) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share_of_one + b * (1 - share_of_one)):02x}" for a, b in pairs)
