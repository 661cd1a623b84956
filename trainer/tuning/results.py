"""What a search found: the best, the smallest that is nearly as good, the frontiers, and what mattered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trainer.evaluation.metrics import wilson
from trainer.tuning.record import Record, Result, complete
from trainer.tuning.space import Limits, Space, dimensions, propose

LEAST_TRIALS: Final = 8  # of a family: of fewer no importance can be told
TREES: Final = 64  # of the forest that tells it
_SEED: Final = 1


@dataclass(frozen=True)
class Importance:
    """What mattered in one family.

    Attributes:
        family: Of the models.
        trials: That it is told from.
        shares: Dimension -> its share of the accuracy's variance, the largest first.
    """

    family: str
    trials: int
    shares: dict[str, float]


def best(results: Sequence[Result]) -> Result | None:
    """Gives the most accurate trial; of equals the smallest."""
    return next(iter(complete(results)), None)


def smallest_within(results: Sequence[Result], points: float) -> Result | None:
    """Gives the smallest trial that is at most so many points of accuracy behind the best."""
    done = complete(results)
    near = [each for each in done if 100 * (done[0].accuracy - each.accuracy) <= points + 1e-9]
    return min(near, key=lambda each: (each.bytes, -each.accuracy), default=None)


def frontier(results: Sequence[Result], cost: Callable[[Result], float]) -> list[Result]:
    """Gives the trials of which none is both as accurate and cheaper, from the cheapest."""
    found: list[Result] = []
    for each in sorted(complete(results), key=lambda each: (cost(each), -each.accuracy)):
        if not found or each.accuracy > found[-1].accuracy:
            found.append(each)
    return found


def by_bytes(result: Result) -> float:
    """Gives kilobytes."""
    return result.bytes / 1_000


def by_latency(result: Result) -> float:
    """Gives microseconds."""
    return result.microseconds


def interval(result: Result) -> tuple[float, float]:
    """Gives the 95 % Wilson interval of a trial's accuracy, from 0 to 1."""
    low, high = wilson(result.right, result.phrases)
    return low, high


def importances(record: Record, space: Space, limits: Limits) -> list[Importance]:
    """Asks Optuna what mattered for the accuracy, in each family that has enough trials."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = []
    for family in limits.families:
        done = [each for each in complete(record.results) if each.family == family]
        if len(done) < LEAST_TRIALS or len({each.right for each in done}) < 2:
            continue
        study = optuna.create_study(direction="maximize")
        for each in sorted(done, key=lambda each: each.number):
            study.enqueue_trial({"family": family, **each.params})
            trial = study.ask()
            propose(trial, space, limits)
            study.tell(trial, each.accuracy)
        names = [name for name, _ in dimensions(space, limits, family)]
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=_SEED)
        shares: dict[str, Any] = optuna.importance.get_param_importances(study, evaluator=evaluator, params=names)
        ranked = sorted(shares.items(), key=lambda item: -float(item[1]))
        found.append(Importance(family, len(done), {name: float(share) for name, share in ranked}))
    return found
