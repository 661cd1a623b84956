"""Measures what large corpora cost: python benchmarks/scale.py rows|memory|audit

`rows` makes templated text, the worst there is for near-duplicates: each row is a ticket with the same opening and the
same end around three to eight words of its own. It goes through the split of `fit`, with its search for leaks, and
through the search for near-duplicates of `audit`; --write keeps the numbers.

`memory` trains on a made corpus of 2 GB and gives the peak of memory: phrases of made-up words in four labels, each
with words that it prefers, shuffled, as one CSV. It takes about an hour on two cores and 4 GB of disk;
`--gigabytes 0.1` tries it out.

`audit` audits the lesson's four authors, speaker names left in, and gives the time. It reads `../shared/data/iliad`, or
the folder that is named, and ends with a message where there is none.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports.tables import keep
from sets.texts import ILIAD

from trainer.data.corpus import Corpus, Row
from trainer.data.profile import profile_of
from trainer.splitting.near_duplicates import NearDuplicateIndex
from trainer.splitting.split import split

ROOT: Final = Path(__file__).parent.parent
_LABELS: Final = ("billing", "delivery", "returns")
_WORDS: Final = 3_000
_REGIONS: Final = ("north", "east", "south", "west")
_MADE_WORDS: Final = 200_000
_CHUNK: Final = 100_000  # phrases
_LETTERS: Final = np.array(list("abcdefghijklmnopqrstuvwxyz"))


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


def rows(given: argparse.Namespace) -> None:
    found = {}
    for count in given.count:
        found[str(count)] = of = measured(count)
        print(f"{count:>9,} rows: split {of['split_seconds']} s, near-duplicates {of['search_seconds']} s", flush=True)
    if given.write:
        keep("scale", {"rows": found})


def write_corpus(path: Path, size: int) -> int:
    """Writes a CSV of at least `size` bytes and gives its number of phrases."""
    generator = np.random.default_rng(1)
    lengths = generator.integers(2, 10, _MADE_WORDS)
    words = np.array(["".join(generator.choice(_LETTERS, length)) for length in lengths])
    written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        while file.tell() < size:
            lengths = generator.integers(5, 25, _CHUNK)
            # Zipf's law gives the frequencies; a label shifts every fourth word's rank, and so has words of its own.
            ranks = (generator.zipf(1.2, lengths.sum()) - 1) % _MADE_WORDS
            truth = generator.integers(0, len(_REGIONS), _CHUNK)
            shifted = generator.random(len(ranks)) < 0.25
            ranks = np.where(shifted, (ranks * 4 + np.repeat(truth, lengths)) % _MADE_WORDS, ranks)
            for chosen, label in zip(np.split(words[ranks], np.cumsum(lengths)[:-1]), truth, strict=True):
                file.write(f"{' '.join(chosen)},{_REGIONS[label]}\n")
            written += _CHUNK
    return written


def memory(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phrases.csv")
        phrases = write_corpus(path, int(given.gigabytes * 1e9))
        print(f"corpus: {path.stat().st_size:,} bytes, {phrases:,} phrases", flush=True)
        command = [sys.executable, "-m", "trainer", "fit", "--data", str(path), "--recipe", "tiny", "--epochs", "1"]
        start = time.monotonic()
        subprocess.run([*command, "--batch-size", "1024", "--run", str(Path(folder, "run"))], cwd=ROOT, check=True)
        minutes = (time.monotonic() - start) / 60
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"peak memory: {peak / 1e9:.2f} GB, of it the training rows that the system keeps of the file it reads")
    print(f"time: {minutes:.1f} minutes")


def audit(given: argparse.Namespace) -> None:
    if not given.data.is_dir():
        print(f"skipped: {given.data} is not there")
        return
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "trainer", "audit", "--data", str(given.data)], cwd=ROOT, check=True)
    print(f"time: {time.monotonic() - started:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("rows", help="time of the searches for near-duplicates against rows")
    command.add_argument("--count", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="of rows")
    command.add_argument("--write", action="store_true", help="keep the numbers in results/scale.json")
    command.set_defaults(run=rows)
    command = commands.add_parser("memory", help="peak of memory in training")
    command.add_argument("--gigabytes", type=float, default=2.0, help="of the corpus [2]")
    command.set_defaults(run=memory)
    command = commands.add_parser("audit", help="time of an audit")
    command.add_argument("data", nargs="?", type=Path, default=ILIAD, help="a folder of <label>.txt [the four authors]")
    command.set_defaults(run=audit)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
