"""Fuzzes what reads strangers' files, with atheris: python benchmarks/trust/readers.py [--dist dist] [--seconds 600]

Needs `pip install atheris`. Each reader has a process of its own. It may answer, or refuse with a `UserError`; any
other exception, an input that takes ten seconds, or 2 GB of memory ends it, and is printed. Writes
results/readers.json.
"""

import argparse
import contextlib
import importlib
import json
import logging
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from trainer.errors import UserError  # noqa: E402  # the readers are imported where libFuzzer can watch them

RESULT: Final = ROOT / "benchmarks" / "results" / "readers.json"
ENDINGS: Final = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".csv.gz", "")
_ROWS: Final = [("text", "label"), ("the cat, “purrs”", "cats"), ('the "dog" barks', "dogs"), ("a\nline", "cats")] * 3
_PEAK_EVERY: Final = 500  # inputs between two looks at the memory


def read_vocabulary(data: bytes, folder: Path) -> None:
    from trainer.text.vocabulary import Vocabulary

    path = folder / "vocabulary.json"
    path.write_bytes(data)
    Vocabulary.read(path).encode("the king \ud800")


def read_manifest_of(data: bytes, folder: Path) -> None:
    from export.manifest import read_manifest

    (folder / "manifest.json").write_bytes(data)
    read_manifest(folder)


def read_corpus(data: bytes, folder: Path) -> None:
    """The first byte says what kind of file it is, or that it is one of a folder."""
    from trainer.data.sources import Source, load

    if not data:
        return
    ending = ENDINGS[data[0] % len(ENDINGS)]
    for old in folder.iterdir():
        old.unlink()
    path = folder / f"fuzzed{ending or '.txt'}"
    path.write_bytes(data[1:])
    if not ending:
        (folder / "other.txt").write_text("the dog\n")
    for _ in islice(load(Source(str(path if ending else folder))).rows(), 1000):
        pass


READERS: Final[dict[str, Callable[[bytes, Path], None]]] = {
    "vocabulary": read_vocabulary,
    "manifest": read_manifest_of,
    "corpus": read_corpus,
}


def seeds(reader: str, dist: Path) -> list[bytes]:
    """Gives files that are read well."""
    if reader != "corpus":
        return [(dist / f"{reader}.json").read_bytes()]
    objects = [dict(zip(_ROWS[0], row, strict=True)) for row in _ROWS[1:]]
    bodies = {
        ".csv": "".join(f'"{text}",{label}\n' for text, label in _ROWS),
        ".tsv": "".join(f"{text}\t{label}\n" for text, label in _ROWS if "\n" not in text),
        ".txt": "".join(f"__label__{label} {text}\n" for text, label in _ROWS[1:]),
        ".json": json.dumps(objects),
        ".jsonl": "\n".join(map(json.dumps, objects)),
        "": "the cat\nthe fur\n",
    }
    return [bytes([ENDINGS.index(ending)]) + body.encode() for ending, body in bodies.items()]


def fuzz(reader: str, given: list[str], memory: Path) -> None:
    """Runs in a process of its own, which libFuzzer ends."""
    atheris: Any = importlib.import_module("atheris")  # no lock has it

    with atheris.instrument_imports(include=["trainer", "export"]):
        import export.manifest  # noqa: F401
        import trainer.data.sources
        import trainer.text.vocabulary  # noqa: F401
    logging.disable()
    runs = 0
    read = READERS[reader]
    with tempfile.TemporaryDirectory() as name:

        def once(data: bytes) -> None:
            nonlocal runs
            runs += 1
            if runs % _PEAK_EVERY == 0:
                with memory.open("a") as file:
                    file.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")
            with contextlib.suppress(UserError):
                read(data, Path(name))

        atheris.Setup([sys.argv[0], *given], once)
        atheris.Fuzz()


def measure(reader: str, dist: Path, seconds: int) -> dict[str, Any]:
    """Fuzzes one reader.

    Returns:
        Inputs, seconds, memory in MB after the first tenth and at the end, and what ended it, if anything did.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        for number, seed in enumerate(seeds(reader, dist)):
            (folder / "seeds" / str(number)).write_bytes(seed)
        (folder / "memory").touch()
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536"]
        limits += ["-print_final_stats=1", "-seed=1", f"-artifact_prefix={folder}/found-", str(folder / "seeds")]
        command = [sys.executable, __file__, "--reader", reader, "--memory", str(folder / "memory"), "--", *limits]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        peaks = [int(line) / 1024 for line in (folder / "memory").read_text().split()] or [0.0]
        executed = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        found = [path.read_bytes() for path in sorted(folder.glob("found-*"))]
        for data in found:
            print(f"{reader}: {data[:400]!r}\n{done.stderr[-3000:]}")
        if not executed:
            raise SystemExit(f"{reader}: {done.stderr[-3000:]}")
        return {
            "seconds": seconds,
            "inputs": int(executed[1]),
            "memory_after_a_tenth_mb": round(peaks[len(peaks) // 10]),
            "memory_at_the_end_mb": round(peaks[-1]),
            "crashes_and_hangs": len(found),
            "exit_code": done.returncode,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dist", type=Path, default=Path("dist"))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--memory", type=Path)
    parser.add_argument("limits", nargs="*")
    given = parser.parse_args()
    if given.reader:
        fuzz(given.reader, given.limits, given.memory)
    result = {reader: measure(reader, given.dist, given.seconds) for reader in READERS}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    return int(any(facts["crashes_and_hangs"] or not facts["inputs"] for facts in result.values()))


if __name__ == "__main__":
    sys.exit(main())
