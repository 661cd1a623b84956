"""Measures Byline's recipes beside what a user would pick instead: python benchmarks/accuracy.py [--seeds 3] [--write]

All systems learn from the same rows and are asked the same phrases (texts.py says which). Without options it is one
seed on the four authors, on the part that settings are chosen on. With --part test --write the numbers go to
benchmarks/results/, and the README's tables and docs/accuracy.svg are made of them.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import accuracy_report, tables
from reports.scores import Floats, hits, interval
from sets import texts
from systems import byline_systems
from systems.baselines import ALTERNATIVES, System, built

from trainer.cli.terminal import say
from trainer.data.corpus import Corpus, Phrase
from trainer.evaluation.measuring import measure
from trainer.files import read_json, write_json


@dataclass(frozen=True)
class Asked:
    """What a system, trained with one seed, answered.

    Attributes:
        name: The system's.
        byline: Whether it is Byline's.
        bytes: On a disk.
        calibration_error: Of Byline's on typed windows.
        hits: By test a digit a phrase, 1 where the answer is right.
    """

    name: str
    byline: bool
    bytes: int
    calibration_error: float | None
    hits: dict[str, str]


def trainings(corpus: Corpus, seed: int, only: str) -> Iterator[tuple[str, Callable[[Path], Iterable[System]]]]:
    """Gives what is trained by its name, a function from a folder to what comes of it."""
    recipes = byline_systems.variants()

    @cache
    def given() -> texts.Training:
        return texts.training(corpus, seed)

    def alternative(name: str, folder: Path) -> Iterable[System]:
        return built(given(), folder, f"^{name}$")

    def ours(name: str, folder: Path) -> Iterable[System]:
        return [byline_systems.system(name, recipes[name], corpus, seed, folder)]

    for builder in ALTERNATIVES:
        if re.search(only, builder.__name__):
            yield builder.__name__, partial(alternative, builder.__name__)
    for name in recipes:
        if re.search(only, name):
            yield name, partial(ours, name)


def ask(system: System, tests: dict[str, list[Phrase]]) -> Asked:
    right = {name: hits(system.answer([phrase.text for phrase in of]), of) for name, of in tests.items()}
    error = None
    if system.classifier is not None:
        labels = system.classifier.vocabulary.labels
        error = float(measure(system.classifier, tests["typed"], 0.0, labels[0])["calibration_error"])
    digits = {name: "".join(str(int(hit)) for hit in of) for name, of in right.items()}
    return Asked(system.name, system.classifier is not None, system.size, error, digits)


def answered(
    corpus: Corpus, part: str, seeds: int, only: str, resume: Path | None = None
) -> tuple[dict[str, list[Asked]], dict[str, int]]:
    """Asks every system, trained with every seed.

    Returns:
        By the system's name what it answered, one a seed; and how many phrases each test has.
    """
    tests = texts.tests(corpus, part)
    found: dict[str, list[Asked]] = {}
    for seed in range(1, seeds + 1):
        for name, train in trainings(corpus, seed, only):
            path = resume / f"{part}-{seed}-{re.sub('[^a-z_]+', '-', name.lower()).strip('-')}.json" if resume else None
            if path and path.is_file():
                answers = [Asked(**row) for row in read_json(path)["systems"]]
            else:
                with tempfile.TemporaryDirectory() as folder:
                    answers = [ask(system, tests) for system in train(Path(folder))]
                if path and answers:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_json(path, {"systems": [asdict(of) for of in answers]})
            for of in answers:
                found.setdefault(of.name, []).append(of)
                means = ", ".join(
                    f"{test} {right.count('1') / len(right):.1%}" for test, right in of.hits.items() if right
                )
                say(f"seed {seed}: {of.name}: {means}")
    return found, {name: len(phrases) for name, phrases in tests.items()}


def _arrays(answers: Sequence[Asked], test: str) -> list[Floats]:
    return [np.array(list(of.hits[test]), np.float64) for of in answers]


def numbers(corpus: str, part: str, seeds: int, only: str = "", resume: Path | None = None) -> dict[str, Any]:
    """Measures all systems on one corpus."""
    read = texts.load(corpus)
    sizes = {of: len(texts.of_part(read, of)) for of in ("train", "validation", "test")}
    found, phrases = answered(read, part, seeds, only, resume / corpus if resume else None)
    means = {name: {test: np.mean(_arrays(of, test), axis=0) for test in phrases} for name, of in found.items()}
    described = [
        {
            "name": name,
            "byline": of[0].byline,
            "bytes": of[-1].bytes,
            "accuracy": {test: [float(right.mean()) for right in _arrays(of, test)] for test in phrases},
            "interval": {test: interval(values) for test, values in means[name].items()},
            "calibration_error": [each.calibration_error for each in of if each.byline],
        }
        for name, of in found.items()
    ]
    alternatives = [name for name, of in found.items() if not of[0].byline]
    return {
        "corpus": corpus,
        "name": read.name,
        "part": part,
        "seeds": seeds,
        "rows": sizes,
        "phrases": phrases,
        "systems": described,
        "differences": {name: differences(means, name, alternatives) for name, of in found.items() if of[0].byline},
    }


def differences(means: dict[str, dict[str, Floats]], name: str, alternatives: list[str]) -> dict[str, dict[str, Any]]:
    """Compares a system with the alternative that is best at each test, phrase by phrase."""
    found = {}
    for test, of_name in means[name].items():
        best = max(alternatives, key=lambda other: float(means[other][test].mean()), default=None)
        if best is not None:
            difference = of_name - means[best][test]
            found[test] = {"best": best, "difference": float(difference.mean()), "interval": interval(difference)}
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = texts.available()
    parser.add_argument("--corpus", choices=[*texts.CORPORA, "all"], default=known[0], help=f"[{known[0]}]")
    parser.add_argument("--part", choices=("validation", "test"), default="validation", help="[validation]")
    parser.add_argument("--seeds", type=int, default=1, help="of which the mean is taken [1]")
    parser.add_argument("--only", default="", metavar="REGEX", help="systems to measure, by name or function [all]")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="keep what each system answered, and train no other")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the README's tables and picture")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write them from the numbers kept")
    given = parser.parse_args()
    if given.write and (given.part != "test" or given.only):
        parser.error("--write: needs --part test and all systems: the tables are of those")
    return given


def main() -> None:
    given = arguments()
    names = texts.available() if given.corpus == "all" else [given.corpus]
    if not given.from_json:
        for corpus in names:
            result = numbers(corpus, given.part, given.seeds, given.only, given.resume)
            print(accuracy_report.full(result), flush=True)
            if given.write:
                tables.keep(f"accuracy-{corpus}", result)
    if given.write or given.from_json:
        accuracy_report.write(list(texts.CORPORA))


if __name__ == "__main__":
    main()
