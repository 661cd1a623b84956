"""The JavaScript that the page, the module and the proof share, under Node: it reads the contract as Python does."""

import json
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from export.proof import fuzz_strings
from export.targets import node
from tests.support.places import VECTORS, vectors
from tests.support.runtimes.javascript import run_node, tokenized
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

UNITS = sorted(path.name for path in (node.WEB / "tests").glob("*.test.mjs"))


def words_of(phrase: Any) -> list[tuple[int, int, bool]]:
    """Gives start and end of each word, in characters, and whether it is known."""
    units = phrase["text"].encode("utf-16-le")
    spans = [
        [len(units[: 2 * token[end]].decode("utf-16-le")) for end in ("start", "end")] for token in phrase["tokens"]
    ]
    return [(start, end, token["known"]) for (start, end), token in zip(spans, phrase["tokens"], strict=True)]


def reads_as_python(vocabulary: Vocabulary) -> None:
    texts = fuzz_strings.strings(vocabulary, 2)
    read = tokenized(vocabulary, texts)
    for text, ids, phrase in zip(texts, vocabulary.encode_all(texts), read, strict=True):
        assert phrase["ids"] == ids, text[:80]
        # What only a newer Unicode has is a letter in one of them and nothing in the other.
        if len(text) < 1_000 and not any(unicodedata.category(character) == "Cn" for character in text):
            of_python = [(word.start, word.end, word.known) for word in vocabulary.words(text)]
            assert words_of(phrase) == of_python, text[:80]


def test_javascript_and_python_read_the_same_ids_in_fuzz_strings(trained: Run) -> None:
    reads_as_python(trained.vocabulary)


@pytest.mark.slow
@pytest.mark.parametrize("name", vectors("tokenizer.json").get("vocabularies", {}))
def test_javascript_and_python_read_the_same_fuzz_strings_by_every_vector_s_vocabulary(name: str) -> None:
    reads_as_python(Vocabulary.from_json(vectors("tokenizer.json")["vocabularies"][name], name))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `web/` with its packages, beside `tests/vectors/`."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(node.WEB, folder / "web", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(VECTORS, folder / "tests" / "vectors")
    (folder / "web" / "node_modules").symlink_to(node.modules() / "node_modules")
    return folder / "web"


@pytest.mark.parametrize("name", UNITS)
def test_the_units_of_the_page_pass(name: str, web: Path) -> None:
    done = run_node(["--test", "--test-reporter=tap", f"tests/{name}"], cwd=web)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed, done.stdout
    assert int(passed[1]) > 1  # a file without tests passes as one


def bundle(modules: Path, output: Path, engine: str = "own") -> subprocess.CompletedProcess[str]:
    build = str(node.WEB / "build.mjs")
    return run_node([build, "--modules", str(modules), "--engine", engine, "--output", str(output)])


@pytest.mark.network
def test_bundling_says_nothing_and_writes_the_scripts_and_the_style(tmp_path: Path) -> None:
    done = bundle(node.modules(), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = ["app.js", "packages.json", "start.js", "style.css", "worker.js"]
    assert sorted(path.name for path in tmp_path.iterdir()) == made
    assert json.loads((tmp_path / "packages.json").read_text()) == ["d3-dsv"]
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
