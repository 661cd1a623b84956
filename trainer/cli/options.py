"""The options that commands share: where the text is, and how to train on it."""

import argparse
import dataclasses
from collections.abc import Collection, Sequence
from typing import Any, Final

from trainer.cluster.connection import ADDRESS_HELP
from trainer.data.corpus import Corpus, filtered
from trainer.data.sources import Source, Unit, load, unit_of
from trainer.errors import UserError
from trainer.model.recipe import RECIPES, Recipe
from trainer.splitting.options import SEED
from trainer.training.options import (
    BEST,
    CHOICES,
    CHOICES_OF,
    GROUPS,
    LEAST_ROWS,
    RANGES,
    RECIPE,
    SMALLEST,
    TEACHERS,
    check_seed,
    recipe_with,
)

_HELP: Final = {
    "longest_window": "words of the longest window that the built-in corpus is cut into",
    "window_passes": "how often the training text is cut into windows, at other places each time",
    "keep_case": "case-sensitive: capitals are letters of their own",
    "fold_accents": "drop accents: É is read as e",
    "maximum_pieces": "vocabulary size of the SentencePiece model, or words of the lesson's",
    "whole_words": "whether frequent words are vocabulary entries as a whole: yes, no, or auto, by held-out rows",
    "sequence_length": "positions of the model's input, [CLS] and [SEP] among them; longer texts are read in windows",
    "budget_kb": "size of the .tflite in kilobytes, from which vocabulary and tables get theirs",
    "dense_rows": "vocabulary entries with a weight for every label, where there are more than 10 labels",
    "cells": "weights of every other vocabulary entry, for its strongest labels",
    "bigram_slots": "size of the bigram hash table",
    "bigram_cells": "weights of a bigram, where there are more than 10 labels",
    "embedding_size": "embedding dimension",
    "lstm_units": "LSTM units per direction",
    "lstm_steps": "pieces that the LSTM reads, from the first",
    "sentence_size": "dimension of the sentence vector",
    "activation": "of the dense layers of the recipe `lesson`",
    "teacher": "the sentence encoder that the LSTM is distilled from: minilm (the extra `byline[teacher]`), a folder "
    "with model.onnx and tokenizer.json, none, or auto: what is installed and fits the language",
    "extra_words": "common words added to the vocabulary with a teacher",
    "regularization": "inverse regularization strength C of the linear SVM",
    "bigram_strength": "strength of bigrams beside pieces in the linear SVM",
    "ngram_strength": "strength of character n-grams beside pieces in the linear SVM",
    "longest_ngram": "characters of the longest n-grams",
    "misspelt_weight": "sample weight of a misspelt copy of every training phrase; 0: no copies",
    "unpunctuated_weight": "sample weight of a copy of every training phrase without capitals and punctuation, where "
    "running text is cut into windows; 0: no copies",
    "dropout": "dropout rate of the LSTM's outputs; half of it on the embedding",
    "epochs": "epochs of the LSTM's training",
    "steps": "gradient steps of the LSTM's training without a teacher, where no epochs are given",
    "batch_size": "batch size of the LSTM's training",
    "optimizer": "of the LSTM's training on the labels",
    "loss": "of the LSTM's training on the labels: crossentropy; smoothed: a tenth of the truth is spread over all "
    "labels; focal: phrases that are learned already count less",
    "learning_rate": "learning rate of the LSTM's training",
}
_READING: Final = (
    *("text_column", "label_column", "group_column", "split_column"),
    *("encoding", "header", "quoting", "label_names", "least_rows", "rare"),
)


def add_workers(command: Any) -> None:
    """Adds how many processes share the work, and on which cluster."""
    command.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes that share the work; more than one need the extra `byline[ray]` [1]",
    )
    command.add_argument("--address", default="", metavar="HOST:PORT", help=ADDRESS_HELP)


def add_data(command: argparse.ArgumentParser, *, to_split: bool) -> None:
    """Adds `--data` and what says how to read it; with `to_split` also how to cut and divide it."""
    group = command.add_argument_group("text in")
    group.add_argument(
        "--data",
        action="append",
        metavar="PATH",
        help="a folder of <label>.txt or of <label>/ with text files, a .csv, .tsv, .jsonl, .json, .xlsx, .ods or "
        ".parquet file, lines of fastText's, or a Hugging Face dataset as hf:owner/name; repeatable: of a text that "
        "stands in more than one the last counts [the built-in corpus]",
    )
    for kind in ("text", "label"):
        group.add_argument(
            f"--{kind}-column",
            default="",
            metavar="NAME",
            help="of a table, by name or number [guessed where it is obvious]",
        )
    group.add_argument("--encoding", default="", metavar="NAME", help="of text [UTF-8, or what its bytes look like]")
    group.add_argument(
        "--header", choices=CHOICES, help="whether a table's first row has the names of its columns [auto: looked at]"
    )
    group.add_argument(
        "--quoting", choices=CHOICES, help="whether quotation marks enclose a table's values [auto: looked at]"
    )
    group.add_argument(
        "--label-names",
        action="append",
        default=[],
        metavar="LABEL=NAME,…",
        help="what labels are called, such as 0=ham,1=spam; repeatable [as they are written]",
    )
    least = LEAST_ROWS if to_split else 1
    group.add_argument(
        "--least-rows", type=int, metavar="N", help=f"leave out labels that have fewer rows, and list them [{least}]"
    )
    group.add_argument(
        "--rare", choices=("drop", "other"), help="what becomes of them: left out, or one label `other` [drop]"
    )
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
    group.add_argument(
        "--group-column",
        default="",
        metavar="NAME",
        help="of a table: a song, a book; never divided [none]",
    )
    if not to_split:
        return
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


