"""The answer "not sure": how its threshold is chosen, and that commands and documents hold answers against it."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from export.manifest import read_manifest
from tests.support.places import vectors
from trainer.__main__ import main
from trainer.evaluation.abstention import LARGEST_RATE, LEAST_RATE, TARGET_PRECISION, abstains, threshold_of
from trainer.evaluation.measuring import tally_of, truth_of
from trainer.evaluation.metrics import Tally, metrics, tally
from trainer.evaluation.wording import measures_text
from trainer.model.classifier import Classifier
from trainer.run import Run


def answers(*groups: tuple[int, float, bool]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Probabilities of two labels and the truth: of each group how many, their best probability, whether right."""
    best = np.concatenate([np.full(count, probability) for count, probability, _ in groups])
    right = np.concatenate([np.full(count, is_right) for count, _, is_right in groups])
    return np.stack([best, 1 - best], axis=1), np.where(right, 0, 1)


def counted(*groups: tuple[int, float, bool]) -> Tally:
    return tally(*answers(*groups))


# The choice.


def test_threshold_is_the_smallest_at_which_nine_of_ten_answers_are_right() -> None:
    chosen = threshold_of(counted((4, 0.51, False), (2, 0.55, False), (2, 0.6, True), (9, 0.9, False), (83, 0.9, True)))
    assert chosen.threshold == 0.551  # and not higher, though two phrases more may be left out
    assert (chosen.abstention_rate, chosen.precision) == (0.06, 85 / 94)
    assert chosen.precision > chosen.target_precision == TARGET_PRECISION > 85 / 96


def test_threshold_leaves_no_more_phrases_unanswered_than_the_bound() -> None:
    best = 0.505 + np.arange(200) / 1000
    chosen = threshold_of(tally(np.stack([best, 1 - best], axis=1), (np.arange(200) < 100).astype(np.int64)))
    assert chosen.precision == 100 / 184 < TARGET_PRECISION
    assert chosen.abstention_rate == LARGEST_RATE == (best < chosen.threshold).mean()


@pytest.mark.parametrize(
    ("groups", "threshold", "precision"),
    [
        pytest.param([(50, 0.6, True), (50, 0.9, True)], 0.6, 1.0, id="all are right"),
        pytest.param([(5, 0.6, False), (95, 0.9, True)], 0.6, 0.95, id="nine of ten are right anyway"),
        pytest.param([(70, 0.75, True), (30, 0.75, False)], 0.75, 0.7, id="all are equally sure"),
        pytest.param([(1, 0.6, False), (2, 0.9, False), (8, 0.9, True)], 0.6, 8 / 11, id="too few to leave one out"),
        pytest.param(
            [(6, 0.6, True), (40, 0.9, False), (54, 0.9, True)], 0.6, 0.6, id="those that it doubts are right"
        ),
        pytest.param([(20, 0.7, False)], 0.7, 0.0, id="none is right"),
        pytest.param([(100, 0.99, True)], 0.75, 1.0, id="half-way from chance to certainty"),
        pytest.param([(0, 0.7, True)], 0.75, 0.0, id="no phrase at all"),
    ],
)
def test_threshold_leaves_no_phrase_out_where_none_should_be_but_is_not_0(
    groups: Sequence[tuple[int, float, bool]], threshold: float, precision: float
) -> None:
    chosen = threshold_of(counted(*groups))
    assert (chosen.threshold, chosen.abstention_rate, chosen.precision) == (threshold, 0.0, precision)


def test_threshold_leaves_out_one_phrase_of_fifty_at_least() -> None:
    sure = 0.6 + np.arange(100) / 10_000
    chosen = threshold_of(tally(np.stack([sure, 1 - sure], axis=1), np.zeros(100, np.int64)))
    assert chosen.abstention_rate == 0.0 < LEAST_RATE  # thousandths: the next one would leave out ten
    sure = 0.6 + np.arange(100) / 1_000
    assert (
        threshold_of(tally(np.stack([sure, 1 - sure], axis=1), np.zeros(100, np.int64))).abstention_rate == LEAST_RATE
    )


def test_an_answer_at_the_threshold_is_given_and_one_below_it_is_not() -> None:
    for threshold in (0.001, 0.117, 0.203, 0.29, 0.562, 0.999):  # with some that a product would round up to
        best = np.array([np.nextafter(threshold, 0), threshold, np.nextafter(threshold, 1)])
        facts = metrics(tally(best[:, None], np.zeros(3, np.int64)), threshold, 0)["abstention"]
        assert facts["abstention_rate"] == 1 / 3
        assert [abstains(probability, 3, threshold) for probability in best] == [True, False, False]


def test_a_text_without_a_word_is_not_sure_under_any_threshold() -> None:
    assert abstains(0.99, 0, 0.0)
    assert not abstains(0.99, 1, 0.0)


def test_facts_of_the_choice_are_those_of_the_metrics_and_of_a_count_by_hand() -> None:
    generator = np.random.default_rng(4)
    logits = generator.normal(size=(3_000, 4)) * 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (probabilities.cumsum(axis=1) < generator.random((3_000, 1))).sum(axis=1)
    whole = tally(probabilities, truth)
    chosen = threshold_of(whole)
    facts = metrics(whole, chosen.threshold, 0)["abstention"]
    given = probabilities.max(axis=1) >= chosen.threshold
    assert (chosen.abstention_rate, chosen.precision) == (facts["abstention_rate"], facts["precision"])
    assert facts["abstention_rate"] == pytest.approx((~given).mean())
    assert facts["precision"] == pytest.approx((probabilities.argmax(axis=1) == truth)[given].mean())
    low, high = facts["precision_interval"]
    assert low < facts["precision"] < high < low + 0.05
    assert LARGEST_RATE - 0.01 < facts["abstention_rate"] <= LARGEST_RATE
    in_batches = tally(probabilities[:700], truth[:700]) + tally(probabilities[700:], truth[700:])
    assert threshold_of(in_batches) == chosen


