"""Every block of code in README and docs is run here, or says why not, or which test runs it.

The commands are those that a reader types, with the recipe `tiny` and, in place of the built-in corpus, a small one.
"""

import io
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import export.__main__ as exporter
import trainer.__main__ as trainer_commands
from export import dist
from tests.support.corpora.pets import CORPUS
from tests.support.places import ROOT
from trainer.data import built_in
from trainer.data.corpus import Corpus
from trainer.data.profile import profile_of
from trainer.model.recipe import Recipe
from trainer.run import Run
from trainer.training import fit as training
from trainer.training.options import FitOptions

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NO_CODE = ("text", "csv")
TRAIN = ("split.md", "tutorial-tickets.md")  # once
PROGRAMS = {"trainer": trainer_commands.main, "export": exporter.main}
_BLOCK = re.compile(r"(?:^<!-- (?P<marker>[^\n]+) -->\n)?^ *```(?P<language>\w*)\n(?P<code>.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: Where it stands.
        language: Behind its fence.
        code: Its lines.
        marker: The comment right above it, if there is one.
    """

    page: Path
    language: str
    code: str
    marker: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            yield Block(page, found["language"], found["code"], found["marker"] or "")


BLOCKS = [block for block in blocks() if block.language not in NO_CODE]
TYPED = sorted({block.page for block in BLOCKS if block.language == "sh" and not block.marker})


def test_every_fence_has_a_language_and_is_found() -> None:
    for page in PAGES:
        fences = re.findall(r"^ *```(\w*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert all(fences[::2]), page.name
        assert not any(fences[1::2]), page.name
    assert len(BLOCKS) > 20


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page.name}-{block.language}")
def test_every_block_is_run_or_says_why_not(block: Block) -> None:
    if block.marker.startswith("run by "):
        test = (ROOT / block.marker.removeprefix("run by ")).read_text(encoding="utf-8")
        assert block.page.name in test
    elif not block.marker.startswith("not run: "):
        assert block.language == "sh", block
        assert all(line.startswith(("python -m trainer ", "python -m export ")) for line in block.code.splitlines())


@pytest.fixture
def place(tmp_path: Path, pets_run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run and with the files that the pages speak of."""
    shutil.copytree(pets_run.path, tmp_path / "runs" / "20260101-000000-byline")
    shutil.copyfile(ROOT / "docs" / "tickets.csv", tmp_path / "tickets.csv")
    (tmp_path / "songs").mkdir()
    table = ["text,label"]
    for label, words in {"blues": "train whistle lonesome river", "carol": "snow bell winter candle"}.items():
        lines = [
            f"{word} {number} {words.split()[number % 4]} tonight" for number in range(12) for word in words.split()
        ]
        (tmp_path / "songs" / f"{label}.txt").write_text("\n".join(lines), encoding="utf-8")
        table += [f"{line},{label}" for line in lines]
    (tmp_path / "songs.csv").write_text("\n".join(table), encoding="utf-8")
    (tmp_path / "phrases.txt").write_text("purr and meow\nbark\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.name)
def test_commands_of_the_page_do_what_they_say(
    page: Path, place: Path, pets_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but training and exporting is real: of these the options are read and checked, and the text is read.

    Two pages train once all the same.
    """
    built, trained, real = list[Any](), list[Any](), training.fit

    def fit(corpus: Corpus, recipe: Recipe, options: FitOptions) -> Run:
        profile_of(corpus)
        trained.append((recipe, options))
        return real(corpus, recipe, options) if page.name in TRAIN and len(trained) == 1 else pets_run

    monkeypatch.setattr(built_in, "load", lambda: CORPUS)
    monkeypatch.setattr(dist, "build", lambda *given: built.append(given))
    monkeypatch.setattr(training, "fit", fit)
    code = "".join(block.code for block in BLOCKS if block.page == page and block.language == "sh" and not block.marker)
    fits = exports = 0
    for line in code.splitlines():
        _python, _m, program, command, *options = shlex.split(line, comments=True)
        if "<" in options:
            at = options.index("<")
            typed = io.TextIOWrapper(io.BytesIO((place / options[at + 1]).read_bytes()))
            monkeypatch.setattr("sys.stdin", typed)
            options[at : at + 2] = []
        options = [option.replace("<time>", "20260101-000000") for option in options]
        trains = command == "fit" or (command == "all" and "--data" in options)
        if trains and "--recipe" not in options:
            options += ["--recipe", "tiny"]
        assert PROGRAMS[program]([command, *options]) == 0, line
        fits += trains or "--folds" in options
        exports += program == "export"
    assert len(built) == exports
    assert len(trained) == fits
