"""Measures how time grows with the rows of templated text, the worst there is for near-duplicates:
python benchmarks/scale.py [--write]

Each row is a ticket with the same opening and the same end around three to eight words of its own. It goes through the
split of `fit`, with its search for leaks, and through the search for near-duplicates of `audit`.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from tables import keep

from trainer.data.corpus import Corpus, Row
from trainer.data.profile import profile_of
from trainer.splitting.near_duplicates import NearDuplicateIndex
from trainer.splitting.split import split

_LABELS = ("billing", "delivery", "returns")
_WORDS = 3_000


def templated(count: int) -> Iterator[Row]:
    """Makes tickets, the same ones each time."""
    generator = np.random.default_rng(1)
    for number in range(count):
        own = " ".join(f"word{word}" for word in generator.integers(_WORDS, size=generator.integers(3, 9)))
        text = f"Dear support team, I am writing because {own} and please help me with this as soon as you can"
        yield Row(text, _LABELS[number * len(_LABELS) // count], number=number + 1)


def measured(count: int) -> dict[str, float]:
    """Gives the seconds of both searches, and the rows that are left to measure on."""
    corpus = Corpus("templated", "", "", "", lambda _: templated(count))
    started = time.monotonic()
    parts = split(corpus, profile_of(corpus), 1)
    held_out = sum(part != "train" for part, _ in parts.rows())
    of_split = time.monotonic() - started
    started = time.monotonic()
    index: NearDuplicateIndex[int] = NearDuplicateIndex()
    index.add((row.number, row.text) for row in templated(count))
    found = sum(1 for _ in index.find((row.number, row.text) for row in templated(count)))
    return {
        "split_seconds": round(of_split, 1),
        "held_out": held_out,
        "search_seconds": round(time.monotonic() - started, 1),
        "found": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes to measure")
    parser.add_argument("--write", action="store_true", help="keep the numbers in results/scale.json")
    given = parser.parse_args()
    rows = {}
    for count in given.rows:
        rows[str(count)] = of = measured(count)
        print(f"{count:>9,} rows: split {of['split_seconds']} s, near-duplicates {of['search_seconds']} s", flush=True)
    if given.write:
        keep("scale", {"rows": rows})


if __name__ == "__main__":
    main()
