"""A run directory is written whole or not at all, and read back with care: what is damaged is one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.pets import contents, fitted
from trainer.errors import UserError
from trainer.run import Run, find
from trainer.training import fit as fitting
from trainer.training import record


@pytest.fixture(scope="module")
def run(pets_run: Run) -> Run:
    return pets_run


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Path:
    """A run directory that a test may break."""
    shutil.copytree(run.path, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_an_exception_while_training_leaves_nothing_behind(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "train", raising(error))
    with pytest.raises(type(error)):
        fitted(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_exception_while_writing_leaves_the_old_run_as_it_was(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "write_json", raising(OSError(28, "No space left on device")))
    before = contents(copy.parent)
    with pytest.raises(UserError, match=r"copy: cannot be written \(No space left on device\)"):
        fitted(copy)
    assert contents(copy.parent) == before


def test_a_place_that_cannot_be_written_is_known_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "train", raising(AssertionError("it trained")))
    (tmp_path / "file").write_text("a file, where a folder is wanted")
    with pytest.raises(UserError, match=r"file/runs/new: cannot be written \(Not a directory\)"):
        fitted(tmp_path / "file" / "runs" / "new")
    assert contents(tmp_path) == {"file": b"a file, where a folder is wanted"}


@pytest.mark.parametrize("place", ["thesis", "thesis/chapter.txt"])
def test_what_is_not_a_run_is_never_replaced(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "train", raising(AssertionError("it trained")))
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(UserError, match=f"{place}: "):
        fitted(tmp_path / place)
    assert contents(tmp_path) == {"thesis/chapter.txt": b"years of work"}


def raising(error: BaseException) -> Callable[..., Any]:
    def function(*_: object, **__: object) -> None:
        raise error

    return function


def edit(file: str, **values: object) -> Callable[[Path], object]:
    """Changes the values of one JSON file; None takes a key out."""

    def change(folder: Path) -> None:
        content = json.loads((folder / file).read_text(encoding="utf-8")) | values
        kept = {key: value for key, value in content.items() if value is not None}
        (folder / file).write_text(json.dumps(kept), encoding="utf-8")

    return change


def put(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def flip(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(
        (folder / file).read_bytes()[:-1] + bytes([(folder / file).read_bytes()[-1] ^ 1])
    )


def remove(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).unlink()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit of the model": (flip("model.keras"), r"model\.keras: is damaged"),
    "no model": (remove("model.keras"), r"model\.keras: cannot be read"),
    "no vocabulary": (remove("vocabulary.json"), r"vocabulary\.json: cannot be read"),
    "vocabulary that is no JSON": (put("vocabulary.json", b"{"), r"vocabulary\.json: is not JSON"),
    "vocabulary of another length": (edit("vocabulary.json", sequence_length=9), r"vocabulary\.json: does not belong"),
    "vocabulary of other labels": (edit("vocabulary.json", labels=["a", "b", "c"]), r"vocabulary\.json: does not bel"),
    "vocabulary of other pieces": (
        edit("vocabulary.json", pieces=["▁purr"], scores=[-1]),
        r"vocabulary\.json: does not belong",
    ),
    "no run.json": (remove("run.json"), r"copy: is not a run directory"),
    "run.json that is no JSON": (put("run.json", b"{"), r"run\.json: is not JSON"),
    "run.json that is no object": (put("run.json", b"[]"), r"run\.json: the format is not"),
    "run.json of another format": (edit("run.json", format="other-1"), r"run\.json: the format is not"),
    "run.json of a version without a threshold": (edit("run.json", format="byline-run-1"), r"makes a run of this"),
    "run.json without a threshold": (edit("run.json", abstention=None), r"run\.json: has no abstention"),
    "run.json without metrics": (edit("run.json", metrics=None), r"run\.json: has no metrics"),
    "no test phrases": (remove("test.jsonl"), r"test\.jsonl: cannot be read"),
    "empty test phrases": (put("test.jsonl", b""), r"test\.jsonl: "),
    "test phrases that are no JSON": (put("test.jsonl", b"text,label\n"), r"test\.jsonl: row 1: is not a phrase"),
    "test phrases that are no UTF-8": (put("test.jsonl", b"\xff\n"), r"test\.jsonl: cannot be read"),
    "a phrase without a label": (put("test.jsonl", b'{"text": "a"}\n'), r"test\.jsonl: row 1: is not a phrase"),
    "a phrase that is a number": (
        put("test.jsonl", b'{"text": 1, "label": "cats"}\n'),
        r"test\.jsonl: row 1: is not a",
    ),
    "an unknown label": (
        put("test.jsonl", b'{"text": "a", "label": "cats"}\n{"text": "a", "label": "fish"}\n'),
        r"test\.jsonl: row 2: 'fish' is none",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_run_is_one_line_that_names_the_file(case: str, copy: Path) -> None:
    damage, message = DAMAGE[case]
    damage(copy)
    with pytest.raises(UserError, match=message) as raised:
        read_all(copy)
    assert "\n" not in str(raised.value)


def read_all(path: Path) -> None:
    run = Run.read(path)
    assert run.classifier.probabilities(["purr"]).shape == (1, 2)
    assert run.phrases("validation") != run.phrases("test")


def test_the_undamaged_copy_is_read(copy: Path) -> None:
    read_all(copy)


def test_the_newest_run_is_found_by_when_it_was_made(copy: Path) -> None:
    runs = copy.parent
    for name, created in (("b", "2026-01-02T00:00:00"), ("a", "2026-01-03T00:00:00"), (".c", "2026-01-04T00:00:00")):
        shutil.copytree(copy, runs / name)
        edit("run.json", created=created)(runs / name)
    shutil.rmtree(copy)
    (runs / "no-run").mkdir()
    assert find(None, runs).path == runs / "a"
    assert find(runs / "b", runs).path == runs / "b"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"[]", "does not say when the run was created"),
        (b"null", "does not say when the run was created"),
        (b'{"created": null}', "does not say when the run was created"),
        (b'{"created": 3}', "does not say when the run was created"),
        (b"{", "is not JSON"),
    ],
)
def test_a_broken_run_beside_others_is_named(content: bytes, rule: str, copy: Path) -> None:
    (copy.parent / "broken").mkdir()
    (copy.parent / "broken" / "run.json").write_bytes(content)
    with pytest.raises(UserError, match=rf"broken/run\.json: {rule}"):
        find(None, copy.parent)
    assert find(copy, copy.parent).path == copy


def test_without_a_run_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no run; `python -m trainer fit` makes one"):
        find(None, tmp_path / "runs")
