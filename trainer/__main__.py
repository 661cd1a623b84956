"""The command line of the trainer: `python -m trainer --help`."""

import argparse
import dataclasses
import io
import json
import math
import sys
from pathlib import Path
from typing import Any

from trainer.corpus import Corpus
from trainer.errors import UserError, exit_code
from trainer.recipes import RECIPES, Recipe

_GROUPS = {
    "data": ("window_passes",),
    "tokenizer": ("sequence_length", "minimum_count", "maximum_words"),
    "model": ("embedding_size", "lstm_units", "dropout"),
    "training": ("epochs", "batch_size", "shuffle_buffer", "learning_rate", "word_dropout", "label_smoothing"),
}
_HELP = {
    "window_passes": "how often the training text is cut into windows, at other places each time",
    "sequence_length": "words the model reads at once",
    "minimum_count": "a word that occurs less often is unknown",
    "maximum_words": "of more words, the most frequent are kept",
    "embedding_size": "numbers a word",
    "lstm_units": "units of each direction of the LSTM",
    "dropout": "share of outputs dropped while training",
    "epochs": "times through the training phrases",
    "batch_size": "phrases a step",
    "shuffle_buffer": "phrases among which the next one is drawn",
    "learning_rate": "Adam's",
    "word_dropout": "share of words made unknown while training",
    "label_smoothing": "share of the truth spread over all labels",
}


def parser() -> argparse.ArgumentParser:
    """Builds the parser; its help names every default."""
    top = argparse.ArgumentParser(
        prog="python -m trainer",
        description="Trains a short-text classifier: labelled text in, a run directory out.",
        epilog="Then `python -m export all` makes a page and a .tflite of the newest run.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    corpus = commands.add_parser(
        "corpus", help="show the built-in corpus", description="Shows the built-in corpus: the lesson's four authors."
    )
    corpus.set_defaults(do=_corpus)

    fit = commands.add_parser(
        "fit",
        help="train a run",
        description="Trains on the built-in corpus and writes a run directory, whole or not at all.",
        epilog="Defaults stand in brackets, for each recipe in the order " + ", ".join(RECIPES) + ".",
    )
    fit.add_argument(
        "--recipe", choices=list(RECIPES), default="byline", help="the set of defaults to start from [byline]"
    )
    fit.add_argument("--seed", type=int, default=1, help="equal seeds give equal runs [1]")
    fit.add_argument("--run", type=Path, metavar="DIR", help="where the run goes [runs/<time>-<recipe>]")
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Recipe)}
    for title, names in _GROUPS.items():
        group = fit.add_argument_group(title)
        for name in names:
            defaults = ", ".join(str(getattr(recipe, name)) for recipe in RECIPES.values())
            option = f"--{name.replace('_', '-')}"
            group.add_argument(option, type=kinds[name], metavar="N", help=f"{_HELP[name]} [{defaults}]")
    fit.set_defaults(do=_fit)

    evaluate = commands.add_parser(
        "evaluate", help="measure a run on its test phrases", description="Measures a run on its test phrases."
    )
    _add_run(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(do=_evaluate)

    predict = commands.add_parser(
        "predict",
        help="classify phrases",
        description="Prints the labels with their probabilities, best first, and how many of the words are known.",
        epilog='Example: python -m trainer predict "To be or not to be"',
    )
    _add_run(predict)
    predict.add_argument("--json", action="store_true", help='print a line a phrase: [{"label": …, "score": …}, …]')
    predict.add_argument(
        "text", nargs="*", metavar="TEXT", help="a phrase; without any, a phrase a line from standard input"
    )
    predict.set_defaults(do=_predict)
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, metavar="DIR", help="the run directory [the newest in runs/]")


