"""Renders `web/` into the static page: a folder for a web server, and one file that opens from a disk."""

import base64
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import jinja2
import numpy as np
from markupsafe import Markup

from export.settings import Settings
from export.targets import figures, node, theme
from export.targets.strings import Strings, read_strings
from export.targets.tfjs import shards
from trainer.data.corpus import Phrase
from trainer.errors import UserError
from trainer.files import dense_json, sha256
from trainer.run import Run
from trainer.templates import environment

EXAMPLES = 24
EXAMPLE_WORDS = range(6, 15)  # long enough to tell, short enough to read at a glance
_SENTENCE = re.compile(r"[^\W\d_a-z].*[.!?…]", re.DOTALL)  # what begins and ends like one reads better than a scrap
BUNDLES = ("app.js", "worker.js", "style.css")
START = "start.js"  # a bundle, too; it stands in the page itself
WASM = "engine.wasm"  # the program of an engine that has one
TWIN = ".txt"  # a second ending of binary files: some hosts serve none that they do not know


@dataclass(frozen=True)
class Page:
    """All that the templates are given.

    Attributes:
        facts: What the page says of the model; `page` in the templates.
        config: What the script reads, without the addresses of files.
        strings: What is said.
        settings: Complete.
    """

    facts: dict[str, Any]
    config: dict[str, Any]
    strings: Strings
    settings: Settings


