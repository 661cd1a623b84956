"""Two processes that would write to one place: the second says who is there, or waits.

A lock is a file beside the place that its owner keeps locked (`flock`): the lock ends with its owner, however that
ends. Where there is no `flock` (Windows, some network file systems) the file itself is the lock, and is taken over when
its process is dead, or when it is a day old and of another machine.
"""

import errno
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from trainer.errors import UserError

logger = logging.getLogger(__name__)

LOCK: Final = "byline-lock"
_OLDEST: Final = 24 * 60 * 60  # seconds after which a lock of another machine is nobody's
_NO_FLOCK: Final = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL)


class BusyError(UserError):
    """Another process writes to the place."""


@dataclass(frozen=True)
class Owner:
    """Who holds a lock.

    Attributes:
        process: Its number.
        host: Its machine.
        since: When it took the lock, in seconds since 1970.
    """

    process: int
    host: str
    since: float

    @classmethod
    def this(cls) -> "Owner":
        """Gives the process that asks."""
        return cls(os.getpid(), socket.gethostname(), time.time())

    @classmethod
    def read(cls, text: bytes) -> "Owner | None":
        """Reads what a lock file holds; None: its owner has not written it yet, or it is no lock."""
        try:
            process, host, since = text.decode().split()
            return cls(int(process), host, float(since))
        except ValueError:
            return None

    def __bytes__(self) -> bytes:
        return f"{self.process} {self.host} {self.since:.0f}\n".encode()

    def __str__(self) -> str:
        machine = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"process {self.process}{machine}, since {datetime.fromtimestamp(self.since):%Y-%m-%d %H:%M:%S}"

    @property
    def is_dead(self) -> bool:
        """Whether the process is known to be gone; of another machine nobody knows, and a day has to pass."""
        if self.host != socket.gethostname():
            return time.time() - self.since > _OLDEST
        return not _is_running(self.process)


def lock_of(place: Path) -> Path:
    """Gives the lock file of a place."""
    return place.with_name(f".{place.name}.{LOCK}")


@contextmanager
def locked(place: Path, *, wait: bool = False) -> Iterator[Owner | None]:
    """Holds the lock of a place during the block, and gives the owner that died with it, if one did.

    Args:
        place: In a folder that is there.
        wait: Until another owner is done; else that it is there is an error.

    Raises:
        BusyError: Another process has the lock.
        OSError: The lock cannot be written.
    """
    path = lock_of(place)
    try:
        number, dead = _flocked(place, path, wait)
    except OSError as error:
        if error.errno not in _NO_FLOCK:
            raise
        number, dead = None, _created(place, path, wait)
    try:
        yield dead
    finally:
        with suppress(OSError):
            path.unlink()  # while it is locked: who waits for it sees that it is gone
        if number is not None:
            os.close(number)


def check_free(place: Path) -> None:
    """Says at once that somebody writes to a place, before time is spent on what goes there.

    Raises:
        BusyError: Somebody does.
    """
    with suppress(OSError):  # what else is wrong with the place is said by who writes there
        if lock_of(place).exists():
            with locked(place):
                pass


def _flocked(place: Path, path: Path, wait: bool) -> tuple[int | None, Owner | None]:
    """Gives the open lock file, and the dead owner whose it was."""
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, "no flock")
    import fcntl

    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy = _busy(place, os.pread(number, 200, 0))
                if not wait:
                    raise busy from None
                logger.info(f"{busy}; waiting for it")
                fcntl.flock(number, fcntl.LOCK_EX)
            if not _is_at(number, path):  # its owner removed it in between: the next who asks makes another
                os.close(number)
                continue
            dead = Owner.read(os.pread(number, 200, 0))
            os.ftruncate(number, 0)
            os.pwrite(number, bytes(Owner.this()), 0)
            return number, dead
        except BaseException:
            os.close(number)
            raise


def _is_at(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def _created(place: Path, path: Path, wait: bool) -> Owner | None:
    """Makes the lock file, and gives the dead owner from whom it was taken."""
    dead, told = None, False
    while True:
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            held, owner = _taken_over(path)
            dead = owner or dead
            if owner or held is None:
                continue
            busy = _busy(place, held, path)
            if not wait:
                raise busy from None
            if not told:
                logger.info(f"{busy}; waiting for it")
            told = True
            time.sleep(0.2)
            continue
        try:
            os.write(number, bytes(Owner.this()))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(number)
        return dead


def _taken_over(path: Path) -> tuple[bytes | None, Owner | None]:
    """Removes a lock whose owner is dead.

    Returns:
        What the lock holds, None where it is gone; and the dead owner.
    """
    try:
        held, age = path.read_bytes(), time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None, None
    owner = Owner.read(held)
    if owner is None and age > _OLDEST:
        owner = Owner(0, "", time.time() - age)
    if owner is None or not owner.is_dead:
        return held, None
    aside = path.with_name(f"{path.name}-{os.getpid()}")
    try:
        path.rename(aside)
    except FileNotFoundError:  # another was first
        return None, None
    if aside.read_bytes() != held:  # another was first, and this is its own
        aside.rename(path)
        return held, None
    aside.unlink()
    return held, owner


def _busy(place: Path, held: bytes, path: Path | None = None) -> BusyError:
    owner = Owner.read(held)
    way = f"; if it is dead, remove {path}" if path else ""
    return BusyError(f"{place}: is being written by {owner or 'another process'}; wait for it to end{way}")


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # where signal 0 is no question, but Ctrl+C
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x00100000, False, process)  # SYNCHRONIZE
        if not handle:
            return False
        try:
            return bool(ctypes.windll.kernel32.WaitForSingleObject(handle, 0) == 0x102)  # WAIT_TIMEOUT
        finally:
            ctypes.windll.kernel32.CloseHandle(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
