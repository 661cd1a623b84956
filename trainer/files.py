"""Files that are written whole or not at all."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainer.errors import UserError


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_NUMBERS = re.compile(r"\[\n\s+(-?\d[^\[\]{}\":]*?)\n\s*\]")


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON, with a list of numbers on one line: a thousand labels have a million counts."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    path.write_text(_NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n", encoding="utf-8")


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
    """Writes one file, beside its place first: a reader sees the old one or the new one.

    Raises:
        UserError: The place cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        if "file" in locals():
            Path(file.name).unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


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


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Gives an empty directory beside `path` that takes its place when the block ends without an error.

    A reader sees the old directory or the new one. An error in the block leaves the old one as it was.

    Raises:
        UserError: The place cannot be written.
    """
    path = path.absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        staging.chmod(0o755)  # mkdtemp's 0700 would lock a web server out
        yield staging
        _swap(staging, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _swap(staging: Path, path: Path) -> None:
    if not path.exists():
        staging.rename(path)
        return
    retired = staging.with_name(staging.name + "-old")
    path.rename(retired)
    try:
        staging.rename(path)
    except BaseException:  # an interruption too
        retired.rename(path)
        raise
    shutil.rmtree(retired, ignore_errors=True)
