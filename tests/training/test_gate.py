"""The gate: nearly open for phrases like those that were learned, shut for others, and honest."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.evaluation.metrics import metrics, tally
from trainer.model.encoder import encoder_vectors
from trainer.model.temperature import log_softmax
from trainer.model.weights import Encoder, Lstm
from trainer.text.vocabulary import Vocabulary
from trainer.training.gate import Seen, gated_logits, train_gate
from trainer.training.unseen import count_fragments, is_fragment, with_count


def made(count: int, known: float, margin: float, seed: int = 1) -> tuple[Seen, np.ndarray]:  # type: ignore[type-arg]
    """Phrases of five labels of which some bigrams are known, and whose right label has a margin."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 5, count)
    logits = generator.normal(-0.8, 0.3, (count, 5)) + margin * np.eye(5)[truth]
    share = np.clip(generator.normal(known, 0.1, count), 0, 1)
    none = np.zeros(count, np.float32)
    return Seen(logits.astype(np.float32), share.astype(np.float32), none, none), truth


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
    gate = train_gate(seen, truth, sentence_size=1)
    probabilities = np.exp(log_softmax(gated_logits(gate, other)))
    assert metrics(tally(probabilities, other_truth), 0.0, 0)["calibration_error"] < 0.03


@pytest.mark.parametrize("count", [1, 2, 15])
def test_a_handful_of_phrases_gives_a_gate_too(count: int) -> None:
    seen, truth = made(count, 0.6, 1.0)
    gate = train_gate(seen, truth, sentence_size=1)
    assert np.isfinite([*gate.kernel[:, 0], *gate.bias, gate.scale]).all()
    assert 0.5 < gate.scale < 40


def test_a_text_of_fragments_is_trusted_less_and_the_vectors_other_numbers_are_left_out() -> None:
    seen, truth = made(2_000, 0.6, 1.0)
    fragments = np.abs(np.random.default_rng(4).normal(0, 0.3, 2_000)).astype(np.float32)
    gate = train_gate(replace(seen, fragments=fragments), truth, sentence_size=4)
    assert not gate.kernel[:3].any()
    many = replace(seen, fragments=fragments + 2)
    sure = [np.exp(log_softmax(gated_logits(gate, each))).max(axis=1) for each in (seen, many)]
    assert np.quantile(sure[1], 0.9) < np.quantile(sure[0], 0.1)


def test_the_count_of_fragments_is_the_last_number_of_the_vector_and_changes_no_other() -> None:
    generator = np.random.default_rng(5)

    def numbers(*shape: int) -> NDArray[np.float32]:
        return generator.normal(0, 0.5, shape).astype(np.float32)

    vocabulary = Vocabulary((), ("▁one", "two", "!", "天", "x"), (-1.0,) * 5, ("a", "b"), 8)
    fragment = is_fragment(vocabulary)
    assert fragment.tolist() == [False] * 4 + [False, True, False, False, True]
    forward, backward = (Lstm(numbers(3, 8), numbers(2, 8), numbers(8)) for _ in range(2))
    encoder = Encoder(numbers(9, 3), forward, backward, numbers(7, 4), numbers(4), numbers(4, 2))
    rows = np.array([[2, 4, 5, 8, 3, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0, 0], [2, 5, 8, 5, 8, 5, 5, 3]])
    before, after = encoder_vectors(encoder, rows, 4), encoder_vectors(with_count(encoder, fragment), rows, 4)
    assert after[:, :4] == pytest.approx(before, abs=1e-6)
    assert after[:, 4] == pytest.approx(count_fragments(rows, fragment, 4), abs=1e-6)
    assert after[:, 4].tolist() == pytest.approx([2 / 3**0.5, 0, 2])
    own, logits = encoder.logits, with_count(encoder, fragment).logits
    assert own is not None
    assert logits is not None
    assert after @ logits == pytest.approx(before @ own, abs=1e-5)
