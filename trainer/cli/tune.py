"""`python -m trainer tune`: searches for a recipe, shows the trials as they run, and reports."""

import argparse
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trainer.cli.options import corpus_of, seed_of, unit_from
from trainer.cli.terminal import say
from trainer.errors import UserError
from trainer.files import write_text
from trainer.training.options import RANGES, TEACHERS
from trainer.tuning.record import REPORT, WHOLE, Result, complete

if TYPE_CHECKING:
    from rich.live import Live

_ROWS: Final = 16  # of the table of trials: the running ones, and the best that are done
_MOST_MINUTES: Final = 7 * 24 * 60


def tune(arguments: argparse.Namespace) -> int:
    """Runs the command and gives its exit code.

    Raises:
        UserError: The corpus cannot be read, an option is out of its range, or nothing can be written there.
    """
    _check(arguments)
    from trainer.tuning.report import findings_of, html, terminal
    from trainer.tuning.search import SearchOptions, search

    options = SearchOptions(
        seed=seed_of(arguments),
        unit=unit_from(arguments),
        random=arguments.split == "random",
        minutes=arguments.minutes,
        trials=arguments.trials or 0,
        budget_kb=arguments.budget_kb or 0,
        teacher=arguments.teacher,
        address=arguments.address,
        workers=arguments.workers or 0,
        output=arguments.output,
    )
    corpus = corpus_of(arguments)
    shown = Table() if sys.stderr.isatty() else Lines()
    try:
        with shown:
            record = search(corpus, options, shown.hear)
    except KeyboardInterrupt:
        say("stopped: the trials that are done are kept; the same command with --output and the directory goes on")
        return 130
    findings = findings_of(record)
    print(terminal(findings), flush=True)
    page = record.folder / REPORT
    write_text(page, html(findings))
    data = "".join(f" --data {shlex.quote(path)}" for path in arguments.data or ())
    print(f"\n{page}: open it; next, python -m trainer fit{data} --recipe best, or --recipe smallest-within:0.5")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuses numbers outside their ranges.

    Raises:
        UserError: One is.
    """
    if not 0 < arguments.minutes <= _MOST_MINUTES:
        raise UserError(f"--minutes: must be more than 0 and at most {_MOST_MINUTES:,}; received {arguments.minutes:g}")
    for name, least in (("trials", 1), ("workers", 1), ("budget_kb", int(RANGES["budget_kb"][0]))):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UserError(f"--{name.replace('_', '-')}: must be at least {least}; received {value}")
    if arguments.teacher not in TEACHERS and not Path(arguments.teacher).is_dir():
        raise UserError(f"--teacher: must be auto, none, minilm or a folder; received {arguments.teacher!r}")


class Lines(AbstractContextManager["Lines"]):
    """A line a trial that has ended, for logs and pipes."""

    def hear(self, result: Result, done: bool) -> None:
        """Prints a trial that is done."""
        if done:
            say(line_of(result))

    def __exit__(self, *_: object) -> None:
        return None


class Table(AbstractContextManager["Table"]):
    """A table of trials on a terminal: those that run, and the best that are done."""

    def __init__(self) -> None:
        self._running: dict[int, Result] = {}
        self._done: list[Result] = []
        self._live: Live | Any = nullcontext()

    def __enter__(self) -> "Table":
        from rich.console import Console
        from rich.live import Live

        self._live = Live(self._drawn(), console=Console(stderr=True), refresh_per_second=2)
        self._live.__enter__()
        return self

    def __exit__(self, *given: Any) -> None:
        self._live.__exit__(*given)

    def hear(self, result: Result, done: bool) -> None:
        """Draws the table anew."""
        if done:
            self._running.pop(result.number, None)
            self._done.append(result)
        else:
            self._running[result.number] = result
        self._live.update(self._drawn())

    def _drawn(self) -> Any:
        from rich.table import Table as Drawn

        drawn = Drawn(title=f"{len(self._done)} trials done, {len(self._running)} running", title_justify="left")
        for name in ("trial", "recipe", "family", "state", "rows", "accuracy", "kB", "µs", "seconds"):
            drawn.add_column(name, justify="left" if name in ("recipe", "family", "state") else "right")
        best = complete(self._done)[: max(1, _ROWS - len(self._running))]
        for each in [*self._running.values(), *best]:
            drawn.add_row(*cells_of(each), style="bold" if each.state == "running" else None)
        return drawn


def cells_of(result: Result) -> list[str]:
    """Gives a trial's row of the table."""
    measured = bool(result.phrases)
    return [
        str(result.number),
        result.name,
        result.family,
        result.state,
        f"{result.rungs[-1][0] / 4:.0%}" if result.rungs else "",
        f"{result.accuracy:.1%}" if measured else "",
        f"{result.bytes / 1000:,.0f}" if result.bytes else "",
        f"{result.microseconds:.0f}" if result.bytes else "",
        f"{result.seconds:.0f}",
    ]


def line_of(result: Result) -> str:
    """Gives a trial that has ended as a line."""
    what = f"trial {result.number}, {result.name}, {result.family}: {result.state}"
    if result.error:
        return f"{what} ({result.error})"
    if result.over:
        return f"{what}, about {result.bytes / 1000:,.0f} kB"
    share = "" if result.complete else f" of {result.rungs[-1][0] / WHOLE:.0%} of the rows"
    return f"{what}, {result.accuracy:.1%}{share}, {result.bytes / 1000:,.0f} kB, {result.seconds:.0f} s"
