"""What the page says, in its language: `web/strings/*.json`, or a file of the user's."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from export.targets.node import WEB
from trainer.errors import UserError
from trainer.files import read_json

FOLDER: Final = WEB / "strings"
PARTS: Final = ("page", "script")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")

Said = str | dict[str, str]  # a plural has a text for each form of its language, which `in` names if it is another


@dataclass(frozen=True)
class Strings:
    """All strings of one language.

    Attributes:
        language: A language tag.
        page: What the template says, by key.
        script: What the page's script says, by key.
        untranslated: Keys that the file leaves out; they are said in English.
    """

    language: str
    page: Mapping[str, Said]
    script: Mapping[str, Said]
    untranslated: tuple[str, ...] = ()

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    @property
    def direction(self) -> str:
        """ "ltr" or "rtl"."""
        return str(self.locale.text_direction)

    def t(self, key: str, **values: Any) -> Markup:
        """Gives one of the page's strings with values in its places; a plural's form is the one of `count`.

        Whole numbers are written as the language does; all else is escaped.
        """
        said = self.page[key]
        text = said if isinstance(said, str) else said[self._rules(said).plural_form(values["count"])]
        pieces = _PLACEHOLDER.split(text)
        filled = [self._written(values[piece]) if index % 2 else escape(piece) for index, piece in enumerate(pieces)]
        return Markup("").join(filled)

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def percent(self, share: float) -> str:
        """A share between 0 and 1, with one decimal."""
        pattern = self.locale.percent_formats[None].pattern.replace("#,##0", "#,##0.0")
        return str(format_percent(share, format=pattern, locale=self.locale))

    def date(self, day: str) -> str:
        """A day, given as `2026-11-25`."""
        return str(format_date(date.fromisoformat(day), "long", locale=self.locale))

    def _rules(self, said: dict[str, str]) -> Locale:
        """The language whose plural forms a text has: what is not translated is said as English does it."""
        return Locale.parse(said["in"]) if "in" in said else self.locale

    def _written(self, value: Any) -> Markup:
        return escape(self.number(value) if isinstance(value, int) else value)


def shipped() -> list[str]:
    """Gives the languages that come with Byline."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read_strings(language: str) -> Strings:
    """Reads the strings of a language that comes with Byline, or of a JSON file of the same form.

    Raises:
        UserError: There is no such language or file, or it breaks a rule that the line names.
    """
    english = read_json(FOLDER / "en.json")
    path = FOLDER / f"{language}.json" if language in shipped() else Path(language)
    if not path.is_file():
        raise UserError(f"--strings: {language!r} is neither a file nor one of {', '.join(shipped())}")
    given = _read(path)
    tag = given.get("language")
    try:
        locale = Locale.parse(str(tag), sep="-")
    except (UnknownLocaleError, ValueError):
        raise UserError(f"{path}: `language` must be a language tag such as en or pt-BR; received {tag!r}") from None
    for part in PARTS:
        of_part = given.get(part, {})
        if not isinstance(of_part, dict):
            raise UserError(f"{path}: `{part}` must be an object of strings")
        for key, said in of_part.items():
            if key not in english[part]:
                raise UserError(f"{path}: {part}.{key}: is no string of the page")
            _check(said, english[part][key], set(locale.plural_form.tags) | {"other"}, f"{path}: {part}.{key}")
    filled = {part: _in_english(english[part]) | given.get(part, {}) for part in PARTS}
    left_out = [f"{part}.{key}" for part in PARTS for key in english[part] if key not in given.get(part, {})]
    return Strings(str(tag), filled["page"], filled["script"], tuple(left_out))


def _in_english(strings: Mapping[str, Said]) -> dict[str, Said]:
    return {key: said if isinstance(said, str) else said | {"in": "en"} for key, said in strings.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: is not a JSON file of strings ({error})") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: must be an object with `language`, `page` and `script`")
    return value


def _check(said: Any, english: Said, forms: set[str], where: str) -> None:
    """Holds one string against the English one: the same places, and a text for each plural form."""
    if isinstance(english, str):
        if not isinstance(said, str):
            raise UserError(f"{where}: must be a string")
        texts = [said]
    else:
        if not isinstance(said, dict) or set(said) != forms:
            raise UserError(
                f"{where}: must have a text for each of the language's plural forms: {', '.join(sorted(forms))}"
            )
        texts = list(said.values())
    places = set(_PLACEHOLDER.findall(json.dumps(english, ensure_ascii=False)))
    for text in texts:
        others = set(_PLACEHOLDER.findall(str(text))) - places
        if not isinstance(text, str) or others:
            raise UserError(f"{where}: has a place {{{min(others, default='?')}}} that the English text has not")
    if isinstance(said, str) and (missing := places - set(_PLACEHOLDER.findall(said))):
        raise UserError(f"{where}: lacks the place {{{min(missing)}}}")
