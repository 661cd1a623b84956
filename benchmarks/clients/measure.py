"""Measures the clients that others wrote, on the exported `.tflite`: python benchmarks/clients/measure.py [--write]

MediaPipe's TextClassifier in Python and in Chromium, the Task Library's BertNLClassifier, LiteRT 2, TensorFlow Lite's
interpreter. Each in a process of its own: how long the file takes to load with the first answer, the median latency of
1,000 test phrases, the most memory above what the process had before, and whether a second call gives the same bytes.
Linux alone, whose /proc says how much memory was taken. The table stands in docs/mobile.md.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Browser, Route
from reports import tables

from export.dist import build
from export.proof import parity
from export.proof.chromium import find_chromium, version
from export.settings import Settings
from export.targets import node
from tests.support.pages.browser import Server, launch
from tests.support.places import TESTS
from tests.support.runtimes.mobile_clients import MissingLibraryError, clients_python
from trainer.data import built_in
from trainer.model.recipe import RECIPES
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.text.normalization import clean
from trainer.text.windows import split_ids
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

NAME: Final = "clients"
PAGE: Final = tables.ROOT / "docs" / "mobile.md"
PHRASES: Final = 1_000
_PROGRAM: Final = Path(__file__).parent / "asked.py"
_OTHERS: Final = "from ai_edge_litert.interpreter import Interpreter; from mediapipe.tasks.python import text"
# name -> what the program calls it, whether it lives in the clients' own environment, and its threads
_CLIENTS: Final = {
    "MediaPipe `TextClassifier`, Python": ("mediapipe", True, "its own choice"),
    "`BertNLClassifier`": ("bert_nl_classifier", False, "its own choice"),
    "LiteRT 2, ids in": ("litert", True, "1"),
    "TensorFlow Lite, ids in": ("tensorflow_lite", False, "1"),
}
_IN_CHROMIUM: Final = "MediaPipe `TextClassifier`, Chromium"
# A page of its own origin alone has a clock of 5 microseconds; that of others has 100.
_ISOLATED: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_MEASURE: Final = """async ([model, texts]) => {
  const started = performance.now();
  const { FilesetResolver, TextClassifier } = await import("./node_modules/@mediapipe/tasks-text/text_bundle.mjs");
  const files = await FilesetResolver.forTextTasks("./node_modules/@mediapipe/tasks-text/wasm");
  const options = { baseOptions: { modelAssetPath: model }, scoreThreshold: 1e-37 };
  const classifier = await TextClassifier.createFromOptions(files, options);
  const ask = (text) => classifier.classify(text).classifications[0].categories.map(({ score }) => score);
  ask(texts[0]);
  const loaded = performance.now() - started;
  const times = [];
  const first = texts.map((text) => {
    const before = performance.now();
    const scores = ask(text);
    times.push(performance.now() - before);
    return JSON.stringify(scores);
  });
  const changed = texts.filter((text, index) => JSON.stringify(ask(text)) !== first[index]).length;
  times.sort((one, other) => one - other);
  return { loaded, median: times[times.length >> 1], changed, isolated: crossOriginIsolated };
}"""


def in_process(client: str, python: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Runs `asked.py`, which says what it gives.

    Raises:
        RuntimeError: The client fails.
    """
    done = subprocess.run(
        [str(python), str(_PROGRAM)],
        input=json.dumps(request | {"client": client}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{client}: {done.stderr[-2_000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def in_chromium(chromium: Browser, folder: Path, model: Path, texts: Sequence[str]) -> dict[str, Any]:
    """The same of MediaPipe in a page; the memory is that of the page's own process.

    Raises:
        RuntimeError: The page is not isolated, so that its clock is too coarse.
    """
    (folder / "node_modules").symlink_to(node.modules(TESTS / "web") / "node_modules")
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    shutil.copyfile(model, folder / model.name)
    lock = json.loads((TESTS / "web" / "package-lock.json").read_text(encoding="utf-8"))
    page = chromium.new_page()
    page.route("**/*", _isolate)
    with Server(folder) as server:
        page.goto(server.url)
        session = chromium.new_browser_cdp_session()
        started = {each["id"]: _memory(each["id"], "VmRSS") for each in _renderers(session)}
        said = page.evaluate(_MEASURE, [f"./{model.name}", list(texts)])
        peaks = {process: _memory(process, "VmHWM") for process in started}
    page.close()
    if not said["isolated"]:
        raise RuntimeError("the page is not cross-origin isolated")
    own = max(started, key=lambda process: peaks[process] - started[process])  # the others wait for a page
    package = lock["packages"]["node_modules/@mediapipe/tasks-text"]["version"]
    return {
        "version": f"@mediapipe/tasks-text {package}, {version(find_chromium() or '')}",
        "load_ms": said["loaded"],
        "microseconds": 1e3 * said["median"],
        "above": peaks[own] - started[own],
        "peak": peaks[own],
        "asked": len(texts),
        "changed": said["changed"],
    }


def _isolate(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, headers=response.headers | _ISOLATED)


def _renderers(session: Any) -> list[dict[str, Any]]:
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return [each for each in found if each["type"] == "renderer"]


def _memory(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def numbers(run: Run, folder: Path) -> dict[str, Any]:
    """Exports a run's `.tflite` and asks every client that is here."""
    build(run, folder / "dist", Settings(), ("tflite",))
    model = parity.int8_path(folder / "dist", Settings().name)
    length = run.vocabulary.sequence_length
    texts = [clean(phrase.text) for phrase in run.phrases("test")[:PHRASES]]
    rows = [split_ids(ids, length)[0].tolist() for ids in run.vocabulary.encode_all(texts)]
    request = {"model": str(model), "texts": texts, "rows": rows}
    found = {}
    for name, (client, apart, threads) in _CLIENTS.items():
        try:
            python = clients_python(_OTHERS) if apart else Path(sys.executable)
        except MissingLibraryError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        found[name] = in_process(client, python, request) | {"threads": threads}
        print(f"{name}: {found[name]}", file=sys.stderr)
    if executable := find_chromium():
        (folder / "served").mkdir()
        with launch(executable) as chromium:
            found[_IN_CHROMIUM] = in_chromium(chromium, folder / "served", model, texts) | {"threads": "1"}
        print(f"{_IN_CHROMIUM}: {found[_IN_CHROMIUM]}", file=sys.stderr)
    return {"corpus": run.facts["corpus"]["name"], "bytes": model.stat().st_size, "clients": found}


def report(result: dict[str, Any]) -> str:
    """Draws the table."""
    head = ["client", "version", "threads", "loads in", "latency", "memory above", "in all", "second call"]
    rows = [
        [
            name,
            of["version"],
            of["threads"],
            f"{of['load_ms']:.0f} ms",
            f"{of['microseconds']:.0f} µs",
            f"{of['above'] / 1e6:.1f} MB",
            f"{of['peak'] / 1e6:.0f} MB",
            f"{of['changed']} others" if of["changed"] else "same bytes",
        ]
        for name, of in result["clients"].items()
    ]
    return tables.table(head, rows, text_columns=3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, metavar="DIR", help="a run of the default recipe [one is trained]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table into docs/mobile.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = FitOptions(path=folder / "run")
        run = Run.read(given.run) if given.run else fit(built_in.load(), RECIPES["byline"], options)
        result = numbers(run, folder)
    print(report(result))
    if given.write:
        tables.keep(NAME, result)
        tables.put(NAME, report(result), PAGE)
    return int(any(of["changed"] for of in result["clients"].values()))


if __name__ == "__main__":
    sys.exit(main())
