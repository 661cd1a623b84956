"""Writes a model that was trained elsewhere as a run directory: measured where there are labelled phrases."""

import dataclasses
import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer import __version__
from trainer.clock import now
from trainer.data.corpus import Corpus, Phrase
from trainer.data.profile import report_of, wrong
from trainer.errors import UserError
from trainer.evaluation.abstention import LARGEST_RATE, TARGET_PRECISION, Abstention, threshold_of
from trainer.evaluation.advice import advice_of
from trainer.evaluation.measuring import tally_of
from trainer.evaluation.metrics import metrics
from trainer.external.opening import External, open_external
from trainer.files import sha256, write_json
from trainer.model.archive import save
from trainer.run import FORMAT, RUNS, Run, digest_of, versions, write_phrases
from trainer.splitting.options import SEED
from trainer.text.normalization import SPACE
from trainer.whole import new_directory

logger = logging.getLogger(__name__)

NAME: Final = "external"  # in the place of a recipe's
GIVEN: Final = "given.keras"
GIVEN_VOCABULARY: Final = "given.vocabulary"
_TO_CHOOSE: Final = 200  # phrases: of fewer none is spared to choose the threshold by
_MADE: Final = 200  # texts that runtimes are compared on where there are no phrases
_WORDS: Final = range(3, 13)  # of such a text


def write_external(
    model: Path, vocabulary: Path | None, labels: Sequence[str], corpus: Corpus | None, options: dict[str, Any]
) -> Run:
    """Opens a model, measures it, and writes the run.

    Args:
        model: A `.keras` file.
        vocabulary: Its vocabulary; None where it has a `TextVectorization` layer.
        labels: In the order of its outputs.
        corpus: Labelled text that it has not learned from; None: it is not measured.
        options: `standardize` and `length`, where they were given.

    Returns:
        The run, in `runs/`.

    Raises:
        UserError: The model or its vocabulary cannot be used, or the corpus has another label.
    """
    created = now()
    external = open_external(model, vocabulary, labels, options)
    phrases = _phrases(corpus, labels) if corpus else []
    validation, test = _dealt(phrases)
    facts = _measured(external, validation, test)
    kept = {"validation": validation, "test": test} if test else dict.fromkeys(("validation", "test"), _made(external))
    with new_directory(RUNS / f"{created:%Y%m%d-%H%M%S}-{NAME}") as (path, staging):
        save(external.classifier.model, staging / "model.keras", created)
        external.classifier.vocabulary.write(staging / "vocabulary.json")
        (staging / "vocabulary.model").write_bytes(external.classifier.vocabulary.model_proto())
        shutil.copyfile(model, staging / GIVEN)
        if vocabulary:
            shutil.copyfile(vocabulary, staging / GIVEN_VOCABULARY)
        for part, of_part in kept.items():
            write_phrases(staging / f"{part}.jsonl", of_part)
        write_json(
            staging / "run.json",
            {
                "format": FORMAT,
                "created": created.isoformat(timespec="microseconds"),
                "corpus": _corpus_facts(corpus, phrases, labels),
                "recipe": {"name": NAME},
                "seed": SEED,
                "split": {"method": NAME, "phrases": _counted(validation, test)},
                "external": external.facts | {"options": {key: value for key, value in options.items() if value}},
                "teacher": None,
                "temperature": 1.0,
                **facts,
                "versions": {"byline": __version__} | versions(),
                "model_sha256": digest_of(external.classifier.model),
                "model_file_sha256": sha256((staging / "model.keras").read_bytes()),
            },
        )
    return Run.read(path)


def reopened(run: Run) -> External:
    """Opens the model of a run as it was given.

    Raises:
        UserError: Its file is missing, or another one.
    """
    given = run.path / GIVEN
    vocabulary = run.path / GIVEN_VOCABULARY
    external = open_external(
        given, vocabulary if vocabulary.is_file() else None, run.labels, run.facts["external"]["options"]
    )
    if external.facts["sha256"] != run.facts["external"]["sha256"]:
        raise UserError(f"{given}: is damaged: its SHA-256 is not the one in run.json")
    return external


