"""The benchmark of frameworks without one: its cases, its judgement, and the table that it wrote into the docs."""

import json
from pathlib import Path
from typing import Any

import pytest
from frameworks import measure as frameworks
from frameworks.framework_cases import MATRIX, Answers, Case, Place, printed
from reports import tables

from export.targets import node
from trainer.files import read_json

EXPECTED = [{"label": "Butler", "score": 0.75}, {"label": "Derby", "score": 0.25}]


def test_docs_have_the_table_of_the_kept_outcome_and_all_of_it_is_well() -> None:
    kept = tables.kept("frameworks")
    assert kept is not None
    assert frameworks.drawn(kept) in frameworks.DOCUMENT.read_text(encoding="utf-8")
    assert [row["place"] for row in kept["places"]] == [case.name for case in MATRIX]
    assert {row["outcome"] for row in kept["places"]} == {frameworks.WELL}


def test_versions_are_those_of_the_lock_which_names_no_registry() -> None:
    text = (frameworks.CASES / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert "registry" not in text
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == read_json(frameworks.CASES / "package.json")["dependencies"]
    for case, row in zip(MATRIX, (tables.kept("frameworks") or {})["places"], strict=True):
        versions = {name: version for name, version in row["versions"].items() if name != "Chromium"}
        assert versions == {name: packages[f"node_modules/{name}"]["version"] for name in case.packages}, case.name
        assert ("Chromium" in row["versions"]) is case.opened, case.name


def test_every_folder_is_a_case_and_the_other_way_round() -> None:
    folders = {path.name for path in frameworks.CASES.iterdir() if path.is_dir()}
    assert {case.folder for case in MATRIX} == folders


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        (EXPECTED, True),
        ([{"label": "Butler", "score": 0.75 + 1e-12}, EXPECTED[1]], True),
        ([{"label": "Butler", "score": 0.76}, EXPECTED[1]], False),
        ([EXPECTED[1], EXPECTED[0]], False),
        (EXPECTED[:1], False),
        ("Error: it failed", False),
        (None, False),
    ],
)
def test_an_answer_is_the_same_or_not(answer: Any, same: bool) -> None:
    assert frameworks.same(answer, EXPECTED) is same


def test_answers_are_taken_out_of_what_a_program_prints() -> None:
    said = f'noise\nANSWERS {{"module": []}}\n\nANSWERS {json.dumps({"element": EXPECTED})}\nmore noise'
    assert printed(said) == {"module": [], "element": EXPECTED}


def place_of(folder: Path, case: Case) -> Place:
    tarball = folder / "byline-1.0.0.tgz"
    package = folder / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "byline", "version": "1.0.0"}')
    node.run(["npm", "pack", "--pack-destination", str(folder), "--loglevel=error"], cwd=package)
    return Place(folder / case.folder, folder / "node_modules", tarball)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"module": EXPECTED, "element": EXPECTED}, "well"),
        ({"module": EXPECTED, "element": EXPECTED[::-1]}, "another answer: element"),
        ({"module": EXPECTED}, "answered: module; expected: module, element"),
        ({}, "answered: nothing; expected: module, element"),
    ],
)
def test_outcome_is_well_only_where_all_answer_the_same(answers: Answers, outcome: str, tmp_path: Path) -> None:
    case = Case("Plain", "plain", (), "", ("module", "element"), lambda _: answers)
    assert frameworks.outcome(case, place_of(tmp_path, case), EXPECTED) == outcome


def test_outcome_is_the_reason_where_a_program_fails(tmp_path: Path) -> None:
    def fail(place: Place) -> Answers:
        return printed(place.run("sh", "-c", "echo first; echo 'TypeError: no such thing' >&2; exit 3"))

    case = Case("Plain", "plain", (), "", (), fail)
    assert frameworks.outcome(case, place_of(tmp_path, case), EXPECTED) == "sh: TypeError: no such thing"
