"""MediaPipe's `TextClassifier` reads raw strings from the `.tflite` file, in Python and in Chromium.

In Python it wants another protobuf, so it runs in `.venv-mediapipe/`, which the first test builds from its own hashed
lock. In Chromium it is `@mediapipe/tasks-text`, out of the lock in `tests/web/`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Server
from conftest import ROOT
from playwright.sync_api import Browser

from export import graph, metadata, node, parity, runtimes
from trainer.run import Run
from trainer.text.normalization import clean

ENVIRONMENT = ROOT / ".venv-mediapipe"
LOCK = ROOT / "requirements" / "mediapipe.txt"
Ask = Callable[[Path, list[str]], list[list[float]]]


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter of MediaPipe's environment; skips where the machine lacks a library that MediaPipe links."""
    interpreter, installed = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed.txt"
    if not installed.is_file() or installed.read_bytes() != LOCK.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(LOCK)], check=True)
        installed.write_bytes(LOCK.read_bytes())
    imports = "from mediapipe.tasks import python; from mediapipe.tasks.python import text"
    tried = subprocess.run([str(interpreter), "-c", imports], capture_output=True, text=True, check=False)
    complaint = tried.stderr.strip().splitlines()[-1:] or [""]
    if "cannot open shared object file" in complaint[0]:
        pytest.skip(f"this machine lacks a system library that MediaPipe links: {complaint[0]}")
    assert tried.returncode == 0, tried.stderr
    return interpreter


def ask_python(python: Path, model: Path, texts: list[str]) -> list[list[float]]:
    program = [str(python), str(ROOT / "tests" / "mediapipe_answers.py")]
    request = json.dumps({"model": str(model), "texts": texts})
    done = subprocess.run(program, input=request, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[list[float]] = json.loads(done.stdout)
    return rows


CLASSIFY = """async ([model, texts]) => {
  const { FilesetResolver, TextClassifier } = await import("./node_modules/@mediapipe/tasks-text/text_bundle.mjs");
  const files = await FilesetResolver.forTextTasks("./node_modules/@mediapipe/tasks-text/wasm");
  const classifier = await TextClassifier.createFromOptions(files, { baseOptions: { modelAssetPath: model } });
  const rows = JSON.parse(texts).map((text) => {
    const { categories } = classifier.classify(text).classifications[0];
    return categories.sort((a, b) => a.index - b.index).map(({ score }) => score);
  });
  classifier.close();
  return rows;
}"""


def ask_browser(chromium: Browser, folder: Path, model: Path, texts: list[str]) -> list[list[float]]:
    (folder / "node_modules").symlink_to(node.modules(ROOT / "tests" / "web") / "node_modules")
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    shutil.copyfile(model, folder / model.name)
    page = chromium.new_page()
    try:
        with Server(folder) as server:
            page.goto(server.url)
            rows: list[list[float]] = page.evaluate(CLASSIFY, [f"./{model.name}", json.dumps(texts)])
    finally:
        page.close()
    return rows


def held_against_the_model(trained: Run, dist_path: Path, ask: Ask, folder: Path) -> None:
    """Holds what a client says of raw strings against the rounded model's answer to their first windows."""
    texts, truth = parity.texts_of(trained)
    probe = folder / "probe.tflite"
    runtimes.write_probe(trained.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
    model = parity.int8_path(dist_path, "byline")
    raw = [clean(text) for text in texts]  # the clients stop at NUL
    answers: Any = runtimes.Answers(
        "MediaPipe", "", runtimes.pieces_of(ask(probe, raw)), np.array(ask(model, raw), np.float64)
    )
    rounded = graph.rounded_classifier(trained.classifier)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    first = parity.first_window(reference, rounded, trained.vocabulary.sequence_length)
    row = parity.compare(answers, first, truth, parity.size_of(model))
    assert row.faults == ()
    assert row.strings == len(texts)


def test_in_python_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, python: Path, tmp_path: Path
) -> None:
    held_against_the_model(trained, dist_path, lambda model, texts: ask_python(python, model, texts), tmp_path)


def test_in_chromium_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, chromium: Browser, tmp_path: Path
) -> None:
    def ask(model: Path, texts: list[str]) -> list[list[float]]:
        (folder := tmp_path / f"asked-{model.stem}").mkdir()
        return ask_browser(chromium, folder, model, texts)

    held_against_the_model(trained, dist_path, ask, tmp_path)
