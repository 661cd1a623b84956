"""`python -m trainer audit`: reads a corpus, reports on it, and cleans a copy where it is asked to."""

import argparse
import json
from typing import Any

import numpy as np

from trainer.audit import audit
from trainer.corpus import Corpus
from trainer.data import Say, Unit
from trainer.errors import UserError
from trainer.files import write_text
from trainer.options import unit_from
from trainer.recipes import Recipe
from trainer.split import split
from trainer.survey import Survey, survey

MOST_ROWS = 200_000  # in memory at once; of a larger corpus as many are drawn evenly


def run(arguments: argparse.Namespace, corpus: Corpus, say: Say) -> int:
    """Runs the command and gives its exit code.

    Raises:
        UserError: The corpus cannot be read, or a report or the copy cannot be written.
    """
    from trainer.audit.fix import fix
    from trainer.audit.report import html, terminal

    if arguments.fix is not None and arguments.data is None:
        raise UserError("--fix: needs --data; the built-in corpus is clean")
    say(f"{corpus.place}: reading")
    seen = survey(corpus)
    report = report_on(arguments, corpus, seen, say)
    if arguments.html is not None:
        write_text(arguments.html, html(report))
    print(json.dumps(report, ensure_ascii=False) if arguments.json else terminal(report))
    if arguments.fix is not None:
        counts = fix(corpus, arguments.fix)
        say(f"{arguments.fix}: {', '.join(f'{count:,} {what}' for what, count in counts.items())}")
        say(f"next, python -m trainer audit --data {arguments.fix / 'phrases.jsonl'}")
    if arguments.html is not None:
        say(f"open {arguments.html}")
    return 0


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
        seed=arguments.seed,
        skipped=seen.skipped,
        progress=say,
    )


def _sample(total: int, seed: int) -> set[int] | None:
    if total <= MOST_ROWS:
        return None
    return set(np.random.default_rng(seed).choice(total, MOST_ROWS, replace=False).tolist())
