"""A table of tickets, and an interpreter of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.support.places import ROOT

WORDS = {
    "card": "card arrive delivery post track",
    "refund": "refund money charge twice return",
    "login": "password login account reset code",
}
OTHERS = "my the please has not why help when can still"


def written(path: Path, rows: int = 24) -> Path:
    """A table of tickets that a model learns in seconds."""
    generator = np.random.default_rng(4)
    lines = ["text,label"]
    for row in range(rows):
        for label, words in WORDS.items():
            text = [*generator.choice(words.split(), 2, replace=False), *generator.choice(OTHERS.split(), 3)]
            lines.append(f"{' '.join(generator.permutation(text))} {row % 7},{label}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def in_python(code: str, cwd: Path = ROOT, **environment: str) -> str:
    """Runs code in an interpreter of its own, whose environment says nothing of TensorFlow."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CUDA_VISIBLE_DEVICES", "KERAS_BACKEND") and not name.startswith("TF_")
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
