"""What is in a dist directory that others made: a CycloneDX bill of materials, and a list of licences with their texts.

https://cyclonedx.org/docs/1.6/json/
"""

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from export.settings import Settings
from export.targets import node
from trainer import __version__
from trainer.files import write_json
from trainer.run import Run
from trainer.templates import markdown

BILL: Final = "sbom.cdx.json"
LICENSES: Final = "LICENSES.md"
# Compiled into the program of TF.js' WASM backend, which says no versions: name -> licence.
_IN_WASM: Final = {"XNNPACK": "BSD-3-Clause", "Emscripten": "MIT"}
# The identifiers that occur here; https://spdx.org/licenses/ has all.
_SPDX: Final = frozenset(
    ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "ISC", "MIT")
)
_WASM: Final = "@tensorflow/tfjs-backend-wasm"


def write_sbom(run: Run, settings: Settings, packages: Iterable[node.Package], dist: Path) -> None:
    """Writes `sbom.cdx.json` and `LICENSES.md`.

    Args:
        run: What was trained.
        settings: Complete.
        packages: The JavaScript packages of others that are in the page or the package.
        dist: The directory that is being built.
    """
    distinct = sorted(set(packages))
    write_json(dist / BILL, bill_of_materials(run, settings, distinct))
    (dist / LICENSES).write_text("\n".join(_license_list(run, settings, distinct)) + "\n", encoding="utf-8")


def bill_of_materials(run: Run, settings: Settings, packages: list[node.Package]) -> dict[str, Any]:
    """Gives the bill: the model, the text that it learned from, its teacher, and the code of others and of Byline's.

    Args:
        run: What was trained.
        settings: Complete.
        packages: Sorted.
    """
    digest = str(run.facts["model_sha256"])
    byline = _component("library", "byline", __version__, "MIT", purl=f"pkg:pypi/byline@{__version__}")
    model = _component("machine-learning-model", settings.name, digest[:16], settings.license)
    # Of a model that was trained elsewhere nobody here knows the text.
    named = run.facts["corpus"]
    learned = [] if run.external else [_component("data", named["name"], "", named.get("license", ""))]
    teacher = run.facts["teacher"]
    taught = [_component("machine-learning-model", teacher["name"], "", teacher["license"])] if teacher else []
    libraries = [
        _component("library", package.name, package.version, package.license, purl=_purl(package))
        | {"hashes": [{"alg": "SHA-512", "content": package.integrity}]}
        for package in packages
    ]
    if any(package.name == _WASM for package in packages):
        libraries += [_component("library", name, "", license_) for name, license_ in _IN_WASM.items()]
    components = [model, *learned, *taught, byline, *libraries]
    export = _component("application", f"{settings.name}-export", digest[:16], settings.license)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{digest} {components}')}",
        "version": 1,
        "metadata": {
            "timestamp": f"{run.facts['created'][:19]}Z",
            "tools": {"components": [{"type": "application", "name": "byline", "version": __version__}]},
            "component": export,
        },
        "components": components,
        "dependencies": [
            {"ref": export["bom-ref"], "dependsOn": [component["bom-ref"] for component in components]},
            {"ref": model["bom-ref"], "dependsOn": [component["bom-ref"] for component in (*learned, *taught)]},
        ],
    }


def _component(kind: str, name: str, version: str, license_: str, purl: str = "") -> dict[str, Any]:
    """A component; what is empty is left out. A licence that is no SPDX identifier stands by its name."""
    component: dict[str, Any] = {"type": kind, "bom-ref": f"{kind}:{name}@{version}", "name": name}
    if version:
        component["version"] = version
    if license_:
        component["licenses"] = [{"license": {"id": license_} if license_ in _SPDX else {"name": license_}}]
    return component | ({"purl": purl} if purl else {})


def _purl(package: node.Package) -> str:
    return f"pkg:npm/{quote(package.name, safe='/')}@{package.version}"


def _license_list(run: Run, settings: Settings, packages: list[node.Package]) -> Iterator[str]:
    corpus, teacher = run.facts["corpus"], run.facts["teacher"]
    rows = [
        ("the model", "", settings.license),
        *([] if run.external else [(f"its training text: {corpus['name']}", "", corpus.get("license", ""))]),
        *([(f"its teacher: {teacher['name']}", "", teacher["license"])] if teacher else []),
        ("Byline", __version__, "MIT"),
        *((package.name, package.version, package.license) for package in packages),
    ]
    if any(package.name == _WASM for package in packages):
        rows += [(f"{name}, in {_WASM}", "", license_) for name, license_ in _IN_WASM.items()]
    yield "# What is in here, and its licences"
    yield ""
    yield "| what | version | licence |"
    yield "|---|---|---|"
    for what, version, license_ in rows:
        yield f"| {markdown(what)} | {version} | {markdown(license_) or 'not stated'} |"
    for package in packages:
        if package.text:
            fence = "````"
            yield from ("", f"## {package.name} {package.version}", "", fence, package.text.strip(), fence)
