"""Kills what writes, at random moments, and looks at what is there: python benchmarks/trust/kills.py --write

`fit` and `export all` are killed by SIGKILL all along their way, in the place of an earlier result each. What is found
must be the earlier one, byte by byte, or a new one that passes: a run is read and its model loaded, an export goes
through `export verify`. Every start is also the next start after the kill before, and must remove what that left and
say so. So few kills meet the instant of the swap that a third process does nothing but swap; it is killed, and watched
by a reader, with the exchange and with the two renames of other systems.
"""

import argparse
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from reports import tables

from trainer.errors import UserError
from trainer.run import Run

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "trust.md"
NAME: Final = "kills"
_MARK: Final = "BYLINE_KILLS"  # in the environment of all that is started, children of killed processes among them
_REMOVED: Final = re.compile(r": removed (.+), left by .+, which was killed")
_SWAPS: Final = """
import itertools, sys
from pathlib import Path
from trainer import whole
if sys.argv[2] == "renames":
    whole._exchange = lambda *_: False
print("ready", flush=True)
for number in itertools.count():
    with whole.whole_directory(Path(sys.argv[1])) as staging:
        for file in range(20):
            (staging / f"{file}.txt").write_text(str(number))
"""
_LOOKS: Final = """
import os, sys
missed = 0
for _ in range(int(sys.argv[2])):
    try:
        os.stat(sys.argv[1])
    except FileNotFoundError:
        missed += 1
print(missed)
"""
_ROWS: Final = {
    "fit": "`fit --recipe tiny` killed",
    "export": "`export all` killed",
    "exchange": "the swap alone killed, Linux",
    "renames": "the swap alone killed, two renames",
}


@dataclass(frozen=True)
class Subject:
    """What is killed.

    Attributes:
        command: After `python`.
        place: What it replaces.
        fault: Says what is wrong with a new one there; empty: nothing.
    """

    command: tuple[str, ...]
    place: Path
    fault: Callable[[Path], str]


def digest(place: Path) -> str:
    """Gives the SHA-256 of names and contents; empty where there is nothing."""
    if not place.is_dir():
        return ""
    found = hashlib.sha256()
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(place)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def left_beside(place: Path) -> set[str]:
    """Gives what a killed process left: directories and its lock."""
    return {path.name for path in place.parent.iterdir() if path.name.startswith(f".{place.name}.byline-")}


def environment(place: Path) -> dict[str, str]:
    return dict(os.environ, PYTHONPATH=str(ROOT), **{_MARK: str(place)})


def end_children(place: Path) -> None:
    """Ends the browser, Node and npm that a killed process had started."""
    mark = f"{_MARK}={place}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGKILL)


def run(subject: Subject, after: float | None = None) -> tuple[str, float]:
    """Runs a command, and kills it after some seconds if it is told to.

    Returns:
        What it printed on standard error; its seconds, 0 where it was killed.

    Raises:
        RuntimeError: It was not killed and failed.
    """
    command = [sys.executable, *subject.command]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        folder, own = subject.place.parent, environment(subject.place)
        with subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL, stderr=said) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.kill()
        took = 0.0 if process.returncode == -signal.SIGKILL else time.monotonic() - started
        end_children(subject.place)
        said.seek(0)
        text = said.read()
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"{' '.join(subject.command)} ended with {process.returncode}: {text[-500:]}")
    return text, took


def removed_by(said: str) -> set[str]:
    """Gives what a start says that it has removed."""
    return {name for line in said.splitlines() if (found := _REMOVED.search(line)) for name in found[1].split(", ")}


def kills(subject: Subject, count: int, chance: random.Random, tell: Callable[[str], object] = print) -> dict[str, Any]:
    """Kills a command at moments all along its way, each in the place of what was there before.

    Returns:
        The kills; how many found the earlier one and how many a new one; `lost`, where it was neither; how many left
        something, how much of that the next start removed, and how much is left in the end.
    """
    _, seconds = run(subject)
    found = {"kills": 0, "old": 0, "new": 0, "lost": 0, "left": 0, "removed": 0}
    waiting: set[str] = set()  # directories that killed starts left
    before = digest(subject.place)
    while found["kills"] < count:
        said, took = run(subject, (found["kills"] + chance.random()) / count * seconds)
        waiting = _account(waiting, said, subject.place, found)
        after = digest(subject.place)
        if took:  # it was done before its moment: the machine has become faster
            seconds, before = min(seconds, took), after
            continue
        found["kills"] += 1
        if after == before:
            found["old"] += 1
        elif after and not (fault := subject.fault(subject.place)):
            found["new"] += 1
        else:
            found["lost"] += 1
            tell(f"lost: {fault if after else 'there is nothing'}")
        before = digest(subject.place)  # `verify` writes its proof
        tell(f"{found['kills']} of {count}: {found}")
    said, _ = run(subject)
    _account(waiting, said, subject.place, found)
    return found | {"remaining": len(left_beside(subject.place)), "seconds": round(seconds, 1)}


def _account(waiting: set[str], said: str, place: Path, found: dict[str, int]) -> set[str]:
    """Counts what a start removed and said, and what it left in its turn; gives what is to be removed by the next."""
    there = {name for name in left_beside(place) if not name.endswith("-lock")}
    found["removed"] += len((waiting - there) & removed_by(said))
    found["left"] += len(there - waiting)
    return there


