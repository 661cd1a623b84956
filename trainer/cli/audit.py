"""`python -m trainer audit`: reads a corpus, reports on it, and cleans a copy where it is asked to."""

import argparse
import json
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import Final

from trainer.audit import AuditOptions, audit
from trainer.audit.fix import REMOVED, TEXT, Copy, check_output, fix
from trainer.cli.options import corpus_of, unit_from
from trainer.cli.terminal import say
from trainer.data.tables import HUB
from trainer.errors import UserError
from trainer.files import is_there, write_text
from trainer.training.options import check_seed

_WIDTH: Final = 100  # columns, where standard output is no terminal and `COLUMNS` is not set


def audit_command(arguments: argparse.Namespace) -> int:
    """Runs the command and gives its exit code.

    Raises:
        UserError: The corpus cannot be read, or a report or the copy cannot be written where it is asked for.
    """
    from trainer.audit.report import html
    from trainer.cli.report import terminal

    check_seed(arguments.seed)
    corpus = corpus_of(arguments)
    if arguments.html is not None:
        _check_page(arguments.html, arguments.data or ())
    if arguments.fix is not None:
        if arguments.data is None:
            raise UserError("--fix: needs --data; the built-in corpus is clean")
        if len(arguments.data) > 1:
            raise UserError("--fix: takes one --data: its copy is of the same shape")
        check_output(corpus, arguments.fix)
        if arguments.html is not None and arguments.html.resolve().is_relative_to(arguments.fix.resolve()):
            raise UserError(f"{arguments.html}: lies in {arguments.fix}, which --fix writes anew")
    say(f"{corpus.place}: reading")
    options = AuditOptions(arguments.seed, unit_from(arguments), arguments.split == "random")
    report = audit(corpus, options)
    width = get_terminal_size((_WIDTH, 0)).columns
    print(json.dumps(report, ensure_ascii=False) if arguments.json else terminal(report, width), flush=True)
    if arguments.html is not None:
        write_text(arguments.html, html(report))
        say(f"open {arguments.html}")
    if arguments.fix is not None:
        copy = fix(corpus, arguments.fix)
        say(f"{arguments.fix}: {', '.join(f'{count:,} {what}' for what, count in copy.counts.items())}")
        for line in _losses(copy):
            say(line)
        if any(copy.kept.values()):
            say(f"next, {_next(arguments, copy)}")
    return 0


def _losses(copy: Copy) -> Iterator[str]:
    """Says which labels a copy has lost, or more than half of."""
    for label, count in copy.read.items():
        left = copy.kept[label]
        if not left:
            yield f"the label {label} is lost: none of its {count:,} phrases is left; {REMOVED} says why"
        elif 2 * left < count:
            yield f"the label {label} has lost more than half: {left:,} of its {count:,} phrases are left"


def _next(arguments: argparse.Namespace, copy: Copy) -> str:
    """Gives the command that audits a copy as its source was audited."""
    command = ["python", "-m", "trainer", "audit", "--data", str(copy.data)]
    for name in copy.columns:
        command += [f"--{name}-column", name]
    if arguments.unit is not None and (arguments.unit != "file" or copy.data.name == TEXT):
        command += ["--unit", arguments.unit]
    if arguments.least_rows is not None:
        command += ["--least-rows", str(arguments.least_rows)]
    if arguments.rare is not None:
        command += ["--rare", arguments.rare]
    if arguments.split != "blocks":
        command += ["--split", arguments.split]
    return shlex.join(command)


def _check_page(path: Path, data: Sequence[str]) -> None:
    """Refuses to write a page over what is no page, or into the data, before the time is spent."""
    if not path.parent.is_dir():
        raise UserError(f"{path}: cannot be written: {path.parent} is no folder")
    sources = (Path(source).resolve() for source in data if not source.startswith(HUB))
    if any(path.resolve().is_relative_to(source) for source in sources):
        raise UserError(f"{path}: is not written: it is the data, or lies in its folder")
    if is_there(path) and not (path.is_file() and _begins_as_page(path)):
        raise UserError(f"{path}: is in the way: it is no page, so it is not replaced")


def _begins_as_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(200).lstrip().lower().startswith(b"<!doctype html>")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
