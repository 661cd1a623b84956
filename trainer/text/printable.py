"""Text for people to look at: a stranger's text commands no terminal and turns no line round."""

from typing import Final

_HARMLESS: Final = "\u00a0\u2009\u202f\u200c\u200d"  # spaces, and what joins letters in Persian or Hindi


def printable(text: str) -> str:
    """Gives a text without what would move a terminal's cursor or turn its direction."""
    return "".join(character if character.isprintable() or character in _HARMLESS else "\ufffd" for character in text)


def one_line(text: str) -> str:
    """Gives it as one line."""
    return printable(" ".join(text.split()))
