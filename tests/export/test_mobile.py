"""The code for apps: Kotlin on a JVM, React Native's under Node; what cannot be run here is parsed.

One compilation serves all of Kotlin's tests: the compiler takes some ten seconds.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from export import graph
from export.mobile.files import write_mobile
from export.mobile.vectors import classes_are_old
from export.proof import fuzz_strings
from export.settings import Settings
from tests.support.places import TESTS
from tests.support.runtimes import android
from tests.support.runtimes.javascript import run_node, tokenized
from trainer.data.corpus import Phrase
from trainer.files import read_json
from trainer.run import Run, write_phrases
from trainer.text.pieces import learn
from trainer.text.windows import split_ids

HOSTILE = ('say "hi" $name ${x} \\(y) \\u0041', "*/ é 日本 \U0001f600", "tab\there", "<b>'d'</b>")


@pytest.fixture(scope="module")
def hostile(trained: Run, dist_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of a model whose title and labels look like code."""
    dist, run_path = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("run")
    vocabulary = replace(trained.vocabulary, labels=HOSTILE)
    phrases = [Phrase(phrase.text, HOSTILE[0]) for phrase in trained.phrases("test")[:200]]
    write_phrases(run_path / "test.jsonl", phrases)
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    vocabulary.write(dist / "vocabulary.json")
    title = '*/ import Foundation\n"""\u2028fun main() {}'
    settings = Settings(title=title, description="x", license="x").complete(trained.facts)
    rounded = graph.rounded_classifier(trained.classifier)
    run = replace(trained, path=run_path, vocabulary=vocabulary)
    write_mobile(run, replace(rounded, vocabulary=vocabulary), dist, settings)
    return dist


def resources(dist: Path, folder: Path) -> Path:
    for file in (dist / "mobile" / "vectors.json", dist / "vocabulary.json"):
        shutil.copyfile(file, folder / file.name)
    return folder


