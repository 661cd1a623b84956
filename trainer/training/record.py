"""Writes the run directory: the model, the vocabulary, the phrases held out, and `run.json` with all that is known."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from trainer import __version__
from trainer.data.corpus import Phrase
from trainer.data.profile import CorpusProfile
from trainer.encoding.encode import Encoded
from trainer.evaluation.advice import advice_of
from trainer.files import sha256, write_json
from trainer.model.archive import save
from trainer.model.recipe import Recipe, Sizes
from trainer.run import FORMAT, ROWS, digest_of, versions, write_phrases
from trainer.splitting.split import Split
from trainer.teacher.encoder import Teacher
from trainer.training.learn import Trained
from trainer.training.measure import Measured


def write_run(
    folder: Path,
    *,
    created: datetime,
    profile: CorpusProfile,
    recipe: Recipe,
    parts: Split,
    sizes: Sizes,
    teacher: Teacher | None,
    encoded: Encoded,
    trained: Trained,
    measured: Measured,
) -> None:
    """Writes all files of a run.

    Args:
        folder: Where they go.
        created: When the fit began.
        profile: Of the corpus.
        recipe: What was asked for.
        parts: The split.
        sizes: Of all that was built.
        teacher: Of the encoder; None: it had none.
        encoded: The phrases.
        trained: What was chosen in training.
        measured: The model, and how well it does.

    Raises:
        OSError: A file cannot be written.
    """
    model, vocabulary = measured.classifier.model, encoded.vocabulary
    save(model, folder / "model.keras", created)
    vocabulary.write(folder / "vocabulary.json")
    (folder / "vocabulary.model").write_bytes(vocabulary.model_proto())
    for name, phrases in _kept(parts, encoded):
        write_phrases(folder / f"{name}.jsonl", phrases)
    facts = {
        "format": FORMAT,
        "created": created.isoformat(timespec="microseconds"),
        "corpus": _corpus_facts(parts, profile),
        "recipe": dataclasses.asdict(recipe),
        "sizes": dataclasses.asdict(sizes),
        "seed": parts.seed,
        "split": parts.facts() | {"sha256": encoded.sha256, "phrases": encoded.counts},
        "training": trained.facts,
        "teacher": {name: getattr(teacher, name) for name in ("name", "license", "source")} if teacher else None,
        "temperature": trained.temperature,
        "abstention": dataclasses.asdict(measured.abstention),
        "majority_label": encoded.majority_label,
        "metrics": measured.metrics,
        "advice": advice_of(measured.results, vocabulary.labels, profile.labels),
        "versions": {"byline": __version__} | versions(),
        "model_sha256": digest_of(model),
        "model_file_sha256": sha256((folder / "model.keras").read_bytes()),
    }
    write_json(folder / "run.json", facts)


def _kept(parts: Split, encoded: Encoded) -> Iterator[tuple[str, Sequence[Phrase]]]:
    """Gives the phrases that the run keeps, with the file's name."""
    if parts.folds:
        yield ROWS, [phrase for _, phrase in parts.phrases()]
    else:
        yield "validation", encoded.validation
        yield "test", encoded.test


def _corpus_facts(parts: Split, profile: CorpusProfile) -> dict[str, Any]:
    corpus = parts.corpus
    described = {name: getattr(corpus, name) for name in ("name", "title", "description", "license")}
    return described | {"labels": profile.labels, "left_out": dict(profile.skipped), "rare": corpus.rare}
