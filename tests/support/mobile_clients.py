"""MediaPipe's `TextClassifier`, asked raw strings: in Python, and in a browser.

In Python it wants another protobuf than the rest, so it lives in `.venv-mediapipe/`, built once from its own hashed
lock. In the browser it is `@mediapipe/tasks-text`, out of the lock in `tests/web/`.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from export.targets import node
from tests.support.browser import Server
from tests.support.places import ROOT, TESTS

_ENVIRONMENT: Final = ROOT / ".venv-mediapipe"
_LOCK: Final = ROOT / "requirements" / "mediapipe.txt"
_ANSWERS: Final = Path(__file__).parent / "mediapipe_answers.py"
_AT_ONCE: Final = 500  # texts
_OPEN = """async (model) => {
  const { FilesetResolver, TextClassifier } = await import("./node_modules/@mediapipe/tasks-text/text_bundle.mjs");
  const files = await FilesetResolver.forTextTasks("./node_modules/@mediapipe/tasks-text/wasm");
  window.classifier = await TextClassifier.createFromOptions(files, { baseOptions: { modelAssetPath: model } });
}"""
_CLASSIFY = """(texts) => JSON.parse(texts).map((text) => {
  const { categories } = window.classifier.classify(text).classifications[0];
  return categories.sort((a, b) => a.index - b.index).map(({ score }) => score);
})"""


class MissingLibraryError(Exception):
    """The machine lacks a library that MediaPipe links. The text says which."""


def mediapipe_python() -> Path:
    """Gives the interpreter of MediaPipe's environment, which is built where it is not there.

    Raises:
        MissingLibraryError: It cannot be imported here.
    """
    interpreter, installed = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "installed.txt"
    if not installed.is_file() or installed.read_bytes() != _LOCK.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(_LOCK)], check=True)
        installed.write_bytes(_LOCK.read_bytes())
    imports = "from mediapipe.tasks import python; from mediapipe.tasks.python import text"
    tried = subprocess.run([str(interpreter), "-c", imports], capture_output=True, text=True, check=False)
    complaint = tried.stderr.strip().splitlines()[-1:] or [""]
    if "cannot open shared object file" in complaint[0]:
        raise MissingLibraryError(complaint[0])
    if tried.returncode:
        raise RuntimeError(tried.stderr)
    return interpreter


def ask_python(python: Path, model: Path, texts: list[str]) -> list[list[float]]:
    """Asks MediaPipe in Python.

    Args:
        python: What `mediapipe_python` gives.
        model: A `.tflite` file with metadata.
        texts: Without lone surrogates.

    Returns:
        For each text its scores, in the order of the outputs.
    """
    request = json.dumps({"model": str(model), "texts": texts})
    done = subprocess.run([str(python), str(_ANSWERS)], input=request, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    rows: list[list[float]] = json.loads(done.stdout)
    return rows


def ask_browser(chromium: Browser, folder: Path, model: Path, texts: list[str]) -> list[list[float]]:
    """Asks MediaPipe in a browser; the same as `ask_python`.

    Args:
        chromium: Open.
        folder: An empty one, to be served.
        model: A `.tflite` file with metadata.
        texts: Any.
    """
    (folder / "node_modules").symlink_to(node.modules(TESTS / "web") / "node_modules")
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    shutil.copyfile(model, folder / model.name)
    rows: list[list[float]] = []
    page = chromium.new_page()
    try:
        with Server(folder) as server:
            page.goto(server.url)
            page.evaluate(_OPEN, f"./{model.name}")
            for start in range(0, len(texts), _AT_ONCE):
                rows += page.evaluate(_CLASSIFY, json.dumps(texts[start : start + _AT_ONCE]))
    finally:
        page.close()
    return rows
