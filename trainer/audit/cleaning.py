"""Cleaning a text without losing a word of it: entities, tags, and encodings that were read wrongly."""

import html
import re
from html.entities import html5
from typing import Final

from trainer.audit.checks.patterns import CONTROL, MARKUP

_NAMES: Final = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br
    button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em
    embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i
    iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr noframes noscript
    object ol optgroup option output p param picture pre progress q rp rt ruby s samp script search section select
    slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead
    time title tr track tt u ul var video wbr
"""
_ALL_NAMES: Final = frozenset(_NAMES.split())
_BARE: Final = (  # attributes that stand without a value; any other word after a name is no attribute
    "allowfullscreen|async|autofocus|autoplay|checked|compact|controls|default|defer|disabled|hidden|ismap|loop|"
    "multiple|muted|noshade|novalidate|nowrap|open|playsinline|readonly|required|reversed|selected"
)
_VALUE: Final = r"""(?:"[^"]{0,2000}"|'[^']{0,2000}'|[^\s"'<>=`]{1,2000})"""
_TAG: Final = re.compile(
    rf"</?([A-Za-z][A-Za-z0-9]{{0,10}})(?:\s+(?:[A-Za-z_:@][\w:.-]{{0,60}}\s?=\s?{_VALUE}|(?:{_BARE})(?=[\s/>])))*"
    r"\s?/?>|<!--.{0,2000}?-->|<!doctype [^<>]{1,200}>",
    re.IGNORECASE | re.ASCII,
)
_MOST_ESCAPES: Final = 3  # "&amp;amp;amp;": text that passed through so many hands


def unescaped(text: str) -> str:
    """Gives a text with the characters that its entities stand for, those of entities in entities too.

    Only what ends with a semicolon and is known is an entity: "?a=1&copy=2" is an address.
    """
    for _ in range(_MOST_ESCAPES):
        before, text = text, MARKUP["entities"].sub(lambda found: _character(found[0]), text)
        if text == before:
            break
    return text


def _character(entity: str) -> str:
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity


def tags_in(text: str) -> list[str]:
    """Gives the names of a text's HTML tags, in lower case; "!" for a comment.

    A name out of HTML's list and the syntax of attributes make a tag: "x <y and z> w" and "<grin>" are text.
    """
    return [(tag[1] or "!").lower() for tag in _TAG.finditer(text) if _is_html(tag)] if "<" in text else []


def without_tags(text: str) -> str:
    """Gives a text with a space in place of each HTML tag."""
    return _TAG.sub(lambda tag: " " if _is_html(tag) else tag[0], text) if "<" in text else text


def _is_html(tag: re.Match[str]) -> bool:
    return tag[1] is None or tag[1].lower() in _ALL_NAMES


def without_markup(text: str) -> str:
    """Gives a text without entities and tags, those too that stood there as entities."""
    return without_tags(unescaped(text))


def repaired(text: str) -> str:
    """Gives a text as it was before it was read in a wrong encoding, without control characters."""
    import ftfy

    # A fix of an encoding alone: curly quotes and ligatures are what an author wrote.
    fixed = ftfy.fix_text(
        text, unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False
    )
    return CONTROL.sub("", fixed)
