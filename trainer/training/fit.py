"""The way of a fit: a corpus and a recipe in, a run directory out.

python -m trainer fit --recipe lesson --epochs 3
"""

import dataclasses
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from trainer import __version__
from trainer.data.corpus import Corpus, Phrase
from trainer.data.profile import CorpusProfile, profile_of, report_of
from trainer.data.sources import Unit
from trainer.errors import UserError
from trainer.evaluation.abstention import threshold_of
from trainer.evaluation.advice import advice_of
from trainer.evaluation.metrics import Tally, metrics, tally, tally_of, truth_of
from trainer.files import is_there, sha256, whole_directory, write_json
from trainer.model.classifier import Classifier
from trainer.model.linear import FEW_ROWS
from trainer.model.network import build_model
from trainer.model.recipe import Recipe, Sizes, sizes_for, within_budget
from trainer.model.temperature import fold, temperature_of
from trainer.model.weights import LessonWeights, Weights
from trainer.run import FORMAT, ROWS, RUNS, Run, digest_of, write_phrases
from trainer.splitting.folds import CROSS_VALIDATED, FOLDS, Folds, folds_of
from trainer.splitting.split import PARTS, Split, split
from trainer.teacher.encoder import Teacher, common_words, open_teacher
from trainer.text.pieces import Spelling, learn
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import FLOOR, average
from trainer.training.encode import Encoded, encode, first_rows
from trainer.training.learn import Learner
from trainer.training.options import FitOptions
from trainer.training.sentence import train_lesson
from trainer.training.subwords import whole_words

logger = logging.getLogger(__name__)

_MOST_TAUGHT = 50_000  # rows from which `auto` asks a teacher: it is slow, and tells more the fewer they are
_TELLING = 2_000  # texts that tell their language
_WIDEST = 130  # positions of a row until the phrases' lengths are known


def fit(corpus: Corpus, recipe: Recipe, options: FitOptions) -> Run:
    """Splits the corpus, learns the vocabulary, trains, evaluates, and writes the run directory.

    Returns:
        The run, read back from its directory.

    Raises:
        UserError: The corpus cannot be read or split, or the run directory cannot be written.
    """
    created = datetime.now(UTC)
    path = options.path or RUNS / f"{created:%Y%m%d-%H%M%S}-{recipe.name}"
    if is_there(path) and not (path / "run.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: exists and is not a run; refusing to overwrite it (choose another --run)")
    with whole_directory(path) as staging:  # before the training, so that a bad path is known at once
        logger.info(f"{corpus.place}: reading")
        seen = profile_of(corpus)
        for line in report_of(seen.skipped):
            logger.info(line)
        parts = split_by(corpus, seen, recipe, options)
        folds = _folds(parts, options)
        for line in warnings_of(parts):
            logger.info(line)
        learned_from = sum(seen.labels.values()) - seen.given["test"]
        row_count = learned_from - seen.given["validation"]
        teacher = _teacher(parts, recipe, row_count)
        whole = recipe.whole_words != "no" if teacher else whole_words(parts, recipe, row_count)
        sizes = sizes_for(recipe, len(parts.labels), row_count, teacher is not None, whole)
        ours = not seen.given["validation"] and parts.method != "random"
        few = ours and learned_from < FEW_ROWS and recipe.tables and not parts.window
        vocabulary = _vocabulary(parts, recipe, sizes, teacher, with_validation=few)
        with tempfile.TemporaryDirectory(dir=staging) as folder:
            encoded = encode(
                parts,
                vocabulary,
                Path(folder),
                sequence_length=recipe.sequence_length,
                first_window=recipe.first_window,
                misspelt_weight=recipe.misspelt_weight,
                seed=options.seed,
            )
            vocabulary = encoded.vocabulary
            for part, missing in encoded.unmeasured.items():
                labels = ", ".join(missing) if len(missing) < 5 else f"{len(missing)} labels"
                logger.info(f"split: no {part} phrases of {labels}: too few rows, and all of them are learned from")
            counted = ", ".join(f"{encoded.counts[part]:,} {part} phrases" for part in PARTS if encoded.counts[part])
            logger.info(f"{counted}, {vocabulary.size:,} pieces, {vocabulary.sequence_length} positions")
            sizes = within_budget(sizes, recipe, vocabulary, teacher is not None)
            trained = _train(encoded, recipe, sizes, teacher, options.seed, ours, folds)
        classifier = Classifier(build_model(trained.final, vocabulary.sequence_length), vocabulary)
        logger.info("measuring the answers")
        tallies = _tallies(encoded, trained, classifier, folds)
        not_sure = threshold_of(trained.held_out or tallies["validation"])
        commonest = parts.labels.index(encoded.majority_label)
        measured = {part: metrics(of_part, not_sure.threshold, commonest) for part, of_part in tallies.items()}
        if folds:
            measured["cross_validated"]["folds"] = len(np.unique(folds.fold))
        classifier.model.save(staging / "model.keras")
        vocabulary.write(staging / "vocabulary.json")
        (staging / "vocabulary.model").write_bytes(vocabulary.model_proto())
        for name, phrases in _kept(parts, encoded).items():
            write_phrases(staging / f"{name}.jsonl", phrases)
        facts = {
            "format": FORMAT,
            "created": created.isoformat(timespec="microseconds"),
            "corpus": {name: getattr(corpus, name) for name in ("name", "title", "description", "license")}
            | {"labels": seen.labels, "left_out": dict(seen.skipped), "rare": corpus.rare},
            "recipe": dataclasses.asdict(recipe),
            "sizes": dataclasses.asdict(sizes),
            "seed": options.seed,
            "split": parts.facts() | {"sha256": encoded.sha256, "phrases": encoded.counts},
            "training": trained.facts,
            "teacher": {name: getattr(teacher, name) for name in ("name", "license", "source")} if teacher else None,
            "temperature": trained.temperature,
            "abstention": dataclasses.asdict(not_sure),
            "majority_label": encoded.majority_label,
            "metrics": measured,
            "advice": advice_of(measured["cross_validated" if folds else "test"], parts.labels, seen.labels),
            "versions": {"byline": __version__} | {name: version(name) for name in _PACKAGES},
            "model_sha256": digest_of(classifier.model),
            "model_file_sha256": sha256((staging / "model.keras").read_bytes()),
        }
        write_json(staging / "run.json", facts)
    return Run.read(path)