def test_measures_are_said_in_a_line_and_a_threshold_of_0_as_never() -> None:
    answered = counted((1, 0.51, False), (9, 0.9, True))
    line = measures_text(metrics(answered, 0.6, 0), "songs").splitlines()[-1]
    assert line == "not sure   below 60.0%: 10.0% of the songs; 100.0% (70.1% to 100.0%) of the others right"
    assert measures_text(metrics(answered, 0.0, 0), "songs").splitlines()[-1] == "not sure   never: the threshold is 0"
    nothing = metrics(answered, 1.0, 0)["abstention"]
    assert (nothing["abstention_rate"], nothing["precision"], nothing["precision_interval"]) == (1.0, 0.0, [0.0, 1.0])


# The run and the commands.


def test_run_keeps_what_was_chosen_on_its_validation_phrases(trained: Run) -> None:
    """By a model that had not learned from them: the run's own has, in the end."""
    chosen, measured = trained.facts["abstention"], trained.facts["metrics"]
    assert trained.threshold == chosen["threshold"] > 0.25
    assert measured["validation"]["abstention"]["abstention_rate"] == pytest.approx(chosen["abstention_rate"])
    assert measured["validation"]["abstention"]["precision"] == pytest.approx(chosen["precision"])
    assert chosen["abstention_rate"] <= LARGEST_RATE
    for part in ("train", "validation", "test"):
        assert measured[part]["abstention"]["threshold"] == chosen["threshold"]
    assert trained.facts["metrics"]["test"]["abstention"]["abstention_rate"] < 0.1


@pytest.fixture
def with_threshold(trained: Run, tmp_path: Path) -> Callable[[float], str]:
    """Gives the path of a copy of the run that has another threshold."""

    def copied(threshold: float) -> str:
        path = tmp_path / f"run-{threshold}"
        shutil.copytree(trained.path, path)
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
        facts["abstention"]["threshold"] = threshold
        (path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        return str(path)

    return copied


def test_predict_says_not_sure_before_the_ranking_where_the_best_is_below(
    with_threshold: Callable[[float], str], trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["the king", "of", "Achilles sing, O Goddess!"]
    best = trained.classifier.probabilities(texts).max(axis=1)
    between = round(float(np.sort(best)[:2].mean()), 3)
    assert main(["predict", "--run", with_threshold(between), *texts, "?!"]) == 0
    blocks = re.findall(r"^(\S.*)\n(  not sure\n)?((?:  \w+ +[\d.]+%.*\n){4})  knew", capsys.readouterr().out, re.M)
    assert [text for text, _, _ in blocks] == [*texts, "?!"]
    assert [said != "" for _, said, _ in blocks] == [*(best < between), True]
    assert sum(best < between) == 1


def test_predict_json_is_the_ranking_alone(
    with_threshold: Callable[[float], str], trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", "--run", with_threshold(0.999), "the king", "?!"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == trained.classifier.rank(["the king", "?!"])


def test_evaluate_says_and_gives_what_the_threshold_does(
    with_threshold: Callable[[float], str], trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_threshold(0.5)
    phrases = trained.phrases("test")
    probabilities = trained.classifier.probabilities([phrase.text for phrase in phrases])
    given = probabilities.max(axis=1) >= 0.5
    right = (probabilities.argmax(axis=1) == truth_of(phrases, trained.vocabulary.labels))[given].mean()
    assert main(["evaluate", "--json", "--run", path]) == 0
    facts = json.loads(capsys.readouterr().out)["abstention"]
    assert (facts["threshold"], facts["abstention_rate"]) == (0.5, pytest.approx((~given).mean()))
    assert facts["precision"] == pytest.approx(right)
    assert main(["evaluate", "--run", path]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("not sure"))
    assert line.startswith(f"not sure   below 50.0%: {(~given).mean():.1%} of the test phrases; {right:.1%} (")


# What lies in a dist directory.


def test_manifest_has_the_runs_threshold_and_what_it_does_to_the_rounded_model(
    dist_path: Path, trained: Run, rounded: Classifier
) -> None:
    facts = read_manifest(dist_path)["abstention"]
    assert facts["threshold"] == trained.threshold
    assert (facts["target_precision"], facts["largest_rate"]) == (TARGET_PRECISION, LARGEST_RATE)
    for part in ("validation", "test"):
        expected = metrics(tally_of(rounded, trained.phrases(part)), trained.threshold, 0)["abstention"]
        assert {"threshold": trained.threshold, **facts[part]} == expected


def test_model_card_says_when_it_is_not_sure(dist_path: Path) -> None:
    facts = read_manifest(dist_path)["abstention"]
    card = " ".join((dist_path / "MODEL_CARD.md").read_text(encoding="utf-8").split())
    share, precision = (f"{100 * facts['test'][key]:.1f} %" for key in ("abstention_rate", "precision"))
    assert f'An answer whose best probability is below {100 * facts["threshold"]:.1f} % is "not sure"' in card
    assert f"so are {share} of the test phrases, and of the others {precision} are right" in card
    assert "always answers" not in card


# Texts in none of the demo's styles.


def test_texts_from_elsewhere_are_many_and_each_stands_there_once() -> None:
    texts = vectors("out_of_distribution.json")
    assert {kind: len(of_kind) for kind, of_kind in texts.items()} == {"news": 120, "languages": 50, "chatter": 20}
    everything = [text for of_kind in texts.values() for text in of_kind]
    assert len(set(everything)) == len(everything)
    assert all(6 <= len(text.split()) <= 25 for text in texts["news"])
