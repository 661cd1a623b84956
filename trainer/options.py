"""The options that commands share: where the text is, and how to train on it."""

import argparse
import dataclasses
import math
from pathlib import Path
from typing import Final

from trainer.corpus import Corpus, filtered
from trainer.data import Say, Source, Unit, load, unit_of
from trainer.errors import UserError
from trainer.recipes import RECIPES, Recipe


@dataclasses.dataclass(frozen=True)
class FitOptions:
    """What a fit is asked for beside the corpus and the recipe.

    Attributes:
        seed: Equal seeds give equal runs on the same machine.
        unit: What a phrase is; None: what the recipe says of the built-in corpus.
        random: Whether to split by row, as the lesson does: optimistic, for comparison.
        path: Where the run directory goes; by default a new one in `runs/`, named by time and recipe.
    """

    seed: int = 1
    unit: Unit | None = None
    random: bool = False
    path: Path | None = None


MOST_PAIR_SLOTS: Final = 1 << 20  # the arithmetic that finds a pair has numbers below 2^24 to spread over them
LEAST_PAIR_SLOTS: Final = 3  # two of them stay empty
PUNCTUATION_HELP: Final = (
    "punctuation marks are tokens of their own, and frequent capitals words of their own; NLClassifier and MediaPipe "
    "cannot read such a .tflite"
)
_GROUPS = {
    "data": ("longest_window", "window_passes"),
    "tokenizer": ("sequence_length", "minimum_count", "maximum_words", "punctuation"),
    "model": ("embedding_size", "lstm_units", "dropout", "pair_slots"),
    "training": (
        "epochs",
        "least_steps",
        "batch_size",
        "shuffle_buffer",
        "learning_rate",
        "word_dropout",
        "outliers",
        "label_smoothing",
    ),
}
_HELP = {
    "longest_window": "words of the longest window that the built-in corpus is cut into",
    "window_passes": "how often the training text is cut into windows, at other places each time",
    "sequence_length": "words the model reads at once",
    "minimum_count": "a word that occurs less often is unknown",
    "maximum_words": "of more words, the most frequent are kept",
    "punctuation": PUNCTUATION_HELP,
    "embedding_size": "numbers a word",
    "lstm_units": "units of each direction of the LSTM",
    "pair_slots": f"of the table of pairs of neighbouring words, {LEAST_PAIR_SLOTS} to {MOST_PAIR_SLOTS}; "
    "0: no evidence of words and pairs beside the LSTM",
    "dropout": "share of outputs dropped while training",
    "epochs": "times through the training phrases, no more than that where it is given",
    "least_steps": "a small corpus is gone through more often, until there are as many steps",
    "batch_size": "phrases a step",
    "shuffle_buffer": "phrases among which the next one is drawn",
    "learning_rate": "Adam's",
    "word_dropout": "a word that occurs n times is made unknown this / (this + n) of the time while training",
    "outliers": "spoiled phrases beside every phrase, which teach what belongs to no label",
    "label_smoothing": "share of the truth spread over all labels",
}


def add_data(command: argparse.ArgumentParser, *, to_split: bool) -> None:
    """Adds `--data` and what says how to read it; with `to_split` also how to cut and divide it."""
    group = command.add_argument_group("text in")
    group.add_argument(
        "--data",
        metavar="PATH",
        help="a folder of <label>.txt or of <label>/ with text files, a .csv, .tsv, .jsonl or .parquet file, or a "
        "Hugging Face dataset as hf:owner/name [the built-in corpus]",
    )
    group.add_argument("--text-column", default="", metavar="NAME", help="of a table [guessed where it is obvious]")
    group.add_argument("--label-column", default="", metavar="NAME", help="of a table [guessed where it is obvious]")
    group.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="REGEX",
        help="leave out texts in which it is found; repeatable [none]",
    )
    group.add_argument(
        "--strip",
        action="append",
        default=[],
        metavar="REGEX",
        help="cut what it matches out of every text; repeatable [none]",
    )
    if not to_split:
        return
    group.add_argument(
        "--group-column",
        default="",
        metavar="NAME",
        help="of a table: a song, a book; never divided [none]",
    )
    group.add_argument(
        "--split-column", default="", metavar="NAME", help="of a table: train, validation or test [none]"
    )
    group.add_argument(
        "--unit",
        metavar="UNIT",
        help="what a phrase is: line, file, or words:N, windows of 3 to N words out of running text "
        "[line; of the built-in corpus what the recipe says]",
    )
    group.add_argument(
        "--split",
        choices=("blocks", "random"),
        default="blocks",
        help="blocks: by groups or by neighbouring rows; random: by row, optimistic, for comparison [blocks]",
    )


