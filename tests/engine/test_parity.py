"""The proof: it says what it should, and it says no when something is wrong."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.graph import Rows
from export.manifest import read_manifest
from export.proof import fuzz_strings, parity
from export.proof.chromium import find_chromium
from export.proof.runtimes import Answers
from tests.support.commands import run_command
from tests.support.corpora.pets import contents
from tests.support.manifests import reseal
from trainer.run import Run

FILES = {"int8 rows": "", "float32": "-float32"}
TRUTH = np.array([0, 1], np.int64)
REFERENCE = Answers("reference", "1", [[2, 3], [1], []], np.array([[0.9, 0.1], [0.4, 0.6], [0.50004, 0.49996]]))


def faults_of(answers: Answers, rounding: Rows | None = None) -> str:
    return "; ".join(parity.compare(answers, REFERENCE, TRUTH, 1, rounding=rounding).faults)


def shifted(change: list[list[float]]) -> Answers:
    return replace(REFERENCE, probabilities=REFERENCE.probabilities + np.array(change))


def test_equal_answers_have_no_fault() -> None:
    assert faults_of(REFERENCE) == ""


def test_a_tie_may_go_either_way() -> None:
    assert faults_of(shifted([[0, 0], [0, 0], [-0.00008, 0.00008]])) == ""


def test_other_ids_are_a_fault() -> None:
    assert "1 strings have token-id mismatches" in faults_of(replace(REFERENCE, ids=[[2, 4], [1], []]))


def test_another_best_label_is_a_fault() -> None:
    assert "33.333 % of the answers are others" in faults_of(shifted([[0, 0], [0.3, -0.3], [0, 0]]))


def test_a_probability_off_by_more_than_the_tolerance_is_a_fault() -> None:
    assert "off by 2.0e-04" in faults_of(shifted([[0.0002, -0.0002], [0, 0], [0, 0]]))


def test_a_probability_that_is_no_number_is_a_fault() -> None:
    assert "not a number" in faults_of(shifted([[np.nan, 0], [0, 0], [0, 0]]))


def test_rounding_has_bounds_of_its_own() -> None:
    assert faults_of(shifted([[0.01, -0.01], [0, 0], [0, 0]]), rounding="int8") == ""
    lost = shifted([[0, 0], [0.3, -0.3], [0, 0]])
    kinds: tuple[Rows, ...] = ("int8", "int4")
    for kind in kinds:
        assert "rounding keeps 66.67 %" in faults_of(lost, rounding=kind)
    texts = 1_000
    many = np.tile([[0.6, 0.4]], (texts, 1))
    reference = Answers("reference", "1", [[1]] * texts, many)
    some = replace(reference, probabilities=np.where(np.arange(texts)[:, None] < texts - 10, many, 1 - many))
    for kind, faults in (("int8", ("rounding keeps 99.00 % of the answers",)), ("int4", ())):
        assert parity.compare(some, reference, np.zeros(2, np.int64), 1, rounding=kind).faults == faults


def test_export_asked_every_runtime_every_string_and_all_agreed(trained: Run, dist_path: Path) -> None:
    rows = {row["runtime"]: row for row in read_manifest(dist_path)["parity"]}
    assert set(rows) == {
        "Keras, as trained",
        "TF.js in Node",
        "Byline's interpreter in Node",
        "the npm package in Node",
        "NumPy, byline.load",
        *(["the page in Chromium", "the single file in Chromium"] if find_chromium() else []),
        "TFLite interpreter, int8 rows",
        "TFLite interpreter, float32",
        "BertNLClassifier, int8 rows",
    }
    for row in rows.values():
        assert row["strings"] == len(trained.phrases("test")) + fuzz_strings.COUNT
        assert (row["mismatches"], row["faults"]) == (0, [])
    for name in set(rows) - {"Keras, as trained"}:
        assert rows[name]["agreement"] == 1
        assert 0 < rows[name]["difference"] < parity.TOLERANCE  # exactly zero would mean that nothing else was asked
    assert rows["Keras, as trained"]["difference"] > 0


def test_printed_table_is_written_too(workshop: Path) -> None:
    printed = (workshop / "printed.txt").read_text()
    assert (workshop / "dist" / "PROOF.md").read_text().strip() in printed


def test_the_files_are_printed_beside_one_another_and_the_card_keeps_what_does_not_change(workshop: Path) -> None:
    printed, card = (workshop / "printed.txt").read_text(), (workshop / "dist" / "MODEL_CARD.md").read_text()
    files = {name: workshop / "dist" / "tflite" / f"byline{end}.tflite" for name, end in FILES.items()}
    rows: dict[str, dict[str, list[str]]] = {text: {} for text in (printed, card)}
    for text, found in rows.items():
        table = text[text.index("| variant") :]
        for line in table.splitlines()[2 : 2 + len(files)]:
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[name] = cells
    assert list(rows[printed]) == list(rows[card]) == list(files)
    for name, path in files.items():
        whole, *parts = (int(cell.replace(",", "")) for cell in rows[card][name][:5])
        assert whole == path.stat().st_size == sum(parts), name
        assert all(part > 0 for part in parts), name
        assert rows[printed][name][:-1] == rows[card][name], name  # a latency is another each time
        assert rows[printed][name][-1].endswith("µs"), name
    assert "µs" not in card
    assert rows[card]["float32"][-1] == "100.00 %"


def test_verify_fails_on_a_changed_weight(workshop: Path, dist_copy: Path, run_path: Path) -> None:
    shard = "tfjs/group1-shard1of1.bin"
    data = bytearray((dist_copy / shard).read_bytes())
    data[-3000:-1000] = bytes(2000)
    (dist_copy / shard).write_bytes(data)
    reseal(dist_copy, shard)
    vocabulary = json.loads((dist_copy / "vocabulary.json").read_text())
    pieces = vocabulary["pieces"]
    pieces[0], pieces[1] = pieces[1], pieces[0]
    (dist_copy / "vocabulary.json").write_text(json.dumps(vocabulary))
    reseal(dist_copy, "vocabulary.json")

    broken = run_command("export", "verify", str(dist_copy), "--run", str(run_path), cwd=workshop)
    assert broken.returncode == 1
    assert "TF.js in Node: " in broken.stderr
    assert "Byline's interpreter in Node: " in broken.stderr
    for name in ("the page in Chromium", "the single file in Chromium", "the npm package in Node"):
        assert f"{name}: " not in broken.stderr  # it has its own copies
    assert "token-id mismatches" in broken.stderr
    assert "a probability is off by" in broken.stderr
    assert "BertNLClassifier" not in broken.stderr  # the .tflite is well


def test_verify_fails_on_a_package_and_a_single_file_with_another_model(
    workshop: Path, dist_copy: Path, run_path: Path
) -> None:
    for name, place in (("npm/model.js", 'weights = "'), ("byline.html", 'id="byline-weights">')):
        text = (dist_copy / name).read_text(encoding="utf-8")
        middle = text.index(place) + len(place) + 50_000
        (dist_copy / name).write_text(text[:middle] + "A" * 2_000 + text[middle + 2_000 :], encoding="utf-8")
        reseal(dist_copy, name)
    broken = run_command("export", "verify", str(dist_copy), "--run", str(run_path), cwd=workshop)
    assert broken.returncode == 1
    faults = [line for line in broken.stderr.splitlines() if "in Chromium: " in line or "in Node: " in line]
    ours = ("the npm package in Node: ", *(["the single file in Chromium: "] if find_chromium() else []))
    assert faults
    for line in faults:
        assert any(name in line for name in ours), line
    for name in ours:
        assert any(name in line for line in faults), name


def test_verify_passes_on_what_was_exported(workshop: Path) -> None:
    well = run_command("export", "verify", cwd=workshop)
    assert well.returncode == 0, well.stderr
    assert "all agree" in well.stdout


@pytest.mark.parametrize(("option", "budget"), [("--tflite-budget", "80000"), ("--page-budget", "9999")])
def test_an_oversized_artefact_exits_1_and_the_old_dist_stays(workshop: Path, option: str, budget: str) -> None:
    before = (workshop / "dist" / "manifest.json").read_text()
    part = "tflite" if "tflite" in option else "web"
    target = Path(shutil.copytree(workshop / "dist", workshop / f"small-{part}"))
    kept = contents(target)
    refused = run_command("export", part, "--output", str(target), option, budget, cwd=workshop)
    assert refused.returncode == 1
    assert f"more than its budget of {int(budget):,}" in refused.stderr
    assert contents(target) == kept
    assert (workshop / "dist" / "manifest.json").read_text() == before
    assert not [path for path in workshop.iterdir() if path.name.startswith(".")]
