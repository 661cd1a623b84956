"""Measures Byline's recipes beside what a user would pick instead: python benchmarks/accuracy.py [--seeds 3] [--write]

All systems learn from the same rows and are asked the same phrases (texts.py says which). Without options it is one
seed on the four authors, on the part that settings are chosen on. With --part test --write the numbers go to
benchmarks/results/, and the README's tables and docs/accuracy.svg are made of them.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import accuracy_report
import byline_systems
import tables
import texts
from baselines import System, built
from scores import Floats, hits, interval

from trainer.cli.terminal import say
from trainer.data.corpus import Corpus
from trainer.evaluation.measuring import measure


def systems(corpus: Corpus, seed: int, only: str) -> Iterator[System]:
    """Trains one system after the other."""
    with tempfile.TemporaryDirectory() as folder:
        yield from built(texts.training(corpus, seed), Path(folder), only)
        for number, (name, recipe) in enumerate(byline_systems.variants().items()):
            if re.search(only, name):
                place = Path(folder, str(number))
                yield byline_systems.system(name, recipe, corpus, seed, place)
                shutil.rmtree(place)


def answered(corpus: Corpus, part: str, seeds: int, only: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Asks every system, trained with every seed.

    Returns:
        What was asked, and by the system's name its bytes, calibration errors and hits: for each test one array a seed.
    """
    asked = texts.tests(corpus, part)
    found: dict[str, dict[str, Any]] = {}
    for seed in range(1, seeds + 1):
        for system in systems(corpus, seed, only):
            of_system = found.setdefault(
                system.name,
                {"byline": system.classifier is not None, "bytes": system.size, "calibration": [], "hits": {}},
            )
            for name, phrases in asked.items():
                right = hits(system.answer([phrase.text for phrase in phrases]), phrases)
                of_system["hits"].setdefault(name, []).append(right)
            if system.classifier is not None:
                measured = measure(system.classifier, asked["typed"], 0.0, system.classifier.vocabulary.labels[0])
                of_system["calibration"].append(measured["calibration_error"])
            means = ", ".join(
                f"{name} {rows[-1].mean():.1%}" for name, rows in of_system["hits"].items() if len(rows[-1])
            )
            say(f"seed {seed}: {system.name}: {means}")
    return found, {name: len(phrases) for name, phrases in asked.items()}


def numbers(corpus: str, part: str, seeds: int, only: str = "") -> dict[str, Any]:
    """Measures all systems on one corpus."""
    read = texts.load(corpus)
    sizes = {of: len(texts.of_part(read, of)) for of in ("train", "validation", "test")}
    found, phrases = answered(read, part, seeds, only)
    means = {name: {test: np.mean(rows, axis=0) for test, rows in of["hits"].items()} for name, of in found.items()}
    described = [
        {
            "name": name,
            "byline": of["byline"],
            "bytes": of["bytes"],
            "accuracy": {test: [float(right.mean()) for right in rows] for test, rows in of["hits"].items()},
            "interval": {test: interval(values) for test, values in means[name].items()},
            "calibration_error": of["calibration"],
        }
        for name, of in found.items()
    ]
    alternatives = [name for name, of in found.items() if not of["byline"]]
    return {
        "corpus": corpus,
        "name": read.name,
        "part": part,
        "seeds": seeds,
        "rows": sizes,
        "phrases": phrases,
        "systems": described,
        "differences": {name: differences(means, name, alternatives) for name, of in found.items() if of["byline"]},
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
            result = numbers(corpus, given.part, given.seeds, given.only)
            print(accuracy_report.full(result), flush=True)
            if given.write:
                tables.keep(f"accuracy-{corpus}", result)
    if given.write or given.from_json:
        accuracy_report.write(list(texts.CORPORA))


if __name__ == "__main__":
    main()
