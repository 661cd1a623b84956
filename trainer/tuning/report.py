"""The report of a search: one page of HTML without scripts or other files, and text for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from trainer.model.recipe import FEW_LABELS, RECIPES, Recipe
from trainer.templates import environment
from trainer.tuning.pictures import LOWEST, draw
from trainer.tuning.record import Record, Result, complete, recipe_from
from trainer.tuning.results import (
    Importance,
    best,
    by_bytes,
    by_latency,
    frontier,
    importances,
    interval,
    smallest_within,
)
from trainer.tuning.space import Limits, Space, dimensions

WITHIN: Final = 0.5  # points, of the example of `smallest-within`
_SHOWN: Final = 8  # trials
_MATTERED: Final = 8  # dimensions of a family
_BAR: Final = 24  # columns


@dataclass(frozen=True)
class Findings:
    """What a report says.

    Attributes:
        record: The search.
        best: The most accurate trial.
        smallest: The smallest that is within `WITHIN` points of it.
        starts: The trials of the recipes that the search started from.
        importances: What mattered.
    """

    record: Record
    best: Result
    smallest: Result
    starts: list[Result]
    importances: list[Importance]

    @property
    def measured(self) -> str:
        """What accuracies are counted on."""
        facts = self.record.facts
        if facts["folds"]:
            return f"{facts['folds']}-fold cross-validation of {self.best.phrases:,} phrases"
        return f"{self.best.phrases:,} validation phrases"


def findings_of(record: Record, space: Space | None = None) -> Findings:
    """Takes out of a search what is worth saying; at least one trial must be done."""
    first, small = best(record.results), smallest_within(record.results, WITHIN)
    assert first is not None
    assert small is not None
    starts = [each for each in record.results if each.name in RECIPES and each.complete]
    return Findings(record, first, small, starts, importances(record, space or Space(), limits_from(record)))


def limits_from(record: Record) -> Limits:
    """Gives what of the space a search searched."""
    facts = record.facts
    base = recipe_from(facts["base"])
    return Limits(
        families=tuple(facts["families"]),
        kilobytes=int(facts["kilobytes"]),
        many=int(facts["labels"]) > FEW_LABELS,
        windows=facts["unit"] == "windows",
        teacher=base.teacher,
        base=base,
    )


def terminal(findings: Findings) -> str:
    """Writes the report as text."""
    return "\n".join(_lines(findings))


def _lines(findings: Findings) -> Iterator[str]:
    record = findings.record
    yield f"{record.facts['corpus']}: {counted(record)}"
    yield ""
    yield f"BEST, by {findings.measured}; in brackets: 95 % confidence interval (Wilson)"
    yield f"  {'trial':>5} {'recipe':10} {'family':8} {'accuracy':24} {'kB':>6} {'µs':>5}"
    for each in _ranked(findings):
        low, high = interval(each)
        accuracy = f"{each.accuracy:.1%} ({low:.1%} to {high:.1%})"
        yield (
            f"  {each.number:>5} {each.name:10} {each.family:8} {accuracy:24} "
            f"{by_bytes(each):>6,.0f} {each.microseconds:>5.0f}"
        )
    for name, each in (("best", findings.best), (f"smallest-within:{WITHIN:g}", findings.smallest)):
        yield ""
        yield f"{name.upper()}: trial {each.number}, {each.family}"
        base = "byline" if each.made().tables else "lesson"
        for field, value, default in differences(each):
            yield f"  {field:20} {value:>12}   {base}: {default}"
    yield ""
    yield "FRONTIER: kB, µs and accuracy of the trials that none beats in both"
    for each in frontier(record.results, by_bytes):
        yield f"  {by_bytes(each):>6,.0f} kB {each.microseconds:>5.0f} µs  {each.accuracy:.1%}  trial {each.number}"
    for of in findings.importances:
        yield ""
        yield f"WHAT MATTERED in {of.family}, of {of.trials} trials: share of the accuracy's variance (fANOVA)"
        for name, share in list(of.shares.items())[:_MATTERED]:
            yield f"  {name:20} {share:6.1%}  {'█' * round(_BAR * share)}".rstrip()


def counted(record: Record) -> str:
    """Says how many trials ended how."""
    states = [each.state for each in record.results]
    kinds = ", ".join(f"{states.count(state):,} {state}" for state in dict.fromkeys(sorted(states)))
    return f"{len(states):,} trials in {record.elapsed / 60:.1f} minutes: {kinds}"


def differences(result: Result) -> list[tuple[str, str, str]]:
    """Gives what a trial's recipe has otherwise than the default, or the lesson's: option, value, and theirs."""
    recipe = result.made()
    base = RECIPES["byline"] if recipe.tables else RECIPES["lesson"]
    found = []
    for of in fields(Recipe):
        value, other = getattr(recipe, of.name), getattr(base, of.name)
        if of.name != "name" and value != other:
            found.append(
                (of.name, _text(value), "by rule" if other == 0 and not isinstance(other, bool) else _text(other))
            )
    return found


def html(findings: Findings, space: Space | None = None) -> str:
    """Writes the report as one page, with its style and pictures inside."""
    import jinja2
    from markupsafe import Markup

    record, here = findings.record, Path(__file__).parent
    folders = [here / "templates", here.parent / "audit" / "templates"]  # the reports share their style
    templates = environment(jinja2.FileSystemLoader(folders), html=True)
    templates.filters |= {"interval": interval_text, "kilobytes": lambda each: f"{by_bytes(each):,.0f}"}
    limits, space = limits_from(record), space or Space()
    pictures = [
        (Markup(draw(record.results, cost, label, kind)), title)
        for cost, label, title, kind in (
            (by_bytes, "kB of the .tflite, estimated", "Accuracy against bytes", "validation"),
            (by_latency, "µs of a phrase, estimated", "Accuracy against latency", "validation"),
        )
    ]
    return templates.get_template("search.html.j2").render(
        facts=record.facts,
        counted=counted(record),
        measured=findings.measured,
        ranked=_ranked(findings),
        best=findings.best,
        smallest=findings.smallest,
        within=f"{WITHIN:g}",
        differences=differences,
        frontier=frontier(record.results, by_bytes),
        importances=findings.importances,
        most=_MATTERED,
        lowest=f"{LOWEST:g}",
        pictures=pictures,
        space={family: _described(space, limits, family) for family in limits.families},
        failed=[each for each in record.results if each.error],
    )


def interval_text(result: Result) -> str:
    """Gives an accuracy's interval in per cent."""
    low, high = interval(result)
    return f"{100 * low:.1f}–{100 * high:.1f}"


def _ranked(findings: Findings) -> list[Result]:
    """Gives the best trials, and the recipes that the search started from."""
    ranked = complete(findings.record.results)
    return [each for place, each in enumerate(ranked) if place < _SHOWN or each in findings.starts]


def _described(space: Space, limits: Limits, family: str) -> list[dict[str, str]]:
    described = []
    for name, dimension in dimensions(space, limits, family):
        values = (" to " if dimension.interval else ", ").join(map(_text, dimension.values))
        described.append({"name": name, "field": dimension.field, "values": values, "reason": dimension.reason})
    return described


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " and ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
