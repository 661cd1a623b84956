"""The benchmark on public sets: how published files are read, and what is made of them."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from reports import public_report
from sets import public_sets, public_sources
from sets.public_sets import PublicSet, calibration_error, digest, divided, misspelt, read

from trainer.data.corpus import Phrase


def test_columns() -> None:
    files = ['label,text\n"b","one, two"\n'.encode("utf-8-sig")]
    assert public_sources.columns("val", "text", "label")(files) == {"val": [Phrase("one, two", "b")]}


def test_parallel_files() -> None:
    read_files = public_sources.parallel("test")
    assert read_files([b"a b\nc\n", b"x\ny\n"]) == {"test": [Phrase("a b", "x"), Phrase("c", "y")]}
    with pytest.raises(ValueError, match="shorter"):
        read_files([b"a\nb\n", b"x\n"])


def test_clinc() -> None:
    value = {"train": [["hi", "greeting"]], "oos_test": [["x", "oos"]]}
    found = public_sources.clinc([json.dumps(value).encode()])
    assert found == {"train": [Phrase("hi", "greeting")], "oos_test": [Phrase("x", "oos")]}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_snips(encoding: str) -> None:
    value = {"PlayMusic": [{"data": [{"text": "play "}, {"text": "Beyoncé", "entity": "artist"}]}]}
    found = public_sources.snips("train", "PlayMusic")([json.dumps(value, ensure_ascii=False).encode(encoding)])
    assert found == {"train": [Phrase("play Beyoncé", "PlayMusic")]}


def test_tabs() -> None:
    assert public_sources.tabs("test", 0, 2)([b"Ja \tOTHER\tABUSE\r\n"]) == {"test": [Phrase("Ja", "ABUSE")]}
    found = public_sources.tabs("train", 1, 0, {"0": "fragment"})(["0\t만화\n\n".encode()])
    assert found == {"train": [Phrase("만화", "fragment")]}


def test_wisesight() -> None:
    (buffer := io.BytesIO()).name = "data.zip"
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("train", "valid", "test"):
            archive.writestr(f"data/{name}.jsonl", json.dumps({"category": "pos", "texts": f"ดี {name}"}) + "\n")
        archive.writestr("__MACOSX/._train.jsonl", "no JSON")
    found = public_sources.wisesight([buffer.getvalue()])
    assert found == {
        part: [Phrase(f"ดี {name}", "pos")]
        for part, name in zip(("train", "val", "test"), ("train", "valid", "test"), strict=True)
    }


def test_our_own_parts_are_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for part, rows in (("train", [Phrase("甲", "negative")]), ("test", [Phrase("乙", "positive")])):
        public_sources.write(tmp_path / "zh_waimai10k" / f"{part}.csv", rows)
        for folder in ("langid20_sentences", "langid20_words"):
            public_sources.write(tmp_path / folder / f"{part}.csv", rows)
    known, splits = public_sources.measured(tmp_path)
    (path := tmp_path / "splits.json").write_text(json.dumps(splits), encoding="utf-8")
    monkeypatch.setattr(public_sources, "_SPLITS", path)
    found = public_sources.waimai(["label,review\n1,乙\n0,甲\n".encode()])
    assert found == {"train": [Phrase("甲", "negative")], "test": [Phrase("乙", "positive")]}
    assert known["zh_waimai10k/test"] == digest(found["test"])


def test_every_set_has_a_source_and_known_rows() -> None:
    known = json.loads(Path(public_sources.__file__).with_name("public_rows.json").read_text(encoding="utf-8"))
    folders = {source.folder for source in public_sources.SOURCES}
    for of in public_sets.SETS:
        assert of.folder in folders
        assert {f"{of.folder}/{of.train}", f"{of.folder}/test"} <= known.keys()


def test_read(tmp_path: Path) -> None:
    rows = [Phrase(f"some words {number}", "ab"[number % 2]) for number in range(20)]
    for part in ("train", "val", "test", "oos_test"):
        public_sources.write(tmp_path / "some" / f"{part}.csv", rows)
    found = read(PublicSet("some", "some", "en", "x/y", most=10), tmp_path)
    assert len(found.train) == 10
    assert (found.validation, found.test, len(found.misspelt)) == (rows, rows, 20)
    assert found.strange == {"test": [phrase.text for phrase in rows]}
    assert [row.part for row in found.corpus().rows()].count("validation") == 20
    assert read(PublicSet("some", "some", "en", "x/y", validation=False), tmp_path).validation == []


def test_divided_takes_a_tenth_of_each_label() -> None:
    rows = [Phrase(str(number), "ab"[number < 30]) for number in range(50)] + [Phrase("x", "c"), Phrase("y", "c")]
    train, validation = divided(rows)
    assert sorted(phrase.label for phrase in validation) == ["a"] * 2 + ["b"] * 3
    assert len(train) + len(validation) == len(rows)


def test_misspelt_changes_a_fifth_of_the_words() -> None:
    rows = [Phrase("where is my new card please", "a")] * 200
    changed = [
        word != old
        for phrase in misspelt(rows)
        for word, old in zip(phrase.text.split(), rows[0].text.split(), strict=False)
    ]
    assert 0.1 < np.mean(changed) < 0.3
    assert misspelt(rows) == misspelt(rows)


def test_digest_does_not_see_order() -> None:
    one, other = Phrase("a", "x"), Phrase("b", "x")
    assert digest([one, other]) == digest([other, one]) != digest([one, one])


def test_calibration_error() -> None:
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, True])) == pytest.approx(0.1)
    assert calibration_error(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(0.0)


def test_tables_of_partial_numbers() -> None:
    numbers = {
        "hwu64 | svm | 1": {"accuracy": 0.8},
        "hwu64 | byline | 1": {"accuracy": 0.9, "seconds": 3.0, "bytes": 1_000},
        "hwu64 | byline | 2": {"accuracy": 0.88, "seconds": 5.0},
        "zh_waimai10k | svm | 1": {"accuracy": 0.7},
    }
    drawn = public_report.full(numbers)
    assert "| hwu64 | 80.0 | 89.0 ±1.4 |" in drawn
    assert "| zh_waimai10k | 70.0 |  |" in drawn
    assert "| mean of all sets | 75.0 |  |" in drawn
    assert "| hwu64 | Byline | 1 kB | 4 s |" in drawn
