"""How a corpus is split for a fit: as the recipe and the user's options say."""

from dataclasses import dataclass
from typing import Final

from trainer.data.corpus import Corpus
from trainer.data.profile import CorpusProfile
from trainer.data.sources import Unit
from trainer.model.recipe import Recipe
from trainer.splitting.folds import CROSS_VALIDATED, FOLDS
from trainer.splitting.split import Split, split

SEED: Final = 1


@dataclass(frozen=True)
class SplitOptions:
    """What a split is asked for beside the corpus and the recipe.

    Attributes:
        seed: Equal seeds give equal splits.
        unit: What a phrase is; None: what the recipe says of the built-in corpus.
        random: Whether to split by row, as the lesson does: optimistic, for comparison.
        folds: Of cross-validation, however many rows there are; 0: 10 where rows are few, else a test part.
    """

    seed: int = SEED
    unit: Unit | None = None
    random: bool = False
    folds: int = 0


def split_by(corpus: Corpus, profile: CorpusProfile, recipe: Recipe, options: SplitOptions) -> Split:
    """Splits a corpus as the recipe and the options say.

    Args:
        corpus: What to split.
        profile: Its profile.
        recipe: Says how running text is cut, and whether the model can be cross-validated.
        options: What the user asks for.

    Returns:
        The split; of few rows all are for training, and dealt to folds.

    Raises:
        UserError: A label has too little text for three parts, or `--split random` does not go with the corpus.
    """
    unit = options.unit or Unit(recipe.unit)
    windows = unit.kind == "words"
    undivided = not options.random and not profile.given["validation"] and not profile.given["test"]
    few = undivided and sum(profile.labels.values()) < CROSS_VALIDATED
    cross_validated = options.folds or (few and not windows and recipe.tables)
    return split(
        corpus,
        profile,
        options.seed,
        folds=(options.folds or FOLDS) if cross_validated else 0,
        window=(unit.longest or recipe.longest_window) if windows else 0,
        passes=recipe.window_passes,
        whole_rows=recipe.whole_rows,
        random=options.random,
    )
