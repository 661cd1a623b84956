"""Does what a search finds hold elsewhere: python benchmarks/tuning/transfer.py [--write]

What the best recipes of the searches of search.py have in common, beside the default recipe on public sets that no
search has seen: one setting at a time, and together. All are measured on validation as a trial is, where phrases are
few in 3-fold cross-validation; the test is not read. Misspelt: the validation phrases with one edit in a fifth of their
words. Each number goes to benchmarks/results/transfer.json as soon as it is there, and is not measured again. The
table stands in docs/tuning.md.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from reports import tables
from sets.public_sets import DATA, SETS, PublicSet, misspelt, read

from trainer.cli.terminal import say
from trainer.data.sources import Unit
from trainer.evaluation.measuring import tally_of
from trainer.evaluation.metrics import Tally
from trainer.model.classifier import Classifier
from trainer.model.linear import LinearSettings
from trainer.model.network import build_model
from trainer.model.recipe import RECIPES, Recipe, within_budget
from trainer.quiet import set_environment
from trainer.splitting.options import SplitOptions
from trainer.teacher.encoder import open_teacher
from trainer.training.learn import train
from trainer.tuning import encodings
from trainer.tuning.prepared import Prepared, prepare

set_environment()

NAME: Final = "transfer"
PAGE: Final = tables.ROOT / "docs" / "tuning.md"
DEFAULT: Final = "the default"
FINDINGS: Final[dict[str, dict[str, float]]] = {  # "C" is a factor: the default's depends on the labels
    DEFAULT: {},
    "`ngram_strength` 0.5": {"ngram_strength": 0.5},
    "`ngram_strength` 0.7": {"ngram_strength": 0.7},
    "0.6 of `C`": {"C": 0.6},
    "both: 0.5, and 0.6 of `C`": {"ngram_strength": 0.5, "C": 0.6},
    "`misspelt_weight` 0.15": {"misspelt_weight": 0.15},
    "`longest_ngram` 3": {"longest_ngram": 3},
    "`longest_ngram` 4": {"longest_ngram": 4},
    "both: 4, and `ngram_strength` 0.5": {"longest_ngram": 4, "ngram_strength": 0.5},
    "`bigram_strength` 1": {"bigram_strength": 1.0},
    "both: 1, and `ngram_strength` 0.5": {"bigram_strength": 1.0, "ngram_strength": 0.5},
}
TEACHERS: Final = {"none": "without a teacher", "minilm": "with a teacher"}
_SEARCHED: Final = ("hwu64", "banking77")


def recipe_of(finding: str, teacher: str, labels: int) -> Recipe:
    """Gives the default recipe with a finding; without a teacher no LSTM is trained, which the tables do without."""
    settings: dict[str, Any] = dict(FINDINGS[finding])
    if factor := settings.pop("C", 0):
        settings["regularization"] = factor * LinearSettings().strength(labels)
    default = RECIPES["byline"]
    return replace(default, teacher=teacher, steps=0 if teacher == "none" else default.steps, **settings)


def measured(of: PublicSet, prepared: Prepared, recipe: Recipe) -> dict[str, Any]:
    """Trains a recipe, and counts the right answers."""
    teacher = open_teacher(recipe.teacher, prepared.split.training_text(), prepared.profile.trained_on)
    encoded, sizes, folder = encodings.encoding_of(prepared, recipe, teacher)
    vocabulary = encoded.vocabulary
    sizes = within_budget(sizes, recipe, vocabulary, teacher is not None)
    kept = encodings.students(folder, recipe, sizes, teacher)
    trained = train(encoded, recipe, sizes, teacher, prepared.seed, kept)
    if encoded.folds:
        assert trained.held_out is not None
        return _counts(trained.held_out)
    classifier = Classifier(build_model(trained.chosen, vocabulary.sequence_length), vocabulary)
    found = _counts(tally_of(classifier, encoded.validation))
    if of.spaced:
        found["misspelt"] = _counts(tally_of(classifier, misspelt(encoded.validation)))["right"]
    return found


def _counts(tally: Tally) -> dict[str, Any]:
    return {"right": int(tally.confusion.trace()), "phrases": int(tally.confusion.sum())}


def wanted(seeds: int) -> Iterator[tuple[PublicSet, str, int]]:
    """Gives what is measured: sets that no search has seen, a teacher where it knows the language."""
    for seed in range(1, seeds + 1):
        for teacher in TEACHERS:
            for of in SETS:
                if of.name not in _SEARCHED and (teacher == "none" or of.language == "en"):
                    yield of, teacher, seed


def report(result: dict[str, Any]) -> str:
    """Draws the table: a row a finding, gains over the default in points, means over the sets."""
    drawn = []
    for finding in FINDINGS:
        row = [finding]
        for teacher in TEACHERS:
            plain, slips = (_gains(result["rows"], teacher, finding, part) for part in ("right", "misspelt"))
            row += [_mean(plain), _mean(slips), _spread(plain)]
        if finding != DEFAULT and any(row[1:]):
            drawn.append(row)
    columns = ("{}, {} sets", "misspelt", "worst to best set")
    counts = [len(_gains(result["rows"], teacher, DEFAULT, "right")) for teacher in TEACHERS]
    named = zip(TEACHERS.values(), counts, strict=True)
    head = ["setting", *(column.format(*of) for of in named for column in columns)]
    return "\n".join([tables.table(head, drawn), "", tables.made_with(result)])


def _gains(rows: dict[str, dict[str, Any]], teacher: str, finding: str, part: str) -> list[float]:
    """Gives a finding's gains over the default, points, one a set: the mean of its seeds."""
    by_set: dict[str, list[float]] = {}
    for key, found in rows.items():
        name, of_teacher, of_finding, seed = key.split(" | ")
        default = rows.get(" | ".join([name, teacher, DEFAULT, seed]))
        if (of_teacher, of_finding) == (teacher, finding) and default and part in found:
            by_set.setdefault(name, []).append(100 * (found[part] - default[part]) / found["phrases"])
    return [float(np.mean(gains)) for gains in by_set.values()]


