"""`--data` read: its rows, its labels and what was said of it."""

from pathlib import Path
from typing import Any

from trainer.cli.terminal import LineHandler, logged_to
from trainer.data.corpus import Corpus, Row
from trainer.data.profile import profile_of
from trainer.data.sources import Source, load


def opened(path: Path | str, **options: Any) -> tuple[Corpus, list[str]]:
    """Gives the corpus and what was said on the way."""
    said: list[str] = []
    with logged_to(LineHandler(said.append)):
        return load(Source(str(path), **options)), said


def rows_of(path: Path | str, **options: Any) -> list[Row]:
    return list(opened(path, **options)[0].rows())


def pairs(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.text, row.label) for row in rows]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def said_of(path: Path, **options: Any) -> list[str]:
    return [line.removeprefix(f"{path}: ") for line in opened(path, **options)[1]]


def labels_of(path: Path | str, **options: Any) -> dict[str, int]:
    return profile_of(opened(path, **options)[0]).labels
