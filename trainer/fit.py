"""The way of a fit: a corpus and a recipe in, a run directory out.

python -m trainer fit --recipe lesson --epochs 3
"""

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from trainer import __version__
from trainer.calibrate import fold, temperature_of
from trainer.classifier import Classifier
from trainer.corpus import Corpus, Phrase
from trainer.data import Unit
from trainer.encoding import encode
from trainer.errors import UserError
from trainer.evaluate import metrics, tally_of, truth_of
from trainer.files import is_there, sha256, whole_directory, write_json
from trainer.not_sure import threshold_of
from trainer.options import FitOptions
from trainer.recipes import Recipe
from trainer.run import FORMAT, RUNS, Run, digest_of, write_phrases
from trainer.split import PARTS, Split, split
from trainer.survey import Survey, report_of, survey
from trainer.terminal import say
from trainer.train import first_windows, train
from trainer.text.vocabulary import Vocabulary, count

if TYPE_CHECKING:
    import keras


def fit(corpus: Corpus, recipe: Recipe, options: FitOptions) -> Run:
    """Splits the corpus, counts the vocabulary, trains, evaluates, and writes the run directory.

    Returns:
        The run, read back from its directory.

    Raises:
        UserError: The corpus cannot be read or split, or the run directory cannot be written.
    """
    created = datetime.now(UTC)
    path = options.path or RUNS / f"{created:%Y%m%d-%H%M%S}-{recipe.name}"
    if is_there(path) and not (path / "run.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: is in the way: it is not an earlier run, so it is not replaced")
    with whole_directory(path) as staging:  # before the hours of training, so that a bad path is known at once
        say(f"{corpus.place}: reading, counting words")
        seen = survey(corpus)
        for line in report_of(seen.skipped):
            say(line)
        parts = split_by(corpus, seen, recipe, options)
        for line in warnings_of(parts):
            say(line)
        vocabulary = count(
            parts.training_text(),
            parts.labels,
            recipe.sequence_length,
            recipe.minimum_count,
            recipe.maximum_words,
            recipe.punctuation,
        )
        with tempfile.TemporaryDirectory(dir=staging) as folder:
            encoded = encode(parts, vocabulary, Path(folder), recipe.first_words, options.seed)
            counted = ", ".join(f"{encoded.counts[part]:,} {part} phrases" for part in PARTS)
            say(f"{counted}, {vocabulary.size:,} word ids")
            model, history = train(encoded, vocabulary, recipe, options.seed)
        temperature = _calibrate(model, encoded.validation, vocabulary)
        classifier = Classifier(model, vocabulary)
        say("measuring the answers to all three parts")
        phrases = {"train": encoded.sample, "validation": encoded.validation, "test": encoded.test}
        tallies = {part: tally_of(classifier, phrases[part]) for part in PARTS}
        not_sure = threshold_of(tallies["validation"])
        model.save(staging / "model.keras")
        vocabulary.write(staging / "vocabulary.json")
        for part in ("validation", "test"):
            write_phrases(staging / f"{part}.jsonl", phrases[part])
        facts = {
            "format": FORMAT,
            "created": created.isoformat(timespec="microseconds"),
            "corpus": {name: getattr(corpus, name) for name in ("name", "title", "description", "license")}
            | {"labels": seen.labels, "left_out": dict(seen.skipped)},
            "recipe": dataclasses.asdict(recipe),
            "seed": options.seed,
            "split": parts.facts() | {"sha256": encoded.sha256, "phrases": encoded.counts},
            "history": history,
            "temperature": temperature,
            "not_sure": dataclasses.asdict(not_sure),
            "metrics": {part: metrics(tallies[part], not_sure.threshold) for part in PARTS},
            "versions": {"byline": __version__} | {name: version(name) for name in ("tensorflow", "keras", "numpy")},
            "model_sha256": digest_of(model),
            "model_file_sha256": sha256((staging / "model.keras").read_bytes()),
        }
        write_json(staging / "run.json", facts)
    return Run.read(path)


def split_by(corpus: Corpus, seen: Survey, recipe: Recipe, options: FitOptions) -> Split:
    """Splits a corpus as the recipe and the options say."""
    unit = options.unit or Unit(recipe.unit)
    return split(
        corpus,
        seen,
        options.seed,
        window=(unit.longest or recipe.longest_window) if unit.kind == "words" else 0,
        passes=recipe.window_passes,
        whole_rows=recipe.whole_rows,
        random=options.random,
    )


def warnings_of(parts: Split) -> Iterator[str]:
    """Says what a reader of the accuracy has to know, a line each."""
    if parts.method == "random":
        yield "split: by row, as the lesson does: neighbours are in training, the accuracy is optimistic"
    if parts.dropped:
        yield f"split: {len(parts.dropped):,} rows held out stand in training too, or nearly, and were left out"
    for part, of_label in parts.optimistic.items():
        labels = ", ".join(of_label) if len(of_label) < 5 else f"{len(of_label)} labels"
        count = f"{sum(of_label.values()):,} {part} rows of {labels}"
        yield f"split: {count} stand in training too, or nearly, and are kept: the accuracy is optimistic"


def _calibrate(model: "keras.Model", phrases: Sequence[Phrase], vocabulary: Vocabulary) -> float:
    """Folds the temperature into the model that makes it as sure as it is right, and gives it."""
    probabilities = model.predict(first_windows(phrases, vocabulary), batch_size=512, verbose=0)
    temperature = temperature_of(probabilities, truth_of(phrases, vocabulary.labels))
    fold(model, temperature)
    return temperature
