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
_BUNDLES: Final = ("index.js", "static.js", "phrase-classifier.js", "index.cjs", "phrase-classifier.cjs")
_TYPES: Final = ("index.d.ts", "static.d.ts", "phrase-classifier.d.ts")
_NO_PACKAGE: Final = ("node_modules", "favicon.ico")  # npm refuses them
_LONGEST_NAME: Final = 214  # that npm takes
COMMON_TAG: Final = "phrase-classifier"  # every export's; `web/npm/element.js` has it, too
_OF_TOPOLOGY: Final = ("weightsManifest", "userDefinedMetadata")  # what Byline's interpreter reads: no graph
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


def write_npm(
    run: Run, known_answer: dict[str, Any], test: dict[str, Any], dist: Path, settings: Settings
) -> list[node.Package]:
    """Writes `npm/` into `dist`, which holds `tfjs/` already.

    Args:
        run: What was trained.
        known_answer: A phrase, and what the rounded model says of it.
        test: The rounded model's metrics on the test phrases, or those of cross-validation.
        dist: The directory that is being built.
        settings: Complete.

    Returns:
        The packages of others that are in it.

    Raises:
        UserError: The JavaScript cannot be bundled.
    """
    package = dist / "npm"
    package.mkdir()
    labels, tag = list(run.vocabulary.labels), tag_of(settings.name)
    with tempfile.TemporaryDirectory() as name:
        of_element = Path(name, "facts.json")
        about = _element_facts(labels, read_strings(settings.strings))
        about |= {"tag": tag, "model": run.facts["model_sha256"][:16]}
        of_element.write_text(dense_json(about), encoding="utf-8")
        packages = node.bundle(Path(name), target="npm", engine=node.STOCK if run.external else "own", facts=of_element)
        for bundle in _BUNDLES:
            shutil.copyfile(Path(name, bundle), package / bundle)
    topology = read_json(dist / "tfjs" / "model.json")
    facts = {
        "name": package_name(settings.name),
        "files": [*_BUNDLES, "model.js", "model.cjs", *_TYPES, *(name.replace(".ts", ".cts") for name in _TYPES)],
        "tag": tag,
        "tags": list(dict.fromkeys([tag, COMMON_TAG])),
        "version": __version__,
        "settings": settings,
        "run": run.facts | {"name": run.path.name},
        "labels": labels,
        "threshold": run.threshold,
        "test": test,
        "folds": test.get("folds", 0),
        "known_answer": known_answer,
        "vocabulary": run.vocabulary.to_json(),
        "topology": topology if run.external else {key: topology[key] for key in _OF_TOPOLOGY},
        "weights": base64.b64encode(b"".join(path.read_bytes() for path in shards(dist / "tfjs"))).decode(),
    }
    templates = _templates()

    def render(name: str, **more: bool) -> str:
        return templates.get_template(name).render(facts, **more)

    for name in ("package.json", "README.md"):
        (package / name).write_text(render(f"{name}.j2"), encoding="utf-8")
    for ending, commonjs in (("js", False), ("cjs", True)):
        (package / f"model.{ending}").write_text(render("model.js.j2", commonjs=commonjs), encoding="utf-8")
    for name in _TYPES:
        types = (SOURCE / name).read_text(encoding="utf-8") if (SOURCE / name).is_file() else render(f"{name}.j2")
        (package / name).write_text(types, encoding="utf-8")
        # TypeScript wants a declaration for each module, and reads whether it is one for `require()` from its ending.
        required = types.replace("./index.js", "./index.cjs")
        (package / name).with_suffix(".cts").write_text(required, encoding="utf-8")
    return packages


def package_name(name: str) -> str:
    """The export's name as npm takes it: no capitals, and none that Node gives to a module of its own."""
    lower = name.lower()[:_LONGEST_NAME]
    asks = f"require('module').builtinModules.includes({dense_json(lower)})"
    taken = lower in _NO_PACKAGE or node.run(["node", "--print", asks]).strip() == "true"
    return f"{lower}-classifier" if taken else lower


def tag_of(name: str) -> str:
    """The tag that is the export's own: it begins with a letter, and has no dot, which begins a class in CSS."""
    lower = name.lower().replace(".", "-")
    return f"{lower}-classifier" if lower[0].isalpha() else f"classifier-{lower}"


def _element_facts(labels: list[str], strings: Strings) -> dict[str, Any]:
    """What the element says and shows before the model is there."""
    said = {key: strings.page[key] for key in _OF_PAGE} | {key: strings.script[key] for key in _OF_SCRIPT}
    return {"language": strings.language, "labels": labels, "strings": said}


def _templates() -> jinja2.Environment:
    templates = environment(SOURCE, html=False)
    templates.filters["json"] = dense_json
    return templates
