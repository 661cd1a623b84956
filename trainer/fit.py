"""The training loop: a corpus and a recipe in, a run directory out.

python -m trainer fit --recipe lesson --epochs 3
"""

import contextlib
import dataclasses
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer import __version__
from trainer.calibrate import fold, temperature_of
from trainer.classifier import Classifier
from trainer.corpus import Corpus, Phrase
from trainer.data import Unit
from trainer.encoding import Encoded, encode
from trainer.errors import UserError
from trainer.evaluate import metrics, tally_of, truth_of
from trainer.files import is_there, sha256, whole_directory, write_json
from trainer.model import build_model
from trainer.not_sure import threshold_of
from trainer.options import FitOptions
from trainer.quiet import quietly
from trainer.recipes import Recipe
from trainer.run import FORMAT, RUNS, Run, write_phrases
from trainer.split import PARTS, Split, split
from trainer.survey import Survey, report_of, survey
from trainer.terminal import say
from trainer.vocabulary import UNKNOWN_ID, Vocabulary, count
from trainer.windows import split_ids

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


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
            model, history = _train(encoded, vocabulary, recipe, options.seed)
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
            "model_sha256": sha256((staging / "model.keras").read_bytes()),
        }
        write_json(staging / "run.json", facts)
    return Run.read(path)


def split_by(corpus: Corpus, seen: Survey, recipe: Recipe, options: FitOptions) -> Split:
    """Splits a corpus as the recipe and the options say."""
    unit = options.unit or Unit(recipe.unit)
    window = (unit.longest or recipe.sequence_length) if unit.kind == "words" else 0
    return split(corpus, seen, options.seed, window=window, passes=recipe.window_passes, random=options.random)


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


def _train(
    encoded: Encoded, vocabulary: Vocabulary, recipe: Recipe, seed: int
) -> tuple["keras.Model", dict[str, list[float]]]:
    with quietly():
        import keras
        import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    training = _dataset(encoded, len(vocabulary.labels), recipe, seed)
    model = build_model(vocabulary.size, len(vocabulary.labels), recipe)
    epochs = max(recipe.epochs, math.ceil(recipe.least_steps / len(training)))
    rate: Any = recipe.learning_rate
    if recipe.falling_rate:
        rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, epochs * len(training))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    on_terminal = sys.stderr.isatty()
    with contextlib.redirect_stdout(sys.stderr):  # progress is not a result
        history = model.fit(
            training,
            validation_data=_held_out(encoded.validation, vocabulary),
            epochs=epochs,
            shuffle=False,
            verbose=1 if on_terminal else 2,
        )
    return model, {name: [round(float(value), 6) for value in values] for name, values in history.history.items()}


def _first_windows(phrases: Sequence[Phrase], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Word ids of each phrase's first window, shape [phrases, sequence_length]."""
    return np.stack([split_ids(vocabulary.encode(phrase.text), vocabulary.sequence_length)[0] for phrase in phrases])


def _calibrate(model: "keras.Model", phrases: Sequence[Phrase], vocabulary: Vocabulary) -> float:
    """Folds the temperature into the model that makes it as sure as it is right, and gives it."""
    probabilities = model.predict(_first_windows(phrases, vocabulary), batch_size=512, verbose=0)
    temperature = temperature_of(probabilities, truth_of(phrases, vocabulary.labels))
    fold(model, temperature)
    return temperature


def _held_out(phrases: Sequence[Phrase], vocabulary: Vocabulary) -> "tf.data.Dataset":
    """Each phrase's first window, cached: what the epochs' accuracy is measured on."""
    import tensorflow as tf

    targets = np.eye(len(vocabulary.labels), dtype=np.float32)[truth_of(phrases, vocabulary.labels)]
    return tf.data.Dataset.from_tensor_slices((_first_windows(phrases, vocabulary), targets)).batch(512).cache()


def _dataset(encoded: Encoded, label_count: int, recipe: Recipe, seed: int) -> "tf.data.Dataset":
    """Shuffled anew every epoch, batched, with words dropped to unknown, prefetched.

    What is shuffled is the rows' numbers, in an order drawn once: a source sorted by label is mixed even where the
    shuffle buffer holds little of it. The rows are gathered from where they lie.
    """
    import tensorflow as tf

    def gather(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return encoded.ids[numbers].astype(np.int32), one_hot[encoded.truth[numbers]]

    def rows(numbers: Any) -> tuple[Any, Any]:
        ids, targets = tf.numpy_function(gather, [numbers], (tf.int32, tf.float32), stateful=False)
        return tf.ensure_shape(ids, (None, recipe.sequence_length)), tf.ensure_shape(targets, (None, label_count))

    def drop_words(batch: tuple[Any, Any], batch_seed: Any) -> tuple[Any, Any]:
        words, targets = batch
        chance = tf.random.stateless_uniform(tf.shape(words), seed=tf.stack([batch_seed, seed]))
        return tf.where((words > UNKNOWN_ID) & (chance < recipe.word_dropout), UNKNOWN_ID, words), targets

    one_hot = np.eye(label_count, dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(encoded.truth))
    dataset = tf.data.Dataset.from_tensor_slices(order)
    dataset = dataset.shuffle(recipe.shuffle_buffer, seed=seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(recipe.batch_size).map(rows)
    if recipe.word_dropout:
        batches = len(dataset)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        dataset = tf.data.Dataset.zip((dataset, seeds)).map(drop_words)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    return dataset.prefetch(tf.data.AUTOTUNE)