def corpus_of(arguments: argparse.Namespace, known: Collection[str] = ()) -> Corpus:
    """Opens the labelled text that the options name.

    Args:
        arguments: The options.
        known: Labels that stay however rare they are.

    Raises:
        UserError: It cannot be opened, or an option does not fit it.
    """
    given = {name: value for name in _READING if (value := getattr(arguments, name, None)) not in (None, "", [])}
    if arguments.data is None:
        from trainer.data import built_in

        if given:
            raise UserError(f"--{next(iter(given)).replace('_', '-')}: needs --data")
        if getattr(arguments, "unit", None) == "file":
            raise UserError("--unit file: needs --data with a folder")
        return filtered(built_in.load(), arguments.drop, arguments.strip)
    least = given.pop("least_rows", LEAST_ROWS if hasattr(arguments, "split") else 1)
    if least < 1:
        raise UserError(f"--least-rows: must be at least 1; received {least}")
    source = Source(
        arguments.data[0],
        tuple(arguments.data[1:]),
        label_names=tuple(given.pop("label_names", ())),
        merge_rare=given.pop("rare", "drop") == "other",
        least_rows=least,
        unit=unit_from(arguments) or Unit("line"),
        drop=tuple(arguments.drop),
        strip=tuple(arguments.strip),
        **given,
    )
    return load(source, known)


def refuse_reading_options(arguments: argparse.Namespace, why: str) -> None:
    """Refuses what says how to read text, or how to train on it, where none is read.

    Raises:
        UserError: Such an option was given.
    """
    for name in (*_READING, "drop", "strip", "unit", *MAIN):
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


MAIN: Final = ("keep_case", "fold_accents", "budget_kb", "teacher")  # what most who set anything set


def add_recipe(command: argparse.ArgumentParser, only: Sequence[str] = (), *, searched: bool = False) -> None:
    """Adds the recipe, the seed, and numbers and switches of the recipe: all, or those that are named.

    Args:
        command: Gets them.
        only: Names of the recipe's fields.
        searched: Whether the recipe may be one that a search chose.
    """
    # Without a default: who exports a run that is there and names another is told so.
    if searched:
        command.add_argument(
            "--recipe",
            type=_recipe_name,
            metavar="|".join((*RECIPES, BEST, f"{SMALLEST}:POINTS")),
            help=f"the set of defaults to start from; best: what `python -m trainer tune` found, smallest-within:0.5: "
            f"the smallest that is at most half a point behind [{RECIPE}]",
        )
    else:
        command.add_argument("--recipe", choices=list(RECIPES), help=f"the set of defaults to start from [{RECIPE}]")
    command.add_argument("--seed", type=int, help=f"equal seeds give equal runs [{SEED}]")
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Recipe)}
    for title, of_group in GROUPS.items():
        names = [name for name in of_group if not only or name in only]
        group = command.add_argument_group(title) if names else command
        for name in names:
            option = f"--{name.replace('_', '-')}"
            if kinds[name] is bool:  # without a default: where it is not given, the recipe's stands
                group.add_argument(option, action="store_true", default=None, help=_HELP[name])
                continue
            defaults = ", ".join(_default(getattr(recipe, name), name) for recipe in RECIPES.values())
            choices = CHOICES_OF.get(name)
            metavar = "|".join((*TEACHERS, "DIR")) if name == "teacher" else "|".join(choices or "N")
            described = f"{_HELP[name]} [{defaults}]"
            group.add_argument(option, type=kinds[name], choices=choices, metavar=metavar, help=described)


def _recipe_name(text: str) -> str:
    if text not in (*RECIPES, BEST) and text.partition(":")[0] != SMALLEST:
        names = f"{', '.join(RECIPES)}, {BEST} or {SMALLEST}:POINTS"
        raise argparse.ArgumentTypeError(f"must be one of {names}; received {text!r}")
    return text


def _default(value: float | str, name: str) -> str:
    by_rule = name == "regularization" or RANGES.get(name, (0, 0))[0] > 0
    return "by rule" if value == 0 and by_rule else str(value)


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Gives the recipe with the options laid over its defaults.

    Raises:
        UserError: A number is outside its range, or the recipe has no use for the option.
    """
    seed_of(arguments)
    return recipe_with(arguments.recipe or RECIPE, given_of(arguments))


def given_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Gives the options of a recipe that were given."""
    names = [name for of_group in GROUPS.values() for name in of_group]
    return {name: value for name in names if (value := getattr(arguments, name, None)) is not None}


def seed_of(arguments: argparse.Namespace) -> int:
    """Gives the seed, or the default where none was given.

    Raises:
        UserError: Keras and numpy do not take it.
    """
    return check_seed(SEED if arguments.seed is None else arguments.seed)
