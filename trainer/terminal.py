"""Lines beside the results: progress, and what was guessed or left out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LISTENER: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


def escaped(text: str) -> str:
    """Gives a text that a terminal shows and does not obey: a file's name may hold anything."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def say(line: str) -> None:
    """Prints a line on standard error, at once; or tells it who listens."""
    listener = _LISTENER.get()
    if listener is None:
        print(escaped(line), file=sys.stderr, flush=True)
    else:
        listener(escaped(line))


@contextmanager
def heard_by(listener: Callable[[str], None] | None) -> Iterator[None]:
    """Tells `listener` each line of the block; None: they are printed."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
