"""Answered shards on the disk: in a work folder while there are more to come, then one file, or a folder of them."""

import csv
import io
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from trainer.cluster.model import Answers
from trainer.cluster.shards import Shard
from trainer.errors import UserError
from trainer.files import is_there, json_text, read_json
from trainer.whole import claimed, whole_file

logger = logging.getLogger(__name__)

COLUMNS: Final = ("label", "score", "sure")
PREFIX: Final = "predicted_"  # of all three, where the input has one of them
PARTIAL: Final = ".partial"
SUFFIXES: Final = (".parquet", ".csv", ".jsonl")
_FACTS: Final = "facts.json"
_CHUNK: Final = 1 << 20


def columns_for(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    """Gives what the answers' columns are called beside those of the input.

    Raises:
        UserError: The input has those names, too.
    """
    if not set(COLUMNS) & set(columns):
        return COLUMNS
    others = tuple(PREFIX + name for name in COLUMNS)
    for name in others:
        if name in columns:
            raise UserError(f"{path}: has the column {name!r}, which the answers would be written to; rename it")
    taken = ", ".join(repr(name) for name in COLUMNS if name in columns)
    logger.info(f"{path}: has {taken} already: the answers are in {', '.join(map(repr, others))}")
    return others


@dataclass(frozen=True)
class Writing:
    """How shards are written.

    Attributes:
        suffix: One of `SUFFIXES`.
        columns: Of the input.
        added: Of the answers: label, score, sure.
        labels: In the order of the model's outputs.
    """

    suffix: str
    columns: tuple[str, ...]
    added: tuple[str, ...]
    labels: tuple[str, ...]

    def write(self, shard: Shard, answers: Answers, file: IO[bytes]) -> None:
        """Writes an answered shard.

        Raises:
            UserError: A row has a column that the first rows have not.
        """
        if self.suffix == ".parquet":
            self._parquet(shard, answers, file)
            return
        rows = shard.as_rows()
        said = list(zip(*self._said(answers), strict=True))
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        if self.suffix == ".csv":
            writer = csv.writer(text, lineterminator="\n")
            for row, values in zip(rows, said, strict=True):
                self._check(row)
                writer.writerow([_cell(row.get(name)) for name in self.columns] + [_cell(value) for value in values])
        else:
            for row, values in zip(rows, said, strict=True):
                line = row | dict(zip(self.added, values, strict=True))
                text.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        text.detach()

    def join(self, parts: Sequence[Path], file: IO[bytes]) -> None:
        """Writes finished parts into one file, one after the other."""
        if self.suffix == ".parquet":
            self._joined_parquet(parts, file)
            return
        if self.suffix == ".csv":
            head = io.StringIO()
            csv.writer(head, lineterminator="\n").writerow([*self.columns, *self.added])
            file.write(head.getvalue().encode("utf-8"))
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, _CHUNK)

    def _said(self, answers: Answers) -> tuple[list[Any], list[Any], list[Any]]:
        there = (answers.labels >= 0).tolist()
        labels = [self.labels[place] if place >= 0 else None for place in answers.labels.tolist()]
        scores = [score if known else None for score, known in zip(answers.scores.tolist(), there, strict=True)]
        return labels, scores, answers.sure.tolist()

    def _check(self, row: Mapping[str, Any]) -> None:
        for name in row:
            if name not in self.columns:
                raise UserError(f"--data: a row has {name!r}, which none of the first has; write to a .jsonl file")

    def _parquet(self, shard: Shard, answers: Answers, file: IO[bytes]) -> None:
        import pyarrow
        import pyarrow.parquet

        for row in shard.rows or ():
            self._check(row)
        table = shard.as_table(self.columns)
        kinds = (pyarrow.string(), pyarrow.float64(), pyarrow.bool_())
        for name, values, kind in zip(self.added, self._said(answers), kinds, strict=True):
            table = table.append_column(name, pyarrow.array(values, kind))
        pyarrow.parquet.write_table(table, file)

    def _joined_parquet(self, parts: Sequence[Path], file: IO[bytes]) -> None:
        import pyarrow.parquet

        schema = pyarrow.parquet.read_schema(parts[0])
        with pyarrow.parquet.ParquetWriter(file, schema) as writer:
            for part in parts:
                for batch in pyarrow.parquet.ParquetFile(part).iter_batches():
                    writer.write_batch(batch)


def _cell(value: Any) -> Any:
    """Gives a value as CSV holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


class Partial:
    """The work folder beside an output: what is answered already, and of what.

    Args:
        folder: Where it is.
        suffix: Of the parts.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder, self.suffix = folder, suffix
        self.done: list[dict[str, int]] = []

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Goes on where the same input and model were being answered, else begins anew, and says so."""
        facts = json.loads(json.dumps(facts))
        if is_there(self.folder):
            kept = read_json(self.folder / _FACTS) if (self.folder / _FACTS).is_file() else None
            if kept == facts:
                while self._counts(len(self.done)).is_file():
                    self.done.append(read_json(self._counts(len(self.done))))
                if self.done:
                    rows = sum(counts["rows"] for counts in self.done)
                    logger.info(f"{self.folder}: {rows:,} rows are answered already: it goes on there")
                return
            if kept is not None:
                changed = ", ".join(sorted(name for name in facts if kept.get(name) != facts[name]))
                logger.info(f"{self.folder}: was begun with another {changed or 'version'}: begins anew")
            elif any(self.folder.iterdir()):
                raise UserError(f"{self.folder}: is in the way: it is no unfinished prediction")
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        self._write(self.folder / _FACTS, facts)

    def add(self, counts: Mapping[str, int], write: Callable[[IO[bytes]], None]) -> None:
        """Keeps one more part; it counts once it is whole on the disk."""
        with whole_file(self.part(len(self.done))) as file:
            write(file)
        self._write(self._counts(len(self.done)), counts)
        self.done.append(dict(counts))

    def part(self, number: int) -> Path:
        """Gives the place of a part, by its number from 0."""
        return self.folder / f"part-{number:06d}{self.suffix}"

    def parts(self) -> list[Path]:
        """Gives the parts in their order."""
        return [self.part(number) for number in range(len(self.done))]

    def counts(self) -> Counter[str]:
        """Adds up what was counted in all parts."""
        total: Counter[str] = Counter()
        for counts in self.done:
            total.update(counts)
        return total

    def remove(self) -> None:
        """Removes the folder: its parts stand elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy_to(self, folder: Path) -> None:
        """Puts the parts into a folder, without a second copy where the file system can."""
        for part in self.parts():
            try:
                os.link(part, folder / part.name)
            except OSError:
                shutil.copyfile(part, folder / part.name)

    def _counts(self, number: int) -> Path:
        return self.folder / f"counts-{number:06d}.json"

    @staticmethod
    def _write(path: Path, value: Any) -> None:
        with whole_file(path) as file:
            file.write(json_text(value).encode())


@contextmanager
def partial_of(output: Path, suffix: str) -> Iterator[Partial]:
    """Gives the work folder of an output, in which no other process writes meanwhile.

    Raises:
        UserError: The output exists, or another process writes there.
    """
    if is_there(output):
        raise UserError(f"{output}: exists; refusing to overwrite it (choose another --output)")
    with claimed(output.with_name(output.name + PARTIAL)) as folder:
        yield Partial(folder, suffix)