def _folds(parts: Split, options: FitOptions) -> Folds | None:
    """Deals the rows to folds where they are cross-validated."""
    if parts.method != "folds":
        return None
    rows = list(parts.corpus.rows())
    return folds_of(rows, parts.corpus.running, options.seed, options.folds or FOLDS)


def _tallies(encoded: Encoded, trained: "_Trained", classifier: Classifier, folds: Folds | None) -> dict[str, Tally]:
    """Counts the answers to each part; in cross-validation to the training phrases, and to all that were held out."""
    tallies = {"train": tally_of(classifier, encoded.sample)}
    if folds:
        assert trained.held_out is not None
        return tallies | {"cross_validated": trained.held_out}
    tallies["validation"] = tally_of(trained.chosen_classifier(classifier), encoded.validation)
    return tallies | {"test": tally_of(classifier, encoded.test)}


def _kept(parts: Split, encoded: Encoded) -> dict[str, list[Phrase]]:
    """Gives the phrases that the run keeps, by the file's name."""
    if parts.method == "folds":
        return {ROWS: [phrase for _, phrase in parts.phrases()]}
    return {"validation": encoded.validation, "test": encoded.test}


_PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "sentencepiece")


def _teacher(parts: Split, recipe: Recipe, row_count: int) -> Teacher | None:
    if recipe.teacher == "auto" and row_count > _MOST_TAUGHT:
        logger.info(f"teacher: none, {row_count:,} rows say enough themselves (--teacher minilm asks for one)")
        return None
    return open_teacher(recipe.teacher, list(islice(parts.training_text(), _TELLING)))


def _vocabulary(
    parts: Split, recipe: Recipe, sizes: Sizes, teacher: Teacher | None, *, with_validation: bool
) -> Vocabulary:
    """Learns the pieces; of few rows with the words of those validation rows that are learned from in the end, too."""
    learned_from = (row.text for part, row in parts.rows() if part != "test")
    return learn(
        learned_from if with_validation else parts.training_text(),
        parts.labels,
        sequence_length=recipe.sequence_length or _WIDEST,
        maximum_pieces=sizes.maximum_pieces,
        whole_words=sizes.whole_words,
        model_type=recipe.model_type,
        spelling=Spelling(recipe.keep_case, recipe.fold_accents),
        extra_words=common_words(teacher, sizes.extra_words) if teacher else (),
    )


