"""`python -m trainer audit`: reads a corpus, reports on it, and cleans a copy where it is asked to."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from trainer.audit import audit
from trainer.corpus import Corpus
from trainer.data import Say, Unit
from trainer.errors import UserError
from trainer.files import is_there, write_text
from trainer.options import check_seed, unit_from
from trainer.recipes import Recipe
from trainer.split import split
from trainer.survey import Survey, survey

MOST_ROWS = 200_000  # in memory at once; of a larger corpus as many are drawn evenly


def run(arguments: argparse.Namespace, corpus: Corpus, say: Say) -> int:
    """Runs the command and gives its exit code.

    Raises:
        UserError: The corpus cannot be read, or a report or the copy cannot be written where it is asked for.
    """
    from trainer.audit.fix import check_output, fix, next_command
    from trainer.audit.report import html, terminal

    check_seed(arguments.seed)
    if arguments.html is not None:
        _check_page(arguments.html, corpus)
    if arguments.fix is not None:
        if arguments.data is None:
            raise UserError("--fix: needs --data; the built-in corpus is clean")
        check_output(corpus, arguments.fix)
    say(f"{corpus.place}: reading")
    report = report_on(arguments, corpus, survey(corpus), say)
    print(json.dumps(report, ensure_ascii=False) if arguments.json else terminal(report), flush=True)
    if arguments.html is not None:
        write_text(arguments.html, html(report))
        say(f"open {arguments.html}")
    if arguments.fix is not None:
        counts = fix(corpus, arguments.fix)
        say(f"{arguments.fix}: {', '.join(f'{count:,} {what}' for what, count in counts.items())}")
        say(f"next, {next_command(corpus, arguments.fix)}")
    return 0


def _check_page(path: Path, corpus: Corpus) -> None:
    """Refuses to write a page over what is no page, or into the data, before the time is spent."""
    if not path.parent.is_dir():
        raise UserError(f"{path}: cannot be written: {path.parent} is no folder")
    if corpus.path and path.resolve().is_relative_to(Path(corpus.path).resolve()):
        raise UserError(f"{path}: is not written: it is the data, or lies in its folder")
    if is_there(path) and not (path.is_file() and path.read_bytes()[:15].lower() == b"<!doctype html>"):
        raise UserError(f"{path}: is in the way: it is no page, so it is not replaced")


def report_on(arguments: argparse.Namespace, corpus: Corpus, seen: Survey, say: Say) -> dict[str, Any]:
    """Audits a corpus as it would be cut and divided, or an even sample of a large one."""
    unit = unit_from(arguments) or Unit("words")
    window = (unit.longest or Recipe.sequence_length) if unit.kind == "words" else 0
    by_row = arguments.split == "random"
    divided = split(corpus, seen, arguments.seed, window=window, random=by_row, with_twins=True)
    total = sum(seen.labels.values()) if not window else sum(1 for _ in divided.rows())
    chosen = _sample(total, arguments.seed)
    kept = [found for number, found in enumerate(divided.rows()) if chosen is None or number in chosen]
    return audit(
        [row for _, row in kept],
        [part for part, _ in kept],
        source=corpus.place,
        words_mode=bool(window),
        sampled_from=None if chosen is None else total,
        split=divided.method,
        seed=arguments.seed,
        skipped=seen.skipped,
        progress=say,
    )


def _sample(total: int, seed: int) -> set[int] | None:
    if total <= MOST_ROWS:
        return None
    return set(np.random.default_rng(seed).choice(total, MOST_ROWS, replace=False).tolist())
