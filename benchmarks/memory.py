"""Trains on a corpus of 2 GB and prints the peak of memory: python benchmarks/memory.py

The corpus is made here: phrases of made-up words in four labels, each with words that it prefers, shuffled, as one
CSV. It takes about an hour on two cores and 4 GB of disk; `--gigabytes 0.1` tries it out.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LABELS = ("north", "east", "south", "west")
WORDS = 200_000
_CHUNK = 100_000  # phrases
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def write_corpus(path: Path, size: int) -> int:
    """Writes a CSV of at least `size` bytes and gives its number of phrases."""
    generator = np.random.default_rng(1)
    words = np.array(["".join(generator.choice(_LETTERS, length)) for length in generator.integers(2, 10, WORDS)])
    written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        while file.tell() < size:
            lengths = generator.integers(5, 25, _CHUNK)
            # Zipf's law gives the frequencies; a label shifts every fourth word's rank, and so has words of its own.
            ranks = (generator.zipf(1.2, lengths.sum()) - 1) % WORDS
            truth = generator.integers(0, len(LABELS), _CHUNK)
            shifted = generator.random(len(ranks)) < 0.25
            ranks = np.where(shifted, (ranks * 4 + np.repeat(truth, lengths)) % WORDS, ranks)
            for chosen, label in zip(np.split(words[ranks], np.cumsum(lengths)[:-1]), truth, strict=True):
                file.write(f"{' '.join(chosen)},{LABELS[label]}\n")
            written += _CHUNK
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of the corpus [2]")
    size = int(parser.parse_args().gigabytes * 1e9)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phrases.csv")
        phrases = write_corpus(path, size)
        print(f"corpus: {path.stat().st_size:,} bytes, {phrases:,} phrases", flush=True)
        command = [sys.executable, "-m", "trainer", "fit", "--data", str(path), "--recipe", "tiny", "--epochs", "1"]
        start = time.monotonic()
        subprocess.run([*command, "--batch-size", "1024", "--run", str(Path(folder, "run"))], check=True)
        minutes = (time.monotonic() - start) / 60
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"peak memory: {peak / 1e9:.2f} GB, of it the training rows that the system keeps of the file it reads")
    print(f"time: {minutes:.1f} minutes")


if __name__ == "__main__":
    main()
