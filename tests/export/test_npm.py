"""The npm package as its users get it: packed, installed into an empty project, asked in Node, a browser, a worker."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from export.manifest import read_manifest
from export.proof import fuzz_strings, parity, runtimes
from export.targets import node
from tests.support.commands import run_command
from tests.support.pages.browser import Open, Server
from tests.support.pages.npm_pages import broken, evaluate, install, quiet, write_page
from tests.support.runtimes.javascript import run_node, tools
from trainer import __version__
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.text.windows import split_ids

FILES: Final = {
    "README.md",
    "index.cjs",
    "index.d.cts",
    "index.d.ts",
    "index.js",
    "model.cjs",
    "model.js",
    "package.json",
    "phrase-classifier.cjs",
    "phrase-classifier.d.cts",
    "phrase-classifier.d.ts",
    "phrase-classifier.js",
    "static.d.cts",
    "static.d.ts",
    "static.js",
}
TEXTS: Final = ["", "To be, or not to be", "Achilles sing, O Goddess! " * 30, "my smartphone 🙂\0", "e\u0301"]
DONE: Final = "html[data-state=done]"
ASK: Final = """
import { readFileSync } from "node:fs";
import { load } from "byline";
const { explain } = await load();
const answer = ({ ids, probabilities }) => ({ ids, probabilities });
const texts = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => answer(explain(text)))));
"""
EVERYTHING: Final = """
import { load } from "byline";
const classify = await load();
const text = "To be, or not to be zxqv";
const { labels, threshold } = classify;
const explained = classify.explain(text);
const [results, without] = [classify(text), classify.leaveOneOut(text)];
const empty = classify.explain(" !? ");
const same = (await load()) === classify;
const rows = ["", text.repeat(9)].map(classify.rows);
console.log(JSON.stringify({ labels, threshold, explained, results, without, empty, same, rows }));
"""
APP: Final = """
import { load } from "byline";
const classify = await load();
Object.assign(globalThis, { classify });
document.documentElement.dataset.state = "done";
"""
IN_WORKER: Final = """
const worker = new Worker("worker.js", { type: "module" });
worker.onmessage = ({ data }) => {
    Object.assign(globalThis, { answers: data });
    document.documentElement.dataset.state = "done";
};
"""
WORKER: Final = """
import { load } from "./index.js";
const classify = await load();
postMessage(["", "To be, or not to be"].map((text) => classify.explain(text).probabilities));
"""
USE: Final = """
import { load, type Classifier, type Explanation, type Result } from "byline";
import { PhraseClassifier } from "byline/phrase-classifier";

const classify: Classifier = await load();
const results: Result[] = classify("To be or not to be");
const best: string = results[0].label;
const score: number = results[0].score;
const explained: Explanation = classify.explain(best);
const known: boolean[] = explained.tokens.map(({ known }) => known);
const shares: number[] = classify.leaveOneOut("To be")[0];
const row: number[] = classify.rows("To be")[0];
const sure: boolean = explained.sure && score >= classify.threshold;
const labels: readonly string[] = classify.labels;
const element = document.createElement("phrase-classifier");
element.value = best;
element.addEventListener("classify", ({ detail }) => detail[0].label.toUpperCase());
const made: PhraseClassifier = element;
// @ts-expect-error: a text is text
classify(12);
// @ts-expect-error: the labels are the model's
classify.labels.push("Homer");
// @ts-expect-error: there is no such thing
explained.certainty;
export { element, known, labels, made, row, shares, sure };
"""


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project in which the package is installed."""
    project = tmp_path_factory.mktemp("npm") / "project"
    assert set(install(package, project)) == FILES
    return project


# What lies in it


def test_package_says_what_it_is_and_asks_for_nothing(package: Path, trained: Run) -> None:
    assert {path.name for path in package.iterdir()} == FILES
    facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
    assert (facts["name"], facts["version"], facts["type"]) == ("byline", __version__, "module")
    assert facts["author"] == "A. Tester"
    assert facts["byline"]["model_sha256"] == trained.facts["model_sha256"]
    assert set(facts["files"]) | {"README.md", "package.json"} == FILES
    assert facts["sideEffects"] == ["./phrase-classifier.js", "./phrase-classifier.cjs"]
    assert not {"private", "scripts", "dependencies", "devDependencies", "peerDependencies"} & set(facts)
    named = set(re.findall(r'"(\./[^"]+\.(?:c?js|d\.c?ts))"', json.dumps([facts[key] for key in ("exports", "main")])))
    assert {f"./{name}" for name in FILES - {"README.md", "package.json", "model.js", "model.cjs"}} == named


