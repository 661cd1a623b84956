"""Two processes that would write to one place: one does, the other says who it is, or waits, or goes elsewhere."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import CORPUS, mistake
from tests.support.places import ROOT
from trainer import locks
from trainer.data import built_in
from trainer.locks import BusyError, Owner, check_free, lock_of, locked
from trainer.whole import new_directory, whole_directory

HOLDS = """
import sys
from pathlib import Path
from trainer import locks
if sys.argv[2] == "no flock":
    def refused(*_): raise OSError(38, "no flock here")
    locks._flocked = refused
with locks.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNTS = """
import sys
from pathlib import Path
from trainer import locks
place, way = Path(sys.argv[1]), sys.argv[2]
if way == "no flock":
    def refused(*_): raise OSError(38, "no flock here")
    locks._flocked = refused
    locks.time.sleep = lambda _: None
for _ in range(60):
    with locks.locked(place, wait=True):
        number = int(place.read_text())
        place.write_text("")
        place.write_text(str(number + 1))
"""
NEW = """
import sys, time
from pathlib import Path
from trainer.whole import new_directory
with new_directory(Path(sys.argv[1])) as (place, staging):
    (staging / "run.json").write_text(place.name)
    time.sleep(0.5)
print(place.name)
"""
WAYS = ["flock", "no flock"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def holding(place: Path, way: str = "flock") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDS, str(place), way]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


@pytest.fixture
def holder(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of the place."""
    yield from holding(place)


@pytest.fixture
def no_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system without it."""

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_flocked", refused)


def test_the_second_says_who_writes_there_since_when_and_ends(holder: subprocess.Popen[str], place: Path) -> None:
    rule = rf"^{place}: is being written by process {holder.pid}, since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d; wait for it"
    with pytest.raises(BusyError, match=rule), whole_directory(place):
        pytest.fail("both write")
    with pytest.raises(BusyError, match=rule):
        check_free(place)
    assert lock_of(place).exists()


@pytest.mark.usefixtures("holder")
def test_a_second_fit_there_is_one_line_and_exit_code_2(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_in, "load", lambda: CORPUS)
    assert re.search(r"dist: is being written by process \d+, since ", mistake(capsys, "fit", "--run", str(place)))


@pytest.mark.usefixtures("holder")
def test_a_second_export_there_is_one_line_before_it_trains(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from export.__main__ import main

    assert main(["all", "--data", "nothing.csv", "--output", str(place)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "dist: is being written by process" in line


def test_when_the_first_is_done_the_place_is_free(holder: subprocess.Popen[str], place: Path) -> None:
    holder.communicate("")
    check_free(place)
    assert not lock_of(place).exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_lock_of_a_killed_process_is_taken_over(way: str, place: Path, request: pytest.FixtureRequest) -> None:
    for holder in holding(place, way):
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert lock_of(place).exists()
        if way == "no flock":
            request.getfixturevalue("no_flock")
        with locked(place) as dead:
            assert dead is not None
            assert dead.process == holder.pid
    assert not lock_of(place).exists()


def test_who_waits_comes_next(place: Path) -> None:
    for holder in holding(place):
        assert holder.stdin is not None
        command = [sys.executable, "-c", COUNTS, str(place), "flock"]
        place.write_text("0")
        with subprocess.Popen(command, cwd=ROOT) as waiting:
            time.sleep(0.5)
            assert waiting.poll() is None
            assert place.read_text() == "0"
            holder.stdin.close()
            assert waiting.wait(timeout=20) == 0
    assert place.read_text() == "60"


@pytest.mark.parametrize("way", WAYS)
def test_no_two_hold_it_at_once_however_often_it_is_made_and_removed(way: str, place: Path) -> None:
    place.write_text("0")
    command = [sys.executable, "-c", COUNTS, str(place), way]
    counting = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [each.wait(timeout=60) for each in counting] == [0] * 4
    assert place.read_text() == "240"
    assert [path.name for path in place.parent.iterdir()] == ["dist"]


def test_runs_of_the_same_second_get_places_of_their_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NEW, str(tmp_path / "20260101-000000-tiny")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = sorted(each.communicate(timeout=60)[0].strip() for each in started)
    expected = [f"20260101-000000-tiny{suffix}" for suffix in ("", "-2", "-3")]
    assert printed == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    assert [(tmp_path / name / "run.json").read_text() for name in expected] == expected


def test_a_run_that_is_there_is_not_replaced_by_one_of_the_same_second(tmp_path: Path) -> None:
    for name in ("run", "run-2", "run-3"):
        with new_directory(tmp_path / "run") as (path, _):
            assert path == tmp_path / name


@pytest.mark.usefixtures("no_flock")
@pytest.mark.parametrize(
    ("held", "age", "rule"),
    [
        (bytes(Owner(os.getpid(), socket.gethostname(), 1e9)), 0, r"by process \d+, since 2001-.* remove .*lock"),
        (bytes(Owner(7, "elsewhere", time.time())), 0, r"by process 7 on elsewhere, since "),
        (b"", 0, "by another process; wait"),
        (bytes(Owner(7, "elsewhere", 1e9)), 0, ""),
        (bytes(Owner(2**22 + 1, socket.gethostname(), time.time())), 0, ""),  # above the largest number of a process
        (b"", 2 * 24 * 60 * 60, ""),
    ],
    ids=["alive", "elsewhere", "not yet written", "elsewhere, years ago", "dead", "empty for two days"],
)
def test_where_there_is_no_flock_the_file_says_whether_its_owner_lives(
    held: bytes, age: float, rule: str, place: Path
) -> None:
    lock_of(place).write_bytes(held)
    os.utime(lock_of(place), (time.time() - age, time.time() - age))
    if rule:
        with pytest.raises(BusyError, match=rule), whole_directory(place):
            pytest.fail("both write")
        assert lock_of(place).read_bytes() == held
        return
    with locked(place) as dead:
        assert dead is not None
        assert Owner.read(lock_of(place).read_bytes()) is not None
    assert not lock_of(place).exists()