@pytest.fixture(scope="module")
def classes(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of Kotlin, compiled against declarations of the clients; skips where there is no Java."""
    if reason := android.missing():
        pytest.skip(reason)
    output = tmp_path_factory.mktemp("classes")
    assert android.compile_kotlin([hostile / "mobile" / "kotlin", android.DECLARATIONS], output) == ""
    return output


def test_the_vectors_are_what_the_model_says(trained: Run, dist_path: Path) -> None:
    vectors = read_json(dist_path / "mobile" / "vectors.json")
    texts = [string_of(vector) for vector in vectors["texts"]]
    assert len(texts) == 200
    assert [vector["ids"] for vector in vectors["texts"]] == trained.vocabulary.encode_all(texts)
    expected = graph.rounded_classifier(trained.classifier).probabilities(texts)
    given = np.array([vector["probabilities"] for vector in vectors["texts"]])
    assert np.abs(given - expected).max() <= vectors["tolerance"] == 1e-4
    assert (vectors["threshold"], vectors["labels"]) == (trained.threshold, list(trained.vocabulary.labels))
    for kind in ("words", "without", "utf16"):
        assert any(kind in vector for vector in vectors["texts"]), kind
    assert {vector["sure"] for vector in vectors["texts"] if "sure" in vector} == {True, False}
    assert any(len(vector["ids"]) > trained.vocabulary.window for vector in vectors["texts"])


def string_of(vector: dict[str, Any]) -> str:
    if "text" in vector:
        return str(vector["text"])
    return np.array(vector["utf16"], "<u2").tobytes().decode("utf-16-le", "surrogatepass")


def test_kotlin_gives_the_models_answers_on_a_jvm(classes: Path, hostile: Path, tmp_path: Path) -> None:
    done = android.run_junit(classes, "phraseclassifier.VectorsTest", resources(hostile, tmp_path))
    assert done.returncode == 0, done.stdout
    assert "OK (5 tests)" in done.stdout


@pytest.mark.parametrize(
    ("what", "spoil", "failure"),
    [
        ("ids", lambda vector: vector["ids"].append(4), "stringsBecomeTheModelsIds"),
        ("probabilities", lambda vector: vector["probabilities"].reverse(), "longTextsAreReadInWindowsAndAveraged"),
        ("words", lambda vector: vector["words"].append([0, 1, 1]), "wordsAndNotSureAreThoseOfThePage"),
        ("without", lambda vector: vector["without"][0].reverse(), "attributionIsThatOfThePage"),
    ],
)
def test_kotlins_test_finds_what_is_wrong(
    classes: Path, hostile: Path, tmp_path: Path, what: str, spoil: Callable[[dict[str, Any]], object], failure: str
) -> None:
    vectors = read_json(resources(hostile, tmp_path) / "vectors.json")
    spoil(next(vector for vector in vectors["texts"] if vector.get(what)))
    (tmp_path / "vectors.json").write_text(json.dumps(vectors), encoding="utf-8")
    done = android.run_junit(classes, "phraseclassifier.VectorsTest", tmp_path)
    assert done.returncode != 0
    assert failure in done.stdout


CORPORA = {  # what the demo has none of: whole words, scripts without spaces, marks, capitals that are kept
    "word": ("the cat sat on the mat, the dog’s paw", "to be or not to be: that is the question"),
    "unigram": (
        "ฉันรักคุณ สวัสดีครับ ทุกคน",
        "我爱北京天安门，天安门上太阳升。",
        "नमस्ते दुनिया, आप कैसे हैं?",
        "great 😀 😀😀 café",
    ),
}


@pytest.mark.parametrize("kind", ["word", "unigram"])
def test_kotlin_reads_other_vocabularies(classes: Path, tmp_path: Path, kind: Literal["word", "unigram"]) -> None:
    vocabulary = learn(CORPORA[kind] * 5, HOSTILE, sequence_length=12, maximum_pieces=90, model_type=kind)
    texts = [*CORPORA[kind], "", *fuzz_strings.strings(vocabulary, 3, 300)]
    texts = [text for text in texts if classes_are_old(text) and len(text) < 2_000]
    rows: dict[tuple[int, ...], list[float]] = {}
    vectors: list[dict[str, Any]] = []
    for text, phrase in zip(texts, tokenized(vocabulary, texts), strict=True):
        for row in split_ids(phrase["ids"], vocabulary.sequence_length).tolist():
            rows[tuple(row[: max(np.flatnonzero(row)) + 1])] = [0.25] * 4
        words = [[token["start"], token["end"], int(token["known"])] for token in phrase["tokens"]]
        answer = {"text": text, "ids": phrase["ids"], "words": words, "sure": False, "probabilities": [0.25] * 4}
        vectors.append(answer | ({} if words else {"without": []}))
    assert sum(known for vector in vectors for *_, known in vector["words"]) > 50
    vocabulary.write(tmp_path / "vocabulary.json")
    written = {"tolerance": 1e-4, "texts": vectors, "rows": [[list(ids), said] for ids, said in rows.items()]}
    (tmp_path / "vectors.json").write_text(json.dumps(written), encoding="utf-8")
    done = android.run_junit(classes, "phraseclassifier.VectorsTest", tmp_path)
    assert "OK (5 tests)" in done.stdout, done.stdout


def native(folder: Path, code: Path) -> subprocess.CompletedProcess[str]:
    """Runs the test that is made for Jest by Node's own runner."""
    shutil.copyfile(code / "classifier.js", folder / "classifier.js")
    test = (code / "vectors.test.js").read_text(encoding="utf-8")
    (folder / "vectors.test.js").write_text(test.replace('"./classifier"', '"./classifier.js"'), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    program = 'import { test } from "node:test"; globalThis.test = test; await import("./vectors.test.js");'
    program = f"process.env.VECTORS = '.'; {program}"
    return run_node(["--test-reporter=tap", "--input-type=module", "--eval", program], cwd=folder)


def test_react_natives_module_gives_the_models_answers_under_node(hostile: Path, tmp_path: Path) -> None:
    done = native(resources(hostile, tmp_path), hostile / "mobile" / "react-native")
    assert done.returncode == 0, done.stdout
    assert "# pass 5" in done.stdout


def test_react_natives_test_finds_what_is_wrong(hostile: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(hostile / "mobile" / "react-native", code)
    module = (code / "classifier.js").read_text(encoding="utf-8")
    assert module.count("Math.log(") == 1
    (code / "classifier.js").write_text(module.replace("Math.log(", "Math.log10("), encoding="utf-8")
    done = native(resources(hostile, tmp_path), code)
    assert done.returncode != 0
    assert "not ok 3 - long texts are read in windows and averaged" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="Hermes's compiler is here for Linux alone")
def test_hermes_compiles_react_natives_module(dist_path: Path, tmp_path: Path) -> None:
    """It refuses a regular expression that it does not know, and knows no modules: Metro takes those away."""
    module = (dist_path / "mobile" / "react-native" / "classifier.js").read_text(encoding="utf-8")
    script, found, _ = module.partition("\nexport {")
    assert found
    assert hermes(script, tmp_path) == ""
    assert "Invalid" in hermes(script.replace(r"\p{L}", r"\p{Letters}"), tmp_path)


def hermes(script: str, folder: Path) -> str:
    compiler = android.tools() / "node_modules" / "hermes-compiler" / "hermesc" / "linux64-bin" / "hermesc"
    (folder / "script.js").write_text(script, encoding="utf-8")
    command = [str(compiler), "-w", "-emit-binary", "-out", str(folder / "script.hbc"), str(folder / "script.js")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("language", ["swift", "dart"])
def test_what_cannot_be_run_is_parsed(hostile: Path, tmp_path: Path, language: str) -> None:
    files = sorted((hostile / "mobile" / language).iterdir())
    assert len(files) >= 4
    assert parsed(files) == {file.name: [] for file in files}
    broken = tmp_path / files[0].name
    broken.write_text(files[0].read_text(encoding="utf-8").replace("return", "return return )", 1), encoding="utf-8")
    assert parsed([broken])[broken.name]


def parsed(files: list[Path]) -> dict[str, list[int]]:
    """For each file the lines that its language's grammar does not know."""
    # Without the flag V8 takes ten seconds to optimize the grammar of Swift.
    program = ["--liftoff-only", str(TESTS / "mobile" / "parse.mjs"), "--modules", str(android.tools())]
    done = run_node([*program, *map(str, files)])
    assert done.returncode == 0, done.stderr
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


def test_every_language_has_the_threshold_and_the_labels(dist_path: Path, trained: Run) -> None:
    mobile = dist_path / "mobile"
    for name in ("kotlin/Vocabulary.kt", "swift/Tokenizer.swift", "dart/tokenizer.dart"):
        code = (mobile / name).read_text(encoding="utf-8")
        assert f"= {trained.threshold!r}" in code, name
        for label in trained.vocabulary.labels:
            assert f'"{label}",' in code, name
    assert f"threshold = {trained.threshold!r}" in (mobile / "react-native" / "classifier.js").read_text()


def test_the_readme_says_what_was_not_run(dist_path: Path) -> None:
    readme = (dist_path / "mobile" / "README.md").read_text(encoding="utf-8")
    for folder in ("`swift/`", "`dart/`", "`kotlin/LiteRtModel.kt`"):
        (line,) = (line for line in readme.splitlines() if line.startswith(f"| {folder}"))
        assert "**not run**" in line
    assert re.search(r"tasks-text:\d+\.\d+\.\d+\"", readme)
