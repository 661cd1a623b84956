"""Files of labelled text, good and bad, made in the folder where the command is typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from trainer.data.corpus import Corpus
from trainer.data.sources import Source, load

Make = Callable[[], object]  # makes `data.csv`, or whatever it is, in the folder where the command is typed


def file(path: str, content: str | bytes) -> Make:
    def make() -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content.encode() if isinstance(content, str) else content)

    return make


def folder(**labels: str | bytes) -> Make:
    """A folder `data` with a file for each label; cats and dogs are always there."""
    good = {label: "".join(f"{label}{number} is{number}\n" for number in range(40)) for label in ("cats", "dogs")}
    return lambda: [file(f"data/{label}.txt", content)() for label, content in (good | labels).items()]


def csv(*rows: str, header: str = "text,label") -> Make:
    """A table whose rows from the third on are given, between good ones."""
    good = [f"{label}{number} x{number}{label},{label}" for number in range(40) for label in ("cats", "dogs")]
    return file("data.csv", "\n".join([header, good[0], *rows, *good[1:], ""]))


def jsonl(*rows: str) -> Make:
    """Records that are given from the second on, between good ones."""
    good = [json.dumps({"text": f"word{number} x{number}", "label": "ab"[number % 2]}) for number in range(80)]
    return file("data.jsonl", "\n".join([good[0], *rows, *good[1:]]))


def parquet(**columns: list[Any]) -> Make:
    return lambda: pyarrow.parquet.write_table(pyarrow.table(columns), "data.parquet")


def tsv(labels: int) -> Make:
    return file("data.tsv", "text\tlabel\n" + "".join(f"word{n} w{n}\tl{n % labels}\n" for n in range(5 * labels)))


def damaged() -> None:
    parquet(text=[f"words {number}" for number in range(5_000)], label=["a", "b"] * 2_500)()
    content = Path("data.parquet").read_bytes()
    Path("data.parquet").write_bytes(content[:200] + bytes(2_000) + content[2_200:])


def opened(path: Path | str, **options: Any) -> Corpus:
    return load(Source(str(path), **options))
