"""MediaPipe's `TextClassifier`, asked raw strings in Python and in a browser, and LiteRT, asked rows of ids.

In Python they want another protobuf than the rest, so they live in `.venv-mediapipe/`, built once from its own hashed
lock. In the browser it is `@mediapipe/tasks-text`, out of the lock in `tests/web/`.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from export.proof import runtimes
from export.targets import node
from tests.support.once import one_at_a_time
from tests.support.pages.browser import Server
from tests.support.places import ROOT, TESTS

_ENVIRONMENT: Final = ROOT / ".venv-mediapipe"
_LOCK: Final = ROOT / "requirements" / "mediapipe.txt"
_ANSWERS: Final = Path(__file__).parent / "mediapipe_answers.py"
_LITERT: Final = Path(__file__).parent / "litert_answers.py"
_AT_ONCE: Final = 500  # texts
FUZZ: Final = 5_000  # strings that a client is asked beside the test phrases
ALL: Final = 1e-37  # a threshold that says every label; MediaPipe takes 0 for none given
Scores = list[dict[str, float]]
_OPEN = """async ([model, threshold]) => {
  const { FilesetResolver, TextClassifier } = await import("./node_modules/@mediapipe/tasks-text/text_bundle.mjs");
  const files = await FilesetResolver.forTextTasks("./node_modules/@mediapipe/tasks-text/wasm");
  const given = threshold === null ? {} : { scoreThreshold: threshold };
  const options = { baseOptions: { modelAssetPath: model }, ...given };
  window.classifier = await TextClassifier.createFromOptions(files, options);
}"""
_CLASSIFY = """(texts) => {
  const ask = (text) => {
    const { categories } = window.classifier.classify(text).classifications[0];
    categories.sort((a, b) => a.index - b.index);
    return Object.fromEntries(categories.map(({ categoryName, score }) => [categoryName, score]));
  };
  const asked = JSON.parse(texts);
  const scores = asked.map(ask);
  const changed = asked.filter((text, index) => JSON.stringify(ask(text)) !== JSON.stringify(scores[index])).length;
  return { scores, changed };
}"""


class ChangedAnswerError(Exception):
    """A client answered the same text otherwise when it was asked again."""


class MissingLibraryError(Exception):
    """The machine lacks a library that a client links. The text says which."""


def mediapipe_python() -> Path:
    """Gives the interpreter of the clients' environment, where MediaPipe can be imported.

    Raises:
        MissingLibraryError: It cannot be imported here.
    """
    return clients_python("from mediapipe.tasks import python; from mediapipe.tasks.python import text")


def clients_python(imports: str) -> Path:
    """Gives the interpreter of the clients' environment, which is built where it is not there.

    Args:
        imports: A statement that has to work.

    Raises:
        MissingLibraryError: It does not, for want of a system library.
    """
    interpreter, installed = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "installed.txt"
    with one_at_a_time("mobile-clients"):
        if not installed.is_file() or installed.read_bytes() != _LOCK.read_bytes():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
            pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "-r", str(_LOCK)], check=True)
            installed.write_bytes(_LOCK.read_bytes())
    tried = subprocess.run([str(interpreter), "-c", imports], capture_output=True, text=True, check=False)
    complaint = tried.stderr.strip().splitlines()[-1:] or [""]
    if "cannot open shared object file" in complaint[0]:
        raise MissingLibraryError(complaint[0])
    if tried.returncode:
        raise RuntimeError(tried.stderr)
    return interpreter


def ask_python(python: Path, model: Path, texts: list[str], threshold: float | None = None, locale: str = "") -> Scores:
    """Asks MediaPipe in Python, some texts twice.

    Args:
        python: What `mediapipe_python` gives.
        model: A `.tflite` file with metadata.
        texts: Without lone surrogates.
        threshold: The least score of a label that is named; None: the file's own.
        locale: Whose display names stand for the labels; empty for the labels themselves.

    Returns:
        For each text its labels' scores, in the order of the outputs.

    Raises:
        ChangedAnswerError: A second answer was not the first.
    """
    request = {"model": str(model), "texts": texts, "threshold": threshold, "locale": locale or None}
    return unchanged(_run(python, _ANSWERS, request))


def unchanged(said: dict[str, Any]) -> Scores:
    """Gives the scores of what a client's program said.

    Raises:
        ChangedAnswerError: A second answer was not the first.
    """
    if said["changed"]:
        raise ChangedAnswerError(f"{said['changed']} texts were answered otherwise when they were asked again")
    scores: Scores = said["scores"]
    return scores


def ask_litert(python: Path, model: Path, rows: list[list[int]]) -> dict[str, Any]:
    """Asks LiteRT rows of ids; what it says is described in `litert_answers.py`."""
    said: dict[str, Any] = _run(python, _LITERT, {"model": str(model), "rows": rows})
    return said


def _run(python: Path, program: Path, request: dict[str, Any]) -> Any:
    done = subprocess.run(
        [str(python), str(program)], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    return json.loads(done.stdout)


def ask_browser(
    chromium: Browser, folder: Path, model: Path, texts: list[str], threshold: float | None = None
) -> Scores:
    """Asks MediaPipe in a browser, every text twice; the same as `ask_python`.

    Args:
        chromium: Open.
        folder: An empty one, to be served.
        model: A `.tflite` file with metadata.
        texts: Any.
        threshold: The least score of a label that is named; None: the file's own.

    Raises:
        ChangedAnswerError: A second answer was not the first.
    """
    (folder / "node_modules").symlink_to(node.modules(TESTS / "web") / "node_modules")
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    shutil.copyfile(model, folder / model.name)
    rows: Scores = []
    page = chromium.new_page()
    try:
        with Server(folder) as server:
            page.goto(server.url)
            page.evaluate(_OPEN, [f"./{model.name}", threshold])
            for start in range(0, len(texts), _AT_ONCE):
                rows += unchanged(page.evaluate(_CLASSIFY, json.dumps(texts[start : start + _AT_ONCE])))
    finally:
        page.close()
    return rows


def pieces_of(answers: Scores) -> list[list[int]]:
    """Gives the ids that a client read, which `write_probe`'s file answers with."""
    return runtimes.pieces_of([list(scores.values()) for scores in answers])
