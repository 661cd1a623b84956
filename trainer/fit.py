"""The training loop: a corpus and a recipe in, a run directory out.

python -m trainer fit --recipe lesson --epochs 3
"""

import contextlib
import dataclasses
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer import __version__
from trainer.classifier import Classifier
from trainer.corpus import Corpus, Phrase
from trainer.errors import UserError
from trainer.evaluate import measure, truth_of
from trainer.files import sha256, whole_directory, write_json
from trainer.model import build_model
from trainer.quiet import quietly
from trainer.recipes import Recipe
from trainer.run import FORMAT, RUNS, Run, write_phrases
from trainer.split import PARTS, Split, split
from trainer.vocabulary import UNKNOWN_ID, Vocabulary, count
from trainer.windows import split_ids

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


def fit(corpus: Corpus, recipe: Recipe, seed: int, path: Path | None = None) -> Run:
    """Splits the corpus, counts the vocabulary, trains, evaluates, and writes the run directory.

    Args:
        corpus: Labelled text.
        recipe: How.
        seed: Equal seeds give equal runs on the same machine.
        path: Where the run directory goes; by default a new one in `runs/`, named by time and recipe.

    Returns:
        The run, read back from its directory.

    Raises:
        UserError: The corpus cannot be split, or `path` cannot be written.
    """
    created = datetime.now(UTC)
    path = path or RUNS / f"{created:%Y%m%d-%H%M%S}-{recipe.name}"
    if path.exists() and not (path / "run.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: is in the way: it is not an earlier run, so it is not replaced")
    with whole_directory(path) as staging:  # before the hours of training, so that a bad path is known at once
        _say(f"{corpus.name}: cutting phrases, counting words")
        parts = split(corpus, recipe, seed)
        vocabulary = count(
            parts.training_text, list(corpus.lines), recipe.sequence_length, recipe.minimum_count, recipe.maximum_words
        )
        counts = {part: len(parts.phrases[part]) for part in PARTS}
        _say(", ".join(f"{counts[part]:,} {part} phrases" for part in PARTS) + f", {vocabulary.size:,} word ids")
        model, history = _train(parts, vocabulary, recipe, seed)
        classifier = Classifier(model, vocabulary)
        _say("measuring the answers to all three parts")
        results = {part: measure(classifier, parts.phrases[part]) for part in PARTS}
        model.save(staging / "model.keras")
        vocabulary.write(staging / "vocabulary.json")
        for part in ("validation", "test"):
            write_phrases(staging / f"{part}.jsonl", parts.phrases[part])
        facts = {
            "format": FORMAT,
            "created": created.isoformat(timespec="microseconds"),
            "corpus": {name: getattr(corpus, name) for name in ("name", "title", "description", "license")},
            "recipe": dataclasses.asdict(recipe),
            "seed": seed,
            "split": {"sha256": parts.fingerprint(), "phrases": counts},
            "history": history,
            "metrics": results,
            "versions": {"byline": __version__} | {name: version(name) for name in ("tensorflow", "keras", "numpy")},
            "model_sha256": sha256((staging / "model.keras").read_bytes()),
        }
        write_json(staging / "run.json", facts)
    return Run.read(path)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _first_windows(phrases: Sequence[Phrase], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Word ids, shape [phrases, sequence_length]: the lesson trains on a long line's first words."""
    return np.stack([split_ids(vocabulary.encode(phrase.text), vocabulary.sequence_length)[0] for phrase in phrases])


def _train(
    parts: Split, vocabulary: Vocabulary, recipe: Recipe, seed: int
) -> tuple["keras.Model", dict[str, list[float]]]:
    with quietly():
        import keras
        import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    ids, targets = {}, {}
    for part in ("train", "validation"):
        ids[part] = _first_windows(parts.phrases[part], vocabulary)
        targets[part] = _targets(parts.phrases[part], vocabulary.labels, recipe)
    training = _dataset(ids["train"], targets["train"], recipe, seed)
    held_out = tf.data.Dataset.from_tensor_slices((ids["validation"], targets["validation"])).batch(512).cache()
    model = build_model(vocabulary.size, len(vocabulary.labels), recipe)
    steps = recipe.epochs * len(training)
    rate: Any = recipe.learning_rate
    if recipe.name != "lesson":
        rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), _loss(recipe), metrics=["accuracy"])
    on_terminal = sys.stderr.isatty()
    with contextlib.redirect_stdout(sys.stderr):  # progress is not a result
        history = model.fit(
            training, validation_data=held_out, epochs=recipe.epochs, shuffle=False, verbose=1 if on_terminal else 2
        )
    return model, {name: [round(float(value), 6) for value in values] for name, values in history.history.items()}


def _targets(phrases: Sequence[Phrase], labels: Sequence[str], recipe: Recipe) -> NDArray[Any]:
    """The labels' indices, shape [phrases]; one-hot, shape [phrases, labels], where they are to be smoothed."""
    truth = truth_of(phrases, labels)
    return np.eye(len(labels), dtype=np.float32)[truth] if recipe.label_smoothing else truth


def _loss(recipe: Recipe) -> "keras.Loss":
    import keras

    if recipe.label_smoothing:
        return keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy()


def _dataset(ids: NDArray[np.int32], targets: NDArray[Any], recipe: Recipe, seed: int) -> "tf.data.Dataset":
    """Cached, shuffled anew every epoch, batched, with words dropped to unknown, prefetched."""
    import tensorflow as tf

    def drop_words(batch: tuple[Any, Any], batch_seed: Any) -> tuple[Any, Any]:
        words, targets = batch
        chance = tf.random.stateless_uniform(tf.shape(words), seed=tf.stack([batch_seed, seed]))
        return tf.where((words > UNKNOWN_ID) & (chance < recipe.word_dropout), UNKNOWN_ID, words), targets

    dataset = tf.data.Dataset.from_tensor_slices((ids, targets)).cache()
    dataset = dataset.shuffle(recipe.shuffle_buffer, seed=seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(recipe.batch_size)
    if recipe.word_dropout:
        batches = len(dataset)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        dataset = tf.data.Dataset.zip((dataset, seeds)).map(drop_words)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    return dataset.prefetch(tf.data.AUTOTUNE)
