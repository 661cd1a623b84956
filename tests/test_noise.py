"""What is done to training phrases: words made unknown, and phrases spoiled until they belong to no label."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from trainer.noise import Noise
from trainer.text.vocabulary import UNKNOWN_ID

SIZE = 50
IDS = np.tile(np.array([5, 9, 30, 9, 1, 0, 0], np.int32), (400, 1))
TRUTH = np.tile(np.array([1.0, 0.0, 0.0], np.float32), (400, 1))


def noisy(
    rates: dict[int, float], outliers: float, batch_seed: int = 3
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    of_words = np.zeros(SIZE)
    of_words[list(rates)] = list(rates.values())
    ids, truth = Noise(of_words, outliers, seed=1).add((tf.constant(IDS), tf.constant(TRUTH)), tf.constant(batch_seed))
    return ids.numpy(), truth.numpy()


def test_each_word_is_made_unknown_at_its_own_rate() -> None:
    ids, truth = noisy({9: 0.5, 30: 1.0}, 0.0)
    assert ids.shape == IDS.shape
    assert np.array_equal(truth, TRUTH)
    assert (ids[:, 0] == 5).all()
    assert (ids[:, 2] == UNKNOWN_ID).all()
    assert (ids[:, [1, 3]] == UNKNOWN_ID).mean() == pytest.approx(0.5, abs=0.06)
    assert set(ids[:, 1]) == {9, UNKNOWN_ID}


def test_outliers_stand_beside_the_batch_and_are_of_every_label_alike() -> None:
    ids, truth = noisy({}, 0.25)
    assert np.array_equal(ids[:400], IDS)
    assert np.array_equal(truth[:400], TRUTH)
    assert len(ids) == len(truth) == 500
    assert truth[400:] == pytest.approx(1 / 3)


def test_outliers_are_spoiled_words_and_never_padding() -> None:
    spoiled = noisy({}, 0.9)[0][400:]
    assert (spoiled[:, 5:] == 0).all()  # and nothing stands where there was no word
    assert (spoiled[:, :5] > 0).all()
    assert spoiled.max() < SIZE
    kept = (spoiled[:, :4] == IDS[0, :4]).mean()
    assert 0.3 < kept < 0.55  # from 15 % to all of the words are spoiled, evenly
    changed = spoiled[:, :4][spoiled[:, :4] != IDS[0, :4]]
    assert (changed == UNKNOWN_ID).mean() == pytest.approx(0.7, abs=0.06)


@pytest.mark.parametrize("words", [[5], [5, 1], [1, 1, 1, 9], [5, 9], [5, 9, 30, 9, 5, 9]])
def test_an_outlier_is_never_the_phrase_as_it_was(words: list[int]) -> None:
    """A short phrase that chance leaves alone would be taught as somebody's and as nobody's."""
    ids = np.tile(np.pad(np.array(words, np.int32), (0, 7 - len(words))), (400, 1))
    batch = tf.constant(ids), tf.constant(TRUTH)
    spoiled = Noise(np.zeros(100_000), 0.9, seed=1).add(batch, tf.constant(3))[0].numpy()[400:]
    known = ids[:360] > UNKNOWN_ID
    assert ((spoiled != ids[:360]) & known).any(axis=1).all()
    assert ((spoiled > 0) == (ids[:360] > 0)).all()


def test_every_batch_has_a_chance_of_its_own() -> None:
    first, again, other = (noisy({9: 0.5}, 0.25, batch_seed)[0] for batch_seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
