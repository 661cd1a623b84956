"""A user's mistake becomes one line that states the rule, and exit code 2."""

import os
import sys
from collections.abc import Callable

from trainer.terminal import say


class UserError(Exception):
    """What the user can mend. Its text is one line: the file, the row where there is one, and the rule."""


class ExportCheckFailed(Exception):  # noqa: N818 (it is what happened, and no fault of the program)
    """An artefact is out of bounds. Its text has a line for each fault."""


def exit_code(command: Callable[[], int]) -> int:
    """Runs `command`; a `UserError` is printed as one line on standard error and gives exit code 2."""
    try:
        return command()
    except UserError as error:
        say(f"error: {' '.join(str(error).split())}")
        return 2
    except KeyboardInterrupt:
        say("stopped: nothing was written")
        return 130
    except BrokenPipeError:  # `python -m trainer corpus | head` is not a mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
