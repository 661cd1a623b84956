"""Do two workers learn what one does: python benchmarks/scaling/workers.py [--write]

`fit` on one worker and on two, of the same corpus, recipe and seed, and the accuracy of each on the same test part.
Two workers sum in another order while an LSTM is trained on the labels, beside the tables or in the recipe `lesson`.
The table stands in docs/scaling.md. Without the public sets the built-in corpus alone is measured.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from reports import tables
from sets.public_sets import DATA

from trainer.cli.terminal import say
from trainer.data import built_in
from trainer.data.corpus import Corpus
from trainer.data.sources import Source, Unit, load
from trainer.model.recipe import RECIPES
from trainer.quiet import set_environment
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

NAME: Final = "workers"
PAGE: Final = tables.ROOT / "docs" / "scaling.md"
BUILT_IN: Final = "the built-in corpus"
CASES: Final = (  # of the tables the LSTM is trained on the labels where there is no teacher
    ("banking77", "byline", "default without a teacher"),
    ("banking77", "tiny", "`tiny`"),
    (BUILT_IN, "lesson", "`lesson`"),
)
WORKERS: Final = (1, 2)


def corpus_of(name: str, data: Path) -> tuple[Corpus, Unit | None]:
    """Opens the built-in corpus or a public set, and says what its phrases are, as the command does.

    Raises:
        FileNotFoundError: The set is not there.
    """
    if name == BUILT_IN:
        return built_in.load(), None
    path = data / name / "train.csv"
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    return load(Source(str(path))), Unit("line")


def measured(name: str, recipe: str, workers: int, data: Path) -> dict[str, Any]:
    """Fits, and gives the accuracy on the test part."""
    corpus, unit = corpus_of(name, data)
    with tempfile.TemporaryDirectory() as folder:
        options = FitOptions(unit=unit, path=Path(folder, "run"), workers=workers)
        results = fit(corpus, replace(RECIPES[recipe], teacher="none"), options).results
    return {"accuracy": results["accuracy"], "phrases": results["phrases"]}


def report(result: dict[str, Any]) -> str:
    """Draws the table."""
    rows = []
    for name, recipe, told in CASES:
        found = [result["rows"].get(f"{name} | {recipe} | {workers}") for workers in WORKERS]
        if all(found):
            rows.append(
                [f"{name}, {told}", *(f"{100 * of['accuracy']:.2f}" for of in found), f"{found[0]['phrases']:,}"]
            )
    head = ["set, recipe", *(("one", "two")[workers - 1] for workers in WORKERS), "test phrases"]
    return tables.table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="of the public sets")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table into docs/scaling.md")
    parser.add_argument("--from-json", action="store_true", help="measure nothing: write it from the numbers kept")
    given = parser.parse_args()
    result: dict[str, Any] = (tables.kept(NAME) if given.from_json else None) or {"rows": {}}
    for name, recipe, _ in () if given.from_json else CASES:
        for workers in WORKERS:
            try:
                found = measured(name, recipe, workers, given.data)
            except FileNotFoundError as error:
                say(f"left out: {name}: {error.filename} is not there")
                break
            say(f"{name}, {recipe}, {workers} workers: {found['accuracy']:.2%}")
            result["rows"][f"{name} | {recipe} | {workers}"] = found
    print(report(result))
    if given.write or given.from_json:
        if not given.from_json:
            tables.keep(NAME, result)
        tables.put(NAME, report(result), PAGE)


if __name__ == "__main__":
    main()
