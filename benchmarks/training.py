"""Times the recipes and the alternatives, and measures the recipes: python benchmarks/training.py [--write]

The recipes are trained on the built-in corpus. The lesson's own split, by line, stands beside ours: its neighbours and
near-duplicates of training lines make it optimistic. Time is given as a ratio to the lesson's recipe in the same run,
reading, training and measuring together: the median of --repeats rounds, in each of which everything is trained once,
so that a slow minute of the machine strikes all alike.
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables
from sets import texts
from systems import byline_systems
from systems.baselines import EMBEDDED, built
from systems.byline_systems import exported, int8_file

from trainer.data import built_in
from trainer.model.recipe import RECIPES, Recipe
from trainer.training.fit import fit
from trainer.training.options import FitOptions

_FIRST: Final = "Byline, `lesson`"  # whose time is 1
_BY_LINE: Final = "Byline, `lesson`, by line"


def trainings() -> dict[str, tuple[Recipe, bool]]:
    """Gives what is trained, the lesson's recipe first, each with whether the split is by line."""
    recipes = byline_systems.variants()
    first = recipes.pop(_FIRST)
    others = {name: (recipe, False) for name, recipe in recipes.items()}
    return {_FIRST: (first, False), _BY_LINE: (first, True)} | others


def numbers(repeats: int, only: str) -> dict[str, Any]:
    """Trains everything `repeats` times."""
    corpus = built_in.load()
    given = texts.training(texts.load("lesson"), seed=1)
    seconds: dict[str, list[float]] = defaultdict(list)
    facts: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:  # what is trained first pays for loading TensorFlow: not the lesson
        fit(corpus, replace(RECIPES["tiny"], epochs=1), FitOptions(path=Path(folder, "run")))
    for round_ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for number, (name, (recipe, random)) in enumerate(trainings().items()):
                started = time.monotonic()
                run = fit(corpus, recipe, FitOptions(random=random, path=Path(folder, f"run-{number}")))
                seconds[name].append(time.monotonic() - started)
                if round_ == 0:
                    dist = exported(run, Path(folder, f"dist-{number}"), ("tflite",))
                    facts[name] = described(run.facts) | {"bytes": int8_file(dist).stat().st_size}
            EMBEDDED.clear()
            started = time.monotonic()
            for system in built(given, Path(folder), only):
                seconds[system.name].append(time.monotonic() - started)
                started = time.monotonic()
    return {"corpus": corpus.name, "repeats": repeats, "recipes": facts, "seconds": dict(seconds)}


def described(facts: dict[str, Any]) -> dict[str, Any]:
    """Gives what the table shows of a run."""
    results = facts["metrics"]
    return {
        "recipe": facts["recipe"]["name"],
        "split": facts["split"]["method"],
        "first_epoch": facts["history"]["val_accuracy"][0],
        **{part: results[part]["accuracy"] for part in ("train", "validation", "test")},
        "macro_f1": results["test"]["macro_f1"],
        "majority": results["test"]["majority"],
    }


def report(result: dict[str, Any]) -> str:
    """Draws the tables."""
    whole = median(result["seconds"][_FIRST])
    times = {name: f"{median(of) / whole:.2f}" for name, of in result["seconds"].items()}
    head = ["recipe", "split", "validation, first epoch", "train", "validation", "test", "macro F1", "majority"]
    head += ["int8 `.tflite`", "time"]
    rows = [
        [
            name.removeprefix("Byline, ").removesuffix(", by line"),
            "by line, optimistic" if of["split"] == "random" else "by blocks",
            *(f"{of[part]:.1%}" for part in ("first_epoch", "train", "validation", "test")),
            f"{of['macro_f1']:.3f}",
            f"{of['majority']:.1%}",
            f"{of['bytes']:,} bytes",
            times[name],
        ]
        for name, of in result["recipes"].items()
    ]
    others = [[name, spent] for name, spent in times.items() if name not in result["recipes"]]
    return "\n\n".join(
        (tables.table(head, rows, text_columns=2), tables.table(["alternative", "time"], others), _made_with(result))
    )


def _made_with(result: dict[str, Any]) -> str:
    runs = f"median of {result['repeats']} runs" if result["repeats"] > 1 else "one run"
    return f"{result['corpus']}; {tables.made_with(result, runs)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1, help="of which the median is taken [1]")
    parser.add_argument("--only", default="", metavar="REGEX", help="alternatives to time, by function [all]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the README's tables")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write them from the numbers kept")
    given = parser.parse_args()
    result = tables.kept("training") if given.from_json else numbers(given.repeats, given.only)
    if result is None:
        parser.error("--from-json: benchmarks/results has no training.json; --write makes it")
    print(report(result))
    if given.write:
        tables.keep("training", result)
    if given.write or given.from_json:
        tables.put("recipes", report(result))


if __name__ == "__main__":
    main()
