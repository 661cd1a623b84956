"""How a table of separated values is written: its separator, its quotation marks, whether it has a header.

`web/src/list/dialect.js` decides the same for the page; `tests/vectors/tables.json` holds both to it.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from trainer.data.text_files import LONGEST_LINE, lines
from trainer.errors import UserError

Quoting = Literal["doubled", "backslash", "none"]
Choice = Literal["auto", "yes", "no"]

USUAL: Final = {  # names that say what a column holds
    "text": ("text", "phrase", "sentence", "content", "comment", "review", "message", "tweet", "body", "lyrics"),
    "label": (
        *("label_text", "label_name", "label", "category", "class", "author", "sentiment", "intent", "target"),
        *("topic", "genre", "mood"),
    ),
}
LOOKED_AT: Final = 1_000  # records that show whether there is a header, and which column holds what

_NAMES: Final = {
    *USUAL["text"],
    *USUAL["label"],
    "id",
    "index",
    "title",
    "split",
    "group",
    "question",
    "answer",
    "score",
}
_SEPARATORS: Final = ",\t;|"
_FEW: Final = 100  # records that show the separator
_SAMPLE: Final = 1 << 24  # characters that show what quotation marks mean
_NAME_WORDS, _NAME_LENGTH = 4, 50
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?\n?', re.IGNORECASE)
_DOUBLED: Final = r'"([^"]*(?:""[^"]*)*)"'
_ESCAPED: Final = r'"([^"\\]*(?:(?:\\[\s\S]|"")[^"\\]*)*)"'
_NUMBERS: Final = re.compile(r"[\d.,:/ +-]*\d[\d.,:/ +-]*")


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes:
        separator: One character.
        quoting: What `"` means: "doubled" (a quoted field, in which `""` is one), "backslash" (in which `\\"` is one,
            too), or "none" (a character like others).
        header: Whether the first record has the names of the columns.
        skipped: Lines before the first record, 1 where one names the separator.
    """

    separator: str
    quoting: Quoting
    header: bool
    skipped: int = 0

    def records(self, path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
        """Gives every record with the line on which it begins, from 1; the header is the first.

        Blank lines are none, and neither are records without a value above the first that has one.

        Raises:
            UserError: The file cannot be read, or a quoted field does not end as it has to.
        """
        return _records(path, islice(lines(path, encoding), self.skipped, None), self)


def dialect_of(
    path: Path, encoding: str, quoting: Choice, header: Choice, names: Sequence[str], *, tabs: bool = False
) -> Dialect:
    """Looks at a table's first records, and where it holds quotation marks at more of it.

    Args:
        path: The table.
        encoding: Its encoding.
        quoting: Whether `"` quotes; "auto" looks.
        header: Whether the first record has names; "auto" looks.
        names: What columns are asked for: where the first record has one of them, it is the header.
        tabs: Whether tabs separate, whatever the file's name.

    Raises:
        UserError: The file cannot be read.
    """
    csv.field_size_limit(LONGEST_LINE)
    first = next(lines(path, encoding), "")
    match = _SEP_LINE.fullmatch(first)
    skipped = int(match is not None)

    def body() -> Iterator[str]:
        return islice(lines(path, encoding), skipped, None)

    if match:
        separator = match[1]
    else:
        tabs = tabs or ".tsv" in (suffix.lower() for suffix in path.suffixes)
        separator = "\t" if tabs else _separator(body())
    dialect = Dialect(separator, _quoting(body(), separator, quoting), True, skipped)
    if header != "auto":
        return Dialect(separator, dialect.quoting, header == "yes", skipped)
    head = [record for _, record in islice(dialect.records(path, encoding), LOOKED_AT) if any(map(str.strip, record))]
    return Dialect(separator, dialect.quoting, has_header(head, names), skipped)


def has_header(records: Sequence[Sequence[str]], names: Sequence[str] = ()) -> bool:
    """Whether the first of some records has names: it does unless it looks like data.

    It looks like data if one of its cells is unlike a name, or stands again below in a column of few values.

    Args:
        records: The first records of a table.
        names: What columns are asked for.
    """
    if len(records) < 2:
        return True
    first, below = [cell.strip() for cell in records[0]], records[1:]
    asked = {name for name in names if not name.isdigit()}  # a number may be a label as well as a column's number
    if any(cell in asked or cell.casefold() in _NAMES for cell in first if cell):
        return True
    if [cell or "0" for cell in first] in (_numbered(first, 0), _numbered(first, -1)):  # as pandas numbers columns
        return True
    columns = [[row[place].strip() for row in below if place < len(row)] for place in range(len(first))]
    if any(
        cell and not _NUMBERS.fullmatch(cell) and _is_numeric(column)
        for cell, column in zip(first, columns, strict=True)
    ):
        return True
    if any(map(_is_unlike_a_name, first)):
        return False
    return not any(
        cell and cell in column and (len(column) < 4 or 2 * len(set(column)) <= len(column))
        for cell, column in zip(first, columns, strict=True)
    )


def _numbered(cells: Sequence[str], start: int) -> list[str]:
    return [str(max(0, number)) for number in range(start, len(cells) + start)]


def _is_numeric(column: Sequence[str]) -> bool:
    return any(column) and all(_NUMBERS.fullmatch(cell) for cell in column if cell)


def _is_unlike_a_name(cell: str) -> bool:
    return len(cell.split()) > _NAME_WORDS or len(cell) > _NAME_LENGTH or cell.endswith((".", "!", "?", "…", "。"))


def _records(path: Path, source: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    unquoted = dialect.quoting == "none"
    if dialect.quoting == "backslash":
        source = map(doubled, source)
    reader = csv.reader(
        source,
        delimiter=dialect.separator,
        quoting=csv.QUOTE_NONE if unquoted else csv.QUOTE_MINIMAL,
        strict=not unquoted,
    )
    tabs = dialect.separator == "\t" and not unquoted
    start, begun = 1, False
    try:
        for row in reader:
            if tabs and any("\t" in value and "\n" in value for value in row):
                raise UserError(
                    f"{path}: row {start + dialect.skipped}: a quotation mark opens here and closes in another row: "
                    "double it, or read all of them as they are with --quoting no"
                )
            begun = begun or any(map(str.strip, row))
            if begun and (len(row) > 1 or any(map(str.strip, row))):
                yield start + dialect.skipped, row
            start = reader.line_num + 1
    except csv.Error as error:
        rule = f"is not CSV ({error})" + ("" if unquoted else "; --quoting no reads quotation marks as they are")
        raise UserError(f"{path}: row {start + dialect.skipped}: {rule}") from error


def doubled(line: str) -> str:
    r"""Writes `\"` as `""`, and `\\` as `\`."""
    return re.sub(r'\\([\\"])', lambda match: '""' if match[1] == '"' else "\\", line) if "\\" in line else line


def _separator(body: Iterator[str]) -> str:
    """The one that cuts the first records into the same number of values, and of these into the most."""
    head = [line for line in islice(body, _FEW) if not line.isspace()]
    best, found = (0, 0), ""
    for separator in _SEPARATORS:
        # A comma between digits is a decimal comma where something else separates.
        cut = [re.sub(r"(?<=\d),(?=\d)", "", line) for line in head] if separator == "," else head
        try:
            widths = [len(row) for row in csv.reader(cut, delimiter=separator)]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            tenths = int(10 * widths.count(widths[0]) / len(widths) + 0.5)
            if (tenths, widths[0]) > best:
                best, found = (tenths, widths[0]), separator
    first = re.sub('"[^"]*"', "", head[0]) if head else ""
    return found or max(_SEPARATORS, key=first.count)


def _quoting(body: Iterator[str], separator: str, choice: Choice) -> Quoting:
    if choice == "no":
        return "none"
    looks = separator == "\t" and choice == "auto"
    pieces, length = list[str](), 0
    for line in body:
        pieces.append(line)
        length += len(line)
        if length > _SAMPLE:
            break
    text = "".join(pieces)
    if '"' not in text or not (looks or '\\"' in text):
        return "none" if looks else "doubled"
    cut = length > _SAMPLE
    plain = _Quoted(text, separator, _DOUBLED, cut)
    escaped = _Quoted(text, separator, _ESCAPED, cut) if '\\"' in text and plain.strays else plain
    if looks and not plain.consistent:
        return "backslash" if escaped.consistent else "none"
    return "backslash" if escaped.strays < plain.strays else "doubled"


class _Quoted:
    """The fields of a text that are quoted as a pattern says, and whether they are consistently so.

    Attributes:
        strays: Quotation marks outside of them.
        consistent: Whether there is none, no field swallows the end of a record, and some field needs its marks, or as
            many fields have them as there are records.
    """

    def __init__(self, text: str, separator: str, field: str, cut: bool) -> None:
        edge = re.escape(separator)
        pattern = re.compile(rf"(^|\n|{edge}){field}(?=\n|{edge}|\Z)")
        matches = list(pattern.finditer(text))
        fields = [match[2] for match in matches]
        # What is cut off may end within a field.
        rest = pattern.sub(r"\1", text[: matches[-1].end()] if cut and matches else text)
        self.strays = rest.count('"')
        swallowed = any(separator in value and "\n" in value for value in fields)
        needed = any(separator in value or "\n" in value or '"' in value for value in fields)
        records = sum(1 for line in rest.split("\n") if line)
        self.consistent = not self.strays and not swallowed and (needed or 10 * len(fields) >= 9 * records > 0)
