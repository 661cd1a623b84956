"""What the processes of one test run share: the first that asks builds it, the others wait for it."""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Gives a folder of this test run, in which `build` is called once however many processes ask."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # else each would have a folder of its own
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with FileLock(base / f"{name}.lock"):
        if not done.exists():
            folder.mkdir(exist_ok=True)
            build(folder)
            done.touch()
    return folder


def one_at_a_time(name: str) -> FileLock:
    """Gives a lock in the user's cache, for what outlives a test run."""
    folder = Path(platformdirs.user_cache_dir("byline"))
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")
