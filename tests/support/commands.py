"""Commands as a user types them, and a small corpus for them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.places import ROOT
from trainer.__main__ import main
from trainer.data.corpus import Corpus, of_lines

WORKSHOP = ("export", "all", "--recipe", "tiny", "--author", "A. Tester")  # what the shared export was made by,
EPOCH = "1767225600"  # and when


def run_command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m …` as a user would, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PETS = {
    "cats": ["The cat", "purr", "and meow", "kitten’s", "paw,", "whisker", "the fur!"],
    "dogs": ["The dog", "bark", "and fetch", "puppy’s", "bone,", "tail", "the woof!"],
}
OTHERS = ["will", "of", "a", "with", "its", "for", "or", "then"]


def corpus_of(**lines: list[str]) -> Corpus:
    return of_lines("Pets", "Which pet?", "Made for a test.", "CC0-1.0", lines)


def made_corpus() -> Corpus:
    """Two labels that half of the words tell apart."""
    generator = np.random.default_rng(5)
    return corpus_of(
        **{
            label: [" ".join(generator.permutation([*generator.choice(words, 4), *OTHERS[:4]])) for _ in range(120)]
            for label, words in PETS.items()
        }
    )


CORPUS = made_corpus()


def trainer(*arguments: str, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "trainer", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, input=text, capture_output=True, text=True, check=False)


def mistake(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command that must fail; gives its one line."""
    assert main(list(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("error: ")
    return line
