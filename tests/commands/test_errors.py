"""What stops a command is said as what it is: a mistake, what the system refuses, or a bug of Byline."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export import dist
from export.settings import Settings
from tests.support.commands import CORPUS, trainer
from tests.support.corpora.pets import contents
from tests.support.places import ROOT
from trainer.__main__ import main
from trainer.cli.terminal import A_BUG, exit_code
from trainer.data import built_in
from trainer.errors import UserError
from trainer.run import Run
from trainer.training import fit as fitting


def raising(error: BaseException) -> Callable[..., Any]:
    def function(*_: object, **__: object) -> Any:
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/opt/chromium"),
            "error: /opt/chromium: No such file or directory",
        ),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "error: Connection refused"),
        (OSError("the answer\nwas no"), "error: the answer was no"),
        (TimeoutError(), "error: TimeoutError"),
        (UserError("--seed: must be a number"), "error: --seed: must be a number"),
    ],
    ids=str,
)
def test_what_the_system_refuses_is_one_line_and_exit_code_2(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(raising(error)) == 2
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize("error", [KeyError("label"), AssertionError(), ModuleNotFoundError("x", name="trainer")])
def test_a_bug_shows_its_traceback_and_asks_to_be_reported(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(raising(error)) == A_BUG == 70
    first, *_, raised, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert raised.startswith(type(error).__name__)
    assert last.startswith("error: this is a bug of Byline, and not your mistake: please report it")


def test_a_bug_in_a_fit_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_in, "load", lambda: CORPUS)
    monkeypatch.setattr(fitting, "train", raising(ZeroDivisionError("division by zero")))
    assert main(["fit", "--run", str(tmp_path / "run")]) == A_BUG
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/opt/chromium"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    ],
    ids=["no Chromium", "a refused connection"],
)
def test_an_export_does_not_blame_its_output_for_what_else_went_wrong(
    error: OSError, pets_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dist, "_write_parts", raising(error))
    with pytest.raises(type(error)) as raised:
        dist.build(pets_run, tmp_path / "dist", Settings(), ("vocabulary",))
    assert raised.value is error
    assert list(tmp_path.iterdir()) == []


def test_an_export_does_not_replace_what_came_there_while_it_was_built(
    pets_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes(_: dist.Export, staging: Path, __: object) -> None:
        (staging / "manifest.json").write_text("{}")
        (tmp_path / "dist").mkdir()
        (tmp_path / "dist" / "thesis.txt").write_text("years of work")

    monkeypatch.setattr(dist, "_write_parts", writes)
    with pytest.raises(UserError, match="dist: is in the way"):
        dist.build(pets_run, tmp_path / "dist", Settings(), ("vocabulary",))
    assert contents(tmp_path) == {"dist/thesis.txt": b"years of work"}


def refusals(printed: str) -> list[str]:
    """Gives what is printed beside what the columns are."""
    return [line for line in printed.splitlines() if "pets.csv: the text is in" not in line]


LINES = "".join(f"a {animal} and a {animal}house {n},{animal}\n" for n in range(40) for animal in ("cat", "dog"))
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from trainer.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows limits no file's size")
def test_a_fit_that_may_write_no_large_file_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """As on a disk that becomes full: the model is the first large file."""
    (tmp_path / "pets.csv").write_text(f"text,label\n{LINES}")
    command = ["fit", "--data", "pets.csv", "--recipe", "tiny", "--run", "run"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(20_000), *command],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1] == f"error: {tmp_path}/run: cannot be written (File too large)"
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pets.csv"]


def test_a_fit_in_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pets.csv").write_text(f"text,label\n{LINES}")
    command = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m trainer fit --data ../pets.csv"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = refusals(done.stderr)
    assert re.fullmatch(r"error: runs/\d+-\d+-byline: cannot be written \(No such file or directory\)", line)


def test_a_place_whose_name_is_too_long_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pets.csv").write_text(f"text,label\n{LINES}")
    for length in (250, 300):
        done = trainer("fit", "--data", "pets.csv", "--run", "a" * length, folder=tmp_path)
        assert done.returncode == 2
        (line,) = refusals(done.stderr)
        assert line.endswith("(File name too long)")
    assert [path.name for path in tmp_path.iterdir()] == ["pets.csv"]
