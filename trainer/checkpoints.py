"""A fit that was killed goes on: what it had trained stands in the user's cache until the fit is done.

Training is repeatable, so a fit that goes on ends with the weights of one that nobody stopped.
"""

import json
import logging
import platform
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer import __version__
from trainer.errors import UserError
from trainer.files import sha256
from trainer.whole import claimed, whole_file

logger = logging.getLogger(__name__)

Arrays = dict[str, NDArray[Any]]
_PACKAGES: Final = ("tensorflow", "keras", "numpy")
_OLDEST: Final = 7 * 24 * 60 * 60  # seconds that an unfinished fit is kept


class Checkpoints:
    """What a fit keeps of its training.

    Args:
        folder: Where; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def load(self, name: str) -> Arrays | None:
        """Gives what was kept by a name; None where there is nothing, or nothing that can be read."""
        if self.folder is None:
            return None
        try:
            with np.load(self.folder / f"{name}.npz", allow_pickle=False) as kept:
                return dict(kept)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def keep(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keeps arrays by a name, whole or not at all."""
        if self.folder is None:
            return
        try:
            with whole_file(self.folder / f"{name}.npz") as file:
                np.savez(file, **arrays)
        except UserError as error:
            logger.info(f"note: {error}; a fit that is killed begins anew")
            self.folder = None


NOTHING_KEPT: Final = Checkpoints(None)


@contextmanager
def unfinished(facts: Mapping[str, Any]) -> Iterator[Checkpoints]:
    """Gives the checkpoints of a fit, and removes them when the block ends without an error.

    Args:
        facts: All that the fit's weights depend on, as JSON takes it.
    """
    import platformdirs

    versions = {"byline": __version__, "machine": platform.machine()} | {name: version(name) for name in _PACKAGES}
    key = sha256(json.dumps([facts, versions], sort_keys=True).encode())[:16]
    fits = Path(platformdirs.user_cache_dir("byline")) / "fits"
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(claimed(fits / key))
            folder.mkdir(exist_ok=True)
            _remove_old(fits)
        except (UserError, OSError):  # the same fit runs elsewhere, or there is no cache
            yield NOTHING_KEPT
            return
        if any(folder.iterdir()):
            logger.info("a fit of the same text, options and seed was ended before it was done: it goes on there")
        try:
            yield Checkpoints(folder)
        except BaseException:  # an interruption too
            if any(folder.iterdir()):
                logger.info("what was trained is kept for a week: the same command goes on from there")
            else:
                folder.rmdir()
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _remove_old(fits: Path) -> None:
    for folder in fits.iterdir():
        if not folder.name.startswith(".") and time.time() - folder.stat().st_mtime > _OLDEST:
            shutil.rmtree(folder, ignore_errors=True)
