"""The audit's shortcuts: what tells labels without being read, of all phrases or of a rare label."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.support.corpora.audits import OWN, PLACES, THINGS, audited, changed, clean, headline, sentence
from trainer.audit.report import html
from trainer.cli.report import terminal
from trainer.data.corpus import Row

pytestmark = pytest.mark.slow  # an audit trains its models


def test_two_commas_are_a_shortcut() -> None:
    rows = clean()
    commas = [place for place, row in enumerate(rows) if row.label == "town"]
    report = audited(changed(rows, commas, lambda text: text.replace(" ", ", ", 2)))
    views = {view["name"]: view for view in report["shortcuts"]["partial_inputs"]}
    assert views["punctuation"]["close"]
    assert views["punctuation"]["share"] > 0.9
    assert report["headline"][0].startswith("Shortcut: a model that sees only punctuation answers")
    assert "--strip" in report["headline"][0]
    assert {"text": ",", "label": "town", "purity": 1.0, "count": 400} in report["label_ngrams"]


@pytest.mark.parametrize(
    ("name", "change", "option"),
    [
        ("case", str.upper, "lower case"),
        ("length", lambda text: f"{text} {text}", "--unit words:16"),
        ("first_word", lambda text: f"Behold {text}", "--unit words:16"),
        ("capitalised", lambda text: f"{text[:-1]} near Lisbon.", "--strip"),
    ],
)
def test_planted_shortcuts(name: str, change: Callable[[str], str], option: str) -> None:
    rows = clean(200)
    report = audited(changed(rows, range(200), change))
    views = {view["name"]: view for view in report["shortcuts"]["partial_inputs"]}
    assert views[name]["close"]
    assert any(option in line for line in report["headline"] if line.startswith("Shortcut"))


def rare(text: Callable[[str], str]) -> list[Row]:
    """Two labels that the words tell, and a rare third one whose text is changed."""
    generator = np.random.default_rng(8)
    rows = [Row(sentence(label, generator), label) for label in OWN for _ in range(1200)]
    first = next(iter(OWN))
    return rows + [Row(text(sentence(first, generator)), "rare") for _ in range(60)]


def test_a_rare_label_with_two_commas_is_named_though_it_changes_no_accuracy() -> None:
    rows = rare(lambda text: ", ".join([*text.split(" ", 2)]))
    report = audited(rows)
    assert "punctuation alone separates “rare” (recall 100\N{NO-BREAK SPACE}%) from all other labels" in headline(
        report
    )
    assert "Punctuation alone separates “rare”" in terminal(report)
    assert "Punctuation alone separates “rare”" in html(report)


def test_a_rare_label_of_other_words_is_no_shortcut() -> None:
    report = audited(rare(lambda text: text.replace(" ", " quince ", 1)))
    assert "“rare”" not in headline(report)


def test_labels_that_the_text_does_not_carry_are_never_called_clean() -> None:
    generator = np.random.default_rng(9)
    rows = [replace(row, label=str(generator.choice(["yes", "no"]))) for row in clean(300)]
    report = audited(rows)
    assert not report["shortcuts"]["learns"]
    assert report["headline"][0].startswith("The words do not predict the labels")


def test_a_rare_label_is_named_though_the_words_tell_nothing() -> None:
    generator = np.random.default_rng(1)
    words = [f"w{number}" for number in range(300)]
    rows = [Row(" ".join(generator.choice(words, 8)), "pos") for _ in range(4900)]
    rows += [Row(" ".join(generator.choice(words, 8)).replace(" ", ", ", 2), "neg") for _ in range(100)]
    report = audited(rows)
    assert report["headline"][0].startswith("The words do not predict the labels: reading them answers")
    assert report["headline"][1].startswith("Shortcut: punctuation alone separates “neg”")
    assert not any("“pos”" in line for line in report["headline"]), "the rest is told because the rare label is"


def test_words_that_tell_a_rare_label_are_not_said_to_tell_nothing() -> None:
    generator = np.random.default_rng(1)
    words = [f"w{number}" for number in range(300)]
    rows = [Row(" ".join(generator.choice(words, 8)), "pos") for _ in range(2940)]
    rows += [Row(" ".join([*generator.choice(words, 7), f"own{n % 3}"]), "neg") for n in range(60)]
    report = audited(rows)
    assert report["shortcuts"]["learns"], "accuracy cannot rise by much from 98 %"
    assert not any(line.startswith("The words do not predict") for line in report["headline"])


def test_three_labels_of_thirty_that_share_a_mark_are_named_together() -> None:
    generator = np.random.default_rng(2)
    rows = []
    for label in range(30):
        own = [f"own{label}x{number}" for number in range(6)]
        for _ in range(40):
            text = " ".join([*generator.choice(THINGS + PLACES, 5), *generator.choice(own, 2)])
            rows.append(Row(text + (" !?!" if label < 3 else ""), f"label {label:02}"))
    report = audited(rows, generator.choice(["train", "train", "train", "validation"], len(rows)).tolist())
    (line,) = [line for line in report["headline"] if line.startswith("Shortcut")]
    assert "punctuation alone separates “label 00”, “label 01” and “label 02” (recall 100" in line
    assert "label 03" not in line


def test_the_first_word_of_a_topic_is_no_shortcut() -> None:
    generator = np.random.default_rng(3)
    rows = []
    for topic in ("a", "b"):
        own = [f"{topic}{number}" for number in range(12)]
        rows += [Row(" ".join(generator.choice([*own, *THINGS], 8)), topic) for _ in range(1500)]
    (view,) = [view for view in audited(rows)["shortcuts"]["partial_inputs"] if view["name"] == "first_word"]
    assert 0.4 < view["share"] < 0.6
    assert not view["close"]


def test_windows_are_not_told_to_become_windows() -> None:
    rows = clean(200)
    report = audited(changed(rows, range(200), lambda text: f"{text} {text}"), words_mode=True)
    assert any(view["name"] == "length" and view["close"] for view in report["shortcuts"]["partial_inputs"])
    assert "--unit" not in headline(report)


def test_many_labels_of_rare_words() -> None:
    generator = np.random.default_rng(0)
    rows = [
        Row(f"{' '.join(generator.choice(THINGS + PLACES, 5))} own{label}", f"label {label}", file="t.csv", number=n)
        for n, label in enumerate(np.tile(np.arange(200), 12), 1)
    ]
    parts = generator.choice(["train", "train", "train", "validation", "test"], len(rows)).tolist()
    report = audited(rows, parts)
    assert report["shortcuts"]["reference"] > 0.9
    assert len(terminal(report).splitlines()) < 150
    assert html(report).count("</tr>") < 400