@dataclass(frozen=True)
class _Trained:
    """What training gives.

    Attributes:
        final: The model's numbers.
        chosen: Those that the validation phrases measure, where `final` has learned from them.
        held_out: The answers to phrases held out in turn, where rows are few or cross-validated.
        temperature: What logits are divided by.
        facts: What was chosen, for `run.json`.
    """

    final: Weights | LessonWeights
    chosen: Weights | LessonWeights
    held_out: Tally | None
    temperature: float
    facts: dict[str, Any]

    def chosen_classifier(self, final: Classifier) -> Classifier:
        if self.chosen is self.final:
            return final
        return Classifier(build_model(self.chosen, final.vocabulary.sequence_length), final.vocabulary)


def _train(
    encoded: Encoded,
    recipe: Recipe,
    sizes: Sizes,
    teacher: Teacher | None,
    seed: int,
    refit: bool,
    folds: Folds | None,
) -> _Trained:
    if not recipe.tables:
        return _train_lesson(encoded, recipe, seed)
    learned = Learner(encoded, recipe, sizes, teacher, seed, folds).learn(refit)
    answers, truth = learned.held_out, learned.truth.astype(np.int64)
    if folds:  # a long phrase is answered by all its windows, as a client answers it
        numbers, first, windows = np.unique(learned.phrases, return_index=True, return_counts=True)
        in_order = answers[np.argsort(learned.phrases, kind="stable")]
        answers = np.stack([average(each) for each in np.split(in_order, np.cumsum(windows)[:-1])])
        truth = truth[first]
        logger.info(f"cross-validation: {len(numbers):,} phrases answered")
    few = len(truth) > len(encoded.validation)
    counted = tally(answers, truth) if few else None
    return _Trained(learned.final, learned.chosen, counted, 1 / learned.final.gate.scale, learned.facts)


def _train_lesson(encoded: Encoded, recipe: Recipe, seed: int) -> _Trained:
    rows = first_rows([phrase.text for phrase in encoded.validation], encoded.vocabulary)
    truth = truth_of(encoded.validation, encoded.vocabulary.labels)
    weights, history = train_lesson(encoded, recipe, (rows, truth), seed)
    answers = Classifier(build_model(weights, encoded.vocabulary.sequence_length), encoded.vocabulary).answers(rows)
    temperature = temperature_of(np.log(np.maximum(answers, FLOOR)), truth)
    weights = fold(weights, temperature)
    return _Trained(weights, weights, None, temperature, {"history": history})


def split_by(corpus: Corpus, seen: CorpusProfile, recipe: Recipe, options: FitOptions) -> Split:
    """Splits a corpus as the recipe and the options say."""
    unit = options.unit or Unit(recipe.unit)
    ours = not options.random and not seen.given["validation"] and not seen.given["test"]
    few = ours and sum(seen.labels.values()) < CROSS_VALIDATED
    return split(
        corpus,
        seen,
        options.seed,
        folds=bool(options.folds) or (few and unit.kind != "words" and recipe.tables),
        window=(unit.longest or recipe.longest_window) if unit.kind == "words" else 0,
        passes=recipe.window_passes,
        whole_rows=recipe.whole_rows,
        random=options.random,
    )


def warnings_of(parts: Split) -> Iterator[str]:
    """Says what a reader of the accuracy has to know, a line each."""
    if parts.method == "folds":
        yield "split: no part is held out: all rows are learned from, and measured by cross-validation"
    if parts.method == "random":
        yield "split: by row, as the lesson does: neighbours are in training, the accuracy is optimistic"
    if parts.dropped:
        yield f"split: {len(parts.dropped):,} rows held out stand in training too, or nearly, and were left out"
    for part, share in parts.unread.items():
        yield f"split: of the {part} rows {1 - share:.1%} are read, drawn evenly: all of them are too many for memory"
    for part, of_label in parts.optimistic.items():
        labels = ", ".join(of_label) if len(of_label) < 5 else f"{len(of_label)} labels"
        count = f"{sum(of_label.values()):,} {part} rows of {labels}"
        yield f"split: {count} stand in training too, or nearly, and are kept: the accuracy is optimistic"
