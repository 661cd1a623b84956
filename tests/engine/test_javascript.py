"""The JavaScript that the page, the module and the proof share, under Node: it reads the contract as Python does."""

import json
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from export.proof import fuzz_strings
from export.targets import node
from tests.support.javascript import SOURCE, evaluate, run_node
from tests.support.places import vectors
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

TOKENIZE = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./engine/tokenizer.js";
const { vocabulary, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenize = createTokenizer(vocabulary);
console.log(JSON.stringify(texts.map(tokenize)));
"""
TIME = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./engine/tokenizer.js";
const { vocabulary, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenize = createTokenizer(vocabulary);
const timed = texts.map((text) => {
    const start = performance.now();
    const { ids } = tokenize(text);
    return [ids.length, performance.now() - start];
});
console.log(JSON.stringify(timed));
"""
WINDOWS = """
import { readFileSync } from "node:fs";
import { combineWindows, cutWindows } from "./engine/windows.js";
const { cases, averages } = JSON.parse(readFileSync(0, "utf8"));
const rows = cases.map(({ ids, sequence_length }) => cutWindows(ids, sequence_length));
console.log(JSON.stringify([rows, averages.map(({ probabilities }) => combineWindows(probabilities))]));
"""
VOCABULARY = {
    "format": "byline-vocabulary",
    "version": 2,
    "model_type": "unigram",
    "rules": [["-", " - "], ["C", "c"], ["e\u0301", "é"]],
    "sequence_length": 6,
    "reserved": ["<pad>", "<unk>", "[CLS]", "[SEP]"],
    "pieces": ["▁the", "▁king", "▁café", "s", "▁", "z", ","],
    "scores": [-1.0, -2.0, -2.0, -3.0, -3.0, -4.0, -3.0],
    "labels": ["a", "b"],
}


def test_javascript_reads_every_tokenizer_vector() -> None:
    given = vectors("tokenizer.json")
    assert len(given["cases"]) > 50
    for name, vocabulary in given["vocabularies"].items():
        cases = [case for case in given["cases"] if case["vocabulary"] == name]
        read = evaluate(TOKENIZE, {"vocabulary": vocabulary, "texts": [case["text"] for case in cases]})
        for case, phrase in zip(cases, read, strict=True):
            assert phrase["ids"] == case["ids"], case["text"]
            assert words_of(phrase) == [tuple(word) for word in case["words"]], case["text"]


def words_of(phrase: Any) -> list[tuple[int, int, bool]]:
    """Gives start and end of each word, in characters, and whether it is known."""
    units = phrase["text"].encode("utf-16-le")
    spans = [
        [len(units[: 2 * token[end]].decode("utf-16-le")) for end in ("start", "end")] for token in phrase["tokens"]
    ]
    return [(start, end, token["known"]) for (start, end), token in zip(spans, phrase["tokens"], strict=True)]


def test_javascript_cuts_and_averages_every_window_vector() -> None:
    given = vectors("windows.json")
    rows, averages = evaluate(WINDOWS, given)
    assert rows == [case["rows"] for case in given["cases"]]
    for mine, case in zip(averages, given["averages"], strict=True):
        assert mine == pytest.approx(case["average"], abs=1e-9)


def reads_as_python(vocabulary: Vocabulary) -> None:
    texts = fuzz_strings.strings(vocabulary, 2)
    read = evaluate(TOKENIZE, {"vocabulary": vocabulary.to_json(), "texts": texts})
    for text, ids, phrase in zip(texts, vocabulary.encode_all(texts), read, strict=True):
        assert phrase["ids"] == ids, text[:80]
        # What only a newer Unicode has is a letter in one of them and nothing in the other.
        if len(text) < 1_000 and not any(unicodedata.category(character) == "Cn" for character in text):
            of_python = [(word.start, word.end, word.known) for word in vocabulary.words(text)]
            assert words_of(phrase) == of_python, text[:80]


def test_javascript_and_python_read_the_same_ids_in_fuzz_strings(trained: Run) -> None:
    reads_as_python(trained.vocabulary)


@pytest.mark.parametrize("name", vectors("tokenizer.json").get("vocabularies", {}))
def test_javascript_and_python_read_the_same_fuzz_strings_by_every_vector_s_vocabulary(name: str) -> None:
    reads_as_python(Vocabulary.from_json(vectors("tokenizer.json")["vocabularies"][name], name))


def test_words_say_where_in_the_text_they_stand_and_which_pieces_they_have() -> None:
    (phrase,) = evaluate(TOKENIZE, {"vocabulary": VOCABULARY, "texts": ["🙂 the\0 Cafe\u0301-kings, zz zqzq"]})
    assert phrase["text"] == "🙂 the Cafe\u0301-kings, zz zqzq"
    units = phrase["text"].encode("utf-16-le")
    at = [units[2 * token["start"] : 2 * token["end"]].decode("utf-16-le") for token in phrase["tokens"]]
    assert at == [token["word"] for token in phrase["tokens"]]
    assert at == ["🙂", "the", "Cafe\u0301", "kings", "zz", "zqzq"]
    ids = [phrase["ids"][token["first"] : token["last"]] for token in phrase["tokens"]]
    assert ids == [[1], [4], [6], [5, 7], [9, 9], [9, 1, 9, 1]]
    assert [token["known"] for token in phrase["tokens"]] == [False, True, True, True, False, False]


def test_a_text_of_thirteen_thousand_words_takes_no_seconds() -> None:
    texts = ["the kings " * 6_500, "z" * 100_000, "q" * 100_000, "the" * 40_000]
    done = evaluate(TIME, {"vocabulary": VOCABULARY, "texts": texts})
    assert [count for count, _ in done] == [6_500 * 3, 100_001, 2, 2]
    assert max(milliseconds for _, milliseconds in done) < 1_500


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("version", 1, "byline-vocabulary 1"),
        ("format", "other", "other 2"),
        ("model_type", "bpe", "bpe"),
        ("sequence_length", 2, "2"),
        ("scores", [-1.0], "7 and 1"),
        ("pieces", ["▁a"] * 7, '"▁a"'),
    ],
)
def test_javascript_refuses_a_contract_that_it_cannot_read(key: str, value: Any, complaint: str) -> None:
    given = json.dumps({"vocabulary": VOCABULARY | {key: value}, "texts": []})
    done = run_node(["--input-type=module", "--eval", TOKENIZE], given, cwd=SOURCE)
    assert done.returncode != 0
    assert f"Received: {complaint}" in done.stderr


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
