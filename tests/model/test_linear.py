"""The linear part: what it sees of a row, and that what it learned folds exactly into rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.model import features, linear
from trainer.model.linear import LinearSettings, train
from trainer.text.pieces import learn
from trainer.text.vocabulary import CLS_ID, SEP_ID, UNKNOWN_ID, Vocabulary
from trainer.text.windows import split_ids

ANIMALS = ("my cat sleeps", "a cat purrs loudly", "the kitten sleeps all day", "cats and kittens purr")
DOGS = ("my dog barks", "a dog fetches sticks", "the puppy barks all day", "dogs and puppies bark")
BIRDS = ("my bird sings", "a bird flies south", "the parrot sings all day", "birds and parrots fly")


def taught(labels: int = 3, whole_words: bool = True) -> tuple[Vocabulary, NDArray[Any], NDArray[Any]]:
    texts = [*ANIMALS, *DOGS, *BIRDS][: 4 * labels]
    names = [f"label {number}" for number in range(labels)]
    vocabulary = learn(texts, names, sequence_length=18, maximum_pieces=200, whole_words=whole_words)
    rows = np.stack([split_ids(ids, 18)[0] for ids in vocabulary.encode_all(texts)])
    return vocabulary, rows, np.repeat(np.arange(labels), 4).astype(np.int32)


def folded(learned: linear.Linear, rows: NDArray[Any], size: int) -> NDArray[Any]:
    """The formula, a row and a bigram at a time."""
    bigrams = {
        (int(one), int(other)): n for n, (one, other) in enumerate(zip(learned.first, learned.second, strict=True))
    }
    found = []
    for row in rows:
        pieces = [piece for piece in row if piece == UNKNOWN_ID or piece > SEP_ID]
        total = learned.pieces[pieces].sum(axis=0)
        there = row[row != 0]
        for bigram in zip(there[:-1].tolist(), there[1:].tolist(), strict=True):
            if bigram in bigrams:
                total = total + learned.bigrams[bigrams[bigram]]
        found.append(total / np.sqrt(max(1, len(pieces))) + learned.bias)
    return np.stack(found)


def test_features() -> None:
    rows = np.array([[CLS_ID, 7, 1, 7, SEP_ID, 0], [CLS_ID, SEP_ID, 0, 0, 0, 0]])
    assert features.piece_numbers(rows).tolist() == [3, 1]
    assert features.piece_counts(rows, 9).toarray()[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 2, 0]
    numbers, codes = features.bigram_codes(rows, 9)
    assert [(int(n), int(c) // 9, int(c) % 9) for n, c in zip(numbers, codes, strict=True)] == [
        (0, CLS_ID, 7),
        (0, 7, 1),
        (0, 1, 7),
        (0, 7, SEP_ID),
        (1, CLS_ID, SEP_ID),
    ]


def test_ngrams_inside_a_piece_and_across_the_border_of_two() -> None:
    vocabulary = replace(taught()[0], pieces=("▁ab", "ba"), scores=(-1.0, -1.0))
    bigrams = [(4, 5), (5, 4), (5, SEP_ID), (CLS_ID, 5), (4, UNKNOWN_ID)]
    inside, crossing = features.ngrams_of(vocabulary, np.array([first * 6 + second for first, second in bigrams]), 5)
    assert inside.sum(axis=1).ravel().tolist()[0] == [0, 0, 0, 0, 3, 1]
    assert (inside.toarray()[4] * crossing.toarray()[0]).sum() == 0
    # bb, abb, bba, ▁abb, abba, ▁abba; then what ends the text: a, ba
    assert crossing.sum(axis=1).ravel().tolist()[0] == [6, 0, 2, 0, 0]


@pytest.mark.parametrize(("labels", "whole_words"), [(2, True), (3, True), (3, False)])
def test_folding_is_exact(labels: int, whole_words: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary, rows, truth = taught(labels, whole_words)
    seen = {}
    solve = linear.solve

    def kept(data: object, *rest: object) -> tuple[NDArray[Any], NDArray[Any]]:
        kernel, bias = solve(data, *rest)  # type: ignore[arg-type]
        seen["logits"] = data @ kernel + bias  # type: ignore[operator]
        return kernel, bias

    monkeypatch.setattr(linear, "solve", kept)
    learned = train(rows, truth, None, vocabulary, LinearSettings())
    np.testing.assert_allclose(folded(learned, rows, vocabulary.size), seen["logits"], atol=2e-5)
    assert (seen["logits"].argmax(axis=1) == truth).all()
    if labels == 2:
        np.testing.assert_allclose(learned.pieces[:, 0], -learned.pieces[:, 1])


def test_a_word_never_seen_speaks_by_its_characters() -> None:
    vocabulary, rows, truth = taught()
    words = learn(
        [*ANIMALS, *DOGS, *BIRDS], vocabulary.labels, sequence_length=18, maximum_pieces=200, extra_words=("catsy",)
    )
    rows = np.stack([split_ids(ids, 18)[0] for ids in words.encode_all([*ANIMALS, *DOGS, *BIRDS])])
    learned = train(rows, truth, None, words, LinearSettings())
    (unseen,) = words.encode("catsy")
    assert learned.piece_times[unseen] == 0
    assert learned.pieces[unseen].argmax() == 0


def test_a_copy_of_little_weight_changes_little() -> None:
    vocabulary, rows, truth = taught()
    alone = train(rows, truth, None, vocabulary, LinearSettings())
    both, weights = np.concatenate([rows, rows]), np.repeat([1.0, 1e-6], len(rows)).astype(np.float32)
    wrong = np.concatenate([truth, (truth + 1) % 3]).astype(np.int32)
    with_copies = train(both, wrong, weights, vocabulary, LinearSettings())
    np.testing.assert_allclose(with_copies.pieces, alone.pieces, atol=0.02)


def test_a_label_without_a_row_never_wins() -> None:
    vocabulary, rows, truth = taught()
    learned = train(rows[:8], truth[:8], None, vocabulary, LinearSettings())
    assert learned.pieces.shape[1] == 3
    assert (folded(learned, rows, vocabulary.size).argmax(axis=1) < 2).all()


def test_extra_features_get_a_kernel() -> None:
    vocabulary, rows, truth = taught()
    extra = np.eye(3, dtype=np.float32)[truth]
    learned = train(rows, truth, None, vocabulary, LinearSettings(), extra)
    assert learned.extra is not None
    assert (learned.extra.argmax(axis=0) == np.arange(3)).all()


@pytest.mark.parametrize("labels", [2, 3])
def test_many_rows_are_learned_a_chunk_at_a_time(labels: int) -> None:
    vocabulary, rows, truth = taught(labels)
    settings = LinearSettings(most_rows=100, chunk=300)
    many, of_many = np.repeat(rows, 50, axis=0), np.repeat(truth, 50)  # label by label: a chunk in order has one
    extra = np.eye(labels, dtype=np.float32)[of_many]
    learned = train(many, of_many, np.ones(len(many), np.float32), vocabulary, settings, extra)
    assert learned.extra is not None
    without = replace(learned, bias=learned.bias + learned.extra.mean(axis=0))
    assert (folded(without, rows, vocabulary.size).argmax(axis=1) == truth).all()
    # The exact solver's logits correlate so with them; in the order of the rows they would not.
    exact = train(many, of_many, None, vocabulary, LinearSettings(), extra)
    one, other = (folded(of, rows, vocabulary.size) for of in (learned, exact))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.999


def test_features_are_the_same_however_many_rows_are_counted_at_once() -> None:
    vocabulary, rows, _ = taught()
    rows, original = np.tile(rows, (3, 1)), np.repeat([True, False], [20, 16])
    selection = LinearSettings(few_rows=0, most_bigrams=30).selection(int(original.sum()), len(rows))
    whole = features.learn(rows, original, vocabulary, selection)
    parts = features.learn(rows, original, vocabulary, replace(selection, together=7))
    np.testing.assert_array_equal(parts.codes, whole.codes)
    np.testing.assert_array_equal(parts.whole, whole.whole)
    for one, other in zip(parts.times, whole.times, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(parts.weights, whole.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    np.testing.assert_allclose(parts.matrix(rows[:3]).toarray(), whole.matrix(rows).toarray()[:3], rtol=1e-6)


def test_equal_seeds_give_equal_numbers() -> None:
    vocabulary, rows, truth = taught()
    one, other = (train(rows, truth, None, vocabulary, LinearSettings(), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.pieces, other.pieces)
    np.testing.assert_array_equal(one.bigrams, other.bigrams)


def test_of_too_many_bigrams_the_most_frequent_are_learned() -> None:
    vocabulary, rows, truth = taught()
    every = train(rows, truth, None, vocabulary, LinearSettings())
    some = train(rows, truth, None, vocabulary, LinearSettings(most_bigrams=5))
    assert len(some.first) == 5
    assert sorted(some.bigram_times) == sorted(every.bigram_times)[-5:]
