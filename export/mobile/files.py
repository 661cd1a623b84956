"""Makes `mobile/`: code for apps in four languages, a test for each, and the vectors that they are held against.

Kotlin, Swift and Dart are templates; React Native gets the page's own code, bundled.
"""

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import jinja2

from export.mobile.vectors import vectors_of
from export.settings import Settings
from export.targets import node
from trainer.files import dense_json
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.templates import environment
from trainer.text.printable import one_line
from trainer.text.vocabulary import UNSPACED

TEMPLATES: Final = Path(__file__).parent.parent / "templates" / "mobile"
VERSIONS: Final = {"mediapipe": "0.10.29", "litert": "1.4.1", "task_library": "0.4.4"}
WHY: Final = {  # as the projects' own issues say; there is no Android here to ask
    "mediapipe": "Versions before 0.10.26 are not aligned for pages of 16 kB, which Google Play asks for, and of "
    "0.10.26 some libraries were reported not to be; `latest.release` resolves to a build of 2023.",
    "litert": "1.4.0 is the first that is aligned for pages of 16 kB; 2.x has no org.tensorflow.lite.Interpreter.",
    "task_library": "The last release, of 2023, before pages of 16 kB; where they matter take MediaPipe.",
}
_NATIVE: Final = node.WEB / "native"
_LOAD: Final = "\n/**\n * Loads the model"  # of the npm package's types, which are React Native's up to here


def write_mobile(run: Run, rounded: Classifier, dist: Path, settings: Settings) -> None:
    """Writes `mobile/` into `dist`, which holds `tfjs/` and `vocabulary.json` already.

    Args:
        run: What was trained.
        rounded: The model whose answers the vectors hold.
        dist: The directory that is being built.
        settings: Complete.

    Raises:
        UserError: The JavaScript cannot be bundled or run.
        ExportCheckFailed: It answers otherwise than the model.
    """
    folder = dist / "mobile"
    vocabulary = run.vocabulary
    vectors = vectors_of(run, rounded, dist)
    facts = {
        "name": settings.name,
        "title": settings.title,
        "labels": vocabulary.labels,
        "threshold": run.threshold,
        "window": vocabulary.window,
        "reads_capitals": vocabulary.reads_capitals,
        "unspaced": _ranges(UNSPACED),
        "versions": VERSIONS,
        "why": WHY,
        "count": len(vectors["texts"]),
    }
    templates = _templates()
    for template in sorted(TEMPLATES.rglob("*.j2")):
        name = template.relative_to(TEMPLATES).as_posix()
        path = folder / name.removesuffix(".j2")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(templates.get_template(name).render(facts), encoding="utf-8")
    (folder / "vectors.json").write_text(dense_json(vectors), encoding="utf-8")
    _write_react_native(run.threshold, folder / "react-native")


def _write_react_native(threshold: float, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        node.bundle(Path(name), target="native", threshold=repr(threshold))
        shutil.copyfile(Path(name, "classifier.js"), folder / "classifier.js")
    types, found, _ = (node.WEB / "npm" / "index.d.ts").read_text(encoding="utf-8").partition(_LOAD)
    if not found:
        raise ValueError(f"The npm package's types must have {_LOAD!r}.")
    own = (_NATIVE / "classifier.d.ts").read_text(encoding="utf-8")
    (folder / "classifier.d.ts").write_text(f"{types}\n{own}", encoding="utf-8")


def _ranges(pattern: str) -> list[tuple[str, str]]:
    """Gives the ranges of a character class, in hexadecimal."""
    found = re.findall("(.)(?:-(.))?", pattern)
    return [(f"{ord(first):X}", f"{ord(last or first):X}") for first, last in found]


def _templates() -> jinja2.Environment:
    templates = environment(TEMPLATES, html=False)
    filters: dict[str, Any] = {
        "one_line": one_line,  # a comment ends with its line
        "number": repr,
        "kotlin": lambda text: json.dumps(text).replace("$", "\\$"),
        "swift": lambda text: _braced(text, ""),
        "dart": lambda text: _braced(text, "$"),
    }
    templates.filters |= filters
    return templates


def _braced(text: str, special: str) -> str:
    """Writes a string literal in which a character that is not plain ASCII stands as `\\u{…}`."""

    def written(character: str) -> str:
        if character in '"\\' + special:
            return f"\\{character}"
        return character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}"

    return f'"{"".join(map(written, text))}"'
