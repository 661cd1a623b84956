"""The gate: nearly open for phrases like those that were learned, shut for others, and honest."""

import numpy as np
import pytest

from trainer.evaluate import metrics, tally
from trainer.model.temperature import log_softmax
from trainer.training.gate import Seen, gated_logits, train_gate


def made(count: int, known: float, margin: float, seed: int = 1) -> tuple[Seen, np.ndarray]:  # type: ignore[type-arg]
    """Phrases of five labels of which some pairs are known, and whose right label has a margin."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 5, count)
    logits = generator.normal(-0.8, 0.3, (count, 5)) + margin * np.eye(5)[truth]
    share = np.clip(generator.normal(known, 0.1, count), 0, 1)
    return Seen(logits.astype(np.float32), share.astype(np.float32), np.zeros(count, np.float32)), truth


def test_what_is_unlike_the_phrases_is_answered_with_less_certainty() -> None:
    inside, truth = made(2_000, 0.6, 1.0)
    outside, _ = made(2_000, 0.2, 0.0, seed=2)
    gate = train_gate(inside, truth, sentence_size=4)
    assert gate.kernel.shape == (7, 1)
    sure = [np.exp(log_softmax(gated_logits(gate, seen))).max(axis=1) for seen in (inside, outside)]
    threshold = np.quantile(sure[0], 0.05)
    assert (sure[1] < threshold).mean() > 0.9


def test_probabilities_are_honest_on_phrases_like_those_it_was_fitted_on() -> None:
    (seen, truth), (other, other_truth) = made(3_000, 0.6, 0.6), made(3_000, 0.6, 0.6, seed=3)
    gate = train_gate(seen, truth, sentence_size=0)
    probabilities = np.exp(log_softmax(gated_logits(gate, other)))
    assert metrics(tally(probabilities, other_truth), 0.0)["calibration_error"] < 0.03


@pytest.mark.parametrize("count", [1, 2, 15])
def test_a_handful_of_phrases_gives_a_gate_too(count: int) -> None:
    seen, truth = made(count, 0.6, 1.0)
    gate = train_gate(seen, truth, sentence_size=0)
    assert np.isfinite([*gate.kernel[:, 0], *gate.bias, gate.scale]).all()
    assert 0.5 < gate.scale < 40
