"""Is averaged stochastic gradient descent as good as the exact solver: python benchmarks/scaling/descent.py [--write]

Above 500,000 rows the linear part is learned by descent, a chunk of the rows at a time. Here both learn the same rows,
and are asked the same validation phrases; the seconds are of training without an LSTM. Rows of the built-in corpus are
its windows with their copies. The table stands in docs/scaling.md. Without the public sets the built-in corpus alone is
measured.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from reports import tables
from sets.public_sets import DATA

from scaling.measure import write_corpus
from scaling.workers import BUILT_IN, corpus_of
from trainer.cli.terminal import say
from trainer.data.corpus import Corpus
from trainer.data.sources import Source, Unit, load
from trainer.evaluation.measuring import tally_of
from trainer.model.classifier import Classifier
from trainer.model.network import build_model
from trainer.model.recipe import RECIPES, within_budget
from trainer.quiet import set_environment
from trainer.splitting.options import SplitOptions
from trainer.training.learn import Learner
from trainer.tuning import encodings
from trainer.tuning.prepared import prepare

set_environment()

NAME: Final = "descent"
PAGE: Final = tables.ROOT / "docs" / "scaling.md"
_ROWS: Final = 1_000_000
_MADE: Final = f"{_ROWS:,} made rows"
SOLVERS: Final = {"exact": 10 * _ROWS, "descent": 0}  # the most rows of the exact solver
CASES: Final = {  # set -> recipe
    BUILT_IN: "byline",
    "ko_3i4k": "byline",
    _MADE: "tiny",
}


def opened(name: str, data: Path, folder: Path) -> tuple[Corpus, Unit | None]:
    """Opens a corpus, or makes it of snips.

    Raises:
        FileNotFoundError: The set is not there.
    """
    if name != _MADE:
        return corpus_of(name, data)
    write_corpus(folder / "made.parquet", _ROWS, data / "snips" / "train.csv")
    return load(Source(str(folder / "made.parquet"))), Unit("line")


def measured(name: str, data: Path, folder: Path) -> dict[str, Any]:
    """Learns by both, and counts the right answers."""
    recipe = replace(RECIPES[CASES[name]], teacher="none", steps=0)
    corpus, unit = opened(name, data, folder)
    prepared = prepare(corpus, recipe, SplitOptions(unit=unit))
    encoded, sizes, _ = encodings.encoding_of(prepared, recipe, None)
    sizes = within_budget(sizes, recipe, encoded.vocabulary, False)
    found: dict[str, Any] = {"rows": len(encoded.rows)}
    for solver, most_rows in SOLVERS.items():
        learner = Learner(encoded, recipe, sizes, None, prepared.seed)
        learner.settings = replace(learner.settings, most_rows=most_rows)
        started = time.monotonic()
        trained = learner.learn()
        seconds = time.monotonic() - started
        model = build_model(trained.chosen, encoded.vocabulary.sequence_length)
        tally = tally_of(Classifier(model, encoded.vocabulary), encoded.validation)
        right, phrases = int(tally.confusion.trace()), int(tally.confusion.sum())
        found |= {"phrases": phrases, solver: {"right": right, "seconds": round(seconds, 1)}}
        say(f"{name}, {solver}: {right / phrases:.2%} in {seconds:.0f} s")
    encodings.remove(prepared.digest, prepared.seed)
    return found


def report(result: dict[str, Any]) -> str:
    """Draws the table."""
    rows = [
        [
            name,
            f"{found['rows']:,}",
            *(f"{100 * found[solver]['right'] / found['phrases']:.2f}" for solver in SOLVERS),
            f"{found['descent']['seconds'] / found['exact']['seconds']:.2f}",
        ]
        for name, found in result["rows"].items()
    ]
    return f"{tables.table(['set', 'rows', *SOLVERS, 'time, of the exact one'], rows)}\n\n{tables.made_with(result)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="of the public sets")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table into docs/scaling.md")
    parser.add_argument("--from-json", action="store_true", help="measure nothing: write it from the numbers kept")
    given = parser.parse_args()
    result: dict[str, Any] = (tables.kept(NAME) if given.from_json else None) or {"rows": {}}
    for name in () if given.from_json else CASES:
        try:
            with tempfile.TemporaryDirectory() as folder:
                result["rows"][name] = measured(name, given.data, Path(folder))
        except FileNotFoundError as error:
            say(f"left out: {name}: {error.filename} is not there")
    print(report(result))
    if given.write or given.from_json:
        if not given.from_json:
            tables.keep(NAME, result)
        tables.put(NAME, report(result), PAGE)


if __name__ == "__main__":
    main()