def _corpus(_: argparse.Namespace) -> int:
    from trainer import lesson
    from trainer.vocabulary import canonical, normalize, word_characters_of, word_pattern

    corpus = lesson.load()
    pattern = word_pattern(word_characters_of(line for lines in corpus.lines.values() for line in lines))
    for label, lines in corpus.lines.items():
        words = [word for line in lines for word in pattern.findall(normalize(line))]
        distinct = len({canonical(word) for word in words})
        print(f"{label}: {len(lines):,} phrases, {len(words):,} words, {distinct:,} distinct words")
        for line in lines[:: len(lines) // 3 + 1]:
            print(f"    {line}")
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    recipe = recipe_of(arguments)
    from trainer.evaluate import confusion_table
    from trainer.fit import fit

    run = fit(_load(), recipe, arguments.seed, arguments.run)
    results = run.facts["metrics"]
    first = run.facts["history"]["accuracy"][0]
    print(
        f"accuracy   train {results['train']['accuracy']:.1%} (first epoch {first:.1%}), "
        f"validation {results['validation']['accuracy']:.1%}, test {results['test']['accuracy']:.1%}"
    )
    print(f"macro F1   test {results['test']['macro_f1']:.3f}")
    print(
        f"majority   test {results['test']['majority']:.1%}, the accuracy of always answering the most frequent label"
    )
    print("confusion  test, rows the truth, columns the answers")
    print(confusion_table(results["test"]["confusion"], run.vocabulary.labels))
    print(f'{run.path}: next, python -m trainer predict "To be or not to be", or python -m export all')
    return 0


def _load() -> Corpus:
    from trainer import lesson

    return lesson.load()


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Gives the recipe with the options laid over its defaults.

    Raises:
        UserError: A number is outside its range.
    """
    names = [name for of_group in _GROUPS.values() for name in of_group]
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    for name, value in given.items():
        share = isinstance(getattr(Recipe, name), float) and name != "learning_rate"
        if not math.isfinite(value) or value < 0 or (value == 0 and not share) or (share and value >= 1):
            rule = "at least 0 and less than 1" if share else "more than 0"
            raise UserError(f"--{name.replace('_', '-')}: must be {rule}; received {value}")
    if not 0 <= arguments.seed < 2**32:
        raise UserError(f"--seed: must be from 0 to {2**32 - 1}; received {arguments.seed}")
    if given.get("sequence_length", 16) not in range(3, 513):
        raise UserError(f"--sequence-length: must be from 3 to 512; received {given['sequence_length']}")
    return dataclasses.replace(RECIPES[arguments.recipe], **given)


def _evaluate(arguments: argparse.Namespace) -> int:
    from trainer.evaluate import confusion_table, measure
    from trainer.run import find

    run = find(arguments.run)
    results = measure(run.classifier, run.phrases("test"))
    if arguments.json:
        print(json.dumps({"run": run.path.name, "labels": run.vocabulary.labels, **results}))
        return 0
    print(f"{run.path}: {results['phrases']:,} test phrases")
    print(f"accuracy   {results['accuracy']:.1%} (majority {results['majority']:.1%})")
    print(f"macro F1   {results['macro_f1']:.3f}")
    print(confusion_table(results["confusion"], run.vocabulary.labels))
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from trainer.run import find
    from trainer.vocabulary import UNKNOWN_ID

    run = find(arguments.run)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # every line is answered, a damaged one too
    texts = arguments.text or [line.rstrip("\r\n") for line in sys.stdin]
    for text, ranking in zip(texts, run.classifier.rank(texts), strict=True):
        if arguments.json:
            print(json.dumps(ranking, ensure_ascii=False))
            continue
        print(text)
        _print_ranking(ranking)
        ids = run.vocabulary.encode(text)
        known = sum(word_id != UNKNOWN_ID for word_id in ids)
        print(f"  knew {known} of {len(ids)} words")
    return 0


def _print_ranking(ranking: list[dict[str, Any]]) -> None:
    width = max(len(entry["label"]) for entry in ranking)
    for entry in ranking:
        print(f"  {entry['label']:<{width}}  {entry['score']:6.1%}  {'█' * round(30 * entry['score'])}".rstrip())


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    parsed = parser().parse_args(arguments)
    return exit_code(lambda: int(parsed.do(parsed)))


if __name__ == "__main__":
    sys.exit(main())
