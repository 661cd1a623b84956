"""Byline's recipes as systems that are measured: python benchmarks/accuracy.py"""

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from export.dist import build
from export.graph import rounded_classifier
from export.settings import Settings
from systems.baselines import System
from trainer.data.corpus import Corpus
from trainer.model.recipe import RECIPES, Recipe
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

NAME: Final = "byline"  # of the exported files
_NO_BUDGET: Final = 10**9  # bytes: the lesson's model is over the budget, and is measured all the same


def variants() -> dict[str, Recipe]:
    """Gives what is trained, by the name that the tables give it. None has a teacher, even where one is installed."""
    byline = dataclasses.replace(RECIPES["byline"], teacher="none")
    found = {f"Byline, `{name}`": RECIPES[name] for name in ("lesson", "tiny")}
    found["Byline, `byline`"] = byline
    found["Byline, `byline --keep-case`"] = dataclasses.replace(byline, keep_case=True)
    return found


def trained(recipe: Recipe, corpus: Corpus, seed: int, path: Path) -> Run:
    return fit(corpus, recipe, FitOptions(seed=seed, path=path))


def exported(run: Run, path: Path, parts: Collection[str]) -> Path:
    """Exports some parts of a run, unproved, and gives where they are."""
    build(run, path, Settings(name=NAME, tflite_budget=_NO_BUDGET, page_budget=_NO_BUDGET), parts)
    return path


def int8_file(dist: Path) -> Path:
    return dist / "tflite" / f"{NAME}.tflite"


def system(name: str, recipe: Recipe, corpus: Corpus, seed: int, folder: Path) -> System:
    """Trains a recipe. Its size is the int8 file's, with the vocabulary inside; its numbers are rounded as there."""
    run = trained(recipe, corpus, seed, folder / "run")
    classifier = rounded_classifier(run.classifier)
    labels = run.vocabulary.labels

    def answer(asked: Sequence[str]) -> list[str]:
        return [labels[int(best)] for best in classifier.probabilities(asked).argmax(axis=1)]

    size = int8_file(exported(run, folder / "dist", ("tflite",))).stat().st_size
    return System(name, answer, size, classifier)
