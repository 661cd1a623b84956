"""Files: their digests, JSON, and what is there."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from trainer.errors import UserError
from trainer.whole import whole_file


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_NUMBERS = re.compile(r"\[\n\s+(-?\d[^\[\]{}\":]*?)\n\s*\]")


def json_text(value: Any) -> str:
    """Gives indented JSON, with a list of numbers on one line: a thousand labels have a million counts."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Writes `json_text`."""
    path.write_text(json_text(value), encoding="utf-8")


def dense_json(value: Any) -> str:
    """JSON without a space that it does not need: for what is downloaded."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_there(path: Path) -> bool:
    """Whether something is at `path`.

    Raises:
        UserError: Nobody can say: the name is too long, or a folder on the way may not be entered.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UserError(f"{path}: cannot be reached ({error.strerror})") from error
    return True


def write_text(path: Path, text: str) -> None:
    """Writes one file: a reader sees the old one or the new one.

    Raises:
        UserError: The place cannot be written.
    """
    with whole_file(path) as file:
        file.write(text.encode())


def read_json(path: Path) -> Any:
    """Reads one JSON file.

    Raises:
        UserError: The file is missing, unreadable, or not JSON in UTF-8.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UserError(f"{path}: is not JSON in UTF-8 ({error})") from error
