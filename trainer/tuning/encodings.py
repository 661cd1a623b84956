"""The corpus as numbers, kept on a node's disk: trials with the same tokenizer share one encoding."""

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import platformdirs

from trainer.checkpoints import NOTHING_KEPT, Checkpoints
from trainer.data.corpus import Phrase
from trainer.encoding.encode import Encoded, encode
from trainer.encoding.vocabulary import learn_vocabulary
from trainer.files import read_json, sha256, write_json
from trainer.model.recipe import Recipe, Sizes, sizes_for
from trainer.run import write_phrases
from trainer.teacher.encoder import Teacher
from trainer.text.vocabulary import Vocabulary
from trainer.tuning.prepared import Prepared

logger = logging.getLogger(__name__)

_ARRAYS: Final = ("rows", "truth", "weights", "phrases", "validation_rows", "validation_truth")
_FACTS: Final = ("counts", "unmeasured", "majority_label", "sha256")
_MOST: Final = 60  # encodings that a node keeps: of a hundred thousand phrases 10 MB each
_OLDEST: Final = 2 * 24 * 60 * 60  # seconds that those of another search are kept, if it was killed
# What rows of ids depend on. Where held-out rows decide how words are cut, what decides counts, too.
_TOKENIZER: Final = (
    *("model_type", "keep_case", "fold_accents", "maximum_pieces", "whole_words", "sequence_length", "extra_words"),
    *("tables", "budget_kb", "teacher", "first_window", "misspelt_weight", "unpunctuated_weight"),
)
_CUTTING: Final = ("regularization", "bigram_strength", "ngram_strength", "longest_ngram", "cells", "dense_rows")
_STUDENT: Final = ("embedding_size", "lstm_units", "lstm_steps", "sentence_size")


def folder_of(digest: str, seed: int) -> Path:
    """Gives the folder of a search's encodings on this node."""
    return Path(platformdirs.user_cache_dir("byline")) / "searches" / f"{digest[:16]}-{seed}"


def remove(digest: str, seed: int) -> None:
    """Removes the encodings of a search that is done from this node, and old ones of others."""
    folder = folder_of(digest, seed)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        for other in folder.parent.iterdir():
            if time.time() - other.stat().st_mtime > _OLDEST:
                shutil.rmtree(other, ignore_errors=True)


def encoding_of(prepared: Prepared, recipe: Recipe, teacher: Teacher | None) -> tuple[Encoded, Sizes, Path]:
    """Encodes the phrases as a recipe asks for, or finds that it was done.

    Args:
        prepared: The phrases.
        recipe: How.
        teacher: Its common words become pieces, too.

    Returns:
        The rows, the sizes of all that is built on them, and the folder that keeps them.
    """
    named = [*_TOKENIZER, *(_CUTTING if recipe.whole_words == "auto" else ())]
    facts = {name: getattr(recipe, name) for name in named}
    key = sha256(json.dumps([facts, teacher and teacher.digest], sort_keys=True).encode())[:24]
    folder = folder_of(prepared.digest, prepared.seed) / key
    if not (folder / "facts.json").is_file():
        _once(folder, lambda place: _write(place, prepared, recipe, teacher))
    encoded, whole = _read(folder, prepared)
    taught = teacher is not None
    sizes = sizes_for(recipe, len(prepared.split.labels), prepared.profile.trained_on, taught, whole)
    return encoded, sizes, folder


def students(folder: Path, recipe: Recipe, sizes: Sizes, teacher: Teacher | None) -> Checkpoints:
    """Gives where a taught encoder is kept: it learns of texts and pieces alone, so trials of equal pieces share it.

    Args:
        folder: Of the encoding.
        recipe: How it is trained.
        sizes: Of the encoder.
        teacher: None: there is no such encoder.
    """
    if teacher is None:
        return NOTHING_KEPT
    facts = [getattr(sizes, name) for name in _STUDENT] + [recipe.epochs, recipe.batch_size, recipe.learning_rate]
    facts += [sha256((folder / "vocabulary.json").read_bytes()), teacher.digest]
    place = folder.parent / f"student-{sha256(json.dumps(facts).encode())[:24]}"
    place.mkdir(exist_ok=True)
    return Checkpoints(place)


def _write(folder: Path, prepared: Prepared, recipe: Recipe, teacher: Teacher | None) -> None:
    split = prepared.split
    vocabulary, sizes = learn_vocabulary(split, prepared.profile, recipe, teacher)
    encoded = encode(
        split,
        vocabulary,
        folder,
        sequence_length=recipe.sequence_length,
        first_window=recipe.first_window,
        misspelt_weight=recipe.misspelt_weight,
        unpunctuated_weight=recipe.unpunctuated_weight if split.window else 0.0,
        seed=prepared.seed,
    )
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(encoded, name), allow_pickle=False)
    (folder / "rows.bin").unlink()
    encoded.vocabulary.write(folder / "vocabulary.json")
    write_phrases(folder / "sample.jsonl", encoded.sample)
    write_json(folder / "facts.json", {name: getattr(encoded, name) for name in _FACTS} | {"whole": sizes.whole_words})


def _read(folder: Path, prepared: Prepared) -> tuple[Encoded, bool]:
    facts = read_json(folder / "facts.json")
    (folder / "facts.json").touch()  # it was of use: others go first
    arrays: dict[str, Any] = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r" if name == "rows" else None, allow_pickle=False)
        for name in _ARRAYS
    }
    sample = [Phrase(**json.loads(row)) for row in (folder / "sample.jsonl").read_text(encoding="utf-8").splitlines()]
    split = prepared.split
    encoded = Encoded(
        vocabulary=Vocabulary.read(folder / "vocabulary.json"),
        validation=[Phrase(row.text, row.label) for part, row in split.rows() if part == "validation"],
        test=[],
        sample=sample,
        # In the end `fit` learns from the validation phrases, too; a trial is measured on them.
        own_validation=False,
        folds=split.folds,
        **arrays,
        **{name: facts[name] for name in _FACTS},
    )
    return encoded, bool(facts["whole"])


def _once(folder: Path, write: Callable[[Path], None]) -> None:
    """Makes a folder, whole or not at all; of two trials that make the same at once the first one's stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as name:
        staging = Path(name, "whole")
        staging.mkdir()
        write(staging)
        with suppress(OSError):
            staging.rename(folder)
    used = sorted(folder.parent.glob("*/facts.json"), key=lambda path: -path.stat().st_mtime)
    for old in used[_MOST:]:
        shutil.rmtree(old.parent, ignore_errors=True)
