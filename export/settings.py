"""What an export is called, what it says of itself, and how large it may be."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.graph import ROWS, Rows
from export.manifest import NAME
from export.targets.strings import read_strings
from export.targets.theme import check_theme
from trainer.errors import UserError
from trainer.files import read_json

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
ENGINES = ("own", "tfjs")
_HEADING = 60  # characters that a heading holds in two lines of a phone


@dataclass(frozen=True)
class Settings:
    """All defaults of an export; what is empty is filled from the run by `complete`."""

    name: str = "byline"  # of the .tflite, the single-file page and the npm package
    title: str = ""
    description: str = ""
    author: str = ""
    license: str = ""
    language: str = ""  # of the text, a language tag
    display_names: str = ""  # a file: what the labels are called, by language

    rows: Rows = "int8"  # of bigrams and of pieces with few labels; of int4 two numbers share a byte of the .tflite

    # of the page
    engine: str = "own"  # what predicts in the browser: "own" or "tfjs"
    strings: str = "en"  # a language that comes with Byline, or a file
    accent: str = ""  # a colour, #rrggbb
    logo: str = ""  # a file
    base_path: str = ""  # where the page's files are served, if not beside it
    templates: str = ""  # a folder whose templates extend or replace the page's own

    # what an app or a visitor is asked to download, in bytes
    tflite_budget: int = 1_500_000  # the int8 file with everything inside
    page_budget: int = 1_000_000  # the whole page, compressed with brotli

    def check(self) -> None:
        """Raises:
        UserError: The name cannot be a file's, or what the page is given is not what it has to be, or a text's bytes
            were no UTF-8.
        """
        for option in ("title", "description", "author", "license"):
            text = getattr(self, option)
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise UserError(f"--{option}: must be UTF-8; received {text!r}")
        if self.rows not in ROWS:
            raise UserError(f"--rows: must be one of {', '.join(ROWS)}; received {self.rows!r}")
        read_strings(self.strings)
        check_theme(self.accent, self.logo, self.base_path, self.templates)
        if self.display_names:
            read_json(Path(self.display_names))  # with the run it is held against its labels
        if self.language and not LANGUAGE_TAG.fullmatch(self.language):
            raise UserError(f"--language: must be a language tag such as en or pt-BR; received {self.language!r}")
        if not NAME.fullmatch(self.name):
            raise UserError(f"--name: must be letters, digits, `.`, `_` and `-`; received {self.name!r}")

    def complete(self, facts: dict[str, Any]) -> "Settings":
        """Fills what was left empty from what `run.json` says of the corpus."""
        corpus = facts["corpus"]
        given = {key: value for key, value in vars(self).items() if value != ""}
        filled = {
            "title": corpus.get("title") or _question(corpus),
            "description": corpus["description"],
            "license": corpus.get("license", ""),
        }
        return Settings(**(filled | given))


def _question(corpus: dict[str, Any]) -> str:
    """The question that the model answers: which of its labels, by name where a heading can hold them."""
    labels = list(corpus.get("labels", ()))
    if len(labels) < 2:
        return str(corpus["name"])
    question = f"{', '.join(labels[:-1])} or {labels[-1]}?"
    return question if len(question) <= _HEADING else f"Which of {len(labels):,} labels?"
