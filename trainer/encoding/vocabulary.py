"""Learns the vocabulary of a fit: how words are cut is chosen, the sizes follow, and the pieces are learned."""

from trainer.cluster.workers import ALONE, Workers
from trainer.data.profile import CorpusProfile
from trainer.encoding.encode import LENGTHS
from trainer.encoding.subwords import whole_words
from trainer.model.linear import FEW_ROWS
from trainer.model.recipe import Recipe, Sizes, sizes_for
from trainer.splitting.split import Split
from trainer.teacher.encoder import Teacher, common_words
from trainer.text.pieces import Spelling, learn
from trainer.text.vocabulary import Vocabulary


def learn_vocabulary(
    split: Split, profile: CorpusProfile, recipe: Recipe, teacher: Teacher | None, workers: Workers = ALONE
) -> tuple[Vocabulary, Sizes]:
    """Learns the pieces; of few rows with the words of those validation rows that are learned from in the end, too.

    Args:
        split: Gives the text.
        profile: Of its corpus: counts the rows.
        recipe: What it names is taken.
        teacher: Its common words become pieces, too.
        workers: Count the text.

    Returns:
        The vocabulary, with as many positions as any phrase may need, and the sizes of all that is built on it.
    """
    few = profile.learned_from < FEW_ROWS and recipe.tables and not split.window
    text = split.learned_text() if few and split.own_validation else split.training_text()
    phrases = split.training_phrases()
    if teacher:
        whole = recipe.whole_words != "no"
    else:
        whole = whole_words(phrases, recipe, profile.trained_on, windows=bool(split.window))
    sizes = sizes_for(recipe, len(split.labels), profile.trained_on, teacher is not None, whole)
    vocabulary = learn(
        text,
        split.labels,
        sequence_length=recipe.sequence_length or LENGTHS[-1],
        maximum_pieces=sizes.maximum_pieces,
        whole_words=sizes.whole_words,
        model_type=recipe.model_type,
        spelling=Spelling(recipe.keep_case, recipe.fold_accents),
        extra_words=common_words(teacher, sizes.extra_words) if teacher else (),
        workers=workers,
    )
    return vocabulary, sizes
