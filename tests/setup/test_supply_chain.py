"""What lands in `dist/` of others: the bill of materials says all of it, and no more."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from export.sbom import bill_of_materials
from export.settings import Settings
from export.targets import node
from tests.support.places import ROOT
from trainer import __version__
from trainer.run import Run


def components(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component["name"]: component for component in bill["components"]}


def test_the_bill_names_what_the_bundler_took_in(dist_path: Path) -> None:
    bill = json.loads((dist_path / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = components(bill)
    assert [name for name, component in named.items() if component["type"] == "library"] == ["byline", "d3-dsv"]
    locked = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]["node_modules/d3-dsv"]
    assert named["d3-dsv"]["purl"] == f"pkg:npm/d3-dsv@{locked['version']}"
    assert len(named["d3-dsv"]["hashes"][0]["content"]) == 128
    assert named["d3-dsv"]["licenses"] == [{"license": {"id": "ISC"}}]
    references = {component["bom-ref"] for component in bill["components"]}
    assert len(references) == len(bill["components"])
    assert set(bill["dependencies"][0]["dependsOn"]) == references


def test_the_licences_stand_with_their_texts(dist_path: Path) -> None:
    text = (dist_path / "LICENSES.md").read_text(encoding="utf-8")
    assert "| d3-dsv | 3.0.1 | ISC |" in text
    assert "Copyright 2013-2021 Mike Bostock" in text


def test_the_bundler_says_which_packages_are_in_what_it_made(tmp_path: Path, dist_path: Path) -> None:
    model = dist_path / "web" / "model" / "model.json"
    packages = {package.name: package for package in node.bundle(tmp_path, engine="tfjs", model=model)}
    assert {"@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm", "long", "d3-dsv"} <= set(packages)
    assert "@tensorflow/tfjs" not in packages  # stock TF.js is asked in the proof, and is not shipped
    assert {package.license for package in packages.values()} == {"Apache-2.0", "ISC"}
    assert node.bundle(tmp_path, target="native", threshold="0.5") == []


def test_what_others_wrote_is_a_name_where_it_is_no_spdx_identifier(trained: Run) -> None:
    settings = Settings(license='</script>, "mine"').complete(trained.facts)
    wasm = node.Package("@tensorflow/tfjs-backend-wasm", "4.22.0", "Apache-2.0", "00", "")
    named = components(bill_of_materials(trained, settings, [wasm]))
    assert named["XNNPACK"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert named[wasm.name]["purl"] == "pkg:npm/%40tensorflow/tfjs-backend-wasm@4.22.0"
    model = next(c for c in bill_of_materials(trained, settings, [])["components"] if c["name"] == settings.name)
    assert model["licenses"] == [{"license": {"name": '</script>, "mine"'}}]


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [__version__]


@pytest.mark.parametrize("line", ["make lint", "make docs", "make test"])
def test_ci_asks_for_advisories_and_does_not_end_on_them(line: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"^{line}$", script, re.MULTILINE)
    assert re.search(r"^timeout \d+ make advisories \|\| echo ", script, re.MULTILINE)
