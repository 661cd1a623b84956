"""Text files, line by line, whatever ends the lines: UTF-8, with a byte order mark or without."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from trainer.errors import UserError

LONGEST_LINE = 10_000_000  # characters: more in one line is no text that somebody reads

_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def lines(path: Path) -> Iterator[str]:
    r"""Gives a file's lines, each with "\n" at its end but for the last.

    Raises:
        UserError: The file cannot be read, is not UTF-8, or holds a line longer than `LONGEST_LINE`.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise UserError(f"{path}: row {number}: is longer than {LONGEST_LINE:,} characters")
                yield line
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: {_not_utf8(path)}; save it as UTF-8") from error


def _not_utf8(path: Path) -> str:
    """Finds the first row that is not UTF-8: the decoder reads ahead and knows no rows."""
    with path.open("rb") as file:
        mark = file.read(2)
        if mark in _MARKS:
            return f"is {_MARKS[mark]}, not UTF-8"
        file.seek(0)
        number = 1
        for line in file:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                number += line.replace(b"\r\n", b"\n")[: error.start].count(b"\r")
                return f"row {number}: is not UTF-8 (byte 0x{line[error.start]:02x})"
            number += 1 + line.replace(b"\r\n", b"\n").count(b"\r")
    return "is not UTF-8"
