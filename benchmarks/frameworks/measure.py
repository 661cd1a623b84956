"""Installs the npm package where people put it, and asks it there: python benchmarks/frameworks/measure.py

Each case is a folder in `benchmarks/frameworks/`, whose lock pins all. The package is packed, and installed by npm into
a copy of that folder; what answers there is held against what `dist/npm` answers in Node, which the proof holds against
the model. `--only NAME` runs some of them; `--write` keeps the outcome in `results/` and in docs/javascript.md. Linux
x86-64 alone, because the lock has the programs of Node, Deno and Bun for it.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Error
from reports import tables

from export.proof.chromium import version
from export.targets import node
from frameworks.framework_cases import MATRIX, Answers, Case, FailedError, Place, chromium
from trainer.errors import UserError
from trainer.files import read_json

CASES: Final = Path(__file__).parent
DOCUMENT: Final = tables.ROOT / "docs" / "javascript.md"
TEXT: Final = "To be, or not to be"
WELL: Final = "well"
TOLERANCE: Final = 1e-9  # between one engine of JavaScript and another
_REFERENCE: Final = """
import { load } from "./index.js";
console.log(JSON.stringify((await load())(process.argv[1])));
"""


def outcome(case: Case, place: Place, expected: list[dict[str, Any]]) -> str:
    """Runs a case; gives `WELL`, or what is wrong."""
    shutil.copytree(CASES / case.folder, place.folder)
    try:
        (place.folder / "package.json").write_text(
            json.dumps({"private": True, "dependencies": {"byline": f"file:{place.tarball}"}}), encoding="utf-8"
        )
        node.run(["npm", "install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place.folder)
        answers: Answers = case.run(place)
        if set(answers) != set(case.answers):
            return f"answered: {', '.join(answers) or 'nothing'}; expected: {', '.join(case.answers)}"
        others = [name for name, answer in answers.items() if not same(answer, expected)]
        return f"another answer: {', '.join(others)}" if others else WELL
    except (FailedError, UserError, Error, subprocess.TimeoutExpired) as error:
        return str(error).splitlines()[0]


def same(answer: Any, expected: list[dict[str, Any]]) -> bool:
    """Whether an answer has the same labels in the same order, and the same scores."""
    if not isinstance(answer, list) or len(answer) != len(expected):
        return False
    return all(
        mine["label"] == theirs["label"] and abs(mine["score"] - theirs["score"]) <= TOLERANCE
        for mine, theirs in zip(answer, expected, strict=True)
    )


def drawn(numbers: dict[str, Any]) -> str:
    """Draws the table of what was kept."""
    rows = [
        [
            row["place"],
            ", ".join(f"{name} {number}" for name, number in row["versions"].items()),
            row["asked"],
            row["outcome"],
        ]
        for row in numbers["places"]
    ]
    return tables.table(("where", "versions", "what was asked", "outcome"), rows, text_columns=4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="what was exported [dist]")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="names of cases, or their beginnings")
    parser.add_argument("--write", action="store_true", help="keep the outcome, and write the table into the docs")
    given = parser.parse_args()
    package = given.dist / "npm"
    chosen = [case for case in MATRIX if not given.only or case.name.startswith(tuple(given.only))]
    if not (package / "package.json").is_file():
        print(f"error: {package}: there is no npm package; `python -m export all` makes one", file=sys.stderr)
        return 2
    try:
        modules = node.modules(CASES) / "node_modules"
        expected = json.loads(node.run(["node", "--input-type=module", "--eval", _REFERENCE, TEXT], cwd=package))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    places = []
    # Beside `node_modules`, where every program looks for its packages.
    with tempfile.TemporaryDirectory(dir=modules.parent, prefix="run-") as name:
        work = Path(name)
        node.run(["npm", "pack", "--pack-destination", name, "--loglevel=error"], cwd=package)
        (tarball,) = work.glob("*.tgz")
        for number, case in enumerate(chosen):
            start = time.perf_counter()
            found = outcome(case, Place(work / f"case-{number}", modules, tarball), expected)
            print(f"{case.name:28} {time.perf_counter() - start:5.0f} s  {found}", flush=True)
            versions = {
                each: read_json(modules / each / "package.json")["version"].removeprefix("v") for each in case.packages
            }
            versions |= {"Chromium": version(chromium()).split()[-1]} if case.opened and found == WELL else {}
            places.append({"place": case.name, "versions": versions, "asked": case.asks, "outcome": found})
    if given.write and not given.only:
        tables.keep("frameworks", {"places": places})
        tables.put("frameworks", drawn({"places": places}), DOCUMENT)
    return int(any(row["outcome"] != WELL for row in places))


if __name__ == "__main__":
    sys.exit(main())
