"""Tables of records: CSV, TSV, JSON lines, Parquet, and Hugging Face datasets."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from trainer.data.text_files import LONGEST_LINE, lines
from trainer.errors import UserError

PARTS_AS_WRITTEN: Final = {  # in a column or by a dataset's name -> in Byline
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
}
HUB: Final = "hf:"  # what stands before a Hugging Face dataset's name

_SEPARATORS = ",\t;|"
_BATCH = 1_000


@dataclass(frozen=True)
class Record:
    """One record: where it stands, and its values in the order in which the columns were asked for."""

    file: str
    number: int
    values: tuple[Any, ...]
    part: str = ""


@dataclass(frozen=True)
class Table:
    """A table, read again each time it is asked for.

    Attributes:
        columns: Their names.
        records: Takes the names of the columns that are wanted.
    """

    columns: tuple[str, ...]
    records: Callable[[Sequence[str]], Iterator[Record]]


def open_table(path: Path) -> Table:
    """Opens a table by its file's name.

    Raises:
        UserError: It cannot be read, or is no table of a kind that is known.
    """
    kinds = {".csv": _separated, ".tsv": _separated, ".jsonl": _json_lines, ".ndjson": _json_lines}
    kinds |= {".parquet": _parquet}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"{path}: is none of {', '.join(kinds)} and no folder of text files")
    if not path.is_file():
        raise UserError(f"{path}: is no file; it is read more than once")
    table = kind(path)
    repeated = [name for name in table.columns if table.columns.count(name) > 1]
    if repeated:
        raise UserError(f"{path}: row 1: the column {repeated[0]!r} stands twice")
    return table


def _separated(path: Path) -> Table:
    header_line = next(lines(path), "")
    unquoted = re.sub('"[^"]*"', "", header_line)
    separator = "\t" if path.suffix.lower() == ".tsv" else max(_SEPARATORS, key=unquoted.count)
    csv.field_size_limit(LONGEST_LINE)

    def rows() -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines(path), delimiter=separator, strict=True)
        start = 1
        try:
            for row in reader:
                if row:
                    yield start, row
                start = reader.line_num + 1
        except csv.Error as error:
            raise UserError(f"{path}: row {start}: is not CSV ({error})") from error

    _, header = next(rows(), (1, []))
    columns = tuple(name.strip() for name in header)
    if not any(columns):
        raise UserError(f"{path}: row 1: has no names of columns")

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        places = [columns.index(name) for name in wanted]
        for number, row in islice(rows(), 1, None):
            if len(row) != len(columns):
                values = "1 value" if len(row) == 1 else f"{len(row)} values"
                raise UserError(f"{path}: row {number}: has {values}, the header has {len(columns)}")
            if separator == "\t" and any("\t" in value and "\n" in value for value in row):
                raise UserError(
                    f"{path}: row {number}: a quotation mark opens here and closes in another row: double it"
                )
            yield Record(str(path), number, tuple(row[place] for place in places))

    return Table(columns, records)


def _json_lines(path: Path) -> Table:
    def objects() -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(lines(path), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"{path}: row {number}: is not JSON ({error})") from error
            if not isinstance(value, dict):
                raise UserError(f"{path}: row {number}: is not a JSON object")
            yield number, value

    _, first = next(objects(), (1, {}))

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        for number, value in objects():
            missing = [name for name in wanted if name not in value]
            if missing:
                raise UserError(f"{path}: row {number}: has no {missing[0]!r}")
            yield Record(str(path), number, tuple(value[name] for name in wanted))

    return Table(tuple(first), records)


def _parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: is not Parquet ({error})") from error

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        number = 0
        try:
            for batch in file.iter_batches(_BATCH, columns=list(wanted)):
                columns = [batch.column(name).to_pylist() for name in wanted]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield Record(str(path), number, values)
        except (OSError, pyarrow.ArrowException) as error:
            raise UserError(f"{path}: row {number + 1}: is damaged ({error})") from error

    return Table(tuple(file.schema_arrow.names), records)


def open_hub(name: str) -> Table:
    """Opens a Hugging Face dataset by its name, `hf:owner/name` or `hf:owner/name:configuration`.

    Its classes' names are the labels, its splits the parts.

    Raises:
        UserError: The extra `datasets` is not installed, or it cannot be loaded.
    """
    try:
        import datasets
    except ImportError as error:
        raise UserError(f"{name}: needs the package datasets: pip install 'byline[datasets]'") from error
    repository, _, configuration = name.removeprefix(HUB).partition(":")
    datasets.disable_progress_bars()
    try:
        splits = datasets.load_dataset(repository, configuration or None)
    except Exception as error:  # of a dozen kinds: network, file formats, missing names
        raise UserError(f"{name}: cannot be loaded ({type(error).__name__}: {error})") from error
    splits = {part: split for part, split in splits.items() if part in PARTS_AS_WRITTEN} or splits
    features = next(iter(splits.values())).features

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        for part, split in splits.items():
            number = 0
            for batch in split.select_columns(list(wanted)).iter(_BATCH):
                columns = [_named(batch[column], features[column], datasets) for column in wanted]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield Record(f"{name}/{part}", number, values, PARTS_AS_WRITTEN.get(part, ""))

    return Table(tuple(features), records)


def _named(values: list[Any], feature: Any, datasets: Any) -> list[Any]:
    """A class' names in place of its numbers; -1 stands for no label there."""
    if not isinstance(feature, datasets.ClassLabel):
        return values
    return [None if value is None or value < 0 else feature.int2str(value) for value in values]
