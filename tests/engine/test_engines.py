"""The engines of the page, Byline's interpreter and TF.js cut down to its graphs: both compute what Keras does."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from export.graph import Constants
from export.proof import chromium as chromium_proof
from export.proof import fuzz_strings, parity, runtimes
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import node, tfjs, web
from tests.support.pages.browser import READY, Open, Server, Visit, type_phrase
from tests.support.pages.looking import expected, replace_script, shown
from tests.support.places import ROOT
from tests.support.runtimes.javascript import run_node
from tests.support.runtimes.oracle import answers, made_constants, made_lesson, made_rows
from trainer.cli.terminal import LineHandler, logged_to
from trainer.errors import UserError
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary
from trainer.text.windows import split_ids

SIZE, LENGTH, STEPS = 60, 10, 6
# Every form of the graph.
FORMS = {
    "dense rows": made_constants(3),
    "sparse rows and cells": made_constants(12, dense=20, bigram_cells=3),
    "300 labels": made_constants(300, dense=20, bigram_cells=4),
    "a sentence that speaks for no label": made_constants(3, has_logits=False),
    "many units": made_constants(3, embedding=33, units=19, sentence=40),
    "the lesson": made_lesson(3),
    "the lesson, bent by tanh": made_lesson(3, activation="tanh"),
}
BACKENDS = {"own": ("own", False), "wasm": ("tfjs", True), "cpu": ("tfjs", False)}  # engine, and whether it has WASM
ASK = """
async ([engine, load, known_answer, texts]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
    const worker = new Worker(`${engine}/worker.js`);
    const heard = () => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => { if (!("progress" in data)) resolve(data); };
        worker.onerror = (event) => reject(new Error(event.message));
    });
    const wasm = load.wasm && bytes(load.wasm);
    const assets = { ...load, weights: bytes(load.weights), wasm };
    worker.postMessage({ load: assets, knownAnswer: known_answer, threshold: 0 });
    const { ready, unready } = await heard();
    if (!ready) return { unready };
    worker.postMessage({ job: 1, kind: "rows", input: texts });
    const { done, failed } = await heard();
    worker.terminate();
    return { ready, answers: done?.map(({ probabilities }) => probabilities), failed };
}
"""
# Before the worker: whatever is read out of a WASM program's memory, which is large, is zero.
WRONG = """
const slice = Uint8Array.prototype.slice;
Uint8Array.prototype.slice = function (...range) {
    const part = slice.apply(this, range);
    return this.buffer.byteLength > 2 ** 23 ? part.fill(0) : part;
};
"""


def bundle(engine: str, model: Path, output: Path) -> Any:
    output.mkdir(parents=True, exist_ok=True)
    program = [str(node.WEB / "build.mjs"), "--modules", str(node.modules()), "--engine", engine]
    return run_node([*program, "--model", str(model), "--output", str(output)])


class Model:
    """A model of made numbers, exported, with a text for every row of ids.

    Attributes:
        assets: What its worker is given.
        known_answer: A phrase and its probabilities.
        texts: As words.
        probabilities: The oracle's, of all texts.
    """

    def __init__(self, constants: Constants, folder: Path) -> None:
        labels = (constants.get("bias", constants.get("dense_2_bias", np.zeros(0)))).size
        names = tuple(f"label {number}" for number in range(labels))
        pieces = tuple(f"▁w{number}" for number in range(len(RESERVED), SIZE))
        vocabulary = Vocabulary((), pieces, (-1.0,) * len(pieces), names, LENGTH, "word")
        tfjs.write_tfjs(constants, LENGTH, STEPS, folder)
        (shard,) = folder.glob("*.bin")
        self.topology = folder / "model.json"
        self.assets = {
            "vocabulary": json.dumps(vocabulary.to_json()),
            "topology": self.topology.read_text(),
            "weights": base64.b64encode(shard.read_bytes()).decode(),
        }
        self.texts = [
            " ".join("zz" if id_ == UNKNOWN_ID else f"w{id_}" for id_ in row if id_ not in (0, 2, 3))
            for row in made_rows(40, LENGTH, SIZE)
        ]
        rows = np.concatenate([split_ids(ids, LENGTH) for ids in vocabulary.encode_all(self.texts)])
        self.probabilities = answers(constants, STEPS, rows)
        self.known_answer = {"text": self.texts[7], "probabilities": [float(p) for p in self.probabilities[7]]}

    def with_wasm(self, program: bytes) -> dict[str, str]:
        return self.assets | {"wasm": base64.b64encode(program).decode()}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    made: dict[str, Model] = {}

    def model(name: str) -> Model:
        if name not in made:
            made[name] = Model(FORMS[name], tmp_path_factory.mktemp("model"))
        return made[name]

    return model


@pytest.fixture(scope="module")
def workers(models: Callable[[str], Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the worker of each engine, and of one whose WASM computes wrongly."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "index.html").write_text("<!doctype html><link rel=icon href=data:,><title>workers</title>")
    for engine in ("own", "tfjs"):
        done = bundle(engine, models("dense rows").topology, folder / engine)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    shutil.copytree(folder / "tfjs", folder / "wrong")
    worker = folder / "wrong" / "worker.js"
    worker.write_text(WRONG + worker.read_text())
    return folder


@pytest.fixture(scope="module")
def bare(chromium: Any, workers: Path) -> Iterator[Page]:
    with Server(workers) as server:
        visitor = Visit(chromium)
        yield visitor.open(server.url, "title")
        assert visitor.faults() == []
        visitor.close()


def ask(page: Page, engine: str, assets: dict[str, str], known_answer: Any, texts: list[str]) -> Any:
    return page.evaluate(ASK, [engine, assets, known_answer, texts])


# The same numbers


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", FORMS)
def test_every_backend_answers_every_kind_of_graph_as_the_specification_says(
    bare: Page, workers: Path, models: Callable[[str], Model], kind: str, backend: str
) -> None:
    model, (engine, has_wasm) = models(kind), BACKENDS[backend]
    assets = model.with_wasm((workers / "tfjs" / "engine.wasm").read_bytes()) if has_wasm else model.assets
    said = ask(bare, engine, assets, model.known_answer, model.texts)
    assert said.get("ready") == backend, said
    difference = np.abs(np.array(said["answers"]) - model.probabilities).max()
    assert 0 < difference < 1e-5


@pytest.mark.network
def test_the_build_refuses_a_graph_with_an_operation_that_tfjs_has_no_kernel_for(
    models: Callable[[str], Model], tmp_path: Path
) -> None:
    topology = json.loads(models("dense rows").topology.read_text())
    for graph_node, operation in zip(topology["modelTopology"]["node"][-2:], ("Erf", "LogSoftmax"), strict=True):
        graph_node["op"] = operation
    model = tmp_path / "model.json"
    model.write_text(json.dumps(topology))
    done = bundle("tfjs", model, tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr == f"build.mjs: {model} has operations without a kernel on the page: Erf,LogSoftmax\n"
    assert list((tmp_path / "out").iterdir()) == []
    assert bundle("own", model, tmp_path / "out").returncode == 0  # which reads weights by name


def test_both_backends_have_a_kernel_for_every_operation_of_every_kind_of_graph(
    models: Callable[[str], Model],
) -> None:
    listed = (node.WEB / "src" / "engine" / "tfjs" / "operations.js").read_text()
    for kind in FORMS:
        for graph_node in json.loads(models(kind).assets["topology"])["modelTopology"]["node"]:
            assert f'"{graph_node["op"]}"' in listed, kind


# Wrong is worse than slow


def test_wasm_that_computes_wrongly_is_not_taken(bare: Page, workers: Path, models: Callable[[str], Model]) -> None:
    model = models("dense rows")
    assets = model.with_wasm((workers / "wrong" / "engine.wasm").read_bytes())
    said = ask(bare, "wrong", assets, model.known_answer, model.texts)
    assert said["ready"] == "cpu"
    assert np.abs(np.array(said["answers"]) - model.probabilities).max() < 1e-5


@pytest.mark.parametrize(
    "program", [b"", b"\0asm\1\0\0\0", b"<!doctype html>", "cut"], ids=["none", "empty", "page", "cut"]
)
def test_wasm_that_does_not_start_is_not_taken(
    bare: Page, workers: Path, models: Callable[[str], Model], program: bytes | str
) -> None:
    model, whole = models("dense rows"), (workers / "tfjs" / "engine.wasm").read_bytes()
    given = whole[: len(whole) // 2] if isinstance(program, str) else program
    said = ask(bare, "tfjs", model.with_wasm(given), model.known_answer, model.texts[:20])
    assert said["ready"] == "cpu"
    assert np.abs(np.array(said["answers"]) - model.probabilities[:20]).max() < 1e-5


@pytest.mark.parametrize("engine", ["own", "tfjs"])
def test_a_model_that_answers_the_known_phrase_otherwise_is_never_ready(
    bare: Page, workers: Path, models: Callable[[str], Model], engine: str
) -> None:
    model = models("dense rows")
    known_answer = model.known_answer | {"probabilities": model.known_answer["probabilities"][::-1]}
    said = ask(
        bare, engine, model.with_wasm((workers / "tfjs" / "engine.wasm").read_bytes()), known_answer, model.texts
    )
    assert said == {"unready": "This machine computes another answer than the trained model gives."}


# The page with TF.js


@pytest.fixture(scope="module")
def with_tfjs(trained: Run, rounded: Classifier, dist_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dist whose page has the engine tfjs."""
    dist = tmp_path_factory.mktemp("tfjs")
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    settings = Settings(engine="tfjs").complete(trained.facts)
    known = known_answer(rounded, trained.phrases("validation"))
    web.write_web(trained, known, trained.facts["metrics"]["test"], dist, settings)
    return dist


