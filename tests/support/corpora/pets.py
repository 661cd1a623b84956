"""A small made corpus that a model learns in seconds, and its run."""

import dataclasses
from pathlib import Path

import numpy as np

from trainer.data.corpus import Corpus, of_lines
from trainer.data.profile import profile_of
from trainer.model.recipe import RECIPES
from trainer.run import Run
from trainer.splitting.options import split_by
from trainer.splitting.split import Split
from trainer.training.fit import fit
from trainer.training.options import FitOptions

RECIPE = dataclasses.replace(RECIPES["tiny"], longest_window=8, sequence_length=18, steps=10)


def _made_corpus() -> Corpus:
    """Two labels that two thirds of the words tell apart; every ten lines share a word that no other line has."""
    generator = np.random.default_rng(5)
    kinds = {"cats": ["purr", "whisker", "paw", "meow", "fur"], "dogs": ["bark", "fetch", "bone", "woof", "tail"]}
    return of_lines(
        name="Pets",
        title="Which pet?",
        description="Made for a test.",
        license="CC0-1.0",
        lines={
            label: tuple(
                " ".join([*generator.choice([*words, "the", "and", "a"], 7), f"{label}{line // 10}block"])
                for line in range(400)
            )
            for label, words in kinds.items()
        },
    )


CORPUS = _made_corpus()


def fitted(path: Path, seed: int = 1) -> Run:
    return fit(CORPUS, RECIPE, FitOptions(seed=seed, path=path))


def split_again(seed: int = 1) -> Split:
    return split_by(CORPUS, profile_of(CORPUS), RECIPE, FitOptions(seed=seed))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
