"""Few rows: folds that no copy crosses, cross-validation instead of a test part, and advice."""

import contextlib
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from export import dist
from export.proof.parity import Report
from export.settings import Settings
from export.targets import web
from export.targets.strings import read_strings
from tests.support.corpora.pets import RECIPE
from trainer.__main__ import main
from trainer.data.corpus import Corpus, Row
from trainer.data.sources import Unit
from trainer.errors import UserError
from trainer.evaluation.advice import advice_of
from trainer.evaluation.metrics import metrics, tally, wilson
from trainer.evaluation.wording import accuracy_text, advice_text
from trainer.files import read_json
from trainer.run import Run
from trainer.splitting.folds import FOLDS, deal, folds_of
from trainer.training.fit import fit
from trainer.training.options import FitOptions

QUESTIONS = {
    "parcel": "where is my parcel|it has not come yet|can you track it|my order was lost|it came broken|parcel late",
    "refund": "I want a refund|give my money back|it was charged twice|how long is it|my order was free|refund me",
    "login": "I cannot get in|login fails|reset my password|the code has not come|turn off two steps|it is locked",
}


def rows_of(*texts: str, label: str = "a", group: str = "") -> list[Row]:
    return [Row(text, label, group) for text in texts]


def distinct(count: int) -> list[str]:
    return [f"word{n} other{n} third{n}" for n in range(count)]


# Folds.