def read_labels(path: Path) -> tuple[str, ...]:
    """Reads labels, one a line, in the order of the model's outputs.

    Raises:
        UserError: The file cannot be read, a row is blank or stands twice, or there are fewer than two.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--labels: {path}: cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})"
        ) from error
    labels = tuple(line.strip() for line in lines)
    for row, label in enumerate(labels, 1):
        if not label:
            raise UserError(f"--labels: {path}: row {row}: is blank; a row is one label")
        if labels.index(label) != row - 1:
            raise UserError(f"--labels: {path}: row {row}: {label!r} stands twice")
    if len(labels) < 2:
        raise UserError(f"--labels: {path}: holds {len(labels)} label; a classifier has two at least")
    return labels


def _phrases(corpus: Corpus, labels: Sequence[str]) -> list[Phrase]:
    skipped: Counter[str] = Counter()
    phrases = []
    for row in corpus.read(skipped):
        if row.label not in labels:
            raise wrong(row, f"{row.label!r} is none of the labels in --labels")
        phrases.append(Phrase(row.text, row.label))
    for line in report_of(skipped):
        logger.info(line)
    if not phrases:
        raise UserError(f"{corpus.place}: holds no text")
    return phrases


def _dealt(phrases: list[Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    """Gives what the threshold is chosen by, and what is measured: a half each of every label; of few phrases all are
    measured.
    """
    if len(phrases) < _TO_CHOOSE:
        return phrases, phrases
    order = np.random.default_rng(SEED).permutation(len(phrases))
    by_label = sorted(order.tolist(), key=lambda at: phrases[at].label)
    return tuple([phrases[at] for at in sorted(by_label[first::2])] for first in (0, 1))  # type: ignore[return-value]


def _measured(external: External, validation: list[Phrase], test: list[Phrase]) -> dict[str, Any]:
    labels = external.classifier.vocabulary.labels
    chosen = Abstention(0.0, TARGET_PRECISION, LARGEST_RATE, precision=0.0, abstention_rate=0.0)
    tallies = {part: tally_of(external.classifier, of) for part, of in (("validation", validation), ("test", test))}
    if validation is not test and validation:
        chosen = threshold_of(tallies["validation"])
    counts = Counter(phrase.label for phrase in validation)
    commonest = max(labels, key=lambda label: counts[label])
    measured = {part: metrics(of, chosen.threshold, labels.index(commonest)) for part, of in tallies.items()}
    return {
        "abstention": dataclasses.asdict(chosen),
        "majority_label": commonest,
        "metrics": measured,
        "advice": advice_of(measured["test"], labels, counts) if test else None,
    }


def _made(external: External) -> list[Phrase]:
    """Makes texts of the vocabulary's words, each with the model's own answer: runtimes are compared on them."""
    vocabulary = external.classifier.vocabulary
    words = [piece[1:] for piece in vocabulary.pieces if piece.startswith(SPACE) and len(piece) > 2]
    words = words or [piece.strip(SPACE) or "a" for piece in vocabulary.pieces]
    generator = np.random.default_rng(SEED)
    counts = generator.integers(_WORDS.start, _WORDS.stop, _MADE)
    texts = [" ".join(words[int(at)] for at in generator.integers(0, len(words), count)) for count in counts]
    answers = external.classifier.probabilities(texts).argmax(axis=1)
    return [Phrase(text, vocabulary.labels[int(answer)]) for text, answer in zip(texts, answers, strict=True)]


def _counted(validation: list[Phrase], test: list[Phrase]) -> dict[str, int]:
    """Counts the phrases by what they were used for; where none were spared to choose by, all were measured."""
    return {"train": 0, "validation": 0 if validation is test else len(validation), "test": len(test)}


def _corpus_facts(corpus: Corpus | None, phrases: list[Phrase], labels: Sequence[str]) -> dict[str, Any]:
    """Describes what the model was measured on: what it learned from is not known."""
    counts = Counter(phrase.label for phrase in phrases)
    return {
        "name": corpus.name if corpus else "",
        "title": "",
        "description": "",
        "license": "",
        "labels": {label: counts[label] for label in labels},
        "left_out": {},
        "rare": {},
    }
