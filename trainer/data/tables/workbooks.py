"""Spreadsheets and JSON, which are read whole; and JSON lines, which are not."""

import json
import zipfile
from collections.abc import Iterator
from datetime import date, time
from itertools import islice
from pathlib import Path
from typing import Any, Final

from trainer.data.text_files import lines, opened
from trainer.errors import UserError

MOST_BYTES = 200_000_000  # unpacked: such a file is in memory while it is read, several times over
_REMEDY: Final = "save it as .csv or .jsonl, which may be of any size"


def sheet_of(path: Path) -> tuple[list[list[str]], str, list[str]]:
    """Reads the first sheet of a workbook that holds anything.

    Returns:
        Its rows, each a list of cells as text; its name; the names of other sheets that hold something.

    Raises:
        UserError: It is no workbook, locked, too large or empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    _check_size(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [(name, sheet) for name in book.sheet_names if (sheet := book.get_sheet_by_name(name)).height]
        if not sheets:
            raise UserError(f"{path}: holds no text")
        name, sheet = sheets[0]
        rows = [[_text_of(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except CalamineError as error:
        raise UserError(f"{path}: is no spreadsheet that can be read ({error})") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    return rows, name, [other for other, _ in sheets[1:]]


def _text_of(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = max(size, sum(entry.file_size for entry in archive.infolist()))
    if size > MOST_BYTES:
        raise UserError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB; {_REMEDY}")


def is_json_lines(path: Path, encoding: str) -> bool:
    """Whether a .json file holds an object a line, as many do: two lines, each a whole object."""
    found = 0
    for line in islice((line for line in lines(path, encoding) if line.strip()), 2):
        try:
            found += isinstance(json.loads(line), dict)
        except (ValueError, RecursionError):
            return False
    return found == 2


def json_lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Gives an object a line, with the line's number; empty lines are none.

    Raises:
        UserError: A line is no JSON, or no object.
    """
    for number, line in enumerate(lines(path, encoding), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: row {number}: is not JSON ({error})") from error
        if not isinstance(value, dict):
            raise UserError(f"{path}: row {number}: is not a JSON object")
        yield number, value


def objects_of(path: Path, encoding: str) -> list[dict[str, Any]]:
    """Reads JSON as records: an array of objects; an object that holds one; or an object of columns.

    Raises:
        UserError: It is no JSON, too large, or of another shape.
    """
    value = _json(path, encoding)
    if isinstance(value, dict):
        arrays = [held for held in value.values() if _is_records(held)]
        if len(arrays) == 1:
            value = arrays[0]
        elif value and all(isinstance(held, list) for held in value.values()):
            return list(_across(path, value))
        elif value and all(isinstance(held, dict) for held in value.values()):  # pandas: column -> index -> value
            return list(_across(path, {name: list(held.values()) for name, held in value.items()}))
        elif value:
            value = [value]
    if not isinstance(value, list):
        raise UserError(f"{path}: is no array of JSON objects")
    for number, record in enumerate(value, 1):
        if not isinstance(record, dict):
            raise UserError(f"{path}: row {number}: is not a JSON object")
    return value


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(record, dict) for record in value)


def _across(path: Path, columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length:,}" for name, length in lengths.items())
        raise UserError(f"{path}: its columns are not of one length: {listed}")
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _json(path: Path, encoding: str) -> Any:
    with opened(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UserError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB; {_REMEDY}")
    try:
        return json.loads(content.decode(encoding).removeprefix("\ufeff"))
    except UnicodeError as error:
        raise UserError(f"{path}: is not {encoding}; name its encoding with --encoding") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not JSON ({error})") from error
