"""One small model is trained and exported for the whole run, by the command that a user types."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.run import Run

ROOT = Path(__file__).parent.parent
VOICES = "the king queen ship sea night morning came went saw took gave said old new house river road"


def run_command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m …` as a user would, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=str(ROOT), **environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `python -m export all` was typed, with no run in it: it holds `runs/` and `dist/`."""
    folder = tmp_path_factory.mktemp("workshop")
    done = run_command("export", "all", "--recipe", "tiny", "--author", "A. Tester", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def marked_workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with `--punctuation`, on text whose labels differ in marks and capitals alone."""
    folder = tmp_path_factory.mktemp("marked")
    draw = random.Random(3)
    words = VOICES.split()
    lines: dict[str, list[str]] = {"loud": [], "quiet": []}
    for _ in range(300):
        chosen = draw.sample(words, 7)
        lines["quiet"].append("{}, {} {}, {} {} {} {}.".format(*chosen))
        chosen = [word.title() for word in draw.sample(words, 4)] + draw.sample(words, 3)
        lines["loud"].append("{} {} — {} {} — {} {} {}!".format(*chosen))
    (folder / "voices").mkdir()
    for label, of_label in lines.items():
        (folder / "voices" / f"{label}.txt").write_text("\n".join(of_label) + "\n", encoding="utf-8")
    done = run_command("export", "all", "--recipe", "tiny", "--punctuation", "--data", "voices", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def dist_path(workshop: Path) -> Path:
    return workshop / "dist"


@pytest.fixture(scope="session")
def run_path(workshop: Path) -> Path:
    (path,) = (workshop / "runs").iterdir()
    return path


@pytest.fixture(scope="session")
def trained(run_path: Path) -> Run:
    return Run.read(run_path)


@pytest.fixture
def dist_copy(dist_path: Path, tmp_path: Path) -> Path:
    """A dist directory that a test may break."""
    copy = tmp_path / "dist"
    shutil.copytree(dist_path, copy)
    return copy
