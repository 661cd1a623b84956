"""A user's mistake becomes one line that states the rule, and exit code 2."""

import os
import sys
from collections.abc import Callable


class UserError(Exception):
    """What the user can mend. Its text is one line: the file, the row where there is one, and the rule."""


def printable(text: str) -> str:
    """Gives a text that a terminal shows and does not obey: a file's name may hold anything."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def exit_code(command: Callable[[], int]) -> int:
    """Runs `command`; a `UserError` is printed as one line on standard error and gives exit code 2."""
    try:
        return command()
    except UserError as error:
        print(f"error: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped: nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `python -m trainer corpus | head` is not a mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
