"""What is written whole or not at all: beside its place, flushed to the disk, and swapped in.

What is being written to `runs/mine` stands in `runs/.mine.byline-k3x_0q7z`, and `runs/.mine.byline-lock` says who
writes. Who gets the lock next removes what a killed process left.
"""

import ctypes
import errno
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Final

from trainer.errors import UserError
from trainer.locks import LOCK, BusyError, locked

logger = logging.getLogger(__name__)

_OLD: Final = "-old"  # what is replaced, for the instant between two renames
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # a write says these without a file's name
_LEAST_FREE: Final = 1 << 20  # bytes
_RENAME_EXCHANGE: Final = 2
_AT_FDCWD: Final = -100
_NO_EXCHANGE: Final = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Gives an empty directory beside `path` that takes its place when the block ends without an error.

    A reader sees the old directory or the new one: on Linux at any instant, elsewhere there is nothing between two
    renames. An error in the block leaves the old one as it was. A symbolic link stays, and what it leads to is
    replaced.

    Raises:
        BusyError: Another process writes there.
        UserError: The place cannot be written. Other errors of the block pass as they are.
    """
    with claimed(path) as place, staged(place) as staging:
        yield staging


@contextmanager
def new_directory(path: Path) -> Iterator[tuple[Path, Path]]:
    """Does so at the first of `path`, `path-2`, `path-3`, … at which there is nothing and where nobody writes.

    What killed processes left at other places in the folder is removed, too: nobody would come there again.

    Returns:
        The place, and the directory beside it.

    Raises:
        UserError: The place cannot be written.
    """
    _sweep(path.parent)
    for number in count(1):
        named = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with ExitStack() as stack:
            try:
                place = stack.enter_context(claimed(named))
            except BusyError:
                continue
            if os.path.lexists(place):
                continue
            yield named, stack.enter_context(staged(place))
            return


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Gives an empty file that takes the place of `path` when the block ends without an error.

    Raises:
        UserError: It cannot be written.
    """
    with claimed(path, wait=True) as place:
        with _writing(path):
            number, name = tempfile.mkstemp(prefix=_prefix(place), dir=place.parent)
            unfinished = Path(name)
        try:
            with _writing(path):
                with os.fdopen(number, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(number)
                unfinished.chmod(0o644)  # mkstemp's 0600 would lock a web server out
                unfinished.replace(place)
                _flush(place.parent)
        finally:
            _remove(unfinished)


@contextmanager
def claimed(path: Path, *, wait: bool = False) -> Iterator[Path]:
    """Keeps other processes from a place during the block, and removes what a killed one left there.

    Args:
        path: The place; its folder is made.
        wait: Until another process is done there.

    Returns:
        The place, where `path` is a symbolic link what that leads to.

    Raises:
        BusyError: Another process writes there.
        UserError: The place cannot be written.
    """
    with ExitStack() as stack:
        with _writing(path):
            place = Path(os.path.realpath(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            dead = stack.enter_context(locked(place, wait=wait))
            left = _left_at(place)
            if restored := not os.path.lexists(place) and [each for each in left if each.name.endswith(_OLD)]:
                restored[0].rename(place)
                logger.info(f"{path}: a process was killed while it was replaced; put back as it was")
        removed = [each for each in left if each not in (restored or ())]
        for each in removed:
            _remove(each)
        if removed or dead:
            names = ", ".join(each.name for each in removed) or "the lock"
            logger.info(f"{path}: removed {names}, left by {dead or 'a process'}, which was killed")
        yield place


@contextmanager
def staged(place: Path) -> Iterator[Path]:
    """Gives an empty directory beside a place that is claimed, and swaps it in.

    Raises:
        UserError: The place cannot be written.
    """
    with _writing(place):
        staging = Path(tempfile.mkdtemp(prefix=_prefix(place), dir=place.parent))
    try:
        staging.chmod(0o755)  # mkdtemp's 0700 would lock a web server out
        try:
            yield staging
        except OSError as error:
            if where := _unwritten(error, place, staging):
                raise UserError(f"{where}: cannot be written ({error.strerror})") from error
            raise
        with _writing(place):
            _flush_all(staging)
            _swap(staging, place)
    finally:
        _remove(staging)  # where it was swapped in, this is what was there before


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


def _unwritten(error: OSError, place: Path, staging: Path) -> Path | None:
    """Gives what an error says cannot be written; None: it is about something else."""
    if isinstance(error.filename, str | bytes):
        if not Path(os.fsdecode(error.filename)).absolute().is_relative_to(staging):
            return None
        gone = error.errno == errno.ENOENT and staging.is_dir()  # looked for what was never written: a bug
        return None if gone else place
    if error.errno not in _FULL:
        return None
    temporary = Path(tempfile.gettempdir())  # where a write has failed, an error does not say
    free = [shutil.disk_usage(each).free for each in (temporary, staging.parent)]
    return temporary if free[0] < _LEAST_FREE <= free[1] else place


def _prefix(place: Path) -> str:
    return f".{place.name}.byline-"


def _left_at(place: Path) -> list[Path]:
    left = re.compile(re.escape(_prefix(place)) + rf"[a-z0-9_]{{8}}({_OLD})?")  # as tempfile names them
    return sorted(path for path in place.parent.iterdir() if left.fullmatch(path.name))


def _sweep(folder: Path) -> None:
    with suppress(OSError):
        for lock in sorted(folder.glob(f".*.{LOCK}")):
            with suppress(UserError), claimed(folder / lock.name[1 : -len(f".{LOCK}")]):
                pass


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _flush_all(folder: Path) -> None:
    for path, _, files in os.walk(folder):
        for name in files:
            _flush(Path(path, name))
        _flush(Path(path))


def _flush(path: Path) -> None:
    """Lets a file, or the names in a directory, survive a power cut."""
    if path.is_symlink() or (os.name != "posix" and path.is_dir()):  # Windows opens no directory
        return
    number = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _swap(staging: Path, place: Path) -> None:
    if not os.path.lexists(place):
        staging.rename(place)
    elif not _exchange(staging, place):
        retired = staging.with_name(staging.name + _OLD)
        place.rename(retired)
        try:
            staging.rename(place)
        except BaseException:  # an interruption too
            retired.rename(place)
            raise
        _remove(retired)
    _flush(place.parent)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two directories in one step; False says that system or file system cannot.

    Raises:
        OSError: It can, and has not.
    """
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(second))