def test_readme_says_what_the_model_is_and_how_good(package: Path, dist_path: Path, trained: Run) -> None:
    text = (package / "README.md").read_text(encoding="utf-8")
    test = read_manifest(dist_path)["metrics"]["test"]
    low, high = test["intervals"]["accuracy"]
    interval = f"95 % confidence interval {100 * low:.1f} to {100 * high:.1f} %"
    assert f"{100 * test['accuracy']:.1f} % were answered right ({interval})" in text
    assert f'Below {100 * trained.threshold:.1f} % it is "not sure"' in text
    for needle in (*trained.vocabulary.labels, trained.facts["corpus"]["name"], "A. Tester", "npm:byline", "MIT"):
        assert needle in text, needle


def test_modules_name_no_other_host_and_the_model_is_in_one_of_its_own(package: Path) -> None:
    for name in (name for name in FILES if name.endswith("js")):
        text = (package / name).read_text(encoding="utf-8")
        assert "://" not in text, name
        assert not re.search(r"\b(fetch|eval|Function|XMLHttpRequest)\(", text), name
    assert 'import("./model.js")' in (package / "index.js").read_text(encoding="utf-8")
    assert 'from"./index.js"' in (package / "phrase-classifier.js").read_text(encoding="utf-8")
    sizes = {path.name: path.stat().st_size for path in package.iterdir()}
    assert sizes["model.js"] > 5 * (sizes["index.js"] + sizes["phrase-classifier.js"])
    assert "modelTopology" not in (package / "model.js").read_text(encoding="utf-8")


# Under Node


def ask(project: Path, texts: list[str]) -> runtimes.Answers:
    answers = evaluate(project, ASK, json.dumps(texts))
    ids = [answer["ids"] for answer in answers]
    return runtimes.Answers("npm package", "Node", ids, np.array([answer["probabilities"] for answer in answers]))


def test_installed_package_gives_the_models_answer_to_every_test_phrase_and_fuzz_string(
    project: Path, trained: Run, rounded: Classifier
) -> None:
    texts, truth = parity.texts_of(trained)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    row = parity.compare(ask(project, texts), reference, truth, parity.size_of(project))
    assert row.faults == ()
    assert row.strings == len(trained.phrases("test")) + fuzz_strings.COUNT
    assert row.difference > 0  # or Keras was held against itself


def test_classifier_says_all_that_its_types_promise(project: Path, trained: Run, rounded: Classifier) -> None:
    said = evaluate(project, EVERYTHING)
    text = "To be, or not to be zxqv"
    assert said["labels"] == list(trained.vocabulary.labels)
    assert said["threshold"] == trained.threshold
    assert said["same"]
    (ranking,) = rounded.rank([text])
    assert [result["label"] for result in said["results"]] == [result["label"] for result in ranking]
    scores = [result["score"] for result in ranking]
    assert [result["score"] for result in said["results"]] == pytest.approx(scores, abs=parity.TOLERANCE)
    explained = said["explained"]
    assert explained["results"] == said["results"]
    assert explained["sure"] == (said["results"][0]["score"] >= trained.threshold)
    tokens = explained["tokens"]
    assert [token["word"] for token in tokens] == ["To", "be", "or", "not", "to", "be", "zxqv"]
    read = [tuple(explained["ids"][token["first"] : token["last"]]) for token in tokens]
    assert read == [word.ids for word in trained.vocabulary.words(text)]
    assert (tokens[0]["known"], tokens[-1]["known"]) == (True, False)
    assert [window["probabilities"] for window in explained["windows"]] == [explained["probabilities"]]
    others = ["be, or not to be zxqv", "To, or not to be zxqv", "To be, not to be zxqv", "To be, or to be zxqv"]
    for mine, theirs in zip(said["without"], rounded.probabilities(others), strict=False):
        assert mine == pytest.approx(list(theirs), abs=parity.TOLERANCE)
    assert len(said["without"]) == len(tokens)
    assert (said["empty"]["tokens"], said["empty"]["sure"]) == ([], False)
    assert said["rows"] == [split_ids(trained.vocabulary.encode(asked), 34).tolist() for asked in ("", text * 9)]


