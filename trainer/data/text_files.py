"""Text files, line by line, whatever ends the lines: UTF-8 wherever they can be that, else what their bytes say."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from trainer.errors import UserError

UTF8: Final = "utf-8-sig"  # with a byte order mark or without
PACKED: Final = ".gz"
LONGEST_LINE = 10_000_000  # characters: more in one line is no text that somebody reads

_MARKS: Final = {  # the longer ones first: UTF-32 begins as UTF-16 does
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LIKELY: Final = (  # what files are in that are not in Unicode; of more the detector takes rare ones for common ones
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 17  # bytes that the detector sees, from a little before the first that is not UTF-8
_WIDE: Final = 0.02  # of every second byte that is NUL in UTF-16: spaces, line breaks, Latin letters
_MULTIBYTE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class DamagedTextError(UserError):
    """A file is UTF-8 but for some bytes."""


def lines(path: Path, encoding: str = UTF8) -> Iterator[str]:
    r"""Gives a file's lines, each with "\n" at its end but for the last.

    Raises:
        UserError: The file cannot be read, is not in that encoding, or holds a line longer than `LONGEST_LINE`.
    """
    number = 0
    try:
        with opened(path) as raw, io.TextIOWrapper(raw, encoding=encoding) as file:
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise UserError(f"{path}: row {number}: is longer than {LONGEST_LINE:,} characters")
                yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeError as error:
        raise UserError(f"{path}: {undecodable(path, encoding)}; name its encoding with --encoding") from error


def encoding_of(path: Path) -> str:
    """Gives the encoding of a text file, as Python names it. A file that decodes as UTF-8 is read through and is that.

    Raises:
        DamagedTextError: It is UTF-8 with damage.
        UserError: The file cannot be read, or is no text.
    """
    with opened(path) as file:
        head = file.read(_SAMPLE)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if wide := _wide(head):
        return wide
    wrong_at = _first_wrong_byte(path)
    if wrong_at is None:
        return UTF8
    with opened(path) as file:
        file.seek(max(0, wrong_at - _SAMPLE // 4))
        sample = file.read(_SAMPLE)
    if b"\0" in head or b"\0" in sample:
        raise UserError(f"{path}: is no text file: it holds NUL bytes")
    whole = len(_MULTIBYTE.findall(sample))
    stray = sum(byte > 0x7F for byte in _MULTIBYTE.sub(b"", sample))
    if whole > stray:
        rule = f"{undecodable(path, UTF8)}, the rest of it is; mend it, or name an --encoding"
        raise DamagedTextError(f"{path}: {rule}")
    return _detected(sample)


def named(name: str) -> str:
    """Gives the encoding that a user names, as Python names it.

    Raises:
        UserError: There is none of that name.
    """
    try:
        found = codecs.lookup(name)
        "".encode(name)  # what is no text encoding, such as base64, is found and refused
    except (LookupError, ValueError):
        raise UserError(f"--encoding: there is no encoding {name!r}; try utf-8, windows-1252, utf-16") from None
    return UTF8 if found.name == "utf-8" else found.name


def shown(encoding: str) -> str:
    """Gives an encoding's name for reading."""
    if encoding == UTF8:
        return "UTF-8"
    return encoding.upper() if encoding.startswith("utf-") else re.sub(r"^cp(125\d)$", r"windows-\1", encoding)


def undecodable(path: Path, encoding: str) -> str:
    """Says in which row a file is not in an encoding: a decoder that reads ahead knows no rows."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rows = io.IncrementalNewlineDecoder(decoder, translate=True)
    row = 1
    with opened(path) as file:
        try:
            while chunk := file.read(_CHUNK):
                row += rows.decode(chunk).count("\n")
            rows.decode(b"", final=True)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "ignore")
            row += len(re.findall(r"\r\n?|\n", before))
            return f"row {row}: is not {shown(encoding)} (byte 0x{error.object[error.start]:02x})"
        except UnicodeError:
            pass
    return f"is not {shown(encoding)}"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file for its bytes, unpacked where its name ends in .gz.

    Raises:
        UserError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if path.suffix.lower() == PACKED else file
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path}: cannot be read ({reason})") from error


def _wide(head: bytes) -> str:
    """Gives UTF-16 without a mark by its NUL bytes: all at even places, or all at odd ones."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    for encoding, many, few in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if many > _WIDE * half and few <= many // 10:
            try:
                head[: len(head) // 4 * 4 - 4 or None].decode(encoding)
            except UnicodeDecodeError:
                return ""
            return encoding
    return ""


def _first_wrong_byte(path: Path) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return read - waiting + error.start
            read += len(chunk)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return max(0, read - 1)
    return None


def _detected(sample: bytes) -> str:
    """Asks the detector. Between guesses that fit about as well it is Windows-1252, the most common by far."""
    from charset_normalizer import from_bytes

    guesses = list(from_bytes(sample, cp_isolation=list(_LIKELY)))
    if not guesses:
        return "cp1252"
    best = guesses[0]
    for guess in guesses:
        close = guess.chaos <= best.chaos + 0.02 and guess.coherence >= best.coherence - 0.1
        if close and "cp1252" in guess.could_be_from_charset:
            return "cp1252"
    return best.encoding