def swaps(way: str, count: int, chance: random.Random) -> dict[str, int]:
    """Kills a process that does nothing but swap, by the exchange or by two renames."""
    found = {"kills": 0, "whole": 0, "nothing": 0, "lost": 0}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "place")
        for _ in range(count):
            with _swapping(place, way) as process:
                time.sleep(chance.uniform(0, 0.1))
                process.kill()
            found["kills"] += 1
            found["nothing"] += not place.exists()
            with _swapping(place, way, until=0) as process:  # the next start, which is not killed before it has cleaned
                process.wait()
            texts = [path.read_text() for path in place.iterdir()]
            found["whole" if len(texts) == 20 and len(set(texts)) == 1 else "lost"] += 1
        left = left_beside(place)
    return found | {"remaining": len(left)}


def _swapping(place: Path, way: str, until: int | None = None) -> "subprocess.Popen[str]":
    """Starts a process that swaps for ever, or one that only takes the place and lets go of it."""
    code = _SWAPS if until is None else _SWAPS.split("for number")[0] + "with whole.claimed(Path(sys.argv[1])): pass"
    command = [sys.executable, "-c", code, str(place), way]
    process = subprocess.Popen(command, env=environment(place), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    while until is None and not place.exists():  # the first one of all
        time.sleep(0.001)
    return process


def lookups(way: str, count: int) -> dict[str, int]:
    """Looks a file up while its directory is swapped, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "place")
        with _swapping(place, way) as process:
            command = [sys.executable, "-c", _LOOKS, str(place / "0.txt"), str(count)]
            missed = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            process.kill()
    return {"lookups": count, "missed": missed}


def subjects(folder: Path) -> Iterator[tuple[str, Subject]]:
    """Gives a fit of a small made corpus, and the export of its run."""
    rows = (f"a {animal} and a {animal}house {n},{animal}\n" for n in range(1_000) for animal in ("cat", "dog"))
    (folder / "pets.csv").write_text(f"text,label\n{''.join(rows)}", encoding="utf-8")
    fit = ("-m", "trainer", "fit", "--data", "pets.csv", "--recipe", "tiny", "--run", "run")
    yield "fit", Subject(fit, folder / "run", _fault_of_run)
    yield "export", Subject(("-m", "export", "all", "--run", "run"), folder / "dist", _fault_of_dist)


def _fault_of_run(place: Path) -> str:
    try:
        classifier = Run.read(place).classifier
    except UserError as error:
        return str(error)
    return "" if classifier.probabilities(["a cat"]).shape == (1, 2) else "it does not answer"


def _fault_of_dist(place: Path) -> str:
    command = [sys.executable, "-m", "export", "verify", "dist", "--run", "run"]
    done = subprocess.run(
        command, cwd=place.parent, env=environment(place), capture_output=True, text=True, check=False
    )
    return done.stderr[-500:] if done.returncode else ""


def numbers(count: int, seed: int) -> dict[str, Any]:
    """Does all of it."""
    found: dict[str, Any] = {"seed": seed}
    for way in ("exchange", "renames"):
        found[way] = swaps(way, 5 * count, random.Random(seed)) | lookups(way, 1_000_000)
        print(f"{way}: {found[way]}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, subject in subjects(Path(folder)):
            found[name] = kills(subject, count, random.Random(seed), lambda line: print(line, flush=True))
    return found


def report(found: Mapping[str, Any]) -> str:
    """Draws the table: fault, how often, what was found, what was lost."""
    rows = []
    for name in ("fit", "export"):
        of = found[name]
        what = f"{of['old']} the old one, {of['new']} a new one"
        rest = f"{of['left']}, of which the next start removed and named {of['removed']}"
        rows.append([_ROWS[name], f"{of['kills']:,}", what, rest, str(of["lost"])])
    for name in ("exchange", "renames"):
        of = found[name]
        what = f"{of['kills'] - of['nothing']:,} a whole one"
        if of["nothing"]:
            what += f", {of['nothing']} nothing until the next start put the old one back"
        rows.append([_ROWS[name], f"{of['kills']:,}", what, f"{of['remaining']} after the next start", str(of["lost"])])
    for name in ("exchange", "renames"):
        of, how = found[name], "Linux" if name == "exchange" else "two renames"
        row = [
            f"a file looked up during swaps, {how}",
            f"{of['lookups']:,}",
            f"{of['missed']:,} times nothing",
            "",
            "0",
        ]
        rows.append(row)
    return tables.table(["fault injected", "times", "found", "left behind", "lost"], rows, text_columns=4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="of a fit and of an export, each [40]")
    parser.add_argument("--seed", type=int, default=1, help="of the moments [1]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table of docs/trust.md")
    parser.add_argument("--from-json", action="store_true", help="kill nothing: write it from the numbers kept")
    given = parser.parse_args()
    result = tables.kept(NAME) if given.from_json else numbers(given.kills, given.seed)
    if result is None:
        parser.error("--from-json: benchmarks/results has no kills.json; --write makes it")
    print(report(result))
    if given.write:
        tables.keep(NAME, result)
    if given.write or given.from_json:
        tables.put(NAME, report(result), PAGE)


if __name__ == "__main__":
    main()
