"""Tables of records: separated values, JSON, spreadsheets, fastText's lines, Parquet, and Hugging Face datasets."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from trainer.data.tables.dialect import LOOKED_AT, Choice, dialect_of, has_header
from trainer.data.tables.workbooks import is_json_lines, json_lines, objects_of, sheet_of
from trainer.data.text_files import PACKED, UTF8, encoding_of, lines, named, shown
from trainer.errors import UserError

logger = logging.getLogger(__name__)

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

_BATCH = 1_000
_FEW = 100  # lines that show of what kind a file is whose name does not
_FASTTEXT: Final = re.compile(r"((?:__label__\S+\s+)+)(.*)", re.DOTALL)
_TREC: Final = re.compile(r"([A-Z]+:\w+ )(.*)", re.DOTALL)


@dataclass(frozen=True)
class Record:
    """One record: where it stands, and its values in the order in which the columns were asked for."""

    file: str
    number: int
    values: tuple[Any, ...]
    part: str = ""
    several: bool = False  # labels, where a record may have more than one


@dataclass(frozen=True)
class Table:
    """A table, read again each time it is asked for.

    Attributes:
        path: What messages call it.
        columns: Their names, empty for a column without one; without a header their numbers, from 1.
        records: Takes the names of the columns that are wanted.
        header: Whether the columns have names.
        counted: Whether a column may be asked for by its number.
        parts: The same as `records` of the table's stretches, in their order; none where it is read from its beginning.
    """

    path: str
    columns: tuple[str, ...]
    records: Callable[[Sequence[str]], Iterator[Record]]
    header: bool = True
    counted: bool = False
    parts: tuple[Callable[[Sequence[str]], Iterator[Record]], ...] = ()

    def place(self, name: str) -> int | None:
        """Gives where a column stands, by its name or its number."""
        if name in self.columns:
            return self.columns.index(name)
        number = int(name) if self.counted and re.fullmatch("[0-9]{1,4}", name) else 0
        return number - 1 if 1 <= number <= len(self.columns) else None


@dataclass(frozen=True)
class Reading:
    """How a user wants a table to be read.

    Attributes:
        encoding: As the user names it; empty: looked at.
        header: Whether the first record has names.
        quoting: Whether `"` quotes.
        names: The columns that were asked for.
    """

    encoding: str = ""
    header: Choice = "auto"
    quoting: Choice = "auto"
    names: tuple[str, ...] = ()

    def refuse(self, path: str, *options: str) -> None:
        """Refuses options that say nothing about a file.

        Raises:
            UserError: One of them was given.
        """
        for option in options:
            if getattr(self, option) not in ("", "auto"):
                raise UserError(f"--{option}: says nothing about {path}")


_OpenText = Callable[[Path, str, Reading], Table]


def open_table(path: Path, reading: Reading) -> Table:
    """Opens a table by its file's name, and where that says nothing by its first lines.

    Args:
        path: The file.
        reading: How it is to be read.

    Raises:
        UserError: It cannot be read, or is no table of a kind that is known.
    """
    text: dict[str, _OpenText] = {".csv": _separated, ".tsv": _separated, ".jsonl": _json_lines, ".ndjson": _json_lines}
    text[".json"] = _json
    whole: dict[str, Callable[[Path, Reading], Table]] = {".parquet": _parquet}
    whole |= dict.fromkeys((".xlsx", ".xls", ".ods"), _workbook)
    packed = path.suffix.lower() == PACKED
    kind = Path(path.stem if packed else path).suffix.lower()
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is no file; it is read more than once")
    if kind in whole and not packed:
        reading.refuse(str(path), "encoding", "quoting", *(("header",) if kind == ".parquet" else ()))
        return whole[kind](path, reading)
    if kind not in text:
        opened = _by_content(path, reading)
        if opened is None:
            kinds = ", ".join([".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".json", ".xlsx", ".ods"])
            raise UserError(f"{path}: is none of {kinds}, neither fastText's lines nor a folder of text files")
        return opened(path, _encoding(path, reading), reading)
    if text[kind] is not _separated:
        reading.refuse(str(path), "header", "quoting")
    return text[kind](path, _encoding(path, reading), reading)


def _encoding(path: Path, reading: Reading) -> str:
    if reading.encoding:
        return named(reading.encoding)
    encoding = encoding_of(path)
    if encoding != UTF8:
        logger.info(f"{path}: read as {shown(encoding)}; --encoding names another")
    return encoding


def _by_content(path: Path, reading: Reading) -> "_OpenText | None":
    """Gives how to open a file whose name says nothing: lines that begin with a label, or values between tabs."""
    try:
        encoding = named(reading.encoding) if reading.encoding else encoding_of(path)
        head = [line for line in islice(lines(path, encoding), _FEW) if line.strip()]
    except UserError:
        return None
    for pattern, begin in ((_FASTTEXT, "__label__"), (_TREC, "a label such as NUM:count")):
        if head and all(map(pattern.match, head)):
            return partial(_labelled, pattern=pattern, begin=begin)
    return partial(_separated, tabs=True) if head and all("\t" in line.strip() for line in head) else None


def _separated(path: Path, encoding: str, reading: Reading, tabs: bool = False) -> Table:
    dialect = dialect_of(path, encoding, reading.quoting, reading.header, reading.names, tabs=tabs)
    if not dialect.header and reading.header == "auto":
        logger.info(f"{path}: has no header, its first row is data; --header yes takes it for the header")
    return _grid(path, partial(dialect.records, path, encoding), dialect.header)


def _workbook(path: Path, reading: Reading) -> Table:
    cells, name, others = sheet_of(path)
    rows = [(number, row) for number, row in enumerate(cells, 1) if any(cell.strip() for cell in row)]
    if others:
        logger.info(f"{path}: the sheet {name!r} is read, {', '.join(map(repr, others))} not")
    header = reading.header == "yes"
    if reading.header == "auto":
        header = has_header([row for _, row in rows[:LOOKED_AT]], reading.names)
        if not header:
            logger.info(f"{path}: has no header, its first row is data; --header yes takes it for the header")
    return _grid(path, lambda: iter(rows), header)


def _grid(path: Path, rows: Callable[[], Iterator[tuple[int, list[str]]]], header: bool) -> Table:
    """A table of rows of text, of which the first may have the names."""
    _, first = next(rows(), (1, []))
    columns = tuple(name.strip() if header else str(number) for number, name in enumerate(first, 1))
    if not any(columns):
        raise UserError(f"{path}: row 1: has no names of columns")
    least = max(place for place, name in enumerate(columns, 1) if name)

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        places = [place for name in wanted if (place := table.place(name)) is not None]
        enough = max([least, *(place + 1 for place in places)])
        for number, row in islice(rows(), int(header), None):
            if len(row) < enough or any(value.strip() for value in row[len(columns) :]):
                values = "1 value" if len(row) == 1 else f"{len(row)} values"
                whose = "the header" if header else "the first row"
                raise UserError(f"{path}: row {number}: has {values}, {whose} has {len(columns)}")
            yield Record(str(path), number, tuple(row[place] for place in places))

    table = Table(str(path), columns, records, header, counted=True)
    return table


def _labelled(path: Path, encoding: str, reading: Reading, *, pattern: re.Pattern[str], begin: str) -> Table:
    """A text on each line after its labels: fastText's `__label__x text`, or TREC's `NUM:count text`."""
    reading.refuse(str(path), "header", "quoting")

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        for number, line in enumerate(lines(path, encoding), 1):
            if not line.strip():
                continue
            match = pattern.match(line if line[-1].isspace() else line + "\n")
            if match is None:
                raise UserError(f"{path}: row {number}: does not begin with {begin} as the rows above do")
            labels = [label.removeprefix("__label__") for label in match[1].split()]
            values = {"text": match[2], "label": labels[0] if len(labels) == 1 else None}
            yield Record(str(path), number, tuple(values[name] for name in wanted), several=len(labels) > 1)

    return Table(str(path), ("text", "label"), records)


def _json_lines(path: Path, encoding: str, _: Reading) -> Table:
    return _of_objects(path, lambda: json_lines(path, encoding))


def _json(path: Path, encoding: str, reading: Reading) -> Table:
    if is_json_lines(path, encoding):
        return _json_lines(path, encoding, reading)
    found = objects_of(path, encoding)
    return _of_objects(path, lambda: iter(enumerate(found, 1)))


def _of_objects(path: Path, objects: Callable[[], Iterator[tuple[int, dict[str, Any]]]]) -> Table:
    _, first = next(objects(), (1, {}))

    def records(wanted: Sequence[str]) -> Iterator[Record]:
        for number, value in objects():
            missing = [name for name in wanted if name not in value]
            if missing:
                raise UserError(f"{path}: row {number}: has no {missing[0]!r}")
            yield Record(str(path), number, tuple(value[name] for name in wanted))

    return Table(str(path), tuple(first), records)


def _parquet(path: Path, _: Reading) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: is not Parquet ({error})") from error

    groups, begins = range(file.num_row_groups), [0]
    for group in groups:
        begins.append(begins[-1] + file.metadata.row_group(group).num_rows)
    parts = tuple(partial(_row_groups, path, [group], begins[group]) for group in groups)
    names = tuple(file.schema_arrow.names)
    return Table(str(path), names, partial(_row_groups, path, list(groups), 0), parts=parts)


def _row_groups(path: Path, groups: list[int], before: int, wanted: Sequence[str]) -> Iterator[Record]:
    """Reads some of a Parquet file's row groups, before which there are as many rows."""
    import pyarrow
    import pyarrow.parquet

    number = before
    try:
        file = pyarrow.parquet.ParquetFile(path)
        for batch in file.iter_batches(_BATCH, groups, columns=list(wanted)):
            columns = [batch.column(name).to_pylist() for name in wanted]
            for values in zip(*columns, strict=True):
                number += 1
                yield Record(str(path), number, values)
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: row {number + 1}: is damaged ({error})") from error


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

    return Table(name, tuple(features), records)


def _named(values: list[Any], feature: Any, datasets: Any) -> list[Any]:
    """A class' names in place of its numbers; -1 stands for no label there."""
    if not isinstance(feature, datasets.ClassLabel):
        return values
    return [None if value is None or value < 0 else feature.int2str(value) for value in values]
