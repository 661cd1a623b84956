"""Optuna's proposals to Ray Tune: a searcher by ask and tell, whose trials are kept as they end.

Ray's own searcher for Optuna takes a space before the search; this one knows families, starts from given recipes, and
tells Optuna of trials that a killed search has made. Half of the proposals are neighbours of good trials, as PriorBand
(Mallik et al., 2023) draws about the incumbent: a few dozen trials are few for TPE alone, and neighbours of a trial
often share its encoding of the text and its student.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from ray.tune.search import Searcher

from trainer.model.recipe import Recipe
from trainer.tuning.record import COMPLETE, FAILED, PRUNED, TOO_LARGE, WHOLE, Record, Result, complete, facts_of
from trainer.tuning.results import by_bytes, frontier
from trainer.tuning.space import FAMILY, Limits, Params, Space, neighbour, propose, recipe_of

STARTUP: Final = 8  # trials before TPE models what is good: till then neighbours of the starts are proposed
_NEIGHBOURS: Final = 0.5  # of the proposals after them: TPE knows too little of twenty dimensions to do without
_PARENTS: Final = 3  # of the best scores, whose neighbours are proposed, beside what is on the frontier
_DRAWS: Final = 20  # of a neighbour that was not proposed yet
_BEHIND: Final = 2.0  # points behind the best, at most, of parents
_POINTS: Final = 2.0  # behind the best family, at which another is tried e times less often
NAME: Final = "trial-{}"

Listener = Callable[[Result, bool], None]  # a trial as far as it is, and whether it is done


@dataclass(frozen=True)
class Start:
    """A recipe that the search starts from.

    Attributes:
        recipe: Is trained as it is.
        family: Of the point of the space that is nearest to it.
        params: Of that point.
    """

    recipe: Recipe
    family: str
    params: Params


class Proposals(Searcher):  # type: ignore[misc] # Ray has no types
    """Proposes recipes, first those that the search starts from.

    Args:
        space: What is searched.
        limits: What of it.
        starts: The first trials.
        record: Keeps what was found; its trials are told to Optuna before the first proposal.
        seed: Equal seeds propose the same, as long as the same scores come back in the same order.
        most: Trials in all.
        until: The time, by `clock`, after which nothing is proposed.
        listener: Is told of each trial that begins, comes to a rung, or ends.
        clock: Gives seconds since the search began.
    """

    def __init__(
        self,
        space: Space,
        limits: Limits,
        starts: Sequence[Start],
        record: Record,
        *,
        seed: int,
        most: int,
        until: float,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(metric="score", mode="max")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._limits, self._starts, self._record = space, limits, starts, record
        self._most, self._until, self._listener, self._clock, self._seed = most, until, listener, clock, seed
        self._open: dict[str, tuple[Any, Result]] = {}
        self._proposed = [{FAMILY: result.family, **result.params} for result in record.results]
        # A search that goes on draws other numbers than it began with.
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=STARTUP, constant_liar=True, seed=seed + 1_000_003 * len(record.results)
        )
        self.study = optuna.create_study(direction="maximize", sampler=sampler)
        for result in record.results:
            self.study.enqueue_trial({FAMILY: result.family, **result.params})
            trial = self.study.ask()
            propose(trial, space, limits)
            self._tell(trial, result)
        done = {result.name for result in record.results if result.state != PRUNED}  # else the time ran out
        self._waiting = [start for start in starts if start.recipe.name not in done]
        self._next = max((result.number + 1 for result in record.results), default=0)

    def suggest(self, trial_id: str) -> Mapping[str, Any] | str | None:
        """Gives the next trial's configuration, or says that there is none."""
        if self._next >= self._most or self._clock() >= self._until:
            return str(Searcher.FINISHED)
        start = self._waiting.pop(0) if self._waiting else None
        self.study.enqueue_trial({FAMILY: start.family, **start.params} if start else self._fixed())
        trial = self.study.ask()
        family, params = propose(trial, self._space, self._limits)
        self._proposed.append({FAMILY: family, **params})
        name = NAME.format(self._next)
        recipe = start.recipe if start else recipe_of(family, params, self._space, self._limits, name)
        result = Result(self._next, recipe.name, family, params, facts_of(recipe), "running", [])
        self._open[trial_id] = trial, result
        self._next += 1
        self._listener(result, False)
        return {"recipe": result.recipe, "number": result.number, "spared": start is not None}

    def _fixed(self) -> dict[str, Any]:
        """Gives what TPE does not propose: a whole neighbour of a trial that is good, or of a start; or the family."""
        generator = np.random.default_rng([self._seed, self._next])
        parents = _parents(self._record.results) or [(start.family, start.params) for start in self._starts[:1]]
        if parents and generator.random() < (_NEIGHBOURS if self._next >= STARTUP else bool(self._starts)):
            for _ in range(_DRAWS):
                family, params = parents[int(generator.integers(len(parents)))]
                near = {FAMILY: family, **neighbour(family, params, self._space, self._limits, generator)}
                if near not in self._proposed:
                    return near
        return {FAMILY: str(generator.choice(self._limits.families, p=self._chances()))}

    def _chances(self) -> list[float]:
        """Gives each family's chance to be tried by the best score that it has; one without a score is not behind."""
        done = complete(self._record.results)
        scores = {each.family: each.rungs[-1][1] for each in sorted(done, key=lambda each: each.rungs[-1][1])}
        top = max(scores.values(), default=0.0)
        odds = np.exp([(scores.get(family, top) - top) / _POINTS for family in self._limits.families])
        return list(odds / odds.sum())

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Takes what a trial says after a rung."""
        trial, before = self._open[trial_id]
        after = _after(before, result)
        self._open[trial_id] = trial, after
        self._listener(after, False)

    def on_trial_complete(self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False) -> None:
        """Keeps a trial that has ended, and tells Optuna of it."""
        if trial_id not in self._open:
            return
        trial, last = self._open.pop(trial_id)
        if result and "share" in result:
            last = _after(last, result)
        state = _state_of(last, error)
        if state is None:
            return  # the time ran out before its first rung: it says nothing
        last = replace(last, state=state, elapsed=round(self._clock(), 2))
        self._tell(trial, last)
        self._record.add(last)
        self._listener(last, True)

    def __getstate__(self) -> dict[str, Any]:
        """Gives nothing: Tune pickles all it is given, and a listener may hold a terminal."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Does nothing: the record is what a killed search goes on from."""

    def restore(self, checkpoint_path: str) -> None:
        """Does nothing, as `save`."""

    def _tell(self, trial: Any, result: Result) -> None:
        from optuna.trial import TrialState

        trial.set_constraint("bytes", float(result.over))
        for share, score in result.rungs:
            trial.report(score, share)
        if result.state == COMPLETE:
            self.study.tell(trial, result.rungs[-1][1])
        else:
            state = TrialState.FAIL if result.state == FAILED else TrialState.PRUNED
            self.study.tell(trial, state=state)


