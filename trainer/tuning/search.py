"""The search: Ray Tune runs trials, one a processor, ASHA ends what is behind, and Optuna's TPE proposes the next.

python -m trainer tune --data tickets.csv --minutes 15
"""

import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trainer.clock import now
from trainer.cluster.connection import connected
from trainer.data.corpus import Corpus
from trainer.errors import UserError
from trainer.model.recipe import FEW_LABELS, RECIPES, Recipe, budget_kb_of, sizes_for
from trainer.quiet import quietly
from trainer.splitting.options import SplitOptions
from trainer.teacher.encoder import open_teacher
from trainer.tuning import encodings
from trainer.tuning.prepared import FOLDS, Prepared, prepare
from trainer.tuning.record import SEARCHES, WHOLE, Record, facts_of
from trainer.tuning.space import LEAST_KB, NETWORK, TABLES, TAUGHT, Limits, Space, nearest

logger = logging.getLogger(__name__)

MINUTES: Final = 15.0
_NO_LIMIT: Final = 1_000_000  # trials
_MEMORY: Final = 2 << 30  # bytes of a trial: TensorFlow, the phrases, and what an SVM of many labels takes
_LOST: Final = 3  # times that a trial whose node is lost begins anew
_ENDS: Final = 20  # seconds that trials have to stop when the time is up
HALF: Final = "byline-half"  # the default at half of its size
UNTAUGHT: Final = "byline-untaught"  # the default without a teacher
_UNDER_HALF: Final = 0.48  # what was asked for is met within a per cent or two
_REDUCTION: Final = 3  # of a rung's trials the best third goes on
_UPDATES: Final = 300  # gradient steps a minute of the search that one network may take, misspelt copies not counted
_POSITIONS: Final = 34  # that the default reads of most text; the starting point of the search alone depends on it


@dataclass(frozen=True)
class SearchOptions(SplitOptions):
    """What a search is asked for beside the corpus.

    Attributes:
        minutes: After which it ends; those before a kill count.
        trials: After which it ends; 0: any number.
        budget_kb: The largest `.tflite` in kilobytes; 0: as large as the default recipe's.
        teacher: As of a recipe: "none" leaves the taught family out.
        address: Of a Ray cluster; empty: this machine.
        workers: Trials at once; 0: one a processor.
        output: The directory; None: a new one in `searches/`.
    """

    minutes: float = MINUTES
    trials: int = 0
    budget_kb: int = 0
    teacher: str = "auto"
    address: str = ""
    workers: int = 0
    output: Path | None = None


def search(
    corpus: Corpus, options: SearchOptions, listener: Callable[..., None] = lambda *_: None, space: Space | None = None
) -> Record:
    """Searches, and keeps every trial as it ends.

    Args:
        corpus: Labelled text.
        options: What the user asks for.
        listener: Is told of every trial, see `proposals.Listener`.
        space: What is searched; None: all of it.

    Returns:
        What was found, those before a kill among it.

    Raises:
        UserError: The corpus cannot be read or split, or the directory holds another search.
        ModuleNotFoundError: The extra `byline[ray]` is not installed.
    """
    _import_all()
    began = time.monotonic()
    base = replace(RECIPES["byline"], teacher=options.teacher)
    logger.info(f"{corpus.place}: reading")
    prepared = prepare(corpus, base, options)
    limits = limits_of(prepared, base, options)
    record = Record.open(options.output or _place(), _facts(corpus, prepared, limits, options))
    earlier = record.elapsed
    logger.info(_described(prepared, limits, record))
    with ExitStack() as stack:
        with quietly():  # Ray says which level its log has
            ray = stack.enter_context(connected(options.address, options.workers or None))
        _run(
            ray,
            prepared,
            limits,
            record,
            options,
            listener,
            space or Space(),
            lambda: earlier + time.monotonic() - began,
        )
    encodings.remove(prepared.digest, prepared.seed)
    if not any(result.complete for result in record.results):
        raise UserError(f"{record.folder}: no trial was done in {options.minutes:g} minutes; give it more --minutes")
    return record


def limits_of(prepared: Prepared, base: Recipe, options: SearchOptions) -> Limits:
    """Says what of the space is there: a family with a teacher where `fit` would open one."""
    split = prepared.split
    teacher = open_teacher(base.teacher, split.training_text(), prepared.profile.trained_on)
    label_count = len(split.labels)
    base = replace(base, budget_kb=options.budget_kb)
    return Limits(
        families=(TABLES, TAUGHT, NETWORK) if teacher else (TABLES, NETWORK),
        kilobytes=budget_kb_of(base, label_count, teacher is not None),
        many=label_count > FEW_LABELS,
        windows=bool(split.window),
        teacher=base.teacher,
        base=base,
        rows=prepared.counts["train"],
        updates=round(_UPDATES * options.minutes),
    )


