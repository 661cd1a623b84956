"""`verify` for strangers: a changed byte is found, and no code of the folder runs; and the same again."""

import json
import shutil
from pathlib import Path

import pytest

from export.manifest import open_manifest, read_manifest, sealed
from export.verify import prove_models, rows_of, verify
from tests.support.commands import EPOCH, WORKSHOP, run_command
from tests.support.corpora.pets import contents
from tests.support.manifests import reseal
from trainer.clock import now
from trainer.errors import UserError
from trainer.files import write_json


def test_a_changed_byte_in_any_file_is_found_and_named(dist_copy: Path) -> None:
    files = sorted(path for path in dist_copy.rglob("*") if path.is_file())
    assert {"manifest.json", "PROOF.md", "MODEL_CARD.md"} <= {path.name for path in files}
    for path in files:
        data = path.read_bytes()
        for at in {0, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with pytest.raises(UserError) as found:
                read_manifest(dist_copy)
            assert str(found.value).startswith(f"{path}: "), path
        path.write_bytes(data)
    read_manifest(dist_copy)


def test_a_changed_byte_exits_2(workshop: Path, dist_copy: Path) -> None:
    single = dist_copy / "byline.html"
    single.write_bytes(single.read_bytes() + b" ")
    refused = run_command("export", "verify", str(dist_copy), cwd=workshop)
    assert refused.returncode == 2
    assert refused.stderr == f"error: {single}: was changed: its SHA-256 is not the one in the manifest\n"


def test_missing_added_and_linked_files_are_named(dist_copy: Path) -> None:
    card = dist_copy / "MODEL_CARD.md"
    kept = card.rename(dist_copy.parent / "kept.md")
    with pytest.raises(UserError, match=r"MODEL_CARD\.md: is missing"):
        read_manifest(dist_copy)
    card.symlink_to(kept)
    with pytest.raises(UserError, match=r"MODEL_CARD\.md: is a link"):
        read_manifest(dist_copy)
    card.unlink()
    shutil.copy(kept, card)
    (dist_copy / "web" / "more.js").write_text("")
    with pytest.raises(UserError, match=r"web/more\.js: is not in the manifest"):
        read_manifest(dist_copy)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "../outside"}, "is no name of an export"),
        ({"name": 7}, "has no 'name' that is a str"),
        ({"files": []}, "has no 'files' that is a dict"),
        ({"files": {"web/app.js": {"bytes": 1}}}, "has no SHA-256 of 'web/app.js'"),
        ({"format": "byline-dist-1"}, "the format is not"),
    ],
)
def test_a_manifest_that_is_none_is_one_line(dist_copy: Path, change: dict[str, object], rule: str) -> None:
    manifest = json.loads((dist_copy / "manifest.json").read_text()) | change
    write_json(dist_copy / "manifest.json", sealed(manifest))
    with pytest.raises(UserError, match=rule):
        read_manifest(dist_copy)


@pytest.mark.parametrize(
    "change", [{"seed": "one"}, {"run": {}}, {"sizes": {"page": 5}}, {"sizes": {"page": {}}}, {"sizes": {}}]
)
def test_a_sealed_manifest_of_another_form_is_one_line(dist_copy: Path, change: dict[str, object]) -> None:
    manifest = json.loads((dist_copy / "manifest.json").read_text()) | change
    write_json(dist_copy / "manifest.json", sealed(manifest))
    with pytest.raises(UserError, match=r"manifest\.json: is no manifest that Byline wrote"):
        verify(dist_copy, None)


def test_a_file_outside_is_not_read(dist_copy: Path) -> None:
    (dist_copy.parent / "outside.txt").write_text("a")
    reseal(dist_copy, "../outside.txt")
    with pytest.raises(UserError, match=r"outside\.txt: is missing"):
        read_manifest(dist_copy)


def test_a_stranger_proves_the_models_and_runs_no_code_of_the_folder(tmp_path: Path, dist_copy: Path) -> None:
    programs = [path for path in dist_copy.rglob("*") if path.suffix in (".js", ".cjs", ".html")]
    assert len(programs) > 5
    for path in programs:
        path.write_text("throw new Error('run');", encoding="utf-8")
    reseal(dist_copy, *(path.relative_to(dist_copy).as_posix() for path in programs))
    before = contents(dist_copy)
    done = run_command("export", "verify", str(dist_copy), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no code of the folder was run" in done.stderr
    runtimes = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert runtimes == [
        "NumPy, byline.load",
        "TF.js in Node",
        "Byline's interpreter in Node",
        "TFLite interpreter, int8 rows",
    ]
    assert contents(dist_copy) == before


def test_a_stranger_finds_a_model_that_was_changed_and_sealed_anew(dist_copy: Path) -> None:
    shard = dist_copy / "tfjs" / "group1-shard1of1.bin"
    data = bytearray(shard.read_bytes())
    data[-3000:-1000] = bytes(2000)
    shard.write_bytes(data)
    reseal(dist_copy, "tfjs/group1-shard1of1.bin")
    manifest = read_manifest(dist_copy)
    faults = "\n".join(prove_models(dist_copy, manifest["name"], manifest["seed"]).faults)
    assert "NumPy, byline.load: " in faults
    assert "TFLite interpreter, int8 rows: " in faults


def test_the_rows_are_the_manifests_and_those_of_an_earlier_version_are_int8() -> None:
    assert [rows_of(manifest) for manifest in ({"rows": "int4"}, {"rows": "int8"}, {})] == ["int4", "int8", "int8"]
    with pytest.raises(ValueError, match="rows: 'int2'"):
        rows_of({"rows": "int2"})


def test_the_seal_is_of_the_content(dist_path: Path) -> None:
    manifest = open_manifest(dist_path)
    assert sealed(manifest) == manifest
    assert sealed(manifest | {"seed": 2})["sha256"] != manifest["sha256"]


def test_the_same_again_gives_the_same_bytes(workshop: Path, tmp_path: Path) -> None:
    """Another process, hash seed and folder; the time is the first one's."""
    done = run_command(*WORKSHOP, cwd=tmp_path, SOURCE_DATE_EPOCH=EPOCH)
    assert done.returncode == 0, done.stderr
    for folder in ("runs", "dist"):
        first, again = contents(workshop / folder), contents(tmp_path / folder)
        assert [name for name in first.keys() | again.keys() if first.get(name) != again.get(name)] == []


@pytest.mark.parametrize("given", ["yesterday", "1.5", "9" * 30])
def test_a_time_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    with pytest.raises(UserError, match=f"^SOURCE_DATE_EPOCH: .*{given}"):
        now()
