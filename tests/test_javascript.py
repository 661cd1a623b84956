"""The JavaScript that the page, the module and the proof share, under Node: it reads the contract as Python does."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from export import hostile, node
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

VECTORS = Path(__file__).parent / "vectors"
SOURCE = node.WEB / "src"

TOKENIZE = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./engine/tokenizer.js";
const { vocabulary, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenize = createTokenizer(vocabulary);
console.log(JSON.stringify(texts.map(tokenize)));
"""
WINDOWS = """
import { readFileSync } from "node:fs";
import { combineWindows, cutWindows } from "./engine/windows.js";
const { cases, averages } = JSON.parse(readFileSync(0, "utf8"));
const rows = cases.map(({ ids, sequence_length }) => cutWindows(ids, sequence_length, 0));
console.log(JSON.stringify([rows, averages.map(({ probabilities }) => combineWindows(probabilities))]));
"""


def run_node(arguments: Sequence[str], stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs Node as `export.node` finds it; unlike there, what it prints to standard error can be looked at."""
    folder = node.node_folder()
    path = os.environ["PATH"] if folder is None else f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["node", *arguments],
        input=stdin,
        cwd=cwd,
        env=dict(os.environ, PATH=path),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def evaluate(program: str, value: Any) -> Any:
    """Runs a module that stands in `web/src` for as long as it takes, on a JSON value."""
    done = run_node(["--input-type=module", "--eval", program], json.dumps(value), cwd=SOURCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("mode", ["words", "punctuation"])
def test_javascript_reads_every_tokenizer_vector(mode: str) -> None:
    given = vectors("tokenizer.json")
    given = given if mode == "words" else given[mode]
    cases, marks = given["cases"], given["vocabulary"].get("marks", [])
    read = evaluate(TOKENIZE, {"vocabulary": given["vocabulary"], "texts": [case["text"] for case in cases]})
    assert len(read) > 10
    for case, phrase in zip(cases, read, strict=True):
        assert [token["word"] for token in phrase["tokens"]] == case["tokens"], case["text"]
        assert phrase["ids"] == case["ids"], case["text"]
        for token in phrase["tokens"]:
            assert token["mark"] == any(first <= token["word"] <= last for first, last in marks), case["text"]


def test_javascript_cuts_and_averages_every_window_vector() -> None:
    given = vectors("windows.json")
    rows, averages = evaluate(WINDOWS, given)
    assert rows == [case["rows"] for case in given["cases"]]
    for mine, case in zip(averages, given["averages"], strict=True):
        assert mine == pytest.approx(case["average"], abs=1e-9)


def reads_as_python(vocabulary: Vocabulary) -> None:
    texts = hostile.strings(vocabulary, 2)
    read = evaluate(TOKENIZE, {"vocabulary": vocabulary.to_json(), "texts": texts})
    for text, phrase in zip(texts, read, strict=True):
        assert phrase["ids"] == vocabulary.encode(text), text[:80]
        assert [token["word"] for token in phrase["tokens"]] == vocabulary.tokenize(text), text[:80]


def test_javascript_and_python_read_the_same_ids_in_hostile_strings(trained: Run) -> None:
    reads_as_python(trained.vocabulary)


def test_javascript_and_python_read_the_same_marks_in_hostile_strings() -> None:
    reads_as_python(Vocabulary.from_json(vectors("tokenizer.json")["punctuation"]["vocabulary"], "the vectors"))


def test_tokens_say_where_in_the_text_they_stand() -> None:
    vocabulary = vectors("tokenizer.json")["vocabulary"]
    (phrase,) = evaluate(TOKENIZE, {"vocabulary": vocabulary, "texts": ["🙂 the\0 cafe\u0301, zz"]})
    assert phrase["text"] == "🙂 the café, zz"
    units = phrase["text"].encode("utf-16-le")
    at = [units[2 * token["start"] : 2 * token["end"]].decode("utf-16-le") for token in phrase["tokens"]]
    assert at == [token["word"] for token in phrase["tokens"]] == ["the", "café", "zz"]
    assert [token["known"] for token in phrase["tokens"]] == [True, True, False]


@pytest.mark.parametrize(
    ("key", "value"), [("version", 2), ("format", "other"), ("normalization", "NFKC"), ("sequence_length", 0)]
)
def test_javascript_refuses_a_contract_that_it_cannot_read(key: str, value: Any) -> None:
    vocabulary = vectors("tokenizer.json")["vocabulary"] | {key: value}
    given = json.dumps({"vocabulary": vocabulary, "texts": []})
    done = run_node(["--input-type=module", "--eval", TOKENIZE], given, cwd=SOURCE)
    assert done.returncode != 0
    assert f"Received: {'byline-vocabulary ' if key == 'version' else ''}{value}" in done.stderr


@pytest.mark.parametrize(
    ("marks", "complaint"),
    [
        ([["!", "%"]], 'A mark must have an id. Received: "#"'),
        ([["", "!"]], "An end of a range in `marks` must be one character"),
        ([["--", "."]], "An end of a range in `marks` must be one character"),
    ],
)
def test_javascript_refuses_marks_that_it_cannot_read(marks: Any, complaint: str) -> None:
    vocabulary = vectors("tokenizer.json")["punctuation"]["vocabulary"] | {"marks": marks}
    given = json.dumps({"vocabulary": vocabulary, "texts": []})
    done = run_node(["--input-type=module", "--eval", TOKENIZE], given, cwd=SOURCE)
    assert done.returncode != 0
    assert complaint in done.stderr


def bundle(modules: Path, output: Path, engine: str = "own") -> subprocess.CompletedProcess[str]:
    build = str(node.WEB / "build.mjs")
    return run_node([build, "--modules", str(modules), "--engine", engine, "--output", str(output)])


def test_bundling_says_nothing_and_writes_the_scripts_and_the_style(tmp_path: Path) -> None:
    done = bundle(node.modules(), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.js", "start.js", "style.css", "worker.js"]
    assert "d3-dsv" in (tmp_path / "app.js").read_text(encoding="utf-8").splitlines()[0]  # its licence asks for that


def test_bundling_fails_in_one_line_without_packages(tmp_path: Path) -> None:
    done = bundle(tmp_path, tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("build.mjs: Cannot find module 'esbuild'")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("engine", ["own", "tfjs"])
def test_the_proofs_program_says_nothing_but_its_answer(dist_path: Path, engine: str) -> None:
    program = [str(node.WEB / "node" / "classify.mjs"), "--engine", engine, "--modules", str(node.modules())]
    program += ["--model", str(dist_path / "tfjs"), "--vocabulary", str(dist_path / "vocabulary.json")]
    done = run_node(program, '["", "the king"]')
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["results"]) == 2


def test_npm_lock_has_a_digest_for_every_package_and_names_no_registry() -> None:
    text = (node.WEB / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    others = {path: package for path, package in packages.items() if path}
    assert len(others) > 50
    assert [path for path, package in others.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert "resolved" not in text
    assert "registry" not in text
    manifest = json.loads((node.WEB / "package.json").read_text(encoding="utf-8"))
    for kind in ("dependencies", "devDependencies"):
        assert packages[""][kind] == manifest[kind]
        for name, version in manifest[kind].items():
            assert others[f"node_modules/{name}"]["version"] == version
