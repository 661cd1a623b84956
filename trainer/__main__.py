"""The command line of the trainer: `python -m trainer --help`."""

import argparse
import io
import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

from trainer.data.corpus import Corpus, Phrase
from trainer.data.profile import report_of, wrong
from trainer.data.sources import Unit
from trainer.errors import UserError, exit_code
from trainer.model.recipe import RECIPES, Recipe
from trainer.options import add_data, add_recipe, corpus_of, recipe_of, refuse_reading_options, seed_of, unit_from
from trainer.quiet import set_environment
from trainer.streaming import line_batches
from trainer.terminal import say
from trainer.training.options import FitOptions

if TYPE_CHECKING:
    from trainer.run import Run

_MOST_LINES: Final = 512  # that are answered at once
_MOST_SCORES: Final = 1 << 17  # in memory at once, each with its label: 40 MB
MOST_FOLDS: Final = 100  # each is a training


def parser(program: str = "python -m trainer") -> argparse.ArgumentParser:
    """Builds the parser; its help names every default.

    Args:
        program: What the usage calls it.
    """
    top = argparse.ArgumentParser(
        prog=program,
        description="Trains a short-text classifier: labelled text in, a run directory out.",
        epilog="Then `python -m export all` makes a page and a .tflite of the newest run.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    corpus = commands.add_parser(
        "corpus", help="show the built-in corpus", description="Shows the built-in corpus: the lesson's four authors."
    )
    corpus.set_defaults(do=_corpus)

    audit = commands.add_parser(
        "audit",
        help="what a model would really learn from labelled text",
        description="Looks for what a model learns beside the labels: shortcuts, duplicates, leakage, wrong labels.",
        epilog="--fix never touches the source. A corpus of more rows than the audit reads is sampled, and it says so.",
    )
    audit.add_argument("--json", action="store_true", help="print one JSON object")
    audit.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page [none]")
    audit.add_argument(
        "--fix", type=Path, metavar="DIR", help="write a cleaned copy, and what was removed and why [none]"
    )
    audit.add_argument("--seed", type=int, default=1, help="of the split that it looks at [1]")
    add_data(audit, to_split=True)
    audit.set_defaults(do=_audit)

    fit = commands.add_parser(
        "fit",
        help="train a run",
        description="Trains on labelled text and writes a run directory, whole or not at all.",
        epilog="Defaults stand in brackets, for each recipe in the order " + ", ".join(RECIPES) + ".",
    )
    fit.add_argument("--run", type=Path, metavar="DIR", help="where the run goes [runs/<time>-<recipe>]")
    add_data(fit, to_split=True)
    add_recipe(fit)
    fit.set_defaults(do=_fit)

    evaluate = commands.add_parser(
        "evaluate",
        help="measure a run on its test phrases, or on other labelled text",
        description="Measures a run on its test phrases, or with --data on all phrases of other labelled text.",
    )
    _add_run(evaluate)
    add_data(evaluate, to_split=False)
    evaluate.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="train anew on --data as the run was trained, and measure by N-fold cross-validation [none]",
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(do=_evaluate)

    predict = commands.add_parser(
        "predict",
        help="classify phrases",
        description="Prints the labels with their probabilities, best first, and how many of the words are known. "
        '"not sure" stands before them where the best is below the threshold of the run.',
        epilog='Example: python -m trainer predict "To be or not to be"',
    )
    _add_run(predict)
    predict.add_argument("--json", action="store_true", help='print a line a phrase: [{"label": …, "score": …}, …]')
    predict.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="a phrase; without any, a phrase a line from standard input, answered as it arrives",
    )
    predict.set_defaults(do=_predict)
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, metavar="DIR", help="the run directory [the newest in runs/]")


