"""Measures time and memory against rows and workers: python benchmarks/scaling/measure.py --dist dist --write

`predict` answers, and `fit` learns from, made corpora of 10^4 rows and more, on one worker and on two, each in a child
process; `running` is `fit` with the rows as running text, which is cut into windows. Kept are seconds, seconds of
processors, rows a second, and the peak of the memory of the process and all that it started, shared pages once
(Linux). Sizes come in rising order, and with --write each is kept once it is measured: what is there already is not
measured again. The rows are those of snips with two words of each replaced by made-up ones; without that set, the
benchmark ends with a message. `fit` is of the recipe tiny, and its stages are timed apart.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from reports import tables
from sets.public_sets import DATA

NAME: Final = "scaling"
PAGE: Final = tables.ROOT / "docs" / "scaling.md"
WORKERS: Final = (1, 2)
_ROWS: Final = (10_000, 100_000, 1_000_000, 10_000_000)
SIZES: Final = {"predict": _ROWS, "fit": _ROWS, "running": _ROWS}
UNITS: Final = {"fit": "line", "running": "words"}
STAGES: Final = {  # function of trainer/training/fit.py -> what the table calls it
    "profile_of": "read",
    "split_by": "split",
    "learn_vocabulary": "count",
    "encode": "encode",
    "train": "train",
    "measure": "measure",
}
_MADE_WORDS: Final = 100_000
_CHUNK: Final = 100_000
_POLL: Final = 0.5  # seconds
_LETTERS: Final = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def write_corpus(path: Path, count: int, source: Path) -> None:
    """Writes a Parquet file of rows made of a CSV's, the same ones each time."""
    import pyarrow
    import pyarrow.parquet

    with source.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"].split(), row["label"]) for row in csv.DictReader(file)]
    generator = np.random.default_rng(1)
    lengths = generator.integers(3, 10, _MADE_WORDS)
    words = ["".join(generator.choice(_LETTERS, length)) for length in lengths]
    schema = pyarrow.schema([("text", pyarrow.string()), ("label", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, count, _CHUNK):
            size = min(_CHUNK, count - start)
            chosen = generator.integers(len(rows), size=size)
            places = generator.random((size, 2))
            ranks = (generator.zipf(1.2, (size, 2)) - 1) % _MADE_WORDS
            texts = []
            for row, where, which in zip(chosen, places, ranks, strict=True):
                text = list(rows[row][0])
                for place, rank in zip(where, which, strict=True):
                    text[int(place * len(text))] = words[rank]
                texts.append(" ".join(text))
            labels = [rows[row][1] for row in chosen]
            writer.write_table(pyarrow.table({"text": texts, "label": labels}, schema))


class Watch:
    """Watches a process and all that it started, until it ends.

    Attributes:
        peak: Of their memory, in bytes.
    """

    def __init__(self, process: int) -> None:
        self.process, self.peak = process, 0
        self._processor: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._ended.set()
        self._thread.join()

    @property
    def processor(self) -> float:
        """Seconds of processors that all of them have taken: what others on the machine take is not among them."""
        return sum(self._processor.values())

    def _watch(self) -> None:
        while not self._ended.wait(_POLL):
            family = list(_family(self.process))
            self.peak = max(self.peak, sum(map(_memory, family)))
            self._processor |= {one: seconds for one in family if (seconds := _seconds(one))}


def _family(process: int) -> Iterator[int]:
    """Gives a process and its descendants."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    waiting = [process]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += children.get(one, [])


def _memory(process: int) -> int:
    """Gives a process' memory in bytes, of a page that n processes share one nth."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _seconds(process: int) -> float:
    """Gives the seconds of processors that a process has taken."""
    try:
        values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def measured(command: list[str], folder: Path) -> dict[str, Any]:
    """Runs a command, and gives its seconds, those of processors, its peak of memory and what it printed."""
    started = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        watch = Watch(process.pid)
        printed, _ = process.communicate()
    watch.stop()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.monotonic() - started
    measures = {"seconds": seconds, "processor": watch.processor, "megabytes": watch.peak / 1e6}
    return {name: round(value, 1) for name, value in measures.items()} | {"printed": printed.strip()}


def measure_predict(data: Path, rows: int, workers: int, dist: Path, folder: Path) -> dict[str, Any]:
    """Answers a corpus."""
    output = folder / "answers.parquet"
    output.unlink(missing_ok=True)
    command = [sys.executable, "-m", "trainer", "predict", "--dist", str(dist.absolute()), "--data", str(data)]
    found = measured([*command, "--output", str(output), "--workers", str(workers)], tables.ROOT)
    output.unlink()
    del found["printed"]
    return found | {"a_second": round(rows / found["seconds"])}


def measure_fit(data: Path, workers: int, unit: str) -> dict[str, Any]:
    """Learns from a corpus, by stages."""
    command = [sys.executable, str(Path(__file__)), "stages", str(data), str(workers), unit]
    found = measured(command, tables.ROOT)
    told: dict[str, Any] = json.loads(found.pop("printed").splitlines()[-1])
    return found | told


def stages(data: Path, workers: int, unit: str) -> None:
    """Fits, and prints the seconds of each stage and the accuracy as JSON; for a process of its own."""
    from trainer.data.sources import Source, load, unit_of
    from trainer.model.recipe import RECIPES
    from trainer.quiet import set_environment
    from trainer.training import fit as module
    from trainer.training.options import FitOptions

    set_environment()
    seconds: dict[str, float] = {}

    def timed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            started = time.monotonic()
            try:
                return function(*arguments, **named)
            finally:
                seconds[name] = round(time.monotonic() - started, 1)

        return run

    for function, name in STAGES.items():
        setattr(module, function, timed(getattr(module, function), name))
    with tempfile.TemporaryDirectory() as folder:
        corpus = timed(load, "open")(Source(str(data), least_rows=5))
        run = module.fit(
            corpus, RECIPES["tiny"], FitOptions(unit=unit_of(unit), path=Path(folder, "run"), workers=workers)
        )
        print(json.dumps({"stages": seconds, "accuracy": run.results["accuracy"]}))


def report(result: dict[str, Any]) -> str:
    """Draws the tables."""
    of_predict = [
        [
            f"{int(rows):,}",
            workers,
            f"{of['seconds']:,.0f}",
            f"{of['processor']:,.0f}",
            f"{of['a_second']:,}",
            f"{of['megabytes']:,.0f}",
        ]
        for rows, by_workers in result.get("predict", {}).items()
        for workers, of in by_workers.items()
    ]
    head = ["rows", "workers", "seconds", "of processors", "rows a second", "MB"]
    return "\n\n".join(
        [
            "`predict`, with the `.tflite` of the recipe `tiny`:",
            tables.table(head, of_predict, 0),
            "`fit --recipe tiny`, seconds by stage:",
            _of_fit(result.get("fit", {})),
            "The same with `--unit words`, the rows as running text that is cut into windows:",
            _of_fit(result.get("running", {})),
            tables.made_with(result),
        ]
    )


def _of_fit(result: dict[str, Any]) -> str:
    names = ["open", *STAGES.values()]
    rows = [
        [
            f"{int(count):,}",
            workers,
            f"{of['seconds']:,.0f}",
            f"{of['processor']:,.0f}",
            *(f"{of['stages'].get(name, 0):,.0f}" for name in names),
            f"{of['megabytes']:,.0f}",
            f"{of['accuracy']:.2%}",
        ]
        for count, by_workers in result.items()
        for workers, of in by_workers.items()
    ]
    return tables.table(["rows", "workers", "seconds", "of processors", *names, "MB", "accuracy"], rows, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(SIZES)} [all]")
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="whose .tflite answers [dist]")
    parser.add_argument("--rows", type=Path, default=DATA / "snips" / "train.csv", help="of text and label [snips]")
    parser.add_argument("--most", type=int, default=10_000_000, help="rows of the largest corpus [10,000,000]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the tables into docs/scaling.md")
    parser.add_argument("--from-json", action="store_true", help="measure nothing: write them from the numbers kept")
    given = parser.parse_args()
    result = tables.kept(NAME) or {} if given.write or given.from_json else {}
    if not given.from_json:
        if not given.rows.is_file():
            print(f"skipped: {given.rows} is not there")
            return
        for kept in _measure_all(given, result):
            if given.write:
                tables.keep(NAME, kept)
    print(report(result))
    if given.write or given.from_json:
        tables.put(NAME, report(result), PAGE)


def _measure_all(given: argparse.Namespace, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measures what is not there yet, the small corpora first; gives all that is there after each."""
    asked = [(rows, what) for what in given.what or SIZES for rows in SIZES[what] if rows <= given.most]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows, what in sorted(asked, key=lambda each: (each[0], each[1] != "predict")):
            data = folder / f"{rows}.parquet"
            for workers in map(str, WORKERS):
                of_rows = result.setdefault(what, {}).setdefault(str(rows), {})
                if workers in of_rows:
                    continue
                if not data.exists():
                    write_corpus(data, rows, given.rows)
                if what in UNITS:
                    of_rows[workers] = measure_fit(data, int(workers), UNITS[what])
                else:
                    of_rows[workers] = measure_predict(data, rows, int(workers), given.dist, folder)
                print(f"{what}, {rows:,} rows, {workers} workers: {of_rows[workers]}", file=sys.stderr, flush=True)
                yield result


if __name__ == "__main__":
    if sys.argv[1:2] == ["stages"]:
        stages(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        main()
