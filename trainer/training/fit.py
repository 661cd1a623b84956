"""The way of a fit: a corpus and a recipe in, a run directory out.

python -m trainer fit --recipe lesson --epochs 3
"""

import dataclasses
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.checkpoints import unfinished
from trainer.clock import now
from trainer.cluster.reading import read_once
from trainer.cluster.workers import workers_of
from trainer.data.corpus import Corpus
from trainer.data.profile import profile_of, report_of
from trainer.encoding.encode import encode
from trainer.encoding.vocabulary import learn_vocabulary
from trainer.model.recipe import Recipe, beyond_budget, within_budget
from trainer.run import RUNS, Run, check_replaceable
from trainer.splitting.options import split_by
from trainer.splitting.wording import warnings_of
from trainer.teacher.encoder import open_teacher
from trainer.training.learn import train
from trainer.training.measure import measure
from trainer.training.options import FitOptions
from trainer.training.record import write_run
from trainer.whole import new_directory, whole_directory

logger = logging.getLogger(__name__)


def fit(corpus: Corpus, recipe: Recipe, options: FitOptions) -> Run:
    """Reads and splits a corpus, learns its vocabulary, encodes, trains, measures, and writes the run directory.

    Args:
        corpus: Labelled text.
        recipe: How it is cut and what is built.
        options: What the user asks for beside.

    Returns:
        The run, read back from its directory.

    Raises:
        UserError: The corpus cannot be read or split, or the run directory cannot be written.
    """
    created = now()
    # The place is taken before the training, so that a bad path is known at once.
    with (
        _place(options.path, f"{created:%Y%m%d-%H%M%S}-{recipe.name}") as (path, staging),
        workers_of(options.workers, options.address, options.storage) as workers,
        tempfile.TemporaryDirectory(dir=staging) as folder,
    ):
        logger.info(f"{corpus.place}: reading")
        corpus = read_once(corpus, workers, Path(folder))
        profile = profile_of(corpus)
        for line in report_of(profile.skipped):
            logger.info(line)
        parts = split_by(corpus, profile, recipe, options)
        for line in warnings_of(parts):
            logger.info(line)
        teacher = open_teacher(recipe.teacher, parts.training_text(), profile.trained_on)
        vocabulary, sizes = learn_vocabulary(parts, profile, recipe, teacher, workers)
        encoded = encode(
            parts,
            vocabulary,
            Path(folder),
            sequence_length=recipe.sequence_length,
            first_window=recipe.first_window,
            misspelt_weight=recipe.misspelt_weight,
            unpunctuated_weight=recipe.unpunctuated_weight if parts.window else 0.0,
            seed=options.seed,
            workers=workers,
        )
        sizes = within_budget(sizes, recipe, encoded.vocabulary, teacher is not None)
        if kilobytes := beyond_budget(sizes, recipe, encoded.vocabulary):
            count = len(encoded.vocabulary.labels)
            logger.info(
                f"--budget-kb {recipe.budget_kb}: too small for {count} labels and this text: the .tflite will "
                f"have about {kilobytes} kB; fewer labels make it smaller"
            )
        facts = {
            "rows": encoded.sha256,
            "vocabulary": encoded.vocabulary.to_json(),
            "recipe": dataclasses.asdict(recipe),
            "sizes": dataclasses.asdict(sizes),
            "teacher": teacher and teacher.digest,
            "seed": options.seed,
            "folds": options.folds,
            "workers": options.workers,
        }
        with unfinished(facts) as checkpoints:
            trained = train(encoded, recipe, sizes, teacher, options.seed, checkpoints, workers)
        measured = measure(trained, encoded)
        write_run(
            staging,
            created=created,
            profile=profile,
            recipe=recipe,
            parts=parts,
            sizes=sizes,
            teacher=teacher,
            encoded=encoded,
            trained=trained,
            measured=measured,
        )
    return Run.read(path)


@contextmanager
def _place(path: Path | None, name: str) -> Iterator[tuple[Path, Path]]:
    """Gives where a run goes, by default to a place of its own in `runs/`, and the directory that is swapped in there.

    Raises:
        UserError: Something else is there, or it cannot be written.
    """
    if path is None:
        with new_directory(RUNS / name) as both:
            yield both
        return
    check_replaceable(path)
    with whole_directory(path) as staging:
        yield path, staging
        check_replaceable(path)  # it took a while
