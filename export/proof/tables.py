"""Tables in Markdown that read well on a terminal, too."""

from collections.abc import Sequence


def draw(head: Sequence[str], cells: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """Draws a table.

    Args:
        head: A name a column.
        cells: A list a row.
        text_columns: How many of the first columns are words, to the left; numbers stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    ruler = ["-" * (width - 1) + ("-" if index < text_columns else ":") for index, width in enumerate(widths)]
    return "\n".join(_line(line, widths, text_columns) for line in [head, ruler, *cells])


def _line(cells: Sequence[str], widths: Sequence[int], text_columns: int) -> str:
    padded = [f"{cell:{'<' if index < text_columns else '>'}{widths[index]}}" for index, cell in enumerate(cells)]
    return f"| {' | '.join(padded)} |"
