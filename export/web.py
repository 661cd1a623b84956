"""Renders `web/` into the static page: a folder for a web server, and one file that opens from a disk."""

import base64
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import brotli
import jinja2
import numpy as np
from markupsafe import Markup

from export import node
from export.settings import Settings
from trainer.classifier import Classifier
from trainer.corpus import Phrase
from trainer.files import read_json, sha256
from trainer.run import Run

EXAMPLES = 8
EXAMPLE_WORDS = range(6, 15)  # long enough to tell, short enough to read at a glance


def write_web(run: Run, rounded: Classifier, test: dict[str, Any], dist: Path, settings: Settings) -> None:
    """Writes `web/` and `<name>.html` into `dist`, which holds `tfjs/` and `vocabulary.json` already.

    Args:
        run: What was trained.
        rounded: The model that the page has to agree with.
        test: Its metrics on the test phrases.
        dist: The directory that is being built.
        settings: Complete.

    Raises:
        UserError: The JavaScript cannot be bundled.
    """
    site = dist / "web"
    shutil.copytree(dist / "tfjs", site / "model")
    shutil.copyfile(dist / "vocabulary.json", site / "vocabulary.json")
    with tempfile.TemporaryDirectory() as folder:
        _bundle(Path(folder))
        for name in ("app.js", "style.css"):
            shutil.copyfile(Path(folder, name), site / name)
    validation = run.phrases("validation")
    content = {
        "labels": list(run.vocabulary.labels),
        "not_sure": {"threshold": run.threshold},
        "examples": [vars(phrase) for phrase in examples(validation, run)],
        "golden": _golden(rounded, validation),
    }
    page = _facts(run, test, dist, settings)
    page["examples"] = content["examples"]
    page["build"] = _digest(site, content | page)
    _render_site(site, page, content)
    (dist / f"{settings.name}.html").write_text(_render_single(dist, page, content), encoding="utf-8")


def examples(phrases: list[Phrase], run: Run) -> list[Phrase]:
    """Chooses phrases held out from training, as many for each label, by chance and not by what the model says."""
    generator = np.random.default_rng(int(run.facts["seed"]))
    labels = run.vocabulary.labels[:EXAMPLES]
    chosen = []
    for label in labels:
        of_label = [phrase for phrase in phrases if phrase.label == label]
        fitting = [phrase for phrase in of_label if len(run.vocabulary.words_in(phrase.text)) in EXAMPLE_WORDS]
        pool = fitting or of_label
        count = min(len(pool), max(1, EXAMPLES // len(labels)))
        chosen += [pool[int(index)] for index in generator.choice(len(pool), count, replace=False)]
    return [chosen[int(index)] for index in generator.permutation(len(chosen))]


def brotli_size(site: Path) -> int:
    """Bytes that a visitor downloads: each file of the page, compressed as a static host does it."""
    return sum(len(brotli.compress(path.read_bytes())) for path in site.rglob("*") if path.is_file())


def script_json(value: Any) -> Markup:
    """JSON for a `<script>` element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _bundle(folder: Path) -> None:
    build = [str(node.WEB / "build.mjs"), "--modules", str(node.modules()), "--output", str(folder)]
    node.run(["node", *build])


def _golden(rounded: Classifier, phrases: list[Phrase]) -> dict[str, Any]:
    """A phrase with its probabilities: the page answers it before it says that it is ready."""
    text = phrases[0].text
    return {"text": text, "probabilities": [round(float(p), 6) for p in rounded.probabilities([text])[0]]}


def _facts(run: Run, test: dict[str, Any], dist: Path, settings: Settings) -> dict[str, Any]:
    """What the page says of the model."""
    return {
        "name": settings.name,
        "title": settings.title,
        "description": settings.description,
        "language": settings.language,
        "version": run.facts["versions"]["byline"],
        "license": settings.license,
        "author": settings.author,
        "labels": list(run.vocabulary.labels),
        "accuracy": test["accuracy"],
        "accuracy_interval": test["intervals"]["accuracy"],
        "majority": test["majority"],
        "not_sure": test["not_sure"],
        "test_phrases": test["phrases"],
        "training_phrases": run.facts["split"]["phrases"]["train"],
        "vocabulary_size": run.vocabulary.size,
        "sequence_length": run.vocabulary.sequence_length,
        "marks": bool(run.vocabulary.marks),
        "model_bytes": sum(path.stat().st_size for path in (dist / "tfjs").iterdir()),
    }


def _digest(site: Path, content: dict[str, Any]) -> str:
    """Names a build: other files or other content, another name."""
    files = [path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()]
    templates = [path.read_bytes() for path in sorted((node.WEB / "templates").iterdir())]
    digests = [sha256(data) for data in [*files, *templates]]
    return sha256(json.dumps([digests, content]).encode())[:16]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(node.WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["script_json"] = script_json
    return environment


def _render_site(site: Path, page: dict[str, Any], content: dict[str, Any]) -> None:
    environment = _environment()
    config = content | {
        "vocabulary": "vocabulary.json",
        "model": "model/model.json",
        "service_worker": "service-worker.js",
    }
    for name in ("index.html", "manifest.webmanifest", "icon.svg"):
        text = environment.get_template(f"{name}.j2").render(page=page, config=config)
        (site / name).write_text(text, encoding="utf-8")
    paths = sorted(path for path in site.rglob("*") if path.is_file())
    digests = {path.relative_to(site).as_posix(): sha256(path.read_bytes()) for path in paths}
    worker = environment.get_template("service-worker.js.j2").render(
        page=page, files=list(digests), digests=digests, build=page["build"]
    )
    (site / "service-worker.js").write_text(worker, encoding="utf-8")


def _render_single(dist: Path, page: dict[str, Any], content: dict[str, Any]) -> str:
    site = dist / "web"
    model = read_json(site / "model" / "model.json")
    shards = [path for group in model["weightsManifest"] for path in group["paths"]]
    weights = b"".join((site / "model" / path).read_bytes() for path in shards)
    config = content | {
        "vocabulary": read_json(site / "vocabulary.json"),
        "model": model,
        "weights": base64.b64encode(weights).decode(),
    }
    script, style = ((site / name).read_text(encoding="utf-8") for name in ("app.js", "style.css"))
    script = script.replace("</script", "<\\/script")
    return (
        _environment()
        .get_template("single.html.j2")
        .render(
            page=page,
            config=config,
            script=Markup(script),
            style=Markup(style),
            csp_script_hash=_csp_hash(script),
            csp_style_hash=_csp_hash(style),
        )
    )


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
