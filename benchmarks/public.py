"""Measures Byline on public sets beside what a user would pick instead: python benchmarks/public.py [--write]

Settings were chosen on validation; the test is read once per system and seed. Each number goes to
benchmarks/results/public.json as soon as it is there, and is not measured again: the command goes on where it was
interrupted. `--fetch DIR` fills a folder with the sets, from the files that their authors published.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import public_report
from reports.tables import keep, kept
from sets import public_sources
from sets.public_sets import DATA, QUICK, SETS, Examples, PublicSet, calibration_error, read
from systems.baselines import MissingPackageError
from systems.public_systems import ENGLISH, SYSTEMS, Answers, Floats

from trainer.cli.terminal import say
from trainer.data.corpus import Phrase

_KEPT: Final = 0.95  # of what is in scope


def wanted(sets: Sequence[PublicSet], systems: Sequence[str], seeds: int) -> Iterator[tuple[PublicSet, str, int]]:
    """Gives what is to be measured: first everything once, so that an interrupted table is a whole one."""
    for seed in range(1, seeds + 1):
        for of in sets:
            for system in systems:
                if of.language == "en" or system not in ENGLISH:
                    yield of, system, seed


def measured(examples: Examples, system: str, seed: int) -> dict[str, Any]:
    """Trains a system and asks it the test."""
    started = time.monotonic()
    answers = SYSTEMS[system](examples, seed)
    found: dict[str, Any] = {"seconds": round(time.monotonic() - started, 1)}
    scores = answers.score([phrase.text for phrase in examples.test])
    right = _right(answers, scores, examples.test)
    found |= {"accuracy": float(right.mean()), "macro_f1": _macro_f1(answers, scores, examples.test)}
    if answers.size:
        found["bytes"] = answers.size
    if examples.misspelt:
        asked = answers.score([phrase.text for phrase in examples.misspelt])
        found["misspelt"] = float(_right(answers, asked, examples.misspelt).mean())
    if answers.are_probabilities:
        found["calibration_error"] = calibration_error(scores.max(axis=1), right)
    if examples.strange:
        found["abstention"] = _abstention(answers, examples, scores, right)
    return found | (answers.facts or {})


def _right(answers: Answers, scores: Floats, phrases: Sequence[Phrase]) -> Any:
    best = scores.argmax(axis=1)
    return np.array([answers.labels[place] == phrase.label for place, phrase in zip(best, phrases, strict=True)])


def _macro_f1(answers: Answers, scores: Floats, phrases: Sequence[Phrase]) -> float:
    from sklearn.metrics import f1_score

    named = [answers.labels[place] for place in scores.argmax(axis=1)]
    return float(f1_score([phrase.label for phrase in phrases], named, average="macro", zero_division=0))


def _abstention(answers: Answers, examples: Examples, scores: Floats, right: Any) -> dict[str, float]:
    """Says how well the best score tells what is out of scope.

    Returns:
        `auroc`; `rejected`: of what is out of scope, where 95 % of the validation phrases in scope are kept; and the
        protocol of Larson et al. (2019), with the threshold that answers most of the validation phrases, both kinds,
        right: `in_scope_accuracy` and `out_of_scope_recall`.
    """
    from sklearn.metrics import roc_auc_score

    inside, outside = scores.max(axis=1), answers.score(examples.strange["test"]).max(axis=1)
    of_validation = answers.score([phrase.text for phrase in examples.validation])
    well = _right(answers, of_validation, examples.validation)
    sure, strange = of_validation.max(axis=1), answers.score(examples.strange["validation"]).max(axis=1)
    candidates = np.unique(np.concatenate([sure, strange]))
    counts = [int((well & (sure >= least)).sum() + (strange < least).sum()) for least in candidates]
    threshold = candidates[int(np.argmax(counts))]
    truth = np.repeat([1, 0], [len(inside), len(outside)])
    return {
        "auroc": float(roc_auc_score(truth, np.concatenate([inside, outside]))),
        "rejected": float((outside < np.quantile(sure, 1 - _KEPT)).mean()),
        "in_scope_accuracy": float((right & (inside >= threshold)).mean()),
        "out_of_scope_recall": float((outside < threshold).mean()),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the sets are")
    parser.add_argument("--fetch", type=Path, metavar="DIR", help="download the sets into a folder, and stop")
    parser.add_argument("--sets", default="", metavar="REGEX", help="sets to measure [all]")
    parser.add_argument("--systems", default="", metavar="REGEX", help=f"of {', '.join(SYSTEMS)} [all]")
    parser.add_argument("--seeds", type=int, default=3, help="of which the mean is taken [3]")
    parser.add_argument("--quick", action="store_true", help="four small sets, one seed, nothing kept")
    parser.add_argument("--again", action="store_true", help="measure what has been measured, too")
    parser.add_argument("--write", action="store_true", help="write the tables of README.md and benchmarks/README.md")
    parser.add_argument("--from-json", action="store_true", help="measure nothing: show the numbers that were kept")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.fetch:
        public_sources.fetch(given.fetch, say)
        return
    numbers = {} if given.quick else dict((kept("public") or {}).get("rows", {}))
    if not given.from_json:
        _measure(given, numbers)
    print(public_report.full(numbers))
    if given.write:
        public_report.write(numbers)


def _measure(given: argparse.Namespace, numbers: dict[str, dict[str, Any]]) -> None:
    sets = [of for of in SETS if re.search(given.sets, of.name) and (not given.quick or of.name in QUICK)]
    systems = [name for name in SYSTEMS if re.search(given.systems, name)]
    absent = set[str]()
    for of, system, seed in wanted(sets, systems, 1 if given.quick else given.seeds):
        key = f"{of.name} | {system} | {seed}"
        if not given.quick:  # another process may have measured meanwhile
            numbers |= dict((kept("public") or {}).get("rows", {}))
        if (key in numbers and not given.again) or of.name in absent or system in absent:
            continue
        try:
            examples = read(of, given.data)
        except FileNotFoundError as error:
            say(f"left out: {of.name}: {error.filename} is not there: see --fetch")
            absent.add(of.name)
            continue
        try:
            numbers[key] = measured(examples, system, seed)
        except MissingPackageError as error:
            say(f"left out: {system} needs {error}: pip install 'byline[benchmarks]'")
            absent.add(system)
            continue
        say(f"{key}: {numbers[key]['accuracy']:.2%} in {numbers[key]['seconds']:.0f} s")
        if not given.quick:
            newest = dict((kept("public") or {}).get("rows", {}))
            keep("public", {"rows": newest | {key: numbers[key]}})


if __name__ == "__main__":
    main()
