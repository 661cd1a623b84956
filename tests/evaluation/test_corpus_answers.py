"""`predict --data`: every row of a corpus with its answer, in constant memory, whole or not at all."""

import csv
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

import byline
from tests.support.commands import mistake
from tests.support.places import ROOT
from trainer.cluster import predict as module
from trainer.cluster import shards
from trainer.cluster.model import Model, answer, of_dist, of_run
from trainer.cluster.predict import ROWS, UNSURE, Asked, Done, predict
from trainer.cluster.workers import ALONE
from trainer.run import Run

LONG = "to be or not to be that is the question " * 20
TEXTS = ["To be, or not to be", "Sing, O Goddess", "zzzz qqqq", "", "ships", LONG, "the wrath of Achilles"]


@pytest.fixture
def model(dist_path: Path) -> Model:
    return of_dist(dist_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of three rows."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 3)
    monkeypatch.setattr(module, "SHARD_ROWS", 3)


def parquet(path: Path, texts: Sequence[str | None]) -> Path:
    numbers = pyarrow.array(range(len(texts)), pyarrow.int32())
    pyarrow.parquet.write_table(pyarrow.table({"number": numbers, "text": pyarrow.array(texts, "string")}), path)
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return list(pyarrow.parquet.read_table(path).to_pylist())


def labelled(model: Model, data: Path, output: Path, text_column: str = "") -> Done:
    return predict(Asked(data, output, text_column), model, ALONE)


@pytest.mark.usefixtures("small")
def test_answers_are_those_of_one_phrase(model: Model, dist_path: Path, tmp_path: Path) -> None:
    done = labelled(model, parquet(tmp_path / "in.parquet", TEXTS), tmp_path / "out.parquet")
    classify = byline.load(dist_path)
    written = rows(tmp_path / "out.parquet")
    assert [row["number"] for row in written] == list(range(len(TEXTS)))
    for text, row in zip(TEXTS, written, strict=True):
        expected = classify(text)
        assert row["text"] == text
        assert row["label"] == expected.label
        assert row["score"] == pytest.approx(expected.score, abs=1e-4)
        assert row["sure"] != expected.abstained
    assert done.counts[ROWS] == len(TEXTS)
    assert done.counts[UNSURE] == sum(not row["sure"] for row in written) > 0
    assert done.counts[shards.EMPTY] == 1
    types = pyarrow.parquet.read_schema(tmp_path / "out.parquet")
    assert types.field("number").type == pyarrow.int32()
    assert not (tmp_path / "out.parquet.partial").exists()


def test_a_run_answers_as_its_predict_does(trained: Run) -> None:
    answers = answer(of_run(trained), TEXTS)
    for text, label, score in zip(TEXTS, answers.labels, answers.scores, strict=True):
        (expected,) = trained.predict([text])
        assert trained.labels[label] == expected.label
        assert score == pytest.approx(expected.score, abs=1e-4)


@pytest.mark.usefixtures("small")
def test_no_row_stops_the_others(model: Model, tmp_path: Path) -> None:
    binary = pyarrow.array([b"to be", b"caf\xe9", None, b" "], pyarrow.binary())
    damaged = pyarrow.StringArray.from_buffers(4, *binary.buffers()[1:], binary.buffers()[0])
    pyarrow.parquet.write_table(pyarrow.table({"text": damaged}), tmp_path / "in.parquet")
    done = labelled(model, tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert (done.counts[shards.DAMAGED], done.counts[shards.WITHOUT], done.counts[shards.EMPTY]) == (1, 1, 1)
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in written] == ["to be", "caf\ufffd", None, " "]
    assert written[2] == {"text": None, "label": None, "score": None, "sure": False}


def test_tables_of_every_kind_keep_their_columns(model: Model, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(
        b'id;text;label\n1;"to ""be""";x\n2;caf\xe9, \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9;y\n'
    )
    done = labelled(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert done.counts[shards.DAMAGED] == 1
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["id"], first["text"], first["label"]) == ("1", 'to "be"', "x")
    assert second["text"] == "caf\ufffd, éééé"
    assert first["predicted_label"] in model.vocabulary.labels
    assert first["predicted_sure"] in ("true", "false")
    objects = [{"text": "to be", "n": 1}, {"text": 5, "n": [1]}, {"n": None, "text": "or not"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objects))
    labelled(model, tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert [(row["text"], row["n"]) for row in rows(tmp_path / "out.parquet")] == [
        ("to be", "1"),
        ("5", "[1]"),
        ("or not", None),
    ]
    (tmp_path / "in.txt").write_text("to be\nor not to be\n")
    labelled(model, tmp_path / "in.txt", tmp_path / "folder")
    assert [row["text"] for row in rows(tmp_path / "folder")] == ["to be", "or not to be"]
    assert [path.suffix for path in (tmp_path / "folder").iterdir()] == [".parquet"]


@pytest.mark.usefixtures("small")
def test_a_killed_prediction_goes_on(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    data = parquet(tmp_path / "in.parquet", TEXTS)
    labelled(model, data, tmp_path / "whole.parquet")
    asked: list[str | None] = []

    def stopping(with_model: Model, texts: list[str | None]) -> Any:
        if len(asked) >= 6:
            raise KeyboardInterrupt
        asked.extend(texts)
        return answer(with_model, texts)

    monkeypatch.setattr(module, "answer", stopping)
    with pytest.raises(KeyboardInterrupt):
        labelled(model, data, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
    assert "6 answered rows are kept" in caplog.text

    def listening(with_model: Model, texts: list[str | None]) -> Any:
        asked.extend(texts)
        return answer(with_model, texts)

    monkeypatch.setattr(module, "answer", listening)
    done = labelled(model, data, tmp_path / "out.parquet")
    assert "6 rows are answered already" in caplog.text
    assert asked == TEXTS  # none of them twice
    assert (done.counts[ROWS], done.here) == (7, 1)
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("what", ["input", "model"])
def test_another_input_or_model_begins_anew(
    what: str, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    data = parquet(tmp_path / "in.parquet", TEXTS)
    with monkeypatch.context() as patch:
        patch.setattr(module, "answer", once := Once())
        with pytest.raises(KeyboardInterrupt):
            labelled(model, data, tmp_path / "out.parquet")
    assert once.times == 2
    if what == "input":
        parquet(data, [text.upper() for text in TEXTS])
    else:
        model = Model(model.place, "other", model.vocabulary, 0.0, model.content)
    done = labelled(model, data, tmp_path / "out.parquet")
    assert f"was begun with another {what}: begins anew" in caplog.text
    assert done.here == len(TEXTS)


class Once:
    """Answers one shard."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, model: Model, texts: list[str | None]) -> Any:
        self.times += 1
        if self.times > 1:
            raise KeyboardInterrupt
        return answer(model, texts)


@pytest.mark.slow
def test_a_process_that_was_killed_leaves_nothing_half_written(dist_path: Path, tmp_path: Path) -> None:
    data = parquet(tmp_path / "in.parquet", [f"to be or not to be {number}" for number in range(50_000)])
    command = [sys.executable, "-m", "trainer", "predict", "--dist", str(dist_path)]
    command += ["--data", str(data), "--output", str(tmp_path / "out.parquet")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as first:
        while not (tmp_path / "out.parquet.partial" / "counts-000000.json").exists():
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out.parquet").exists()
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "rows are answered already: it goes on there" in second.stderr
    assert second.stderr.splitlines()[-1].startswith(f"{tmp_path / 'out.parquet'}: 50,000 rows, ")
    assert len(rows(tmp_path / "out.parquet")) == 50_000
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {"in.parquet", "out.parquet"}


def test_memory_does_not_grow_with_the_rows(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than one shard and its answers are alive at once, however many there are."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 100)
    parquet(tmp_path / "in.parquet", ["to be"] * 10_000)
    alive, most = 0, 0
    read = shards.open_input

    class Counted(shards.Shard):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def counting(path: Path, text_column: str, reading: Any) -> shards.Input:
        source = read(path, text_column, reading)

        def each() -> Iterator[shards.Shard]:
            nonlocal alive, most
            for shard in source.shards():
                alive, most = alive + 1, max(most, alive + 1)
                yield Counted(shard.texts, shard.rows, shard.table, shard.skipped)

        return shards.Input(source.path, source.columns, source.text_column, each)

    monkeypatch.setattr(module, "open_input", counting)
    assert labelled(model, tmp_path / "in.parquet", tmp_path / "out.csv").counts[ROWS] == 10_000
    assert most <= 4


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--data", "in.csv"], "--data: needs --output, a .parquet, .csv or .jsonl file, or a folder"),
        (["--output", "out.csv"], "--output: needs --data"),
        (["--workers", "2"], "--workers: needs --data"),
        (["--dist", "dist"], "--dist: needs --data"),
        (["--data", "in.csv", "--output", "out.csv", "hello"], "--data: takes no phrase beside it"),
        (["--data", "in.csv", "--output", "o.csv", "--workers", "0"], "--workers: must be from 1 to 10000; received 0"),
        (["--data", "in.csv", "--output", "o.csv", "--dist", "none"], "none: holds no manifest.json; "),
        (["--data", "in.csv", "--output", "o.csv", "--dist", "a", "--run", "b"], "--dist: is another model than --run"),
    ],
)
def test_mistakes_are_one_line(options: list[str], rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mistake(capsys, "predict", *options).startswith(f"error: {rule}")


@pytest.mark.parametrize("command", [["fit"], ["predict", "--data", "in.csv", "--output", "out.csv"]])
def test_without_the_extra_many_workers_say_what_to_install(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    line = mistake(capsys, *command, "--workers", "2")
    assert line == "error: the package ray is not installed: pip install 'byline[ray]'"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--workers", "0"], "--workers: must be from 1 to 10000; received 0"),
        (["--address", "auto"], "--address: needs --workers of 2 or more: one worker is this process"),
        (["--storage", "all"], "--storage: needs --workers of 2 or more: one worker is this process"),
    ],
)
def test_mistakes_of_a_fit_on_many_workers_are_one_line(
    options: list[str], rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mistake(capsys, "fit", *options) == f"error: {rule}"


def test_a_changed_file_or_an_output_in_the_way_is_refused(
    dist_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.txt").write_text("to be\n")
    (tmp_path / "out.csv").write_text("mine")
    command = ["predict", "--data", str(tmp_path / "in.txt"), "--dist", str(dist_copy), "--output"]
    from trainer.__main__ import main

    assert main([*command, str(tmp_path / "out.csv")]) == 2
    assert "exists; refusing to overwrite it" in capsys.readouterr().err
    assert (tmp_path / "out.csv").read_text() == "mine"
    (model,) = (path for path in (dist_copy / "tflite").iterdir() if "float32" not in path.name)
    model.write_bytes(model.read_bytes() + b"x")
    assert main([*command, str(tmp_path / "new.csv")]) == 2
    assert "was changed: its SHA-256 is not the one in the manifest" in capsys.readouterr().err