NO_TEXTS: Final = {
    "undefined": "undefined",
    "null": "null",
    "{}": "an object (Object)",
    "Object.create(null)": "an object (without a class)",
    "['To be']": "an array",
    "new String('To be')": "an object (String)",
    "5": "5 (number)",
    "true": "true (boolean)",
    "Symbol('x')": "Symbol(x) (symbol)",
    "() => 1": "a function",
}
ASK_NO_TEXTS: Final = """
import { load } from "byline";
const classify = await load();
const complaint = (ask, value) => {
    try { return ask(value); } catch (error) { return `${error.name}: ${error.message}`; }
};
const asked = { classify, ...classify };
const told = {};
for (const name of ["classify", "explain", "leaveOneOut", "rows"])
    told[name] = [VALUES].map((value) => complaint(asked[name], value));
console.log(JSON.stringify(told));
"""


def test_what_is_no_string_is_a_type_error_that_names_it(project: Path) -> None:
    told = evaluate(project, ASK_NO_TEXTS.replace("VALUES", ", ".join(NO_TEXTS)))
    assert set(told) == {"classify", "explain", "leaveOneOut", "rows"}
    for name, complaints in told.items():
        assert complaints == [f"TypeError: {name} needs a string. Received: {value}" for value in NO_TEXTS.values()]


def codes_of_readme(project: Path) -> list[str]:
    return re.findall(r"```js\n(.*?)```", (project / "node_modules/byline/README.md").read_text(), re.DOTALL)