def write_web(
    run: Run, known_answer: dict[str, Any], test: dict[str, Any], dist: Path, settings: Settings
) -> list[node.Package]:
    """Writes `web/` and `<name>.html` into `dist`, which holds `tfjs/` already.

    Args:
        run: What was trained.
        known_answer: A phrase, and what the rounded model says of it.
        test: The rounded model's metrics on the test phrases, or those of cross-validation.
        dist: The directory that is being built.
        settings: Complete.

    Returns:
        The packages of others that are in it.

    Raises:
        UserError: The JavaScript cannot be bundled, or a template of the user's cannot be rendered.
    """
    site = dist / "web"
    shutil.copytree(dist / "tfjs", site / "model")
    (site / "vocabulary.json").write_text(dense_json(run.vocabulary.to_json()), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        packages = node.bundle(
            Path(folder), engine=node.STOCK if run.external else settings.engine, model=site / "model" / "model.json"
        )
        for name in (*BUNDLES, *([WASM] if engine_of(run, settings) == "tfjs" else [])):
            shutil.copyfile(Path(folder, name), site / name)
        start = Path(folder, START).read_text(encoding="utf-8").strip()
    if settings.accent:
        with (site / "style.css").open("a", encoding="utf-8") as style:
            style.write(theme.accent_style(settings.accent))
    if settings.logo:
        shutil.copyfile(settings.logo, site / _icon(settings))
    strings = read_strings(settings.strings)
    config = {
        "labels": list(run.vocabulary.labels),
        "abstention": {"threshold": run.threshold},
        "examples": [vars(phrase) for phrase in examples(run.phrases("test"), run)] if run.measured else [],
        "known_answer": known_answer,
        "language": strings.language,
        "strings": strings.script,
        "name": settings.name,
    }
    facts = _facts(run, test, dist, settings)
    facts["examples"] = config["examples"]
    inside = {"page": dict(strings.page), "start": start}
    facts["build"] = _digest(site, config | facts | vars(settings) | inside, settings.templates)
    page = Page(facts, config, strings, settings)
    _render_site(site, page, start)
    (dist / f"{settings.name}.html").write_text(_render_single(site, page), encoding="utf-8")
    return packages


def engine_of(run: Run, settings: Settings) -> str:
    """What predicts in the browser: of a model that was trained elsewhere TF.js, which alone knows its layers."""
    return "tfjs" if run.external else settings.engine


def examples(phrases: list[Phrase], run: Run) -> list[Phrase]:
    """Chooses phrases held out from training, as many for each label, by chance and not by what the model says."""
    generator = np.random.default_rng(int(run.facts["seed"]))
    labels = list(run.vocabulary.labels)
    if len(labels) > EXAMPLES:
        labels = [labels[int(index)] for index in generator.permutation(len(labels))[:EXAMPLES]]
    chosen = []
    for label in labels:
        of_label = [phrase for phrase in phrases if phrase.label == label]
        fitting = [phrase for phrase in of_label if len(run.vocabulary.words(phrase.text)) in EXAMPLE_WORDS]
        shuffled = [fitting[int(index)] for index in generator.permutation(len(fitting))] or of_label
        shuffled.sort(key=lambda phrase: _SENTENCE.fullmatch(phrase.text) is None)  # sentences first, else as drawn
        chosen += shuffled[: max(1, EXAMPLES // len(labels))]
    return [chosen[int(index)] for index in generator.permutation(len(chosen))]


def brotli_size(site: Path) -> int:
    """Bytes that a visitor downloads: each file of the page, compressed as a static host does it."""
    return sum(len(brotli.compress((site / name).read_bytes())) for name in _downloaded(site))


def _downloaded(site: Path) -> list[str]:
    """Gives the page's files, without those that only installing it asks for, or a host that refuses another."""
    paths = (
        path for path in site.rglob("*") if path.is_file() and path.suffix != TWIN and path.name not in theme.ICONS
    )
    return sorted(path.relative_to(site).as_posix() for path in paths)


def _digests(site: Path) -> dict[str, str]:
    return {name: sha256((site / name).read_bytes()) for name in _downloaded(site)}


def _write_twins(site: Path) -> dict[str, str]:
    """Copies each binary file to another ending.

    Returns:
        The copy's name by the file's.
    """
    twins = {name: name + TWIN for name in _downloaded(site) if name.endswith((".bin", ".wasm"))}
    for name, twin in twins.items():
        shutil.copyfile(site / name, site / twin)
    return twins


def script_json(value: Any) -> Markup:
    """JSON for a `<script>` element: nothing in it can end the element."""
    return script_text(dense_json(value))


def script_text(text: str) -> Markup:
    """JSON or JavaScript, where a backslash may stand before these characters, for a `<script>` element."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _facts(run: Run, test: dict[str, Any], dist: Path, settings: Settings) -> dict[str, Any]:
    """What the page says of the model."""
    return {
        "name": settings.name,
        "title": settings.title,
        "description": settings.description,
        "version": run.facts["versions"]["byline"],
        "license": settings.license,
        "author": settings.author,
        "engine": engine_of(run, settings),
        "base_path": settings.base_path,
        "labels": list(run.vocabulary.labels),
        "accuracy": test["accuracy"],
        "accuracy_interval": test["intervals"]["accuracy"],
        "majority": test["majority"],
        "folds": test.get("folds", 0),
        "abstention": test["abstention"],
        "test_phrases": test["phrases"],
        "training_phrases": run.facts["split"]["phrases"]["train"],
        "vocabulary_size": run.knows,
        "window": run.reads,
        "model_bytes": sum(path.stat().st_size for path in (dist / "tfjs").iterdir()),
        "card": figures.card_facts(run, test, brotli_size(dist / "web")),
    }


def _digest(site: Path, content: dict[str, Any], templates: str) -> str:
    """Names a build: other files or other content, another name."""
    files = [path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()]
    folders = [node.WEB / "templates", *([Path(templates)] if templates else [])]
    texts = [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.j2"))]
    digests = [sha256(data) for data in [*files, *texts]]
    return sha256(json.dumps([digests, content]).encode())[:16]


def _templates(page: Page) -> jinja2.Environment:
    """The templates are Byline's, or the user's of the same name, which may extend `byline/` and the name."""
    ours = jinja2.FileSystemLoader(node.WEB / "templates")
    folder = page.settings.templates
    theirs = [jinja2.FileSystemLoader(folder)] if folder else []
    templates = environment(jinja2.ChoiceLoader([*theirs, ours, jinja2.PrefixLoader({"byline": ours})]), html=True)
    templates.filters |= {
        "script_json": script_json,
        "number": page.strings.number,
        "percent": page.strings.percent,
    }
    templates.globals |= {"page": page.facts, "t": page.strings.t, "strings": page.strings}
    return templates


def _render(page: Page, name: str, **values: Any) -> str:
    try:
        return _templates(page).get_template(name).render(**values)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{error.filename or name}: line {error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise UserError(f"{page.settings.templates or name}: {name}: {error.message}") from error


def _render_site(site: Path, page: Page, start: str) -> None:
    icon = _icon(page.settings)
    twins = _write_twins(site)
    exact = {name: digest for name, digest in _digests(site).items() if name.endswith((".js", ".json", *twins))}
    files = {
        "vocabulary": "vocabulary.json",
        "model": "model/model.json",
        "shards": [path.relative_to(site).as_posix() for path in shards(site / "model")],
        "worker": "worker.js",
        "twins": twins,
    } | ({"wasm": WASM} if (site / WASM).exists() else {})
    config = page.config | {"files": files, "integrity": exact, "service_worker": "service-worker.js"}
    logo = icon if page.settings.logo else ""
    kind = theme.PICTURES[Path(icon).suffix]
    values = {"config": config, "icon": icon, "icon_type": kind, "logo": logo}
    values |= {"start": Markup(start), "csp_start_hash": _csp_hash(start)}
    values |= {"page_integrity": _csp_hash((site / "app.js").read_text(encoding="utf-8"))}
    for name in ("index.html", "manifest.webmanifest", *([] if logo else ["icon.svg"])):
        (site / name).write_text(_render(page, f"{name}.j2", **values), encoding="utf-8")
    theme.write_icons(site, icon, logo=bool(logo))
    digests = _digests(site)
    kept = {"files": list(digests), "digests": digests, "twins": twins}
    worker = _render(page, "service-worker.js.j2", **kept, build=page.facts["build"])
    (site / "service-worker.js").write_text(worker, encoding="utf-8")


def _icon(settings: Settings) -> str:
    return f"icon{Path(settings.logo).suffix.lower()}" if settings.logo else "icon.svg"


def _render_single(site: Path, page: Page) -> str:
    text = {name: (site / name).read_text(encoding="utf-8") for name in (*BUNDLES, "vocabulary.json")}
    script = text["app.js"].replace("</script", "<\\/script")
    weights = b"".join(path.read_bytes() for path in shards(site / "model"))
    wasm = (site / WASM).read_bytes() if (site / WASM).exists() else b""
    carried = {
        "worker": base64.b64encode(text["worker.js"].encode()).decode(),
        "vocabulary": script_text(text["vocabulary.json"]),
        "model": script_text((site / "model" / "model.json").read_text(encoding="utf-8")),
        "weights": base64.b64encode(weights).decode(),
        "wasm": base64.b64encode(wasm).decode(),
    }
    integrity = {f"byline-{name}": sha256(part.encode()) for name, part in carried.items()}
    return _render(
        page,
        "single.html.j2",
        **carried,
        config=page.config | {"integrity": integrity},
        script=Markup(script),
        style=Markup(text["style.css"]),
        csp_script_hash=_csp_hash(script),
        csp_style_hash=_csp_hash(text["style.css"]),
        logo=theme.picture_url(Path(page.settings.logo)) if page.settings.logo else "",
    )


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
