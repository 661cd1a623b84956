"""The corpus of a search: read, cleaned and split once, and handed to every trial without its test part."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from trainer.data.corpus import Corpus, Row
from trainer.data.profile import CorpusProfile, profile_of
from trainer.model.recipe import Recipe
from trainer.splitting.folds import folds_of
from trainer.splitting.options import SplitOptions, split_by
from trainer.splitting.split import Split
from trainer.training.learn import FEW_ROWS
from trainer.tuning.record import WHOLE

FOLDS: Final = 3  # of cross-validation in a search: `fit` has ten, of which each is a training


@dataclass(frozen=True)
class SharedSplit(Split):
    """A split whose training and validation rows are in memory; test rows are not in it.

    Attributes:
        kept: The phrases, as rows with their parts.
        texts: The training rows before they are cut into windows.
    """

    kept: tuple[tuple[str, Row], ...] = field(default=(), repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are there."""
        return ("train",) if self.folds else ("train", "validation")

    def training_text(self) -> Iterator[str]:
        """Gives the rows on which the vocabulary is counted."""
        return iter(self.texts)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Gives every phrase as a row, with its part."""
        return iter(self.kept)


@dataclass(frozen=True)
class Prepared:
    """What all trials of a search share.

    Attributes:
        split: The phrases without those of the test part.
        profile: Of the corpus: counts alone, no row of it.
        digest: Of the whole corpus, see `digest_of`.
        seed: Of split and training.
        rungs: Sixteenths of the training rows after which a trial is looked at, the last of which is all.
        counts: Phrases by part, of those that the search sees.
    """

    split: SharedSplit
    profile: CorpusProfile
    digest: str
    seed: int
    rungs: tuple[int, ...]
    counts: dict[str, int]

    @property
    def asked(self) -> int:
        """How many phrases the score is counted on."""
        return self.counts["train"] if self.split.folds else self.counts["validation"]


def prepare(corpus: Corpus, recipe: Recipe, options: SplitOptions) -> Prepared:
    """Splits a corpus exactly as `fit` does with the same options, and takes the test part out.

    Where training and validation have fewer rows than `FEW_ROWS`, a validation part would say too little: their rows
    are dealt to `FOLDS` folds, and every recipe is measured by cross-validation.

    A trial is looked at after a sixteenth and a quarter of the training rows, and then has all. A share of the rows is
    a measure that both families have, and costs in proportion; epochs would say nothing of a linear SVM. Shares
    of fewer than `FEW_ROWS`, which train in seconds and say little, are left out.

    Args:
        corpus: Labelled text.
        recipe: The default: says how running text is cut.
        options: Seed, unit and kind of split.

    Raises:
        UserError: It cannot be read or split.
    """
    profile = profile_of(corpus)
    found = split_by(corpus, profile, recipe, options)
    kept = [(part, row) for part, row in found.rows() if part != "test"]
    folds, texts = None, tuple(found.training_text())
    if not found.window and len(kept) < FEW_ROWS:
        rows = [replace(row, part="") for _, row in kept]
        kept, texts = [("train", row) for row in rows], tuple(row.text for row in rows)
        folds = folds_of(rows, corpus.running, options.seed, FOLDS)
    counts = Counter(part for part, _ in kept)
    named = {of.name: getattr(found, of.name) for of in fields(Split)}
    named |= {
        "corpus": _without_rows(corpus),
        "method": "folds" if folds else found.method,
        "dropped": frozenset(),
        "folds": folds,
        "kept": tuple((part, Row(row.text, row.label)) for part, row in kept),
        "texts": texts,
        "_division": replace(named["_division"], free={}, part_of={}),
    }
    held = counts["validation"]
    early = [] if folds else [of for of in (1, 4) if counts["train"] * of // WHOLE + held >= FEW_ROWS]
    return Prepared(
        split=SharedSplit(**named),
        profile=replace(profile, free=Counter(), groups={}, first={}),
        digest=digest_of(corpus),
        seed=options.seed,
        rungs=(*early, WHOLE),
        counts=dict(counts),
    )


def digest_of(corpus: Corpus) -> str:
    """Gives the SHA-256 of a corpus's rows, in their order: what `fit` must read for a search to speak of it."""
    digest = hashlib.sha256()
    for row in corpus.rows():
        digest.update(json.dumps([row.part, row.group, row.label, row.text]).encode() + b"\n")
    return digest.hexdigest()


def _without_rows(corpus: Corpus) -> Corpus:
    """Gives what messages say of a corpus; a trial that reads its rows fails."""
    return replace(corpus, read=_unreadable, expected={}, rare={})


def _unreadable(_: Counter[str]) -> Iterator[Any]:
    raise AssertionError("a trial reads the phrases that it was given")
