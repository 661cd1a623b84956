"""Asks a run what belongs to none of its labels, and what everybody knows: python benchmarks/out_of_distribution.py

Without `--run` it trains the default recipe on the built-in corpus. News, other languages and chatter were written for
this (tests/vectors/out_of_distribution.json); letters are drawn by chance. The first share should be small, the others
large.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports.tables import ROOT, table

from trainer.data import built_in
from trainer.evaluation.abstention import abstains
from trainer.model.recipe import RECIPES
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

KNOWN: Final = (
    "To be or not to be",
    "All the world's a stage, and all the men and women merely players",
    "Shall I compare thee to a summer's day",
    "hello world",
)
_LETTERS: Final = 200  # phrases


def letters(seed: int = 1) -> Iterator[str]:
    """Gives phrases of random letters, without end."""
    generator = np.random.default_rng(seed)
    alphabet = list("abcdefghijklmnopqrstuvwxyz")
    while True:
        lengths = generator.integers(1, 10, size=generator.integers(1, 15))
        yield " ".join("".join(generator.choice(alphabet, length)) for length in lengths)


def not_sure_share(run: Run, texts: list[str]) -> float:
    """Gives the share of texts that are answered "not sure"."""
    best = run.classifier.probabilities(texts).max(axis=1)
    words = [run.vocabulary.known_words(text) for text in texts]
    return float(np.mean([abstains(*asked, run.threshold) for asked in zip(best, words, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a run directory [one is trained]")
    path = parser.parse_args().run
    with tempfile.TemporaryDirectory() as folder:
        run = Run.read(path) if path else fit(built_in.load(), RECIPES["byline"], FitOptions(path=Path(folder, "run")))
        report(run)


def report(run: Run) -> None:
    strange = json.loads((ROOT / "tests" / "vectors" / "out_of_distribution.json").read_text(encoding="utf-8"))
    asked = {
        "test phrases": [phrase.text for phrase in run.phrases("test")],
        **strange,
        "letters": list(islice(letters(), _LETTERS)),
    }
    rows = [[kind, f"{len(texts):,}", f"{not_sure_share(run, texts):.1%}"] for kind, texts in asked.items()]
    print(f"not sure below {run.threshold:.1%}\n")
    print(table(["text", "phrases", "not sure"], rows))
    print()
    for text, (best, *_) in zip(KNOWN, run.classifier.rank(KNOWN), strict=True):
        words = run.vocabulary.known_words(text)
        doubt = " (not sure)" if abstains(float(best["score"]), words, run.threshold) else ""
        print(f"{text}: {best['label']} {best['score']:.0%}{doubt}")


if __name__ == "__main__":
    main()
