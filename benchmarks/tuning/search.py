"""Does a search pay: python benchmarks/tuning/search.py [--write]

`python -m trainer tune` for a quarter of an hour on BANKING77, HWU64 and the built-in corpus, on all processors. Then
the recipes `best` and `smallest-within:0.5`, and those that the search started from, are trained by `fit`, and each is
asked the same test phrases, once: the published ones, or of the built-in corpus those of the default recipe's split.
The table stands in docs/tuning.md. With `--runs DIR` what was searched, trained and measured is kept and found again.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables
from sets.public_sets import DATA
from variants import models

from trainer.cli.terminal import LineHandler, logged_to, say
from trainer.cli.tune import Lines
from trainer.data import built_in
from trainer.data.corpus import Corpus, Phrase
from trainer.data.sources import Source, Unit, load
from trainer.evaluation.measuring import measure
from trainer.files import read_json, write_json
from trainer.model.recipe import Recipe
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.training.fit import fit
from trainer.training.options import FitOptions
from trainer.tuning.record import Record, Result, complete
from trainer.tuning.results import best, interval, smallest_within
from trainer.tuning.search import HALF, SearchOptions, search

set_environment()

NAME: Final = "tuning"
PAGE: Final = tables.ROOT / "docs" / "tuning.md"
_BUILT_IN: Final = "built-in"
CORPORA: Final = ("banking77", "hwu64", _BUILT_IN)
WITHIN: Final = 0.5  # points
_STARTS: Final = ("byline", HALF, "tiny", "lesson")
_EQUAL: Final = 1.02  # times the default's bytes are as many


def corpus_of(name: str, data: Path) -> Corpus:
    """Opens a corpus."""
    return built_in.load() if name == _BUILT_IN else load(Source(str(data / name / "train.csv")))


def recipes_of(record: Record) -> dict[str, tuple[Recipe, Result]]:
    """Gives the recipes that are trained in the end, each with its trial, by name."""
    named = {each.name: each for each in complete(record.results)}
    first, small = best(record.results), smallest_within(record.results, WITHIN)
    assert first is not None
    assert small is not None
    found = {name: (named[name].made(), named[name]) for name in _STARTS if name in named}
    return found | {"best": (first.made(), first), f"smallest-within:{WITHIN:g}": (small.made(), small)}


def measured(name: str, data: Path, minutes: float, teacher: str, folder: Path) -> dict[str, Any]:
    """Searches one corpus, trains what was found, and asks the test."""
    corpus = corpus_of(name, data)
    unit = None if name == _BUILT_IN else Unit("line")  # as the command does
    done = folder / "search-done.json"
    if done.is_file():
        record = Record.read(folder / "search")
    else:
        record = search(
            corpus,
            SearchOptions(unit=unit, minutes=minutes, teacher=teacher, output=folder / "search"),
            Lines().hear,
        )
        write_json(done, {"minutes": minutes})
    facts: dict[str, Any] = {"trials": len(record.results), "minutes": minutes, "recipes": {}}
    facts["complete"] = len(complete(record.results))
    phrases: list[Phrase] = []
    for of, (recipe, trial) in recipes_of(record).items():
        path = folder / f"trial-{trial.number}"  # two names of one are trained once
        run = Run.read(path) if path.is_dir() else fit(corpus, recipe, FitOptions(unit=unit, path=path))
        phrases = phrases or _test(name, data, run)
        asked = measure(run.classifier, phrases, run.threshold, run.majority_label)
        low, high = interval(trial)
        facts["recipes"][of] = {
            "trial": trial.number,
            "family": trial.family,
            "validation": trial.accuracy,
            "validation_interval": [low, high],
            "validation_phrases": trial.phrases,
            "estimated_bytes": trial.bytes,
            "microseconds": trial.microseconds,
            "test": asked["accuracy"],
            "test_interval": asked["intervals"]["accuracy"],
            "test_phrases": asked["phrases"],
            "bytes": models(run, every=False)["int8 rows"][1]["whole"],
            "recipe": trial.recipe,
        }
        say(f"{name}, {of}: validation {trial.accuracy:.1%}, test {asked['accuracy']:.1%}")
    return facts | claims(record)


def claims(record: Record) -> dict[str, Any]:
    """Says what the search was to find: as good at half of the bytes, a point at as many, two over the lesson."""
    done = complete(record.results)
    named = {each.name: each for each in done}
    default, lesson = named["byline"], named.get("lesson")
    half = [each for each in done if 2 * each.bytes <= default.bytes]
    equal = [each for each in done if each.bytes <= _EQUAL * default.bytes]
    return {
        "half": (half[0].right - default.right) / default.phrases if half else None,
        "equal": (equal[0].right - default.right) / default.phrases,
        "over_lesson": done[0].accuracy - lesson.accuracy if lesson else None,
    }


def _test(name: str, data: Path, run: Run) -> list[Phrase]:
    if name == _BUILT_IN:
        return run.phrases("test")
    rows = load(replace(Source(str(data / name / "test.csv")), least_rows=1)).rows()
    return [Phrase(row.text, row.label) for row in rows]


def report(result: dict[str, Any]) -> str:
    """Draws the table."""
    head = ["corpus", "recipe", "family", "validation", "test", "`.tflite`", "latency, estimated"]
    rows = []
    for name, facts in result["corpora"].items():
        for of, about in facts["recipes"].items():
            validation, test = (
                f"{100 * about[part]:.1f} ({100 * about[f'{part}_interval'][0]:.1f}–"
                f"{100 * about[f'{part}_interval'][1]:.1f})"
                for part in ("validation", "test")
            )
            size = f"{about['bytes'] / 1000:,.0f} kB"
            rows.append([name, f"`{of}`", about["family"], validation, test, size, f"{about['microseconds']:.0f} µs"])
    lines = [tables.table(head, rows, text_columns=3), ""]
    for name, facts in result["corpora"].items():
        half = "no trial" if facts["half"] is None else f"{100 * facts['half']:+.1f} points"
        lines.append(
            f"- {name}: {facts['trials']} trials in {facts['minutes']:g} minutes, {facts['complete']} complete. "
            f"On validation, beside `byline`: {half} at half of its bytes, {100 * facts['equal']:+.1f} at as many;"
            + ("" if facts["over_lesson"] is None else f" {100 * facts['over_lesson']:+.1f} over `lesson`.")
        )
    return "\n".join([*lines, "", tables.made_with(result)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0, metavar="N", help="of each search [15]")
    parser.add_argument("--teacher", default="auto", metavar="NAME", help="none: no taught models [auto]")
    parser.add_argument("--only", choices=CORPORA, help="one corpus alone [all]")
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="of the public sets [shared/data/public]"
    )
    parser.add_argument("--runs", type=Path, metavar="DIR", help="keeps searches and runs, and finds them again [none]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table into docs/tuning.md")
    parser.add_argument("--from-json", action="store_true", help="search nothing: write it from the numbers kept")
    given = parser.parse_args()
    result = tables.kept(NAME) or {"corpora": {}}
    if not given.from_json:
        with tempfile.TemporaryDirectory() as folder, logged_to(LineHandler()):
            for name in CORPORA:
                if given.only in (None, name):
                    place = (given.runs or Path(folder)) / name
                    place.mkdir(parents=True, exist_ok=True)
                    kept = place / "measured.json"
                    if not kept.is_file():
                        write_json(kept, measured(name, given.data, given.minutes, given.teacher, place))
                    result["corpora"][name] = read_json(kept)
                    if given.write:
                        tables.keep(NAME, result)
    print(report(result))
    if given.write or given.from_json:
        tables.put(NAME, report(result), PAGE)


if __name__ == "__main__":
    main()
