"""What the commands do, as functions: a corpus in, a report, a run or a dist directory out.

A user's mistake is a `UserError`, whose one line states the rule. Nothing is half written.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from byline.progress import shown
from trainer.audit import AuditOptions
from trainer.audit import audit as audit_corpus
from trainer.data.corpus import Corpus, filtered
from trainer.data.sources import Source, Unit, unit_of
from trainer.data.sources import load as load_source
from trainer.errors import ExportCheckFailed, UserError
from trainer.quiet import quietly
from trainer.run import Run
from trainer.training.options import LEAST_ROWS, FitOptions, check_seed, recipe_with

_SPLITS: Final = ("blocks", "random")


@dataclass(frozen=True)
class Report:
    """What a model would learn from a corpus beside its labels.

    Attributes:
        facts: All of it, of plain data; see `trainer.audit.audit_rows`.
    """

    facts: dict[str, Any]

    @property
    def findings(self) -> list[str]:
        """The report's headline, a sentence each; that nothing was found is one, too."""
        return list(self.facts["headline"])

    def to_dict(self) -> dict[str, Any]:
        """Gives what `audit --json` prints."""
        return self.facts

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame of its own, whose style stays inside."""
        from html import escape

        return (
            f'<iframe srcdoc="{escape(self.to_html())}" sandbox style="width: 100%; height: 32rem; border: 0"></iframe>'
        )

    def to_html(self) -> str:
        """Gives what `audit --html` writes: one page."""
        from trainer.audit.report import html

        return html(self.facts)


def load_corpus(
    data: str | Path | Sequence[str | Path] | None = None,
    *,
    text_column: str = "",
    label_column: str = "",
    group_column: str = "",
    split_column: str = "",
    encoding: str = "",
    header: Literal["auto", "yes", "no"] = "auto",
    quoting: Literal["auto", "yes", "no"] = "auto",
    label_names: Mapping[str, str] | None = None,
    least_rows: int = LEAST_ROWS,
    rare: Literal["drop", "other"] = "drop",
    drop: Collection[str] = (),
    strip: Collection[str] = (),
    unit: str = "line",
) -> Corpus:
    """Opens labelled text. Rows are read again from their source each time that they are needed.

    Args:
        data: What `--data` takes: a table, a folder, or `hf:owner/name`; or several: of a text that stands in more than
            one the last counts. None: the built-in corpus.
        text_column: Of a table, by name or number; empty: guessed, as the next.
        label_column: Of a table.
        group_column: Of a table: what no split divides, a song or a thread.
        split_column: Of a table: train, validation or test.
        encoding: Of text; empty: UTF-8, or what its bytes look like.
        header: Whether a table's first row has the names of its columns.
        quoting: Whether quotation marks enclose a table's values.
        label_names: Label as it is written -> its name.
        least_rows: Labels with fewer rows are rare.
        rare: What becomes of them: left out, or one label `other`.
        drop: Regular expressions; texts in which one is found are left out.
        strip: Regular expressions; what they match is cut out.
        unit: "file" where each file of a folder is a phrase; else lines are read.

    Raises:
        UserError: There is no such text, or it cannot be read so.
    """
    if data is None:
        from trainer.data import built_in

        return filtered(built_in.load(), list(drop), list(strip))
    if least_rows < 1:
        raise UserError(f"--least-rows: must be at least 1; received {least_rows}")
    first, *more = map(str, [data] if isinstance(data, str | Path) else data)
    source = Source(
        first,
        tuple(more),
        text_column,
        label_column,
        group_column,
        split_column,
        encoding,
        header,
        quoting,
        tuple(f"{label}={name}" for label, name in (label_names or {}).items()),
        least_rows,
        rare == "other",
        unit_of(unit),
        tuple(drop),
        tuple(strip),
    )
    with shown():
        return load_source(source)


def audit(corpus: Corpus, *, seed: int = 1, unit: str = "", split: Literal["blocks", "random"] = "blocks") -> Report:
    """Looks for what a model would learn from a corpus beside its labels: shortcuts, duplicates, leakage.

    Args:
        corpus: Of `load_corpus`.
        seed: Of the split that is looked at.
        unit: "line", "file", or "words:N", windows of 3 to N words; empty: lines, or the built-in corpus' words.
        split: "blocks" by groups or neighbouring rows, "random" by row.

    Raises:
        UserError: The corpus cannot be read or split.
    """
    options = AuditOptions(check_seed(seed), _unit(corpus, unit), _by_row(split))
    with shown():
        return Report(audit_corpus(corpus, options))


def fit(
    corpus: Corpus,
    recipe: str = "byline",
    seed: int = 1,
    *,
    path: str | Path | None = None,
    unit: str = "",
    split: Literal["blocks", "random"] = "blocks",
    workers: int = 1,
    address: str = "",
    storage: str | Path | None = None,
    **options: Any,
) -> Run:
    """Trains on a corpus and writes a run directory, whole or not at all.

    Args:
        corpus: Of `load_corpus`.
        recipe: "byline", "tiny" or "lesson".
        seed: Equal seeds give equal runs on the same machine.
        path: Where the run directory goes; None: a new one in `runs/`.
        unit: As in `audit`.
        split: As in `audit`.
        workers: Processes that share the work; more than one need the extra `byline[ray]`.
        address: Of a Ray cluster; empty: this machine.
        storage: A folder that all nodes of the cluster see, for checkpoints.
        options: Of the recipe, as the options of `byline fit`: `budget_kb=300`, `teacher="none"`, `epochs=3`, …

    Returns:
        The run: its `metrics`, its `labels`, its `path`, and `predict`.

    Raises:
        UserError: The corpus cannot be read or split, an option is out of its range, or the run cannot be written.
    """
    chosen = recipe_with(recipe, options)
    where = None if path is None else Path(path)
    shared = None if storage is None else Path(storage)
    asked = FitOptions(
        check_seed(seed),
        _unit(corpus, unit),
        _by_row(split),
        path=where,
        workers=workers,
        address=address,
        storage=shared,
    )
    with on_cpu(), shown():
        from trainer.training.fit import fit as train

        return train(corpus, chosen, asked)


def export(run: Run, output: str | Path = "dist", **settings: Any) -> Path:
    """Exports a run, proved: the page, the npm package, the TensorFlow.js model and the `.tflite` files.

    Args:
        run: Of `fit`, or `Run.read(path)`.
        output: The dist directory. An earlier export there is replaced, and nothing else.
        settings: As the options of `byline export`: `name="tickets"`, `title`, `author`, `strings`, `accent`, …

    Returns:
        The dist directory.

    Raises:
        ExportCheckFailed: A runtime disagrees, or a file is over its budget or could not be run by a phone. `output`
            stays as it was.
        UserError: `output` is in the way or cannot be written, a setting is wrong, or the JavaScript cannot be bundled.
        TypeError: There is no such setting.
    """
    with on_cpu(), shown():
        from export.dist import PARTS, build
        from export.settings import Settings

        known = [field.name for field in fields(Settings)]
        for name in settings:
            if name not in known:
                raise TypeError(f"`{name}` must be one of {', '.join(known)}.")
        wanted = Settings(**settings)
        wanted.check()
        build(run, Path(output), wanted, PARTS)
    return Path(output)


def _unit(corpus: Corpus, unit: str) -> Unit | None:
    if not unit:
        return Unit("line") if corpus.path else None
    return unit_of(unit)


def _by_row(split: str) -> bool:
    if split not in _SPLITS:
        raise UserError(f"--split: must be one of {', '.join(_SPLITS)}; received {split!r}")
    return split == "random"


@contextmanager
def on_cpu() -> Iterator[None]:
    """Trains and measures on the CPU, where runs are repeatable, and leaves the process its GPUs."""
    with quietly():
        import tensorflow as tf

        tf.constant(0)  # looks for GPUs, and complains of those that are not there
    with tf.device("/CPU:0"):
        yield


__all__ = ["ExportCheckFailed", "Report", "audit", "export", "fit", "load_corpus"]
