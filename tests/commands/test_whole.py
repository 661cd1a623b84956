"""What is written is there whole or not at all: for readers, after kills, on full and read-only disks."""

import ctypes
import errno
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.pets import contents
from tests.support.places import ROOT
from trainer import whole
from trainer.errors import UserError
from trainer.files import write_text
from trainer.whole import new_directory, whole_directory

LINUX = sys.platform == "linux"
LOOKUPS = 150_000
READER = """
import os, sys
place, count = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
missed = 0
for _ in range(count):
    try:
        os.stat(place)
    except FileNotFoundError:
        missed += 1
print(missed)
"""
# Writes "new" to a place, and ends as by SIGKILL in the named function, or in the block.
KILLED = """
import os, signal, sys
from pathlib import Path
from trainer import whole
place, where, exchange = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "exchange"
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
if not exchange: whole._exchange = lambda *_: False
if where == "after the first rename":
    rename = Path.rename
    def once(path, other):
        rename(path, other)
        if path.name == place.name: die()
    Path.rename = once
elif where != "block":
    setattr(whole, where, die)
with whole.whole_directory(place) as staging:
    (staging / "manifest.json").write_text("new")
    if where == "block": die()
"""


def write(place: Path, text: str = "new") -> None:
    with whole_directory(place) as staging:
        (staging / "manifest.json").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def missed(place: Path, swaps: Callable[[], object]) -> int:
    """Gives how often a process of its own looks for a manifest in vain while directories are swapped."""
    command = [sys.executable, "-c", READER, str(place / "manifest.json"), str(LOOKUPS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        while reader.poll() is None:
            swaps()
        return int(reader.stdout.read())


@pytest.mark.skipif(not LINUX, reason="elsewhere there is nothing for an instant, and docs/trust.md says so")
def test_a_reader_always_finds_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    write(tmp_path / "dist")
    assert missed(tmp_path / "dist", lambda: write(tmp_path / "dist")) == 0


def test_without_the_exchange_a_reader_may_find_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the test above can fail: and the fallback works."""
    monkeypatch.setattr(whole, "_exchange", lambda *_: False)
    write(tmp_path / "dist", "old")
    assert any(missed(tmp_path / "dist", lambda: write(tmp_path / "dist")) for _ in range(20))
    assert contents(tmp_path) == {"dist/manifest.json": b"new"}
    assert names(tmp_path) == ["dist"]


def test_a_symbolic_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write(tmp_path / "disk" / "v1", "old")
    (tmp_path / "dist").symlink_to("disk/v1")
    write(tmp_path / "dist")
    assert (tmp_path / "dist").readlink() == Path("disk/v1")
    assert (tmp_path / "disk" / "v1" / "manifest.json").read_text() == "new"
    assert (names(tmp_path), names(tmp_path / "disk")) == (["disk", "dist"], ["v1"])


def test_a_file_behind_a_symbolic_link_is_replaced_too(tmp_path: Path) -> None:
    (tmp_path / "page.html").symlink_to("real.html")
    write_text(tmp_path / "page.html", "new")
    assert (tmp_path / "page.html").readlink() == Path("real.html")
    assert (tmp_path / "real.html").read_text() == "new"
    assert names(tmp_path) == ["page.html", "real.html"]


def test_files_and_directories_are_flushed_before_they_are_swapped_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[object] = []
    fsync, swap = os.fsync, whole._swap

    def flushed(number: int) -> None:
        events.append(os.fstat(number).st_ino)
        fsync(number)

    def swapped(*both: Path) -> None:
        events.append("swap")
        swap(*both)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(whole, "_swap", swapped)
    with whole_directory(tmp_path / "dist") as staging:
        (staging / "web").mkdir()
        (staging / "web" / "index.html").write_text("page")
    before, after = events[: events.index("swap")], events[events.index("swap") + 1 :]
    inside = [tmp_path / "dist", tmp_path / "dist" / "web", tmp_path / "dist" / "web" / "index.html"]
    assert {path.stat().st_ino for path in inside} <= set(before)
    assert after == [tmp_path.stat().st_ino]


@pytest.mark.parametrize(
    ("where", "how", "found"),
    [
        ("block", "exchange", "old"),
        ("_flush_all", "exchange", "old"),
        ("_swap", "exchange", "old"),
        ("_remove", "exchange", "new"),
        ("after the first rename", "renames", "old"),  # nothing is there until the next start puts it back
        ("_remove", "renames", "new"),
    ],
)
def test_after_a_kill_the_next_start_finds_old_or_new_and_removes_the_rest(
    where: str, how: str, found: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if how == "exchange" and not LINUX:
        pytest.skip("renameat2 is Linux'")
    write(tmp_path / "dist", "old")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "dist"), where, how]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -9
    assert len(names(tmp_path)) > 1  # its lock, and what it wrote
    caplog.set_level(logging.INFO, "trainer")
    with whole.claimed(tmp_path / "dist"):
        assert contents(tmp_path / "dist") == {"manifest.json": found.encode()}
        assert names(tmp_path) == [".dist.byline-lock", "dist"]
    assert names(tmp_path) == ["dist"]
    assert re.search(
        r"dist: removed \.dist\.byline-\w{8}.*, left by process \d+, since .*, which was killed", caplog.text
    )
    assert ("put back as it was" in caplog.text) == (where == "after the first rename")


def test_what_a_killed_process_left_in_runs_is_removed_by_the_next_one_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "first"), "block", "exchange"], cwd=ROOT, check=False)
    caplog.set_level(logging.INFO, "trainer")
    with new_directory(tmp_path / "second") as (_, staging):
        (staging / "run.json").write_text("{}")
    assert names(tmp_path) == ["second"]
    assert "first: removed .first.byline-" in caplog.text


def test_only_what_has_the_name_of_a_left_over_is_removed(tmp_path: Path) -> None:
    for name in (".dist.byline-mine", ".dist-12345678", ".other.byline-12345678", ".dist.byline-12345678.byline-abc"):
        (tmp_path / name).mkdir()
    (tmp_path / ".dist.byline-12345678").mkdir()
    before = names(tmp_path)
    write(tmp_path / "dist")
    assert names(tmp_path) == sorted({*before, "dist"} - {".dist.byline-12345678"})


def outside(error: type[OSError], number: int, *names: str) -> OSError:
    return error(number, os.strerror(number), *names)


@pytest.mark.parametrize(
    "error",
    [
        outside(FileNotFoundError, errno.ENOENT, "/usr/bin/chromium"),
        outside(FileNotFoundError, errno.ENOENT, "chromium"),
        outside(ConnectionRefusedError, errno.ECONNREFUSED),
        outside(PermissionError, errno.EACCES, "/elsewhere/templates/page.j2"),
        OSError("a library says nothing more"),
    ],
    ids=str,
)
def test_an_error_that_is_not_of_the_output_passes_as_it_is(error: OSError, tmp_path: Path) -> None:
    write(tmp_path / "dist", "old")
    with pytest.raises(OSError) as raised, whole_directory(tmp_path / "dist"):  # noqa: PT011 (which one, says the next line)
        raise error
    assert raised.value is error
    assert contents(tmp_path) == {"dist/manifest.json": b"old"}
    assert names(tmp_path) == ["dist"]


def test_to_look_for_what_was_never_written_is_a_bug_and_passes_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_directory(tmp_path / "dist") as staging:
        (staging / "model.json").read_text()


def fill(staging: Path) -> None:
    with (staging / "model.keras").open("wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))


def vanish(staging: Path) -> None:
    shutil.rmtree(staging)
    (staging / "model.keras").write_bytes(b"")


def too_long(staging: Path) -> None:
    (staging / ("a" * 300)).write_bytes(b"")


def no_space(_: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (vanish, "No such file or directory"),
        (too_long, "File name too long"),
        (no_space, "No space left on device"),
    ],
)
def test_a_fault_of_the_output_is_one_line_and_the_old_one_stays(
    fault: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    write(tmp_path / "dist", "old")
    with (
        pytest.raises(UserError, match=rf"^{tmp_path}/dist: cannot be written \({reason}\)$"),
        whole_directory(tmp_path / "dist") as staging,
    ):
        fault(staging)
    assert contents(tmp_path) == {"dist/manifest.json": b"old"}
    assert names(tmp_path) == ["dist"]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts small file systems; skips where the user may not."""
    places: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(places)}"
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if not LINUX or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root mounts file systems")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_line_and_the_old_one_stays(mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=2m")
    write(disk / "dist", "old")
    with (
        pytest.raises(UserError, match=rf"^{disk}/dist: cannot be written \(No space left on device\)$"),
        whole_directory(disk / "dist") as staging,
    ):
        fill(staging)
    assert contents(disk) == {"dist/manifest.json": b"old"}
    assert names(disk) == ["dist"]
    write(disk / "dist")
    with pytest.raises(UserError, match=r"page: cannot be written \(No space left on device\)"):
        write_text(disk / "page", "a" * (8 << 20))
    assert names(disk) == ["dist"]


