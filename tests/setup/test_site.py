"""The site of docs/: its drawings are those of the models, its messages those of the code, its commands complete.

`make docs` builds it, in an environment of its own.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import draw
import hooks
import pytest

import export.cli as exporter
from tests.support.places import ROOT
from trainer.cli.parser import parser as trainer_parser


def test_the_models_are_drawn_as_they_are() -> None:
    for name, drawn in draw.drawings().items():
        kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert kept == drawn, f"docs/{name}: draw it again with python docs/_build/draw.py"


def test_an_edge_of_the_drawing_is_an_arrow_that_ends_at_its_box() -> None:
    layers = [
        draw.Layer("a", "Input", (4,), ()),
        draw.Layer("b", "Dense", (4,), ("a",)),
        draw.Layer("c<", "Add", (4,), ("b", "a")),
    ]
    drawn = draw.svg(layers, "Three & more")
    assert drawn.count("<rect") == 3
    assert drawn.count('class="head"') == 3
    assert "c&lt;" in drawn
    assert "Three &amp; more" in drawn


def test_every_command_and_option_is_described() -> None:
    page = hooks.command_line()
    for name, top in (("trainer", trainer_parser()), ("export", exporter.parser())):
        (action,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
        for command, parser in action.choices.items():
            section = page.split(f"### `{name} {command}`\n")[1].split("\n### ")[0]
            table = "\n".join(line for line in section.splitlines() if line.startswith("| <code>"))
            for option in parser._actions:
                assert isinstance(option, argparse._HelpAction) or all(each in table for each in option.option_strings)


def test_documents_from_outside_lead_to_pages_of_the_site() -> None:
    for name, source in hooks.GENERATED.items():
        text = hooks.outside(source)
        assert text.startswith("# "), name
        links = (target for target in re.findall(r"\]\(([^)#:]+)\)", text) if not target.startswith("#"))
        assert all((ROOT / "docs" / target).exists() for target in links), name


def test_markers_are_no_text_of_a_page() -> None:
    page = "<!-- not run: needs a phone -->\n```kotlin\n<!-- kept -->\n```\ntext\n"
    assert hooks._without_markers(page) == "```kotlin\n<!-- kept -->\n```\ntext\n"
    with pytest.raises(ValueError, match="<!-- options -->"):
        hooks.between("no marks", "options", "")


def literals(path: Path) -> Iterator[str]:
    """Gives the strings of a module, … in place of what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_message_of_troubleshooting_is_one_of_ours() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)
    assert len(messages) > 30
    ours = [text for top in ("trainer", "export") for path in (ROOT / top).rglob("*.py") for text in literals(path)]
    ours += (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    for message in messages:
        pattern = re.compile(".*".join(map(re.escape, message.split("…"))))
        assert any(pattern.search(text) for text in ours), message