def _mean(gains: list[float]) -> str:
    if len(gains) < 2:
        return ""
    return f"{round(float(np.mean(gains)), 2) + 0.0:+.2f} ±{np.std(gains, ddof=1) / np.sqrt(len(gains)):.2f}"


def _spread(gains: list[float]) -> str:
    return "" if not gains else f"{min(gains):+.1f} to {max(gains):+.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the sets are")
    parser.add_argument("--sets", default="", metavar="REGEX", help="sets to measure [all]")
    parser.add_argument("--findings", default="", metavar="REGEX", help="settings to measure [all]")
    parser.add_argument("--teacher", choices=TEACHERS, help="with it or without alone [both]")
    parser.add_argument("--seeds", type=int, default=1, help="of which the mean is taken [1]")
    parser.add_argument("--write", action="store_true", help="write the table into docs/tuning.md")
    parser.add_argument("--from-json", action="store_true", help="measure nothing: show the numbers that were kept")
    given = parser.parse_args()
    if not given.from_json:
        for of, teacher, seed in wanted(given.seeds):
            if re.search(given.sets, of.name) and given.teacher in (None, teacher):
                _measure_set(of, teacher, seed, given)
    result = tables.kept(NAME) or {"rows": {}}
    print(report(result))
    if given.write:
        tables.put(NAME, report(result), PAGE)


def _measure_set(of: PublicSet, teacher: str, seed: int, given: argparse.Namespace) -> None:
    keys = {finding: " | ".join([of.name, teacher, finding, str(seed)]) for finding in FINDINGS}
    there = (tables.kept(NAME) or {}).get("rows", {})
    missing = [finding for finding, key in keys.items() if key not in there and re.search(given.findings, finding)]
    if not missing:
        return
    try:
        examples = read(of, given.data)
    except FileNotFoundError as error:
        say(f"left out: {of.name}: {error.filename} is not there")
        return
    prepared = prepare(examples.corpus(), RECIPES["byline"], SplitOptions(seed=seed, unit=Unit("line")))
    for finding in missing:
        found = measured(of, prepared, recipe_of(finding, teacher, len(prepared.split.labels)))
        say(f"{keys[finding]}: {found['right'] / found['phrases']:.2%}")
        newest = (tables.kept(NAME) or {}).get("rows", {})  # another process may have measured meanwhile
        tables.keep(NAME, {"rows": newest | {keys[finding]: found}})
    encodings.remove(prepared.digest, prepared.seed)


if __name__ == "__main__":
    main()
