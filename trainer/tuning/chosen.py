"""A recipe that a search chose: `fit --recipe best`, `fit --recipe smallest-within:0.5`."""

import math
from collections.abc import Iterator
from pathlib import Path

from trainer.data.corpus import Corpus
from trainer.errors import UserError
from trainer.model.recipe import Recipe
from trainer.training.options import BEST, SMALLEST
from trainer.tuning.prepared import digest_of
from trainer.tuning.record import Record, Result, newest
from trainer.tuning.results import best, interval, smallest_within


def find(folder: Path | None) -> Record:
    """Reads a search.

    Args:
        folder: Its directory; None: the newest in `searches/`.

    Raises:
        UserError: There is none.
    """
    place = folder or newest()
    if place is None:
        raise UserError("--recipe: no search is there; `python -m trainer tune` makes one, --search names one")
    return Record.read(place)


def choose(recipe: str, record: Record) -> Result:
    """Gives the trial that a recipe's name asks for.

    Args:
        recipe: `best`, or `smallest-within:POINTS`.
        record: The search.

    Raises:
        UserError: The points are no number, or no trial is done.
    """
    found = best(record.results) if recipe == BEST else smallest_within(record.results, _points(recipe))
    if found is None:
        raise UserError(
            f"--search {record.folder}: no trial is done; `python -m trainer tune --output` goes on with it"
        )
    return found


def remarks(chosen: Result, record: Record, corpus: Corpus, seed: int, recipe: Recipe) -> Iterator[str]:
    """Says which trial was taken, and what does not fit: another corpus, or another seed.

    Args:
        chosen: The trial.
        record: The search.
        corpus: That the recipe is to be trained on.
        seed: Of its split.
        recipe: With the options that are laid over the trial's.
    """
    low, high = interval(chosen)
    how = f"{record.facts['folds']}-fold cross-validation" if record.facts["folds"] else "validation"
    accuracy = f"{how} {chosen.accuracy:.1%} ({low:.1%} to {high:.1%})"
    yield f"{record.folder}: trial {chosen.number}, {chosen.name}: {accuracy}, about {chosen.bytes / 1000:,.0f} kB"
    if recipe != chosen.made():
        yield "note: other options were given, too: the trial's accuracy is not theirs"
    if digest_of(corpus) != record.facts["digest"]:
        yield f"note: the search is of another corpus, {record.facts['corpus']}: `python -m trainer tune` with this "
        yield "      --data finds what suits it"
    elif seed != record.facts["seed"]:
        yield f"note: the search split with --seed {record.facts['seed']}: of another split's test part it has learned "
        yield "      from some and chosen by others, and the accuracy is optimistic"


def _points(recipe: str) -> float:
    text = recipe.partition(":")[2]
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 <= points <= 100:
        raise UserError(f"--recipe {recipe}: must be {SMALLEST}:POINTS, 0 to 100 points of accuracy, as in 0.5")
    return points
