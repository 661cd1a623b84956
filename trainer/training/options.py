"""What a fit is asked for, and what may be asked of a recipe: of commands and of Python alike."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from trainer.errors import UserError
from trainer.model.recipe import RECIPES, Recipe
from trainer.model.tables import LEAST_BIGRAM_SLOTS, MOST_BIGRAM_SLOTS
from trainer.splitting.options import SplitOptions

RECIPE: Final = "byline"
BEST: Final = "best"  # of a search
SMALLEST: Final = "smallest-within"  # of a search, with a colon and points of accuracy
CHOSEN: Final = (BEST, SMALLEST)
LEAST_ROWS: Final = 5  # of a label that is learned: one for each part of the split, and some to learn from
TEACHERS: Final = ("auto", "none", "minilm")
CHOICES: Final = ("auto", "yes", "no")
CHOICES_OF: Final = {  # options that have a few values
    "whole_words": CHOICES,
    "activation": ("relu", "tanh"),
    "optimizer": ("adam", "nadam", "rmsprop", "sgd"),
    "loss": ("crossentropy", "smoothed", "focal"),
}
GROUPS: Final = {
    "data": ("longest_window", "window_passes"),
    "tokenizer": ("keep_case", "fold_accents", "maximum_pieces", "whole_words", "sequence_length"),
    "model": (
        "budget_kb",
        "dense_rows",
        "cells",
        "bigram_slots",
        "bigram_cells",
        "embedding_size",
        "lstm_units",
        "lstm_steps",
        "sentence_size",
        "activation",
    ),
    "training": (
        "teacher",
        "extra_words",
        "regularization",
        "bigram_strength",
        "ngram_strength",
        "longest_ngram",
        "misspelt_weight",
        "unpunctuated_weight",
        "dropout",
        "epochs",
        "steps",
        "batch_size",
        "optimizer",
        "loss",
        "learning_rate",
    ),
}
RANGES: Final[dict[str, tuple[float, float]]] = {  # what lies outside can be trained and not exported, or not trained
    "longest_window": (3, 512),
    "window_passes": (1, 100),
    "maximum_pieces": (16, 1_000_000),
    "sequence_length": (4, 514),
    "budget_kb": (60, 1_000_000),
    "dense_rows": (4, 1_000_000),
    "cells": (1, 64),
    "bigram_slots": (LEAST_BIGRAM_SLOTS, MOST_BIGRAM_SLOTS),
    "bigram_cells": (1, 64),
    "embedding_size": (2, 512),
    "lstm_units": (2, 512),
    "lstm_steps": (1, 512),
    "sentence_size": (2, 1_024),
    "extra_words": (0, 100_000),
    "longest_ngram": (2, 10),
    "epochs": (1, 1_000),
    "steps": (0, 1_000_000),
    "batch_size": (1, 100_000),
}
_TABLES_ALONE: Final = (
    *("budget_kb", "dense_rows", "cells", "bigram_slots", "bigram_cells", "sentence_size", "lstm_steps"),
    *("teacher", "extra_words", "regularization", "steps", "whole_words"),
    *("bigram_strength", "ngram_strength", "longest_ngram"),
)
_NETWORK_ALONE: Final = ("activation",)


@dataclasses.dataclass(frozen=True)
class FitOptions(SplitOptions):
    """What a fit is asked for beside the corpus and the recipe. Equal seeds give equal runs on the same machine.

    Attributes:
        path: Where the run directory goes; by default a new one in `runs/`, named by time and recipe.
        workers: Processes that share the work; 1: this one.
        address: Of a Ray cluster; empty: this machine.
        storage: A folder that all nodes of the cluster see.
    """

    path: Path | None = None
    workers: int = 1
    address: str = ""
    storage: Path | None = None


def recipe_with(recipe: str | Recipe, given: Mapping[str, Any]) -> Recipe:
    """Gives a recipe with options laid over its defaults.

    Args:
        recipe: Its name, or one of a search.
        given: Field of `Recipe` -> value.

    Raises:
        UserError: There is no such recipe or option, a number is outside its range, or the recipe has no use for it.
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise UserError(f"--recipe: must be one of {', '.join(RECIPES)}; received {recipe!r}")
        recipe = RECIPES[recipe]
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Recipe)}
    for name, value in given.items():
        _check_kind(name, value, kinds)
        if not isinstance(value, str | bool):
            _check(name, value)
    changed = dataclasses.replace(recipe, **given)
    for name in given:
        if name in (_NETWORK_ALONE if changed.tables else _TABLES_ALONE):
            raise UserError(f"{_option(name)}: the recipe {changed.name} has no use for it")
    if changed.sequence_length and changed.lstm_steps > changed.sequence_length - 2:
        most = changed.sequence_length - 2
        if "lstm_steps" in given:
            raise UserError(f"--lstm-steps: must be at most {most}, the pieces of a row; received {changed.lstm_steps}")
        changed = dataclasses.replace(changed, lstm_steps=most)
    if changed.teacher not in TEACHERS and not Path(changed.teacher).is_dir():
        raise UserError(f"--teacher: must be auto, none, minilm or a folder; received {changed.teacher!r}")
    return changed


def _check_kind(name: str, value: object, kinds: Mapping[str, type]) -> None:
    """Refuses what no command has an option for, and a value of another type.

    Raises:
        UserError: It is.
    """
    if not any(name in of_group for of_group in GROUPS.values()):
        raise UserError(f"{_option(name)}: is no option of a recipe")
    kind = kinds[name]
    if not (type(value) is kind or (kind is float and type(value) is int)):
        raise UserError(f"{_option(name)}: must be of type {kind.__name__}; received {value!r}")
    if name in CHOICES_OF and value not in CHOICES_OF[name]:
        raise UserError(f"{_option(name)}: must be one of {', '.join(CHOICES_OF[name])}; received {value!r}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _check(name: str, value: float) -> None:
    """Refuses a number outside its range.

    Raises:
        UserError: It is.
    """
    option = _option(name)
    if name in RANGES:
        low, high = RANGES[name]
        if not low <= value <= high:
            raise UserError(f"{option}: must be from {low} to {high}; received {value}")
    elif name in ("dropout", "misspelt_weight", "unpunctuated_weight"):
        if not 0 <= value < 1:
            raise UserError(f"{option}: must be at least 0 and less than 1; received {value}")
    elif not (math.isfinite(value) and value > 0):
        raise UserError(f"{option}: must be more than 0; received {value}")


def check_seed(seed: int) -> int:
    """Gives the seed.

    Raises:
        UserError: Keras and numpy do not take it.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"--seed: must be from 0 to {2**32 - 1}; received {seed}")
    return seed
