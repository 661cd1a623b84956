"""`predict` answers standard input as it arrives, and holds no more of it than a batch."""

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT
from trainer.__main__ import main
from trainer.cli import commands
from trainer.cli.streaming import line_batches
from trainer.run import Run


class Arriving(io.RawIOBase):
    """A pipe: each read gives what was written at once, and b"" at the end."""

    def __init__(self, *writes: bytes) -> None:
        self.rest = list(writes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.rest:
            return 0
        taken, left = self.rest[0][: len(buffer)], self.rest[0][len(buffer) :]
        self.rest[:1] = [left] if left else []
        buffer[: len(taken)] = taken
        return len(taken)


def batches(*writes: bytes, most: int = 100) -> list[list[str]]:
    return list(line_batches(io.BufferedReader(Arriving(*writes)), most))


def test_what_has_arrived_is_a_batch() -> None:
    assert batches(b"one\n", b"two\nthree\n", b"fo", b"ur\n") == [["one"], ["two", "three"], ["four"]]
    assert batches(b"one\ntw", b"o") == [["one"], ["two"]]
    assert batches(b"1\n2\n3\n4\n5\n", most=2) == [["1", "2"], ["3", "4"], ["5"]]
    assert batches() == batches(b"") == []


def test_lines_are_those_of_a_text_file(tmp_path: Path) -> None:
    text = "one\r\n\n \rtwo\u2028still two\x0b\x0cstill\né 👑\r\r\nlast\r".encode() + b"\xff\xc3\n\xe2\x82"
    (tmp_path / "lines.txt").write_bytes(text)
    with (tmp_path / "lines.txt").open(encoding="utf-8", errors="replace") as file:
        expected = [line.rstrip("\n") for line in file]
    for size in (1, 2, 3, 1000):  # characters and line ends may be cut anywhere
        writes = [text[start : start + size] for start in range(0, len(text), size)]
        assert [line for batch in batches(*writes) for line in batch] == expected


class Endless(io.RawIOBase):
    """So many lines that are made while they are read."""

    def __init__(self, line: bytes, count: int) -> None:
        self.block, self.blocks, self.made = line * 100, count // 100, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.made == self.blocks:
            return 0
        self.made += 1
        buffer[: len(self.block)] = self.block
        return len(self.block)


@pytest.mark.slow
def test_a_large_input_is_never_held() -> None:
    stream = io.BufferedReader(Endless(b"a line of some forty characters, as usual\n", 1_000_000), 1 << 16)
    tracemalloc.start()
    try:
        assert sum(map(len, line_batches(stream, 512))) == 1_000_000
        assert tracemalloc.get_traced_memory()[1] < 1 << 20  # of 42 MB
    finally:
        tracemalloc.stop()


def test_a_line_of_many_reads_takes_time_proportional_to_its_length() -> None:
    (batch,) = line_batches(io.BufferedReader(Arriving(*[b"word " * 13_000] * 400, b"end\n")), 512)
    assert [len(line) for line in batch] == [400 * 65_000 + 3]


class Ahead(io.RawIOBase):
    """Standard output that remembers how far the reading of `source` was ahead of the answers, in lines."""

    def __init__(self, source: Endless) -> None:
        self.source, self.answered, self.ahead = source, 0, 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.ahead = max(self.ahead, 100 * self.source.made - self.answered)
        self.answered += bytes(data).count(b"\n")
        return len(data)


def test_predict_of_many_lines_holds_a_batch(pets_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Endless(b"the cat will purr and meow\n", 20_000)
    answers = Ahead(source)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(source)))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(answers), encoding="utf-8"))
    assert main(["predict", "--json", "--run", str(pets_run.path)]) == 0
    assert answers.answered == 20_000
    assert answers.ahead <= 3_000  # one read of 64 KB


def test_a_line_is_answered_before_the_next_is_written(pets_run: Run) -> None:
    command = [sys.executable, "-m", "trainer", "predict", "--json", "--run", str(pets_run.path)]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, bufsize=0) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for text, label in (("the cat will purr and meow", "cats"), ("a dog, bark and fetch", "dogs")):
            child.stdin.write(f"{text}\n".encode())
            assert json.loads(child.stdout.readline())[0]["label"] == label
        child.stdin.close()
        assert (child.stdout.read(), child.wait()) == (b"", 0)


def test_batches_change_no_answer(
    pets_run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [" ".join(["purr", "bark", "the", "zounds"][: 1 + number % 4]) for number in range(20)]
    monkeypatch.setattr(commands, "_MOST_SCORES", 14)  # seven lines of two labels
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(texts).encode())))
    assert main(["predict", "--json", "--run", str(pets_run.path)]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = pets_run.classifier.rank(texts)
    for one, other in zip(printed, expected, strict=True):
        assert [entry["label"] for entry in one] == [entry["label"] for entry in other]
        assert [entry["score"] for entry in one] == pytest.approx([entry["score"] for entry in other], abs=1e-6)