def corpus_of(arguments: argparse.Namespace, say: Say) -> Corpus:
    """Opens the labelled text that the options name.

    Raises:
        UserError: It cannot be opened, or an option does not fit it.
    """
    columns = {
        f"{name}_column": getattr(arguments, f"{name}_column", "") for name in ("text", "label", "group", "split")
    }
    if arguments.data is None:
        from trainer import lesson

        given = [name for name, value in columns.items() if value]
        if given:
            raise UserError(f"--{given[0].replace('_', '-')}: needs --data")
        if getattr(arguments, "unit", None) == "file":
            raise UserError("--unit file: needs --data with a folder")
        return filtered(lesson.load(), arguments.drop, arguments.strip)
    unit = unit_from(arguments) or Unit("line")
    return load(
        Source(arguments.data, **columns, unit=unit, drop=tuple(arguments.drop), strip=tuple(arguments.strip)), say
    )


def refuse_reading_options(arguments: argparse.Namespace, why: str) -> None:
    """Refuses what says how to read text, or how to train on it, where none is read.

    Raises:
        UserError: Such an option was given.
    """
    for name in ("text_column", "label_column", "group_column", "split_column", "drop", "strip", "unit", "punctuation"):
        if getattr(arguments, name, None):
            raise UserError(f"--{name.replace('_', '-')}: {why}")
    if getattr(arguments, "split", "blocks") != "blocks":
        raise UserError(f"--split: {why}")


def unit_from(arguments: argparse.Namespace) -> Unit | None:
    """Gives what a phrase is; None: what the recipe says of the built-in corpus.

    Raises:
        UserError: It is no unit.
    """
    given: str | None = getattr(arguments, "unit", None)
    if given is None:
        return None if arguments.data is None else Unit("line")
    return unit_of(given)


def add_recipe(command: argparse.ArgumentParser) -> None:
    """Adds the recipe, the seed, and every number and switch of the recipe."""
    command.add_argument(
        "--recipe", choices=list(RECIPES), default="byline", help="the set of defaults to start from [byline]"
    )
    command.add_argument("--seed", type=int, default=1, help="equal seeds give equal runs [1]")
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Recipe)}
    for title, names in _GROUPS.items():
        group = command.add_argument_group(title)
        for name in names:
            if kinds[name] is bool:  # without a default: where it is not given, the recipe's stands
                group.add_argument(f"--{name}", action="store_true", default=None, help=_HELP[name])
                continue
            defaults = ", ".join(str(getattr(recipe, name)) for recipe in RECIPES.values())
            option = f"--{name.replace('_', '-')}"
            group.add_argument(option, type=kinds[name], metavar="N", help=f"{_HELP[name]} [{defaults}]")


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Gives the recipe with the options laid over its defaults.

    Raises:
        UserError: A number is outside its range.
    """
    names = [name for of_group in _GROUPS.values() for name in of_group]
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    slots = given.get("pair_slots", 0)
    if slots and not LEAST_PAIR_SLOTS <= slots <= MOST_PAIR_SLOTS:
        rule = f"0, or from {LEAST_PAIR_SLOTS} to {MOST_PAIR_SLOTS}"
        raise UserError(f"--pair-slots: must be {rule}; received {slots}")
    for name, value in given.items():
        share = name in ("dropout", "label_smoothing", "outliers")
        from_zero = share or name in ("least_steps", "word_dropout", "pair_slots")
        if not math.isfinite(value) or value < 0 or (value == 0 and not from_zero) or (share and value >= 1):
            rule = "at least 0 and less than 1" if share else "at least 0" if from_zero else "more than 0"
            raise UserError(f"--{name.replace('_', '-')}: must be {rule}; received {value}")
    check_seed(arguments.seed)
    if "epochs" in given:
        given.setdefault("least_steps", 0)
    for name in ("longest_window", "sequence_length"):
        if given.get(name, 16) not in range(3, 513):
            raise UserError(f"--{name.replace('_', '-')}: must be from 3 to 512; received {given[name]}")
    recipe = RECIPES[arguments.recipe]
    return dataclasses.replace(recipe.with_punctuation() if arguments.punctuation else recipe, **given)


def check_seed(seed: int) -> int:
    """Gives the seed.

    Raises:
        UserError: Keras and numpy do not take it.
    """
    if not 0 <= seed < 2**32:
        raise UserError(f"--seed: must be from 0 to {2**32 - 1}; received {seed}")
    return seed