def test_a_full_folder_for_temporary_files_is_named_and_not_the_output(
    mounted: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mounted("size=1m")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with (
        pytest.raises(UserError, match=rf"^{disk}: cannot be written \(No space left on device\)$"),
        whole_directory(tmp_path / "dist"),
    ):
        fill(disk)


def test_a_read_only_disk_is_one_line(mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=1m")
    write(disk / "dist", "old")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(UserError, match=r"dist: cannot be written \(Read-only file system\)$"):
        write(disk / "dist")
    with pytest.raises(UserError, match=r"manifest\.json: cannot be written \(Read-only file system\)$"):
        write_text(disk / "dist" / "manifest.json", "new")
    with (
        pytest.raises(UserError, match=r"second: cannot be written \(Read-only file system\)$"),
        new_directory(disk / "second"),
    ):
        pass
    assert contents(disk) == {"dist/manifest.json": b"old"}


def test_a_disk_that_refuses_the_swap_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "dist", "old")

    def refused(*_: Path) -> None:
        raise outside(OSError, errno.EROFS, "a", "b")

    monkeypatch.setattr(whole, "_swap", refused)
    with pytest.raises(UserError, match=r"dist: cannot be written \(Read-only file system\)$"):
        write(tmp_path / "dist")
    assert contents(tmp_path) == {"dist/manifest.json": b"old"}
    assert names(tmp_path) == ["dist"]


@pytest.mark.parametrize("name", ["a" * 250, "a" * 300], ids=["its place beside", "itself"])
def test_a_name_that_is_too_long_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be written \(File name too long\)$"):
        write(tmp_path / name)
    with pytest.raises(UserError, match=r"cannot be written \(File name too long\)$"):
        write_text(tmp_path / name, "new")
    assert names(tmp_path) == []


def test_a_file_system_without_the_exchange_gets_two_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        def __init__(self, *_: Any, **__: Any) -> None:
            self.renameat2 = refused

    def refused(*_: Any) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1

    monkeypatch.setattr(ctypes, "CDLL", Libc)
    write(tmp_path / "dist", "old")
    write(tmp_path / "dist")
    assert contents(tmp_path) == {"dist/manifest.json": b"new"}
    assert names(tmp_path) == ["dist"]
