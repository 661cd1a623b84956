"""Byline's page and the same model in the runtimes one would pick instead: python benchmarks/web.py"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from export import graph
from export.targets import node, onnx
from trainer.model.network import weights_of
from trainer.model.weights import steps_of
from trainer.run import Run

SOURCES: Final = Path(__file__).parents[1] / "web"
OURS: Final = "Byline"
_WASM_OF_TFJS: Final = "tfjs-backend-wasm*.wasm"


@dataclass(frozen=True)
class Page:
    """What is measured.

    Attributes:
        name: What the tables call it.
        folder: What a static host would be given.
        answered: The selector of what is there as soon as the phrase of the address has its answer.
        asks: A JavaScript function from a text to the promise of `[{label, score}, …]`, in the page.
    """

    name: str
    folder: Path
    answered: str = "html[data-state=answered]"
    asks: str = "globalThis.answer"


def ours(name: str, dist: Path) -> Page:
    """The page as it was exported."""
    answered = "html[data-state=ready] #answer[aria-busy=false]"
    return Page(name, dist / "web", answered, "(text) => globalThis.byline.classify(text)")


def alternatives(dist: Path, run: Run | None, folder: Path) -> Iterator[Page]:
    """Builds a page for each runtime: the same vocabulary, tokenizer and model, and nothing that it does not need.

    Args:
        dist: What `python -m export all` wrote.
        run: What it was made of, for the runtime that `dist` has no file for; None leaves that runtime out.
        folder: Where the pages are built.

    Raises:
        UserError: The JavaScript packages cannot be installed.
    """
    modules = node.modules(SOURCES)
    scripts = folder / "scripts"
    node.run(["node", str(SOURCES / "build.mjs"), "--modules", str(modules), "--output", str(scripts)])
    packages = modules / "node_modules"

    page = _page(folder / "stock", dist, scripts / "stock.js", packages / "@tensorflow/tfjs/dist/tf.min.js")
    _copy((dist / "tfjs").iterdir(), page)
    yield Page("TF.js, `tf.min.js`", page)

    page = _page(folder / "shaken", dist, scripts / "shaken.js")
    _copy((dist / "tfjs").iterdir(), page)
    _copy((packages / "@tensorflow/tfjs-backend-wasm/dist").glob(_WASM_OF_TFJS), page)
    yield Page("TF.js, tree-shaken, WASM", page)

    page = _page(folder / "litert", dist, scripts / "litert.js")
    (model,) = (path for path in (dist / "tflite").glob("*.tflite") if "float32" not in path.stem)
    shutil.copyfile(model, page / "model.tflite")
    shutil.copytree(packages / "@litertjs/core/wasm", page / "wasm")
    yield Page("LiteRT.js", page)

    if run is not None and find_spec("tf2onnx"):
        page = _page(folder / "onnx", dist, scripts / "onnx.js")
        write_onnx(run, page / "model.onnx")
        _copy((packages / "onnxruntime-web/dist").glob("ort-wasm-simd-threaded.[mw]*"), page)
        yield Page("ONNX Runtime Web", page)


def _page(folder: Path, dist: Path, *scripts: Path) -> Path:
    """Lays a page with its scripts, the page's own, which is first here, after the others."""
    folder.mkdir()
    _copy(scripts, folder)
    shutil.copyfile(dist / "vocabulary.json", folder / "vocabulary.json")
    own, *others = (script.name for script in scripts)
    elements = [f'<script defer src="{name}"></script>' for name in others]
    elements.append(f'<script type="module" src="{own}"></script>')
    text = (SOURCES / "page.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(text.replace("<!-- scripts -->", "\n  ".join(elements)), encoding="utf-8")
    return folder


def _copy(paths: Iterator[Path] | tuple[Path, ...], folder: Path) -> None:
    for path in paths:
        shutil.copyfile(path, folder / path.name)


def write_onnx(run: Run, path: Path) -> None:
    """Writes the ONNX model that `export onnx` writes."""
    weights = weights_of(run.classifier.model)
    constants = graph.round_constants(graph.constants_of(weights))
    steps = steps_of(weights, run.vocabulary.window)
    onnx.write_onnx(graph.inference(constants, steps, "int8"), run.vocabulary.sequence_length, path)
