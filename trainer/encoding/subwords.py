"""Chooses how words are cut: frequent ones are pieces as a whole, or all are cut into few pieces.

Whole words pay where the same words come again. Where most words are new (names, single words, a language with many
endings, few rows) a new word would be cut into pieces that training seldom saw.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Phrase
from trainer.encoding.encode import LENGTHS
from trainer.model import linear
from trainer.model.linear import LinearSettings
from trainer.model.recipe import Recipe, sizes_for, within_budget
from trainer.model.tables import TableSizes, logits, squeeze
from trainer.text.pieces import FEW_ROWS, Spelling, learn
from trainer.text.windows import first_rows

logger = logging.getLogger(__name__)

LEAST_TRIED: Final = (
    200  # rows: fewer show no difference, and on nine public sets cutting is 4 points better on average
)
MOST_TRIED: Final = 30_000  # rows: of more, words come again often enough
_SAMPLE: Final = 8_000  # of them are tried
_FOLDS: Final = 3


def whole_words(phrases: Iterable[Phrase], recipe: Recipe, row_count: int, *, windows: bool) -> bool:
    """Says whether frequent words are pieces as a whole: what the recipe asks for, or what held-out rows prefer.

    Args:
        phrases: Of the training part; they are not read where the answer is known without.
        recipe: May name it.
        row_count: Of the training part.
        windows: Whether the phrases are windows of running text, whose words come again.

    Returns:
        Whether they are.
    """
    if recipe.whole_words != "auto":
        return recipe.whole_words == "yes"
    if windows or not LEAST_TRIED <= row_count <= MOST_TRIED:
        return windows or row_count > MOST_TRIED
    phrases = list(phrases)
    phrases = phrases[:: -(-len(phrases) // _SAMPLE)]
    few = row_count < FEW_ROWS
    fold = _folds([phrase.label for phrase in phrases])
    right = {whole: list[NDArray[np.bool_]]() for whole in (True, False)}
    for number in range(_FOLDS if few else 1):
        fitted = [phrase for phrase, own in zip(phrases, fold, strict=True) if own != number]
        held = [phrase for phrase, own in zip(phrases, fold, strict=True) if own == number]
        if len({phrase.label for phrase in fitted}) < 2:
            return not few  # a label of so few rows that none can be held out
        for whole, of_choice in right.items():
            of_choice.append(_right(fitted, held, recipe, row_count, whole))
    whole_right, cut_right = (np.concatenate(right[whole]) for whole in (True, False))
    gain, differing = int(whole_right.sum() - cut_right.sum()), int((whole_right != cut_right).sum())
    # Of many rows whole words are kept unless cutting is better by more than chance.
    kept = gain > (0 if few else -np.sqrt(differing))
    shares = f"whole {whole_right.mean():.1%} of held-out rows right, cut {cut_right.mean():.1%}"
    logger.info(f"words: {shares}: {'whole' if kept else 'cut'}")
    return bool(kept)


def _folds(labels: Sequence[str]) -> NDArray[np.int64]:
    """Gives each row its fold: a label's rows in stretches of neighbours, which may be near-duplicates."""
    labels_of = np.array(labels)
    fold = np.zeros(len(labels), np.int64)
    for label in sorted(set(labels)):
        of_label = np.flatnonzero(labels_of == label)
        fold[of_label] = np.arange(len(of_label)) * _FOLDS // len(of_label)
    return fold


def _right(
    fitted: Sequence[Phrase], held: Sequence[Phrase], recipe: Recipe, row_count: int, whole: bool
) -> NDArray[np.bool_]:
    """Trains on some phrases without their copies, and says which of the others are answered right."""
    labels = sorted({phrase.label for phrase in fitted})
    sizes = sizes_for(recipe, len(labels), row_count, with_teacher=False, whole_words=whole)
    vocabulary = learn(
        [phrase.text for phrase in fitted],
        labels,
        sequence_length=LENGTHS[-1],
        maximum_pieces=sizes.maximum_pieces,
        spelling=Spelling(recipe.keep_case, recipe.fold_accents),
        whole_words=whole,
    )
    sizes = within_budget(sizes, recipe, vocabulary, with_teacher=False)
    index = {label: number for number, label in enumerate(labels)}
    rows = first_rows([phrase.text for phrase in fitted], vocabulary)
    truth = np.array([index[phrase.label] for phrase in fitted], np.int32)
    settings = LinearSettings.of(recipe)
    trained = linear.train(rows, truth, None, vocabulary, settings)
    tables = squeeze(trained, TableSizes(sizes.dense_rows, sizes.cells, sizes.bigram_slots, sizes.bigram_cells))
    answers = logits(tables, first_rows([phrase.text for phrase in held], vocabulary)).argmax(axis=1)
    return np.asarray(answers == [index.get(phrase.label, -1) for phrase in held])
