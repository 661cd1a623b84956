"""Progress in a notebook or a terminal: bars of `tqdm.auto` where it is installed, lines where it is not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from trainer.cli.terminal import LineHandler, logged_to, say

_STEP: Final = re.compile(r"(?P<what>.+?): (?:(?:\w+ )?(?P<done>\d+) of (?P<total>\d+)\b|(?P<percent>\d+)% of )")


@contextmanager
def shown() -> Iterator[None]:
    """Draws lines like "encoder: epoch 3 of 10" as a bar, and writes all others as they are."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        with logged_to(LineHandler()):
            yield
        return
    bars = _Bars(tqdm)
    try:
        with logged_to(LineHandler(bars.hear)):
            yield
    finally:
        bars.close()


class _Bars:
    """One bar at a time: that of the step that was heard of last."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._what = ""

    def hear(self, line: str) -> None:
        step = _STEP.match(line)
        if step is None:
            say(line)
            return
        if self._bar is None or self._what != step["what"]:
            self.close()
            self._what = step["what"]
            self._bar = self._tqdm(total=int(step["total"] or 100), desc=self._what)
        self._bar.update(int(step["done"] or step["percent"]) - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
