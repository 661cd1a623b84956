"""The one Jinja environment: a name that a template does not know is a mistake, and blocks leave no blank lines."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.text.printable import one_line

if TYPE_CHECKING:
    import jinja2


def environment(source: "Path | jinja2.BaseLoader", *, html: bool) -> "jinja2.Environment":
    """Makes an environment.

    Args:
        source: The templates' folder, or a loader.
        html: Whether values are escaped for HTML; else they stand as they are, as in JSON, and `markdown` is a filter.
    """
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source) if isinstance(source, Path) else source,
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["markdown"] = markdown
    return made


# An underscore within a word begins no emphasis.
_MARKUP = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])")


def markdown(text: str) -> str:
    """Gives a text as one line of Markdown (GitHub's) that reads as it stands, in a cell of a table as well."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))
