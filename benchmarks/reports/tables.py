"""Tables in Markdown, their places in the READMEs, and the numbers they are made of: python benchmarks/accuracy.py

A benchmark writes its numbers to benchmarks/results/<name>.json; tables and pictures are made of those alone.
"""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from trainer import __version__
from trainer.files import read_json, write_json, write_text

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
REPORT: Final = Path(__file__).parents[1] / "README.md"
RESULTS: Final = Path(__file__).parents[1] / "results"
_PACKAGES: Final = ("tensorflow", "keras", "numpy", "scikit-learn", "fasttext-community", "onnxruntime")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """Draws a table; its first `text_columns` columns are text, the others numbers."""
    rule = "|" + "---|" * text_columns + "---:|" * (len(head) - text_columns)
    return "\n".join([f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)])


def put(name: str, content: str, path: Path = REPORT) -> None:
    """Puts something between `<!-- name -->` and `<!-- /name -->` in a document.

    Raises:
        ValueError: The document does not have both, once.
    """
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    text = path.read_text(encoding="utf-8")
    if text.count(first) != 1 or text.count(last) != 1 or text.index(first) > text.index(last):
        raise ValueError(f"{path.name}: must have {first.strip()} and {last}, once, in this order")
    before, rest = text.split(first)
    write_text(path, f"{before}{first}{content.strip()}\n{last}{rest.split(last)[1]}")


def keep(name: str, numbers: dict[str, Any]) -> None:
    """Writes a benchmark's numbers, with what they were measured with."""
    RESULTS.mkdir(exist_ok=True)
    write_json(RESULTS / f"{name}.json", numbers | {"machine": machine()})


def kept(name: str) -> dict[str, Any] | None:
    """Reads a benchmark's numbers, if there are any."""
    path = RESULTS / f"{name}.json"
    return dict(read_json(path)) if path.is_file() else None


def made_with(result: dict[str, Any], *more: str) -> str:
    """Gives the line below a table: the cores, what else is to be said, the versions."""
    made = result.get("machine") or machine()
    versions = " · ".join(f"{name} {value}" for name, value in made.items() if name != "cores")
    return "; ".join([f"{made['cores']} cores", *more]) + f" · {versions}"


def machine() -> dict[str, Any]:
    """Gives the cores and the versions that a time or an accuracy may depend on."""
    found = {"byline": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(), **found}
