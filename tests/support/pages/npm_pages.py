"""The npm package in a project, and in a page."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, Final

from export.targets import node
from tests.support.pages.browser import Visit
from tests.support.runtimes.javascript import run_node

# Nothing but the folder's own scripts and styles: no style attribute, no inline script, nothing that evaluates.
STRICT: Final = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; img-src data:"
PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Somebody's page</title>
<link rel="icon" href="data:,">
{scripts}
<main><h1>Somebody's page</h1>
{body}
</main>
"""


def install(package: Path, project: Path) -> list[str]:
    """Packs a package, and installs it into an empty project, with no network.

    Returns:
        The packed files.
    """
    project.mkdir()
    cache = ["--cache", str(project.parent / "npm-cache"), "--offline", "--loglevel=error"]
    packed = json.loads(
        node.run(["npm", "pack", "--json", "--pack-destination", str(project.parent), *cache], cwd=package)
    )
    (entry,) = packed.values() if isinstance(packed, dict) else packed
    (project / "package.json").write_text('{"private": true, "type": "module"}')
    tarball = str(project.parent / entry["filename"])
    node.run(["npm", "install", "--no-audit", "--no-fund", *cache, tarball], cwd=project)
    return [file["path"] for file in entry["files"]]


def evaluate(project: Path, program: str, stdin: str = "") -> Any:
    """Runs a module in the project under Node: it prints JSON, and complains of nothing."""
    done = run_node(["--input-type=module", "--eval", program], stdin, cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def broken(package: Path, folder: Path) -> Path:
    """A copy whose model is told that the known-answer phrase has another answer."""
    shutil.copytree(package, folder)
    model = (folder / "model.js").read_text(encoding="utf-8")
    (folder / "model.js").write_text(re.sub(r'("probabilities":\[)', r"\g<1>0.5,", model), encoding="utf-8")
    return folder


def write_page(folder: Path, body: str = "", scripts: tuple[str, ...] = ()) -> None:
    tags = "\n".join(f'<script type="module" src="{script}"></script>' for script in scripts)
    (folder / "index.html").write_text(PAGE.format(policy=STRICT, scripts=tags, body=body), encoding="utf-8")


def quiet(visitor: Visit) -> bool:
    return (visitor.complaints, visitor.foreign) == ([], [])