def executable() -> str:
    found = chromium_proof.find_chromium()
    if found is None:
        pytest.skip(chromium_proof.NOT_HERE)
    return found


def test_page_with_tfjs_answers_by_wasm_as_the_model_does(with_tfjs: Path, trained: Run, rounded: Classifier) -> None:
    texts, truth = parity.texts_of(trained)
    texts, truth = texts[: len(truth) : 20] + texts[-fuzz_strings.COUNT :: 10], truth[::20]
    answers = runtimes.ask_page(runtimes.PAGE, executable(), with_tfjs / "web" / "index.html", texts)
    assert answers.version.endswith(", wasm")
    row = parity.compare(answers, runtimes.ask_keras("rounded", rounded, texts), truth, 1)
    assert (row.faults, row.mismatches) == ((), 0)
    assert row.difference > 0


def test_single_file_with_tfjs_answers_from_a_disk(visit: Open, with_tfjs: Path, rounded: Classifier) -> None:
    visitor = visit()
    page = visitor.open((with_tfjs / "byline.html").as_uri())
    type_phrase(page, "Sing, O Muse, the wrath of the king")
    assert shown(page) == expected(rounded, "Sing, O Muse, the wrath of the king")


def test_page_whose_wasm_computes_wrongly_answers_by_the_cpu(
    visit: Open, with_tfjs: Path, rounded: Classifier, tmp_path: Path
) -> None:
    site = Path(shutil.copytree(with_tfjs / "web", tmp_path / "site"))
    replace_script(site, "worker.js", WRONG + (site / "worker.js").read_text(encoding="utf-8"))
    texts = ["", "Sing, O Muse, the wrath of the king"]
    answers = runtimes.ask_page(runtimes.PAGE, executable(), site / "index.html", texts)
    assert answers.version.endswith(", cpu")
    assert np.abs(answers.probabilities - rounded.probabilities(texts)).max() < 1e-5
    with Server(site) as server:
        page = visit().open(server.url, READY)
        type_phrase(page, texts[1])
        assert shown(page) == expected(rounded, texts[1])


