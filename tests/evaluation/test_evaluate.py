"""Accuracy, intervals and calibration: worked examples, and what chance would give."""

import numpy as np
import pytest

from trainer.evaluation.metrics import BINS, macro_f1, metrics, tally, wilson
from trainer.evaluation.wording import measures_text
from trainer.model.temperature import temperature_of


def test_metrics_of_a_worked_example() -> None:
    answers = np.eye(3)[[0, 0, 1, 1, 0, 1]]
    results = metrics(tally(answers, np.array([0, 0, 0, 1, 1, 1])), 0.0, 1)
    assert results["confusion"] == [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert results["accuracy"] == pytest.approx(4 / 6)
    assert results["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)  # the third label occurs nowhere
    assert (results["phrases"], results["majority"]) == (6, 0.5)
    assert metrics(tally(answers, np.array([0, 0, 0, 1, 1, 1])), 0.0, 2)["majority"] == 0  # most frequent in training


def test_a_label_that_is_answered_and_never_true_counts_for_the_macro_f1() -> None:
    assert macro_f1(np.array([[2, 1, 0], [0, 0, 0], [0, 0, 0]])) == pytest.approx((4 / 5 + 0) / 2)
    assert macro_f1(np.zeros((2, 2), np.int64)) == 0


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(5, 5, 0.5655, 1.0), (0, 3, 0.0, 0.5615), (81, 263, 0.2553, 0.3662), (0, 0, 0.0, 1.0)],  # the third: Newcombe 1998
)
def test_wilson_intervals(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right, count) == pytest.approx([low, high], abs=1e-4)


def test_no_interval_is_degenerate() -> None:
    truth = np.array([0, 0, 1, 1, 2])
    for answers in (truth, (truth + 1) % 3):
        intervals = metrics(tally(np.eye(3)[answers], truth), 0.0, 0)["intervals"]
        assert intervals["macro_f1"] is None
        assert intervals["accuracy"][1] - intervals["accuracy"][0] > 0.3
    assert "bootstrap" not in measures_text(metrics(tally(np.eye(3)[truth], truth), 0.0, 0), "phrases")


def test_a_single_label_right_of_many_has_no_bootstrap_that_leaves_the_macro_f1_out() -> None:
    """Of one phrase a label, draws leave out a third of the labels each time, and so their errors."""
    truth = np.arange(60)
    answers = np.where(truth % 2, truth, (truth + 2) % 60)
    results = metrics(tally(np.eye(60)[answers], truth), 0.0, 0)
    interval = results["intervals"]["macro_f1"]
    assert interval is None or interval[0] < results["macro_f1"] < interval[1]


def test_metrics_are_intervals_that_hold_the_accuracy_and_narrow_with_the_phrases() -> None:
    truth = np.arange(100) % 2
    answers = np.eye(2)[np.where(np.arange(100) % 5, truth, 1 - truth)]
    few = metrics(tally(answers, truth), 0.0, 0)
    many = metrics(tally(np.tile(answers, (25, 1)), np.tile(truth, 25)), 0.0, 0)
    for results, width in ((few, 0.16), (many, 0.031)):  # four standard errors of a share of 0.8
        low, high = results["intervals"]["accuracy"]
        assert low < results["accuracy"] == 0.8 < high
        assert high - low == pytest.approx(width, rel=0.2)
        assert results["intervals"]["macro_f1"][0] < results["macro_f1"] < results["intervals"]["macro_f1"][1]


def test_the_calibration_error_is_how_far_probabilities_are_from_the_truth() -> None:
    truth = np.zeros(10, np.int64)
    right = np.tile([0.7, 0.3], (10, 1))
    assert metrics(tally(right, truth), 0.0, 0)["calibration_error"] == pytest.approx(0.3)
    half = np.concatenate([np.tile([1.0, 0.0], (5, 1)), np.tile([0.0, 1.0], (5, 1))])
    assert metrics(tally(half, truth), 0.0, 0)["calibration_error"] == pytest.approx(0.5)


def test_reliability_is_how_often_answers_are_right_by_how_sure_they_are() -> None:
    answers = np.array([[0.5, 0.5], [0.52, 0.48], [0.9, 0.1], [0.08, 0.92], [1.0, 0.0]])
    results = metrics(tally(answers, np.array([0, 1, 0, 0, 0])), 0.0, 0)
    bins = results["reliability"]
    assert len(bins) == BINS
    filled = {number: of_bin for number, of_bin in enumerate(bins) if of_bin["phrases"]}
    assert sorted(filled) == [7, 13, 14]  # from 7/15, 13/15 and 14/15
    assert filled[7] == {"phrases": 2, "probability": pytest.approx(0.51), "right": 0.5}
    assert filled[13] == {"phrases": 2, "probability": pytest.approx(0.91), "right": 0.5}
    assert filled[14] == {"phrases": 1, "probability": 1.0, "right": 1.0}
    assert bins[0] == {"phrases": 0, "probability": None, "right": None}


def test_the_temperature_undoes_what_made_the_model_too_sure() -> None:
    generator = np.random.default_rng(2)
    logits = generator.normal(size=(20_000, 3)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (honest.cumsum(axis=1) < generator.random((20_000, 1))).sum(axis=1)
    for scale in (0.5, 1.0, 3.0):
        assert temperature_of(logits * scale, truth) == pytest.approx(scale, rel=0.05)


def test_a_few_phrases_move_the_temperature_little_from_what_is_expected() -> None:
    logits = np.array([[1.0, 0.0], [0.0, 1.0]])
    alone, expected = temperature_of(logits, np.array([0, 1])), temperature_of(logits, np.array([0, 1]), 0.25)
    assert alone < 0.05  # both are right: nothing speaks against certainty
    assert 0.1 < expected < 0.3
    many = temperature_of(np.tile(logits, (500, 1)), np.tile([0, 1, 1, 0], 250), 0.25)
    assert many > 2  # half are wrong