def test_code_of_the_packages_readme_answers(project: Path, rounded: Classifier) -> None:
    code, *_ = codes_of_readme(project)
    done = run_node(["--input-type=module", "--eval", code], cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    (ranking,) = rounded.rank(["To be or not to be"])
    assert re.findall(r"label: '(.+?)'", done.stdout) == [result["label"] for result in ranking]


def test_rows_feed_the_tensorflow_model_as_the_readme_says(project: Path, dist_path: Path, rounded: Classifier) -> None:
    (code,) = (code for code in codes_of_readme(project) if "tfjs/model.json" in code)
    tensorflow = (node.modules() / "node_modules/@tensorflow/tfjs/dist/tf.node.js").as_uri()
    with Server(dist_path) as server:
        code = code.replace('"tfjs/model.json"', json.dumps(f"{server.url}tfjs/model.json"))
        done = run_node(["--input-type=module", "--eval", code.replace("@tensorflow/tfjs", tensorflow)], cwd=project)
    assert done.returncode == 0, done.stderr
    answers = dict(re.findall(r"label: '(.+?)', score: ([\d.e-]+)", done.stdout))
    (ranking,) = rounded.rank(["To be or not to be"])
    expected = {result["label"]: pytest.approx(result["score"], abs=parity.TOLERANCE) for result in ranking}
    assert {label: float(score) for label, score in answers.items()} == expected


@pytest.mark.parametrize("program", ["deno", "bun"])
def test_other_programs_answer_as_node_does(program: str, project: Path) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not on the PATH")
    (project / "ask.mjs").write_text(ASK, encoding="utf-8")
    words = [found, "run", *(["--no-prompt"] if program == "deno" else []), "ask.mjs"]
    given = json.dumps(TEXTS)
    environment = dict(os.environ, NO_COLOR="1")
    done = subprocess.run(words, input=given, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for mine, theirs in zip(json.loads(done.stdout), evaluate(project, ASK, given), strict=True):
        assert mine["ids"] == theirs["ids"]
        assert mine["probabilities"] == pytest.approx(theirs["probabilities"], abs=1e-9)


def test_a_model_that_computes_otherwise_is_rejected(package: Path, tmp_path: Path) -> None:
    program = 'import { load } from "./index.js"; await load();'
    assert run_node(["--input-type=module", "--eval", program], cwd=package).returncode == 0
    done = run_node(["--input-type=module", "--eval", program], cwd=broken(package, tmp_path / "broken"))
    assert done.returncode != 0
    assert "computes another answer than the trained model gives" in done.stderr


def test_importing_the_element_on_a_server_does_nothing(project: Path) -> None:
    program = 'await import("byline/phrase-classifier"); console.log(0)'
    assert evaluate(project, program) == 0


# Its types


@pytest.mark.parametrize("resolution", ["nodenext", "bundler"])
def test_types_are_strict_and_are_found(resolution: str, project: Path) -> None:
    module = {"nodenext": "nodenext", "bundler": "esnext"}[resolution]
    options = {"strict": True, "noEmit": True, "target": "es2022", "lib": ["es2022", "dom"], "types": []}
    options |= {"module": module, "moduleResolution": resolution}
    config = {"compilerOptions": options, "files": ["use.ts"]}
    (project / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    (project / "use.ts").write_text(USE, encoding="utf-8")
    done = run_node([str(tools() / "node_modules" / "typescript" / "bin" / "tsc")], cwd=project)
    assert (done.returncode, done.stdout) == (0, "")


# In a browser


def test_bundled_app_downloads_the_model_when_it_loads_it_and_gives_its_answers(
    visit: Open, project: Path, tmp_path: Path, rounded: Classifier
) -> None:
    (project / "app.js").write_text(APP, encoding="utf-8")
    esbuild = str(node.modules() / "node_modules" / "esbuild" / "bin" / "esbuild")
    options = ["--bundle", "--minify", "--splitting", "--format=esm", f"--outdir={tmp_path}", "--log-level=warning"]
    done = run_node([esbuild, "app.js", *options], cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "app.js").stat().st_size < 20_000
    write_page(tmp_path, scripts=("app.js",))
    visitor = visit()
    with Server(tmp_path) as server:
        answers = visitor.open(server.url, DONE).evaluate("texts => texts.map((text) => classify(text))", TEXTS)
    for mine, theirs in zip(answers, rounded.rank(TEXTS), strict=True):
        scores = {result["label"]: result["score"] for result in theirs}
        assert {result["label"]: result["score"] for result in mine} == pytest.approx(scores, abs=parity.TOLERANCE)
    assert quiet(visitor)


def test_folder_answers_in_a_module_worker(visit: Open, package: Path, tmp_path: Path, rounded: Classifier) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "site"))
    (folder / "app.js").write_text(IN_WORKER, encoding="utf-8")
    (folder / "worker.js").write_text(WORKER, encoding="utf-8")
    write_page(folder, scripts=("app.js",))
    visitor = visit()
    with Server(folder) as server:
        answers = visitor.open(server.url, DONE).evaluate("answers")
    for mine, theirs in zip(answers, rounded.probabilities(["", "To be, or not to be"]), strict=True):
        assert mine == pytest.approx(list(theirs), abs=parity.TOLERANCE)
    assert quiet(visitor)


# Its making


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--engine", "tfjs"],
        ["--target", "npm"],
        ["--target", "native"],
        ["--target", "other", "--engine", "own"],
    ],
)
def test_bundling_says_in_one_line_what_it_needs(options: list[str], tmp_path: Path) -> None:
    build = [str(node.WEB / "build.mjs"), "--modules", str(node.modules()), "--output", str(tmp_path)]
    done = run_node([*build, *options])
    assert done.returncode == 2
    assert done.stderr == (
        "build.mjs: --engine, and --model with the engine tfjs, are needed, --facts with --target npm, "
        "or --threshold with --target native\n"
    )


def test_npm_alone_is_exported_in_a_language_of_ones_own(run_path: Path, tmp_path: Path) -> None:
    strings = {"language": "de", "page": {"phrase": "Ihr Satz"}, "script": {"not_sure": "Unsicher"}}
    (tmp_path / "de.json").write_text(json.dumps(strings))
    done = run_command("export", "npm", "--run", str(run_path), "--strings", "de.json", "--name", "Satz", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "npm        " in done.stderr
    dist = tmp_path / "dist-npm"
    assert {path.name for path in dist.iterdir()} == {
        "LICENSES.md",
        "manifest.json",
        "npm",
        "sbom.cdx.json",
        "tfjs",
    }
    files = read_manifest(dist)["files"]
    assert {f"npm/{name}" for name in FILES} <= set(files)
    assert json.loads((dist / "npm" / "package.json").read_text())["name"] == "satz"
    element = (dist / "npm" / "phrase-classifier.js").read_text(encoding="utf-8")
    assert "Ihr Satz" in element
    assert "Unsicher" in element
    assert "Most likely" not in element  # the page's own strings are the page's