# The proof in a browser


def test_page_is_proved_at_the_path_that_it_is_made_for(
    trained: Run, rounded: Classifier, dist_path: Path, tmp_path: Path
) -> None:
    shutil.copytree(dist_path / "tfjs", tmp_path / "tfjs")
    settings = Settings(base_path="/a/b%20c/").complete(trained.facts)
    known = known_answer(rounded, trained.phrases("validation"))
    web.write_web(trained, known, trained.facts["metrics"]["test"], tmp_path, settings)
    answers, backend = chromium_proof.ask(executable(), tmp_path / "web" / "index.html", ["the king"])
    assert backend == "own"
    assert answers[0]["ids"] == trained.vocabulary.encode("the king")


def test_changed_weight_of_the_page_fails_the_proof(folder: Path, trained: Run) -> None:
    shard = next((folder / "model").glob("*.bin"))
    data = bytearray(shard.read_bytes())
    data[-500:] = bytes(500)
    shard.write_bytes(data)
    with pytest.raises(chromium_proof.PageError, match="was changed: its SHA-256 is not this build"):
        chromium_proof.ask(executable(), folder / "index.html", ["the king"])


def test_silent_page_fails_the_proof_in_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_script(folder, "app.js", "")
    monkeypatch.setattr(chromium_proof, "SILENT_SECONDS", 3.0)
    with pytest.raises(chromium_proof.PageError, match="fell silent after 0 of 2 answers"):
        chromium_proof.ask(executable(), folder / "index.html", ["the king", ""])


def test_the_proof_serves_no_file_outside_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
        fetch("/..%2f..%2fetc%2fpasswd").then(({ status }) => {
            document.getElementById("failure-reason").textContent = status;
            document.documentElement.dataset.state = "failed";
        });
    """
    replace_script(folder, "app.js", script)
    with pytest.raises(chromium_proof.PageError, match="404"):
        chromium_proof.ask(executable(), folder / "index.html", [""])


def test_proof_leaves_the_browser_out_where_there_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    with logged_to(LineHandler(said.append)):
        assert parity.ask_page(runtimes.PAGE, folder / "index.html", [""]) is None
    assert said == ["note       no Chromium is here: the page was not asked in a browser"]


def test_proof_leaves_a_browser_out_that_does_not_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setenv("CHROMIUM", "/bin/false")
    with logged_to(LineHandler(said.append)):
        assert parity.ask_page(runtimes.PAGE, folder / "index.html", [""]) is None
    assert said == ["note       /bin/false does not start: the page was not asked in a browser"]


def test_a_chromium_that_is_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", str(ROOT / "nothing"))
    with pytest.raises(UserError, match="CHROMIUM: names no program"):
        chromium_proof.find_chromium()
