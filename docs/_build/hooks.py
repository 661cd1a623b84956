"""What MkDocs generates beside the pages of docs/: the command line, the benchmarks, and drawings inside pages.

MkDocs calls these functions by their names; see `hooks:` in mkdocs.yml.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

GENERATED: Final = {
    "benchmarks.md": "benchmarks/README.md",
    "architecture.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
}
_WIDTH: Final = "100"  # columns of argparse's usage lines
_DRAWING = re.compile(r'<img alt="(?P<alt>[^"]*)" src="(?P<file>model[a-z-]*\.svg)" ?/?>')
_NOT_FOR_READERS = re.compile(r"^<!--.*?-->\n?", re.MULTILINE)


def on_startup(**_: Any) -> None:
    """Makes the project's code importable; MkDocs undoes what a module does to the path while it is loaded."""
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Adds the pages that are made of files outside docs/."""
    from mkdocs.structure.files import File

    for name, source in GENERATED.items():
        files.append(File.generated(config, name, content=outside(source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Puts the generated parts into a page."""
    if page.file.src_uri == "options.md":
        markdown = between(markdown, "options", command_line())
    for name, source in GENERATED.items():
        markdown = markdown.replace(f"](../{source}", f"]({name}")
    return _without_markers(markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Puts drawings into a page as they are, so that they take its colours."""
    return _DRAWING.sub(_inlined, html)


def outside(source: str) -> str:
    """Gives a document that lies outside docs/, its links as they are from docs/.

    The tables of the public sets are drawn anew from the numbers that the benchmark kept.
    """
    text = (ROOT / source).read_text(encoding="utf-8")
    if source == "benchmarks/README.md":
        from reports import public_report
        from reports import tables

        numbers = tables.kept("public") or {}
        text = between(text, "public", public_report.full(numbers["rows"]))
    text = re.sub(r"\]\((?:\.\./)?docs/", "](", text)
    return re.sub(r"\]\((?:\.\./)?(?:README|LICENSE)(?:\.md)?\)", "](index.md)", text)


def between(text: str, name: str, content: str) -> str:
    """Replaces what stands between `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: The text does not have both.
    """
    before, first, rest = text.partition(f"<!-- {name} -->\n")
    _, last, after = rest.partition(f"<!-- /{name} -->")
    if not first or not last:
        raise ValueError(f"the text must have <!-- {name} --> and <!-- /{name} -->")
    return f"{before}{content.strip()}\n{after}"


def _without_markers(markdown: str) -> str:
    """Takes out comments, which are for tests and for the tables; not those that a code block shows."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _NOT_FOR_READERS.sub("", part) for part in parts)


def _inlined(match: re.Match[str]) -> str:
    drawing = (ROOT / "docs" / match["file"]).read_text(encoding="utf-8")
    return f'<div class="scrolled" tabindex="0">{drawing}</div>'


def command_line() -> str:
    """Describes every command and option, out of the parsers themselves."""
    from export.cli import parser as export_parser
    from trainer.cli.parser import parser as trainer_parser

    os.environ["COLUMNS"] = _WIDTH
    return "\n\n".join("\n\n".join(_program(top)) for top in (trainer_parser(), export_parser()))


def _program(top: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `{top.prog}`"
    yield str(top.description)
    (commands,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        yield f"### `{top.prog.rpartition(' ')[2]} {name}`"
        yield str(command.description)
        yield f"```text\n{command.format_usage().removeprefix('usage: ').strip()}\n```"
        for group in command._action_groups:
            actions = [action for action in group._group_actions if not isinstance(action, argparse._HelpAction)]
            if actions:
                yield _table(str(group.title), actions)
        if command.epilog:
            yield command.epilog


def _table(title: str, actions: list[argparse.Action]) -> str:
    head = {"options": "option", "positional arguments": "argument"}.get(title, title)
    rows = [f"| {head} | what, and its default in brackets |", "|---|---|"]
    for action in actions:
        names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = _value(action) if action.option_strings else ""
        rows.append(f"| <code>{_cell(f'{names} {value}'.strip())}</code> | {_cell(str(action.help))} |")
    return "\n".join(rows)


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    return str(action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper()))


def _cell(text: str) -> str:
    """Gives a help text for a cell: `%%` is one sign, a line is no column, brackets begin no link."""
    plain = escape(text.replace("%%", "%"), quote=False)
    return plain.replace("|", "&#124;").replace("[", "&#91;").replace("]", "&#93;").replace("*", "&#42;")
