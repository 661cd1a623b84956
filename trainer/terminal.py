"""Lines beside the results: progress, and what was guessed or left out."""

import sys


def escaped(text: str) -> str:
    """Gives a text that a terminal shows and does not obey: a file's name may hold anything."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def say(line: str) -> None:
    """Prints a line on standard error, at once."""
    print(escaped(line), file=sys.stderr, flush=True)