@pytest.mark.parametrize("sizes", [(6, 6, 6), (5, 5, 37), (1, 2, 3, 4), (100, 300)])
def test_each_label_is_spread_evenly(sizes: Sequence[int]) -> None:
    truth = np.repeat(np.arange(len(sizes)), sizes)
    fold = deal(truth, np.arange(len(truth)), seed=1)
    for label, size in enumerate(sizes):
        counts = np.bincount(fold[truth == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1
        assert counts.sum() == size
    assert np.ptp(np.bincount(fold, minlength=FOLDS)) <= len(sizes)


def test_units_stay_together_and_the_seed_decides_the_rest() -> None:
    units = np.repeat(np.arange(30), 1 + np.arange(30) % 4)
    truth = units % 2
    one, again, other = (deal(truth, units, seed) for seed in (1, 1, 2))
    assert all(len(set(one[units == unit])) == 1 for unit in range(30))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_copies_and_near_duplicates_are_in_one_fold() -> None:
    near = ["where is the parcel that I sent to my aunt in Ghent last week"] * 2
    near.append("WHERE is the parcel that I sent to my uncle in Ghent last week?")
    rows = rows_of(*distinct(20)[:10], near[0], *distinct(20)[10:], *near[1:])
    folds = folds_of(rows, running=False, seed=1)
    places = [number for number, row in enumerate(rows) if row.text in near]
    assert len(places) == 3
    assert len(set(folds.fold[places])) == len(set(folds.copies[places])) == 1
    assert len(set(folds.copies)) == 21


def test_what_most_rows_of_a_label_share_is_a_formula_and_does_not_keep_them_together() -> None:
    texts = [f"please tell me when the order number {n} is going to arrive at my house" for n in range(12)]
    folds = folds_of(rows_of(*texts, texts[0]), running=False, seed=1)
    assert len(set(folds.copies)) == 12
    assert folds.copies[0] == folds.copies[-1]


def test_groups_are_not_divided_and_copies_in_other_groups_are_not_learned_from() -> None:
    rows = [Row(text, "ab"[n % 2], f"thread {n // 4}") for n, text in enumerate(distinct(40))]
    rows[39] = Row(rows[0].text, "b", "thread 9")
    folds = folds_of(rows, running=False, seed=1, count=5)
    for thread in range(10):
        assert len(set(folds.fold[4 * thread : 4 * thread + 4])) == 1
    parts = list(folds)
    assert len(parts) == 5
    assert sum(out.sum() for out, _ in parts) == 40
    for out, rest in parts:
        assert not (out & rest).any()
        assert not rest[39 if out[0] else 0] or out[39] == out[0]
    assert Counter(int((~out & ~rest).sum()) for out, rest in parts)[1] == (0 if folds.fold[0] == folds.fold[39] else 2)


def test_neighbours_in_running_text_are_in_one_fold() -> None:
    folds = folds_of(rows_of(*distinct(200)), running=True, seed=1)
    assert all(len(set(folds.fold[start : start + 10])) == 1 for start in range(0, 200, 10))
    few = folds_of(rows_of(*distinct(30)), running=True, seed=1)
    assert np.bincount(few.fold).tolist() == [3] * 10


# Advice.


def measured(confusion: Sequence[Sequence[int]], commonest: int = 0) -> dict[str, object]:
    pairs = [(row, column) for row, of in enumerate(confusion) for column, n in enumerate(of) for _ in range(n)]
    truth, answers = np.array(pairs).T
    return metrics(tally(np.eye(len(confusion))[answers] * 0.9, truth), 0.0, commonest)


def test_a_good_and_narrow_result_needs_no_advice() -> None:
    results = measured([[95, 5], [5, 95]])
    assert advice_of(results, "ab", {"a": 1_000, "b": 1_000}) is None
    assert list(advice_text(None, results)) == []


def test_a_result_like_the_majority_is_called_so_and_more_rows_are_asked_for() -> None:
    results = measured([[170, 10], [18, 2]])
    advice = advice_of(results, "ab", {"a": 180, "b": 20})
    assert advice is not None
    assert (advice["no_better"], advice["width"], advice["rows_a_label"]) == (True, None, 40)
    assert list(advice_text(advice, results)) == [
        "The result is not reliably better than always answering the most frequent label (90.0%).",
        "About 40 rows a label would help; the fewest are 20, of b.",
        "Confused most often: b answered a (18), a answered b (10).",
    ]


def test_a_wide_interval_says_how_many_rows_would_narrow_it() -> None:
    results = measured([[5, 1], [0, 6]])
    advice = advice_of(results, "ab", {"a": 6, "b": 6})
    assert advice is not None
    low, high = wilson(11, 12)
    assert (advice["no_better"], advice["width"]) == (False, high - low)
    low, high = wilson(round(2 * advice["rows_a_label"] * (low + high) / 2), 2 * advice["rows_a_label"])
    assert high - low <= 0.21
    assert 10 < advice["rows_a_label"] < 50


def test_many_rows_and_few_test_phrases_ask_for_more_of_these() -> None:
    advice = advice_of(measured([[6, 4], [4, 6]]), "ab", {"a": 500, "b": 9_500})
    assert advice is not None
    assert advice["rows_a_label"] > 500
    given = advice_of(measured([[4, 0], [0, 4]]), "ab", {"a": 80, "b": 80})
    assert given is not None
    assert given["rows_a_label"] > 80
    assert given["confused"] == []


# From the file to the card.


class Small(NamedTuple):
    run: Run
    out: str
    err: str
    table: Path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Eighteen rows in three labels, and what `fit` says of them."""
    folder = tmp_path_factory.mktemp("small")
    table = folder / "questions.csv"
    lines = [f"{text},{label}\n" for label, texts in QUESTIONS.items() for text in texts.split("|")]
    table.write_text("text,label\n" + "".join(lines))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["fit", f"--data={table}", "--recipe=tiny", "--steps=1", f"--run={folder / 'run'}"]) == 0
    return Small(Run.read(folder / "run"), out.getvalue(), err.getvalue(), table)


@pytest.mark.slow
def test_eighteen_rows_are_cross_validated_and_all_of_them_learned_from(small: Small) -> None:
    results = small.run.cross_validated
    assert results is not None
    assert results == small.run.results == small.run.facts["metrics"]["cross_validated"]
    assert (results["folds"], results["phrases"], results["majority"]) == (10, 18, pytest.approx(1 / 3))
    assert np.array(results["confusion"]).sum(axis=1).tolist() == [6, 6, 6]
    assert results["intervals"]["accuracy"] == wilson(int(np.trace(results["confusion"])), 18)
    assert small.run.facts["split"]["method"] == "folds"
    assert small.run.facts["split"]["phrases"] == {"train": 18, "validation": 0, "test": 0}
    assert small.run.facts["metrics"]["train"]["phrases"] == 18
    assert len(small.run.phrases("test")) == len(small.run.phrases("validation")) == 18
    assert small.run.facts["abstention"]["precision"] == pytest.approx(results["abstention"]["precision"])


def test_fit_says_how_it_measured_and_what_would_help(small: Small) -> None:
    lines = small.out.splitlines()
    accuracy = accuracy_text(small.run.results)
    assert lines[0].startswith(f"accuracy   {accuracy} in 10-fold cross-validation of 18 phrases; train 100.0% (82.4%")
    assert lines[1] == "           in brackets: 95 % confidence interval (Wilson)"
    advice = [line.removeprefix("advice     ") for line in lines if line.startswith("advice")]
    assert advice == list(advice_text(small.run.facts["advice"], small.run.results))
    assert advice[0].startswith("The result is not reliably better than always answering the most frequent label (33")
    assert re.match(r"The confidence interval is \d+ points wide: 18 phrases are few to measure on\.", advice[1])
    assert re.match(r"About \d+ rows a label would help; the fewest are 6, of login\.", advice[2])
    assert re.match(r"Confused most often: \w+ answered \w+ \(\d\)", advice[3])
    assert "all rows are learned from, and measured by cross-validation" in small.err


def test_evaluate_gives_what_cross_validation_gave(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--run", str(small.run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["confusion"] == small.run.results["confusion"]
    assert main(["evaluate", "--run", str(small.run.path)]) == 0
    assert "in 10-fold cross-validation of 18 phrases, majority 33.3%" in capsys.readouterr().out


@pytest.mark.slow
def test_evaluate_cross_validates_other_text_on_demand(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", f"--run={small.run.path}", f"--data={small.table}", "--folds"]
    assert main([*command, "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(f"run: 18 phrases of {small.table}")
    assert "in 3-fold cross-validation of 18 phrases" in lines[1]
    assert main([*command, "1"]) == 2
    assert capsys.readouterr().err == "error: --folds: must be from 2 to 100; received 1\n"
    assert main(["evaluate", f"--run={small.run.path}", "--folds=3"]) == 2
    assert "--folds: needs --data" in capsys.readouterr().err
    assert main([*command[:3], "--group-column=label"]) == 2
    assert "--group-column: needs --folds" in capsys.readouterr().err


def test_the_lessons_recipe_is_not_cross_validated(
    small: Small, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = read_json(small.run.path / "run.json")
    facts["recipe"]["tables"] = False
    (tmp_path / "run.json").write_text(json.dumps(facts))
    (tmp_path / "vocabulary.json").write_bytes((small.run.path / "vocabulary.json").read_bytes())
    assert main(["evaluate", f"--run={tmp_path}", f"--data={small.table}", "--folds=3"]) == 2
    assert "--folds: the recipe tiny has no use for it" in capsys.readouterr().err


def test_the_page_carries_the_warning(small: Small, tmp_path: Path) -> None:
    for name in ("web", "tfjs"):
        (tmp_path / name).mkdir()
    facts = web._facts(small.run, small.run.results, tmp_path, Settings(title="?", description="?"))
    facts["examples"] = [vars(phrase) for phrase in web.examples(small.run.phrases("test"), small.run)]
    page = web.Page(facts, {}, read_strings("en"), Settings())
    card = web._render(page, "card.html.j2", hues=8, files={})
    assert "In 10-fold cross-validation, where each of 18 phrases is held out" in card
    width = round(100 * small.run.facts["advice"]["width"])
    assert f"The confidence interval is {width} percentage points wide." in card
    assert f"would help: about {small.run.facts['advice']['rows_a_label']}." in card
    assert "not reliably better" in card
    assert "with its group and its copies" in card
    assert "The threshold was chosen on other phrases" not in card
    assert "phrases to adjust it" not in card
    assert "too few to hold any back" in web._render(page, "quiz.html.j2", hues=8, many=False)
    facts["card"]["advice"] |= {"no_better": False, "width": None, "rows_a_label": None}
    assert not {"Careful", "would help"} & set(
        re.findall("Careful|would help", web._render(page, "card.html.j2", hues=8, files={}))
    )


def test_the_model_card_and_the_proof_carry_it_too(small: Small, tmp_path: Path) -> None:
    metrics_of_run = dist._measured(small.run, small.run.classifier)
    assert metrics_of_run == {"cross_validated": small.run.results}
    export = dist.Export(small.run, small.run.classifier, metrics_of_run, Settings().complete(small.run.facts))
    dist._write_card(export, tmp_path, Report(()))
    card = " ".join((tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8").split())
    assert "10-fold cross-validation on 18 phrases: accuracy" in card
    assert "%, 95 % confidence interval (Wilson))" in card
    for line in advice_text(small.run.facts["advice"], small.run.results):
        assert f"- **{line}**" in card
    assert "the accuracy may be a little off either way" in card
    assert "on phrases that were learned from" in card
    assert "test phrase" not in card


@pytest.mark.slow
def test_long_phrases_are_answered_by_all_their_windows_and_random_labels_are_found_out(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    words = [f"w{n}" for n in range(60)]
    rows = [Row(" ".join(draw.choice(words, 40)), "ab"[n % 3 == 0], file="made", number=n) for n in range(60)]
    run = fit(
        Corpus("made", "", "", "", lambda _: iter(rows)), RECIPE, FitOptions(unit=Unit("line"), path=tmp_path / "run")
    )
    assert run.vocabulary.window < 40
    assert (run.results["phrases"], run.majority_label) == (60, "a")
    assert run.results["majority"] == pytest.approx(2 / 3)
    assert run.facts["advice"]["no_better"]


def test_groups_that_leave_one_label_to_learn_from_are_a_mistake(tmp_path: Path) -> None:
    rows = [Row(text, "ab"[n % 2], f"group {n % 2}") for n, text in enumerate(distinct(20))]
    with pytest.raises(UserError, match="no fold leaves two labels to learn from"):
        fit(
            Corpus("made", "", "", "", lambda _: iter(rows)),
            RECIPE,
            FitOptions(unit=Unit("line"), path=tmp_path / "run"),
        )
    assert not (tmp_path / "run").exists()
