"""A corpus to be answered, of any size: read once, in shards, with all of its columns."""

import codecs
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from trainer.data.tables import Reading, Table, open_table
from trainer.data.tables.dialect import USUAL
from trainer.data.tables.workbooks import json_lines
from trainer.data.text_files import PACKED, UTF8, DamagedTextError, encoding_of, lines, named, shown
from trainer.errors import UserError
from trainer.files import is_there

logger = logging.getLogger(__name__)

SHARD_ROWS: Final = 20_000  # a second's work
_SHARD_CHARACTERS: Final = 32_000_000  # of text: long ones make shorter shards
_PEEK: Final = 1_000  # records that show the columns
_LINES: Final = (".txt", ".text")
_OBJECTS: Final = (".jsonl", ".ndjson")
_PARQUET: Final = ".parquet"
_TEXT: Final = "text"  # the column of a text file's lines
_LENIENT: Final = "byline-lenient-utf-8"
_REPLACEMENT: Final = "\ufffd"

WITHOUT: Final = "without a text"
NO_TEXT: Final = "whose text is no string"
EMPTY: Final = "of blanks alone"
DAMAGED: Final = "with bytes that are no UTF-8"


@dataclass(frozen=True)
class Shard:
    """Neighbouring rows of the input.

    Attributes:
        texts: Of each row; None where it has none, or one that is no text.
        rows: Column -> value, of each row; None where the rows stand in `table`.
        table: An Arrow table; None where the rows stand in `rows`.
        skipped: What was found wrong with texts -> in how many rows.
    """

    texts: list[str | None]
    rows: list[dict[str, Any]] | None = None
    table: Any = None
    skipped: Counter[str] = field(default_factory=Counter)

    def as_rows(self) -> list[dict[str, Any]]:
        """Gives the rows, column -> value."""
        if self.rows is not None:
            return self.rows
        columns = [_values(self.table.column(name))[0] for name in self.table.column_names]
        return [dict(zip(self.table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]

    def as_table(self, columns: Sequence[str]) -> Any:
        """Gives the rows as an Arrow table; a value that is no text is JSON in it: the type of a column is one."""
        import pyarrow

        if self.table is not None:
            return self.table
        assert self.rows is not None
        arrays = [pyarrow.array([_written(row.get(name)) for row in self.rows], pyarrow.string()) for name in columns]
        return pyarrow.Table.from_arrays(arrays, names=list(columns))


@dataclass(frozen=True)
class Input:
    """What is to be answered.

    Attributes:
        path: The file.
        columns: Their names; of JSON lines those that the first records have.
        text_column: Which of them is answered.
        shards: Reads it anew.
    """

    path: Path
    columns: tuple[str, ...]
    text_column: str
    shards: Callable[[], Iterator[Shard]] = field(repr=False)


def open_input(path: Path, text_column: str, reading: Reading) -> Input:
    """Opens a table or a text file. Nothing but its first records is read yet, and text once for its encoding.

    Args:
        path: Parquet, CSV, TSV, JSON lines, each but the first also packed (.gz), or text with a line a row.
        text_column: By name; empty: by the usual names, the only one, or the longest.
        reading: How separated values are written.

    Raises:
        UserError: It cannot be read, or the column is not there.
    """
    if not is_there(path):
        raise UserError(f"{path}: does not exist")
    if not path.is_file():
        raise UserError(f"{path}: is no file; --data takes a Parquet, CSV, TSV or JSON lines file, or lines of text")
    kind = Path(path.stem if path.suffix.lower() == PACKED else path).suffix.lower()
    if kind == _PARQUET:
        reading.refuse(str(path), "encoding", "header", "quoting")
        return _of_parquet(path, text_column)
    encoding = _encoding(path, reading)
    reading = Reading(encoding, reading.header, reading.quoting, (text_column,) if text_column else ())
    if kind in _LINES:
        reading.refuse(str(path), "header", "quoting")
        return _of_rows(path, (_TEXT,), text_column, encoding, lambda: _text_lines(path, encoding))
    if kind in _OBJECTS:
        reading.refuse(str(path), "header", "quoting")
        found = dict.fromkeys(name for row in islice(_objects(path, encoding), _PEEK) for name in row)
        return _of_rows(path, tuple(found), text_column, encoding, lambda: _objects(path, encoding))
    table = open_table(path, reading)
    for number, name in enumerate(table.columns):
        if table.columns.index(name) != number:
            raise UserError(f"{path}: row 1: the column {name!r} stands twice")
    return _of_rows(path, table.columns, text_column, encoding, lambda: _records(table))


def _encoding(path: Path, reading: Reading) -> str:
    """Gives the encoding that was named, or the file's own. One damaged byte does not stop the others' answers.

    Raises:
        UserError: There is none of that name, or the file cannot be read or is no text.
    """
    if reading.encoding:
        return named(reading.encoding)
    try:
        encoding = encoding_of(path)
    except DamagedTextError:
        codecs.register(_lenient)
        logger.info(f"{path}: is UTF-8 with damage: U+FFFD stands where bytes are none; --encoding names another")
        return _LENIENT
    if encoding != UTF8:
        logger.info(f"{path}: read as {shown(encoding)}; --encoding names another")
    return encoding


def _lenient(name: str) -> codecs.CodecInfo | None:
    """UTF-8 whose damaged bytes become U+FFFD, as an encoding of its own: readers know encodings by their names."""
    if name.replace("_", "-") != _LENIENT:
        return None

    class Decoder(codecs.getincrementaldecoder(UTF8)):  # type: ignore[misc]  # the library says what it is at run time
        def __init__(self, errors: str = "strict") -> None:
            super().__init__("replace")

    def decode(data: Any, _: str = "strict") -> tuple[str, int]:
        return codecs.decode(data, UTF8, "replace"), len(data)

    return codecs.CodecInfo(codecs.lookup(UTF8).encode, decode, incrementaldecoder=Decoder, name=_LENIENT)


def _text_lines(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    return ({_TEXT: line.rstrip("\n")} for line in lines(path, encoding))


def _objects(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    return (value for _, value in json_lines(path, encoding))


def _records(table: Table) -> Iterator[dict[str, Any]]:
    return (dict(zip(table.columns, record.values, strict=True)) for record in table.records(table.columns))


def _of_rows(
    path: Path, columns: Sequence[str], text_column: str, encoding: str, read: Callable[[], Iterator[dict[str, Any]]]
) -> Input:
    """An input whose rows come one by one."""
    chosen = _text_column(path, columns, text_column, list(islice(read(), _PEEK)))

    def shards() -> Iterator[Shard]:
        rest = read()
        while shard := _next_shard(rest, chosen, damaged=encoding == _LENIENT):
            yield shard

    return Input(path, tuple(columns), chosen, shards)


def _next_shard(rows: Iterator[dict[str, Any]], text_column: str, *, damaged: bool) -> Shard | None:
    """Takes the next rows; None where there are no more."""
    taken: list[dict[str, Any]] = []
    texts: list[str | None] = []
    skipped: Counter[str] = Counter()
    characters = 0
    for row in rows:
        value = row.get(text_column)
        text = value if isinstance(value, str) else None
        _count(skipped, value)
        skipped[DAMAGED] += damaged and text is not None and _REPLACEMENT in text
        taken.append(row)
        texts.append(text)
        characters += len(text or "")
        if len(taken) == SHARD_ROWS or characters >= _SHARD_CHARACTERS:
            break
    return Shard(texts, taken, skipped=+skipped) if taken else None


def _count(skipped: Counter[str], value: Any) -> None:
    if value is None:
        skipped[WITHOUT] += 1
    elif not isinstance(value, str):
        skipped[NO_TEXT] += 1
    elif not value.strip():
        skipped[EMPTY] += 1


def _of_parquet(path: Path, text_column: str) -> Input:
    """An input whose rows come in Arrow's record batches.

    Raises:
        UserError: It is no Parquet, or the column is not there or holds no text.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        schema = file.schema_arrow
        head = next(file.iter_batches(_PEEK), None)
        first = [] if head is None else Shard([], table=pyarrow.Table.from_batches([head])).as_rows()
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path}: is not Parquet ({error})") from error
    chosen = _text_column(path, schema.names, text_column, first)
    kind = schema.field(chosen).type
    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    if not any(is_kind(kind) for is_kind in (pyarrow.types.is_string, pyarrow.types.is_large_string)):
        raise UserError(f"{path}: the column {chosen!r} holds no text: it is of type {kind}")

    def shards() -> Iterator[Shard]:
        number = 0
        try:
            for batch in pyarrow.parquet.ParquetFile(path).iter_batches(SHARD_ROWS):
                texts, damaged = _values(batch.column(chosen))
                skipped: Counter[str] = Counter({DAMAGED: damaged})
                for text in texts:
                    _count(skipped, text)
                yield Shard(texts, table=pyarrow.Table.from_batches([batch]), skipped=+skipped)
                number += len(batch)
        except (OSError, pyarrow.ArrowException) as error:
            raise UserError(f"{path}: row {number + 1}: is damaged ({error})") from error

    return Input(path, tuple(schema.names), chosen, shards)


def _values(column: Any) -> tuple[list[Any], int]:
    """Gives a column's values, and how many of them hold bytes that are no UTF-8: Arrow lets anybody write them."""
    try:
        return column.to_pylist(), 0
    except UnicodeDecodeError:
        import pyarrow

        kind = column.type.value_type if pyarrow.types.is_dictionary(column.type) else column.type
        wide = pyarrow.types.is_large_string(kind)
        written = column.cast(kind).cast(pyarrow.large_binary() if wide else pyarrow.binary()).to_pylist()
        texts = [None if value is None else value.decode("utf-8", "replace") for value in written]
        damaged = sum(text is not None and text.encode() != value for text, value in zip(texts, written, strict=True))
        return texts, damaged


def _text_column(path: Path, columns: Sequence[str], wanted: str, first: Sequence[Mapping[str, Any]]) -> str:
    """Chooses the column that is answered, by its name or by what the first rows hold.

    Raises:
        UserError: There is none.
    """
    listed = ", ".join(repr(name) for name in columns) or "none"
    if wanted:
        if wanted not in columns:
            raise UserError(f"{path}: has no column {wanted!r} (--text-column); it has {listed}")
        return wanted
    usual = (name for usual in USUAL["text"] for name in columns if name.lower() == usual)
    lengths = {name: sum(len(row[name]) for row in first if isinstance(row.get(name), str)) for name in columns}
    chosen = next(usual, None) or max(columns, key=lambda name: lengths[name], default=None)
    if chosen is None or not (first or len(columns)):
        raise UserError(f"{path}: name the text's column with --text-column; it has {listed}")
    if len(columns) > 1:
        logger.info(f"{path}: the text is in {chosen!r}")
    return chosen


def _written(value: Any) -> str | None:
    """Gives a value as text: itself, or JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