def _parents(results: Sequence[Result]) -> list[tuple[str, Params]]:
    """Gives the families and parameters of trials with the best scores, and of the frontier of accuracy and bytes."""
    done = complete(results)
    scored = sorted(done, key=lambda each: (-each.rungs[-1][1], each.number))[:_PARENTS]
    near = [each for each in scored if scored[0].rungs[-1][1] - each.rungs[-1][1] <= _BEHIND]
    near += [each for each in frontier(results, by_bytes) if 100 * (done[0].accuracy - each.accuracy) <= _BEHIND]
    found = {each.number: (each.family, each.params) for each in near}
    return [found[number] for number in sorted(found)]


def _after(before: Result, said: Mapping[str, Any]) -> Result:
    """Adds what a trial says after a rung to what is known of it; said twice it is added once."""
    if said.get("error"):
        return replace(before, error=str(said["error"]))
    share = int(said["share"])
    if any(at == share for at, _ in before.rungs):
        return before
    return replace(
        before,
        rungs=[*before.rungs, (share, round(float(said["score"]), 4))] if share else before.rungs,
        right=int(said["right"]),
        phrases=int(said["phrases"]),
        bytes=int(said["bytes"]),
        microseconds=round(float(said["microseconds"]), 1),
        over=int(said["over"]),
        sizes=json.loads(said["sizes"]),
        seconds=round(before.seconds + float(said["seconds"]), 2),
    )


def _state_of(result: Result, error: bool) -> str | None:
    if error or result.error:
        return FAILED
    if result.over:
        return TOO_LARGE
    if not result.rungs:
        return None
    return COMPLETE if result.rungs[-1][0] == WHOLE else PRUNED
