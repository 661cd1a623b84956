"""Draws the frontier of accuracy against bytes: python benchmarks/frontier.py [--write]

The default recipe without a teacher, at budgets of the .tflite from 100 to 2,000 kB, beside the linear SVM that
public.py holds against it, on validation. With a teacher the test is read, at the one budget that a goal names. Each
number goes to benchmarks/results/frontier.json as soon as it is there, and is not measured again.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables
from sets.public_sets import DATA, SETS, Examples, read
from systems.public_systems import accuracy_of, answers_of, svm

from trainer.cli.terminal import say
from trainer.model.recipe import RECIPES

_SETS: Final = ("banking77", "hwu64")
_BUDGETS: Final = (100, 150, 200, 300, 500, 700, 1_000, 2_000)  # kilobytes; 0 is the SVM's, which has none
_TAUGHT: Final = ("banking77, 10 a label", 2_000)
Numbers = dict[str, dict[str, Any]]  # "set | part | teacher | budget | seed" -> what was measured


def wanted(seeds: int) -> Iterator[tuple[str, str, str, int, int]]:
    """Gives what is to be measured: set, part, teacher, budget and seed."""
    for name in _SETS:
        yield from ((name, "validation", "none", budget, 1) for budget in (0, *_BUDGETS))
    yield from ((_TAUGHT[0], "test", "minilm", _TAUGHT[1], seed) for seed in range(1, seeds + 1))


def examples_of(name: str, part: str, data: Path) -> Examples:
    """Reads a set; for validation without its test, so that what is asked is the held-out part."""
    examples = read(next(of for of in SETS if of.name == name), data)
    if part == "test":
        return examples
    train, validation = examples.held_out()
    return replace(examples, train=train, validation=[], test=validation)


def measured(examples: Examples, teacher: str, budget: int, seed: int) -> dict[str, Any]:
    """Trains the recipe at a budget, and asks it."""
    started = time.monotonic()
    recipe = replace(RECIPES["byline"], teacher=teacher, budget_kb=budget)
    answers = answers_of(recipe, examples, seed, sized=True) if budget else svm(examples, seed)
    return {
        "accuracy": accuracy_of(answers, examples.test),
        "phrases": len(examples.test),
        "bytes": answers.size,
        "pieces": (answers.facts or {}).get("pieces"),
        "seconds": round(time.monotonic() - started, 1),
    }


def report(numbers: Numbers) -> str:
    """Draws a row a budget, and says below what a teacher brings."""
    head = ["asked for", *(f"{name}: {what}" for name in _SETS for what in ("bytes", "validation"))]
    rows = []
    for budget in (*_BUDGETS, 0):
        found = [numbers.get(f"{name} | validation | none | {budget} | 1") for name in _SETS]
        cells = [cell for of in found for cell in ((_size(of["bytes"]), _points([of])) if of else ("", ""))]
        rows.append([f"{budget:,} kB" if budget else "SVM", *cells])
    name, budget = _TAUGHT
    taught = [of for key, of in numbers.items() if key.startswith(f"{name} | test | minilm | {budget} | ")]
    said = [tables.table(head, rows)]
    if taught:
        size = _size(max(of["bytes"] for of in taught))
        seeds = f"mean of {len(taught)} seeds" if len(taught) > 1 else "one seed"
        said.append(f"With a teacher, {name}, {budget:,} kB asked for: test {_points(taught)} in {size} ({seeds}).")
    return "\n\n".join(said)


def _size(count: int) -> str:
    return f"{count / 1_000:,.0f} kB"


def _points(found: list[dict[str, Any]]) -> str:
    return f"{100 * np.mean([of['accuracy'] for of in found]):.1f}"


def kept() -> Numbers:
    """Gives what has been measured."""
    return dict((tables.kept("frontier") or {}).get("rows", {}))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the sets are")
    parser.add_argument("--only", default="", metavar="REGEX", help="of `set | part | teacher | kB | seed` [all]")
    parser.add_argument("--seeds", type=int, default=1, help="with a teacher, of which the mean is taken [1]")
    parser.add_argument("--write", action="store_true", help="write the table of benchmarks/README.md")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write it from the numbers kept")
    given = parser.parse_args()
    for name, part, teacher, budget, seed in () if given.from_json else wanted(given.seeds):
        key = f"{name} | {part} | {teacher} | {budget} | {seed}"
        if re.search(given.only, key) and key not in kept():
            try:
                examples = examples_of(name, part, given.data)
            except FileNotFoundError as error:
                parser.error(f"{error.filename} is not there: see `benchmarks/public.py --fetch`")
            of = measured(examples, teacher, budget, seed)
            say(f"{key}: {of['accuracy']:.2%} in {_size(of['bytes'])}, {of['seconds']:.0f} s")
            tables.keep("frontier", {"rows": kept() | {key: of}})  # another process may have measured meanwhile
    numbers = kept()
    print(report(numbers))
    if given.write or given.from_json:
        tables.put("frontier", report(numbers))


if __name__ == "__main__":
    main()