def _corpus(_: argparse.Namespace) -> int:
    from trainer.data import built_in
    from trainer.text.words import canonical, words_of

    for label, of_label in groupby(built_in.load().rows(), key=lambda row: row.label):
        lines = [row.text for row in of_label]
        words = [word for line in lines for word in words_of(line)]
        distinct = len({canonical(word) for word in words})
        print(f"{label}: {len(lines):,} phrases, {len(words):,} words, {distinct:,} distinct words")
        for line in lines[:: len(lines) // 3 + 1]:
            print(f"    {line}")
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    from trainer.audit.command import run

    return run(arguments, corpus_of(arguments, say), say)


def _fit(arguments: argparse.Namespace) -> int:
    from trainer.evaluation.advice import advice_text
    from trainer.evaluation.metrics import accuracy_text, confusion_table, measures_text, result_text

    recipe = recipe_of(arguments)
    options = FitOptions(seed_of(arguments), unit_from(arguments), arguments.split == "random", arguments.run)
    corpus = corpus_of(arguments, say)
    from trainer.training.fit import fit

    run = fit(corpus, recipe, options)
    train, crossed = run.facts["metrics"]["train"], run.cross_validated
    results = run.results
    if crossed:
        accuracy = f"{result_text(crossed)}; train {accuracy_text(train)}"
    else:
        accuracy = ", ".join(f"{part} {accuracy_text(of_part)}" for part, of_part in run.facts["metrics"].items())
    print(f"accuracy   {accuracy}" + (", split by row: optimistic" if options.random else ""))
    print(measures_text(results, "phrases" if crossed else "test phrases"))
    where = "held-out phrases" if crossed else "test"
    print(f"majority   {where} {results['majority']:.1%}, the accuracy of always answering {run.majority_label}")
    print(f"confusion  {where}, rows the truth, columns the answers")
    print(confusion_table(results["confusion"], run.vocabulary.labels))
    for line in advice_text(run.facts["advice"], results):
        print(f"advice     {line}")
    example = shlex.quote(run.phrases("validation")[0].text[:100])
    print(f"{run.path}: next, python -m trainer predict {example}, or python -m export all")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from trainer.evaluation.metrics import accuracy_text, confusion_table, measure, measures_text, result_text
    from trainer.run import find

    run = find(arguments.run)
    if arguments.folds is not None:
        run, results = _folded(arguments, run)
        what = f"phrases of {arguments.data}"
    elif arguments.data is None:
        refuse_reading_options(arguments, "needs --data: the run's own phrases are as they are")
        results = run.cross_validated or measure(run.classifier, run.phrases("test"), run.threshold, run.majority_label)
        what = "phrases" if run.cross_validated else "test phrases"
    else:
        if arguments.group_column:
            raise UserError("--group-column: needs --folds")
        phrases = _labelled(corpus_of(arguments, say, run.vocabulary.labels), run)
        results = measure(run.classifier, phrases, run.threshold, run.majority_label)
        what = f"phrases of {arguments.data}"
    if arguments.json:
        print(json.dumps({"run": run.path.name, "labels": run.vocabulary.labels, **results}))
        return 0
    print(f"{run.path}: {results['phrases']:,} {what}")
    accuracy = result_text(results) if "folds" in results else accuracy_text(results)
    print(f"accuracy   {accuracy}, majority {results['majority']:.1%}")
    print(measures_text(results, what))
    print(confusion_table(results["confusion"], run.vocabulary.labels))
    return 0


def _folded(arguments: argparse.Namespace, run: "Run") -> tuple["Run", dict[str, Any]]:
    """Trains as a run was trained, on other labelled text, to measure it by cross-validation.

    Returns:
        The run, whose model is not kept, and its metrics.

    Raises:
        UserError: There is no such text, the number of folds is out of range, or the recipe cannot be cross-validated.
    """
    from trainer.training.fit import fit

    if not 2 <= arguments.folds <= MOST_FOLDS:
        raise UserError(f"--folds: must be from 2 to {MOST_FOLDS}; received {arguments.folds}")
    if arguments.data is None:
        raise UserError("--folds: needs --data: a run does not keep the text it was trained on")
    recipe = Recipe(**{**run.facts["recipe"], "dense_units": tuple(run.facts["recipe"]["dense_units"])})
    if not recipe.tables:
        raise UserError(f"--folds: the recipe {recipe.name} has no use for it")
    with TemporaryDirectory() as folder:
        options = FitOptions(
            int(run.facts["seed"]), Unit("line"), path=Path(folder, run.path.name), folds=arguments.folds
        )
        folded = fit(corpus_of(arguments, say), recipe, options)
    assert folded.cross_validated is not None
    return folded, folded.cross_validated


def _labelled(corpus: Corpus, run: "Run") -> Iterator[Phrase]:
    """Gives a corpus's phrases under the run's labels. What the fit did with rare labels is done here too, and said."""
    labels = {label: label for label in run.vocabulary.labels}
    labels = run.facts["corpus"].get("rare", {}) | labels  # an older run does not say
    skipped: Counter[str] = Counter()
    merged: Counter[str] = Counter()
    measured, row = 0, None
    for row in corpus.read(skipped):
        label = labels.get(row.label)
        if label is None:
            raise wrong(row, f"{row.label!r} is none of the labels of {run.path}")
        if not label:
            skipped["of labels that the fit left out as rare"] += 1
            continue
        merged[label] += label != row.label
        measured += 1
        yield Phrase(row.text, label)
    for line in report_of(skipped):
        say(line)
    for label, count in merged.items():
        if count:
            say(f"merged into {label!r}, as in the fit: {count:,} {'text' if count == 1 else 'texts'} of rare labels")
    if not measured:
        raise UserError(f"{corpus.place}: holds no text" + (f" of the labels of {run.path}" if row else ""))


def _predict(arguments: argparse.Namespace) -> int:
    from trainer.evaluation.abstention import is_not_sure
    from trainer.run import find

    run = find(arguments.run)
    most = max(1, min(_MOST_LINES, _MOST_SCORES // len(run.vocabulary.labels)))
    typed = iter([arguments.text]) if arguments.text else line_batches(cast(io.BufferedIOBase, sys.stdin.buffer), most)
    for texts in typed:
        for text, ranking in zip(texts, run.classifier.rank(texts), strict=True):
            if arguments.json:
                print(json.dumps(ranking, ensure_ascii=False))
                continue
            words = run.vocabulary.words(text)
            known = sum(word.known for word in words)
            print(text)
            if is_not_sure(float(ranking[0]["score"]), known, run.threshold):
                print("  not sure")
            _print_ranking(ranking)
            print(f"  knew {known} of {len(words)} words")
        sys.stdout.flush()  # who wrote the line waits for its answer
    return 0


def _print_ranking(ranking: list[dict[str, Any]]) -> None:
    width = max(len(entry["label"]) for entry in ranking)
    for entry in ranking:
        print(f"  {entry['label']:<{width}}  {entry['score']:6.1%}  {'█' * round(30 * entry['score'])}".rstrip())


def main(arguments: list[str] | None = None, program: str = "python -m trainer") -> int:
    """Runs one command and gives its exit code."""
    set_environment()
    parsed = parser(program).parse_args(arguments)
    return exit_code(lambda: int(parsed.do(parsed)))


if __name__ == "__main__":
    sys.exit(main())
