"""The commands `corpus`, `fit`, `evaluate` and `predict`: options in, an exit code out."""

import argparse
import dataclasses
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

from trainer.cli.labelling import label_corpus, refuse_labelling
from trainer.cli.options import corpus_of, given_of, recipe_of, refuse_reading_options, seed_of, unit_from
from trainer.cli.output import print_evaluation, print_fit, print_ranking
from trainer.cli.streaming import line_batches
from trainer.cli.terminal import say
from trainer.cluster.workers import check_workers
from trainer.data.corpus import Corpus, Phrase
from trainer.data.profile import report_of, wrong
from trainer.data.sources import Unit
from trainer.errors import UserError
from trainer.model.recipe import Recipe
from trainer.text.printable import printable
from trainer.training.options import CHOSEN, FitOptions, recipe_with

if TYPE_CHECKING:
    from trainer.run import Run

_MOST_LINES: Final = 512  # that are answered at once
_MOST_SCORES: Final = 1 << 17  # in memory at once, each with its label: 40 MB
MOST_FOLDS: Final = 100  # each is a training


def corpus(_: argparse.Namespace) -> int:
    """Shows the built-in corpus."""
    from trainer.data import built_in
    from trainer.text.words import canonical, words_of

    for label, of_label in groupby(built_in.load().rows(), key=lambda row: row.label):
        lines = [row.text for row in of_label]
        words = [word for line in lines for word in words_of(line)]
        distinct = len({canonical(word) for word in words})
        print(f"{label}: {len(lines):,} phrases, {len(words):,} words, {distinct:,} distinct words")
        for line in lines[:: len(lines) // 3 + 1]:
            print(f"    {printable(line)}")
    return 0


def fit(arguments: argparse.Namespace) -> int:
    """Trains a run and prints how good it is."""
    check_workers(arguments.workers, arguments.address, arguments.storage)
    options = FitOptions(
        seed_of(arguments),
        unit_from(arguments),
        arguments.split == "random",
        path=arguments.run,
        workers=arguments.workers,
        address=arguments.address,
        storage=arguments.storage,
    )
    if arguments.recipe and arguments.recipe.partition(":")[0] in CHOSEN:
        corpus, recipe, options = _chosen(arguments, options)
    else:
        if arguments.search is not None:
            raise UserError("--search: needs --recipe best or smallest-within:POINTS")
        recipe = recipe_of(arguments)
        corpus = corpus_of(arguments)
    from trainer.training.fit import fit as train

    print_fit(train(corpus, recipe, options), by_row=options.random)
    return 0


def _chosen(arguments: argparse.Namespace, options: FitOptions) -> tuple[Corpus, Recipe, FitOptions]:
    """Gives the corpus, the recipe that a search chose, and the search's seed where none was given; and says so."""
    from trainer.tuning import chosen

    record = chosen.find(arguments.search)
    trial = chosen.choose(arguments.recipe, record)
    recipe = recipe_with(trial.made(), given_of(arguments))
    if arguments.seed is None:
        options = dataclasses.replace(options, seed=int(record.facts["seed"]))
    corpus = corpus_of(arguments)
    for line in chosen.remarks(trial, record, corpus, options.seed, recipe):
        say(line)
    return corpus, recipe, options


def evaluate(arguments: argparse.Namespace) -> int:
    """Measures a run on phrases that it did not learn from."""
    from trainer.evaluation.measuring import measure
    from trainer.run import find

    run = find(arguments.run)
    if arguments.folds is not None:
        run, results = _folded(arguments, run)
        what = f"phrases of {' and '.join(arguments.data)}"
    elif arguments.data is None:
        refuse_reading_options(arguments, "needs --data: the run's own phrases are as they are")
        results = run.cross_validated or measure(run.classifier, run.phrases("test"), run.threshold, run.majority_label)
        what = "phrases" if run.cross_validated else "test phrases"
    else:
        if arguments.group_column:
            raise UserError("--group-column: needs --folds")
        phrases = _labelled(corpus_of(arguments, run.vocabulary.labels), run)
        results = measure(run.classifier, phrases, run.threshold, run.majority_label)
        what = f"phrases of {' and '.join(arguments.data)}"
    print_evaluation(run, results, what, as_json=arguments.json)
    return 0


def _folded(arguments: argparse.Namespace, run: "Run") -> tuple["Run", dict[str, Any]]:
    """Trains as a run was trained, on other labelled text, to measure it by cross-validation.

    Returns:
        The run, whose model is not kept, and its metrics.

    Raises:
        UserError: There is no such text, the number of folds is out of range, or the recipe cannot be cross-validated.
    """
    from trainer.training.fit import fit as train

    if not 2 <= arguments.folds <= MOST_FOLDS:
        raise UserError(f"--folds: must be from 2 to {MOST_FOLDS}; received {arguments.folds}")
    if run.external:
        raise UserError(f"--folds: {run.path} was trained elsewhere, and cannot be trained here")
    if arguments.data is None:
        raise UserError("--folds: needs --data: a run does not keep the text it was trained on")
    recipe = Recipe(**{**run.facts["recipe"], "dense_units": tuple(run.facts["recipe"]["dense_units"])})
    if not recipe.tables:
        raise UserError(f"--folds: the recipe {recipe.name} has no use for it")
    with TemporaryDirectory() as folder:
        options = FitOptions(
            int(run.facts["seed"]), Unit("line"), path=Path(folder, run.path.name), folds=arguments.folds
        )
        folded = train(corpus_of(arguments), recipe, options)
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


def predict(arguments: argparse.Namespace) -> int:
    """Answers phrases as they arrive, or a corpus."""
    if arguments.data is not None:
        return label_corpus(arguments)
    refuse_labelling(arguments)
    from trainer.evaluation.abstention import abstains
    from trainer.run import find

    run = find(arguments.run)
    most = max(1, min(_MOST_LINES, _MOST_SCORES // len(run.vocabulary.labels)))
    lines = cast(io.BufferedIOBase, sys.stdin.buffer)
    batches = iter([arguments.text]) if arguments.text else line_batches(lines, most)
    for texts in batches:
        for text, ranking in zip(texts, run.classifier.rank(texts), strict=True):
            if arguments.json:
                print(json.dumps(ranking, ensure_ascii=False))
                continue
            words = run.vocabulary.words(text)
            known = sum(word.known for word in words)
            print(printable(text))
            if abstains(float(ranking[0]["score"]), known, run.threshold):
                print("  not sure")
            print_ranking(ranking)
            print(f"  knew {known} of {len(words)} words")
        sys.stdout.flush()  # who wrote the line waits for its answer
    return 0
