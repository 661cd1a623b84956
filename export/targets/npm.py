"""Makes `npm/`: an ES module with types and the model inside, and a custom element.

    import { load } from "byline";

What runs is `web/npm/` with `web/src/engine/`, bundled; the texts are its templates.
"""

import base64
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import jinja2

from export.settings import Settings
from export.targets import node
from export.targets.strings import Strings, read_strings
from export.targets.tfjs import shards
from trainer import __version__
from trainer.files import dense_json, read_json
from trainer.run import Run
from trainer.templates import environment

SOURCE: Final = node.WEB / "npm"
_BUNDLES: Final = ("index.js", "phrase-classifier.js")
_TYPES: Final = ("index.d.ts", "phrase-classifier.d.ts")
# What the element says, of the page's strings.
_OF_PAGE: Final = ("phrase", "placeholder", "loading", "failure", "failure_why")
_OF_SCRIPT: Final = (
    "empty",
    "no_word",
    "no_answer_yet",
    "not_sure",
    "nearest",
    "less_than",
    "more_than",
    "spoken",
    "spoken_label",
    "spoken_not_sure",
)


def write_npm(run: Run, known_answer: dict[str, Any], test: dict[str, Any], dist: Path, settings: Settings) -> None:
    """Writes `npm/` into `dist`, which holds `tfjs/` already.

    Args:
        run: What was trained.
        known_answer: A phrase, and what the rounded model says of it.
        test: The rounded model's metrics on the test phrases, or those of cross-validation.
        dist: The directory that is being built.
        settings: Complete.

    Raises:
        UserError: The JavaScript cannot be bundled.
    """
    package = dist / "npm"
    package.mkdir()
    labels = list(run.vocabulary.labels)
    with tempfile.TemporaryDirectory() as name:
        of_element = Path(name, "facts.json")
        of_element.write_text(dense_json(_element_facts(labels, read_strings(settings.strings))), encoding="utf-8")
        node.bundle(Path(name), target="npm", facts=of_element)
        for bundle in _BUNDLES:
            shutil.copyfile(Path(name, bundle), package / bundle)
    for name in _TYPES:
        shutil.copyfile(SOURCE / name, package / name)
    topology = read_json(dist / "tfjs" / "model.json")
    facts = {
        "name": settings.name.lower(),  # npm takes no capitals
        "version": __version__,
        "settings": settings,
        "run": run.facts | {"name": run.path.name},
        "labels": labels,
        "threshold": run.threshold,
        "test": test,
        "folds": test.get("folds", 0),
        "known_answer": known_answer,
        "vocabulary": run.vocabulary.to_json(),
        "topology": {key: topology[key] for key in ("weightsManifest", "userDefinedMetadata")},  # no graph
        "weights": base64.b64encode(b"".join(path.read_bytes() for path in shards(dist / "tfjs"))).decode(),
    }
    environment = _templates()
    for template in sorted(SOURCE.glob("*.j2")):
        text = environment.get_template(template.name).render(facts)
        (package / template.stem).write_text(text, encoding="utf-8")


def _element_facts(labels: list[str], strings: Strings) -> dict[str, Any]:
    """What the element says and shows before the model is there."""
    said = {key: strings.page[key] for key in _OF_PAGE} | {key: strings.script[key] for key in _OF_SCRIPT}
    return {"language": strings.language, "labels": labels, "strings": said}


def _templates() -> jinja2.Environment:
    templates = environment(SOURCE, html=False)
    templates.filters["json"] = dense_json
    return templates