def starts_of(prepared: Prepared, limits: Limits, space: Space) -> list[Any]:
    """Gives the recipes that the search starts from.

    They are the default, the default at half of its size, `tiny`, and the lesson's on the same phrases; with a teacher
    the default without one, too.
    """
    from trainer.tuning.proposals import Start

    half = replace(limits.base, name=HALF, budget_kb=max(LEAST_KB, round(_UNDER_HALF * limits.kilobytes)))
    alone = replace(limits.base, name=UNTAUGHT, teacher="none")
    alone = replace(alone, budget_kb=budget_kb_of(alone, len(prepared.split.labels), False))
    untaught = [alone] if TAUGHT in limits.families else []
    lesson = replace(RECIPES["lesson"], unit=limits.base.unit)
    starts = []
    for recipe in (limits.base, half, *untaught, RECIPES["tiny"], lesson):
        taught = TAUGHT in limits.families and recipe.teacher != "none"
        whole = recipe.whole_words != "no"
        sizes = sizes_for(recipe, len(prepared.split.labels), prepared.profile.trained_on, taught, whole)
        family, params = nearest(recipe, sizes, recipe.sequence_length or _POSITIONS, space, limits)
        if family in limits.families:
            starts.append(Start(recipe, family, params))
    return starts


def _run(
    ray: Any,
    prepared: Prepared,
    limits: Limits,
    record: Record,
    options: SearchOptions,
    listener: Callable[..., None],
    space: Space,
    clock: Callable[[], float],
) -> None:
    from ray import tune

    from trainer.tuning.proposals import Proposals
    from trainer.tuning.worker import TIME, RecipeTrial, SparingScheduler

    until = 60 * options.minutes
    proposals = Proposals(
        space,
        limits,
        starts_of(prepared, limits, space),
        record,
        seed=options.seed,
        most=options.trials or _NO_LIMIT,
        until=until,
        listener=listener,
        clock=clock,
    )
    trainable = tune.with_parameters(RecipeTrial, prepared=prepared, most_bytes=1_000 * options.budget_kb)
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            tune_config=tune.TuneConfig(
                search_alg=proposals,
                scheduler=SparingScheduler(
                    time_attr=TIME, metric="score", mode="max", grace_period=1, max_t=WHOLE, reduction_factor=_REDUCTION
                ),
                num_samples=-1,
                max_concurrent_trials=_at_once(ray, options.workers),
                time_budget_s=max(1.0, until - clock()),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="search", storage_path=folder, verbose=0, failure_config=tune.FailureConfig(max_failures=_LOST)
            ),
        )
        tuner.fit()


def _at_once(ray: Any, workers: int) -> int:
    """Says how many trials run at once: one a processor, as many as the memory holds."""
    resources = ray.cluster_resources()
    processors, memory = int(resources.get("CPU", 1)), int(resources.get("memory", _MEMORY))
    return max(1, min(workers or processors, processors, memory // _MEMORY))


def _import_all() -> None:
    """Fails at once where a package of the extra is missing, and says to Ray what it may do."""
    os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")  # an interruption is ours to report
    os.environ.setdefault("TUNE_FORCE_TRIAL_CLEANUP_S", str(_ENDS))
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")  # the record is what is kept
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # without a dashboard it misses one, and says so
    os.environ.setdefault("RAY_worker_niceness", "0")  # as `fit` runs: at 15 what else runs takes the minutes
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # it misses the files that it was told not to write
    import matplotlib  # noqa: F401
    import optuna  # noqa: F401
    import ray  # noqa: F401


def _place() -> Path:
    name = f"{now():%Y%m%d-%H%M%S}"
    number, place = 2, SEARCHES / name
    while place.exists():
        number, place = number + 1, SEARCHES / f"{name}-{number}"
    return place


def _facts(corpus: Corpus, prepared: Prepared, limits: Limits, options: SearchOptions) -> dict[str, Any]:
    """Gives what `search.json` holds."""
    split = prepared.split
    return {
        "created": now().isoformat(timespec="microseconds"),
        "corpus": corpus.name,
        "title": corpus.title,
        "digest": prepared.digest,
        "seed": prepared.seed,
        "unit": "windows" if split.window else "rows",
        "split": split.method,
        "labels": len(split.labels),
        "counts": prepared.counts,
        "folds": len(set(split.folds.fold.tolist())) if split.folds else 0,
        "rungs": list(prepared.rungs),
        "kilobytes": limits.kilobytes,
        "budget_kb": options.budget_kb,
        "families": list(limits.families),
        "base": facts_of(limits.base),
    }


def _described(prepared: Prepared, limits: Limits, record: Record) -> str:
    how = (
        f"{FOLDS}-fold cross-validation of {prepared.asked:,} phrases"
        if prepared.split.folds
        else f"{prepared.asked:,} validation phrases"
    )
    gone_on = f"; goes on after {len(record.results)} trials" if record.results else ""
    return f"{record.folder}: searching {', '.join(limits.families)} up to {limits.kilobytes:,} kB on {how}{gone_on}"
