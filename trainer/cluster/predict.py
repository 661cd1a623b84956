"""Answers a corpus of any size: in shards, in constant memory, and on from where a killed process was.

python -m trainer predict --data big.parquet --output answers.parquet --workers 2
"""

import hashlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from trainer.cluster.answers import SUFFIXES, Partial, Writing, columns_for, partial_of
from trainer.cluster.model import Answers, Model, answer
from trainer.cluster.shards import SHARD_ROWS, Input, Shard, open_input
from trainer.cluster.workers import Workers
from trainer.data.tables import Reading
from trainer.errors import UserError
from trainer.whole import whole_directory, whole_file

logger = logging.getLogger(__name__)

ROWS: Final = "rows"
UNSURE: Final = "not sure"
_EDGE: Final = 1 << 20  # bytes at each end of the input that tell it from another
_EVERY: Final = 5.0  # seconds between two lines of progress
_VERSION: Final = 1  # raise it when a shard is cut or written otherwise


@dataclass(frozen=True)
class Asked:
    """What is to be answered, and where the answers go.

    Attributes:
        data: A Parquet, CSV, TSV or JSON lines file, or one of text lines.
        output: A file by its suffix, or without one a folder of Parquet files.
        text_column: Empty: looked for.
        reading: How separated values are written.
    """

    data: Path
    output: Path
    text_column: str = ""
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class Done:
    """What was answered.

    Attributes:
        counts: `ROWS`, `UNSURE`, and what was found wrong with texts -> rows.
        here: How many of the rows this process has answered: others were there already.
        seconds: That took.
    """

    counts: Counter[str]
    here: int
    seconds: float

    @property
    def speed(self) -> float:
        """Rows a second."""
        return self.here / max(self.seconds, 1e-9)


def predict(asked: Asked, model: Model, workers: Workers) -> Done:
    """Writes every row of the input with the model's answer, in their order, whole or not at all.

    Args:
        asked: What, and where to.
        model: Answers.
        workers: Compute; reading and writing stay here.

    Raises:
        UserError: The input cannot be read, or the output is in the way or cannot be written.
    """
    suffix = asked.output.suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UserError(
            f"--output: must end in {', '.join(SUFFIXES)}, or in none for a folder; received {asked.output}"
        )
    with partial_of(asked.output, suffix or SUFFIXES[0]) as partial:
        source = open_input(asked.data, asked.text_column, asked.reading)
        added = columns_for(source.path, source.columns)
        writing = Writing(partial.suffix, source.columns, added, model.vocabulary.labels)
        partial.begin(_facts(source, model, writing))
        started, before = time.monotonic(), partial.counts()[ROWS]
        try:
            _answer_all(source, model, workers, partial, writing)
        except BaseException:  # an interruption too
            if partial.done:
                rows = partial.counts()[ROWS]
                logger.info(f"{partial.folder}: {rows:,} answered rows are kept: the same command goes on from there")
            else:
                partial.remove()
            raise
        counts = partial.counts()
        if not counts[ROWS]:
            partial.remove()
            raise UserError(f"{source.path}: holds no row")
        if suffix:
            with whole_file(asked.output) as file:
                writing.join(partial.parts(), file)
        else:
            with whole_directory(asked.output) as folder:
                partial.copy_to(folder)
        partial.remove()
        return Done(counts, counts[ROWS] - before, time.monotonic() - started)


def _facts(source: Input, model: Model, writing: Writing) -> dict[str, Any]:
    """Gives all that the answered shards depend on."""
    about = source.path.stat()
    digest = hashlib.sha256()
    with source.path.open("rb") as file:
        digest.update(file.read(_EDGE))
        file.seek(max(0, about.st_size - _EDGE))
        digest.update(file.read(_EDGE))
    return {
        "input": [about.st_size, about.st_mtime_ns, digest.hexdigest()],
        "model": model.digest,
        "columns": [source.columns, source.text_column, writing.added],
        "version": [_VERSION, SHARD_ROWS, writing.suffix],
    }


def _answer_all(source: Input, model: Model, workers: Workers, partial: Partial, writing: Writing) -> None:
    """Answers the shards that are not done yet. A few for each worker are in memory, and no more."""
    sent: deque[Shard] = deque()  # that wait for their answers

    def texts() -> Iterator[list[str | None]]:
        for shard in islice(source.shards(), len(partial.done), None):
            sent.append(shard)
            yield shard.texts

    progress = _Progress(partial)
    for found in workers.map(answer, model, texts()):
        shard = sent.popleft()
        partial.add(_counts(shard, found), lambda file, at=shard, of=found: writing.write(at, of, file))  # type: ignore[misc]
        progress.say()


def _counts(shard: Shard, answers: Answers) -> dict[str, int]:
    return {ROWS: len(shard.texts), UNSURE: int((~answers.sure).sum()), **shard.skipped}


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, partial: Partial) -> None:
        self._partial = partial
        self._started = self._said = time.monotonic()
        self._before = partial.counts()[ROWS]

    def say(self) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY:
            rows = self._partial.counts()[ROWS]
            logger.info(f"{rows:,} rows, {(rows - self._before) / (now - self._started):,.0f} rows a second")
            self._said = now


def lines_of(done: Done, output: Path) -> Iterator[str]:
    """Says what was answered, a line each."""
    counts = done.counts
    wrong = {what: count for what, count in counts.items() if what not in (ROWS, UNSURE)}
    for what, count in sorted(wrong.items()):
        yield f"{count:,} {'row' if count == 1 else 'rows'} {what}"
    share = counts[UNSURE] / max(counts[ROWS], 1)
    yield (
        f"{output}: {counts[ROWS]:,} rows, {counts[UNSURE]:,} not sure ({share:.1%}), {done.speed:,.0f} rows a second"
    )
