"""Reads and cleans a corpus in parallel, by Ray Data: stretch by stretch, each row as one process would.

What comes out is kept on the disk, and read from there as often as a fit reads its corpus.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from trainer.cluster.workers import OnRay, Workers
from trainer.data.corpus import Corpus, Row
from trainer.errors import UserError

logger = logging.getLogger(__name__)

_FILE: Final = "rows.arrow"
_COLUMNS: Final = tuple(field.name for field in fields(Row))
_SAID: Final = "said"  # the column of what a stretch left out, and of a mistake in it, in the last row of each


def read_once(corpus: Corpus, workers: Workers, folder: Path) -> Corpus:
    """Gives the same corpus, read and cleaned already; where its source has one stretch alone, as it is.

    Args:
        corpus: Is read.
        workers: Read and clean it.
        folder: Where the rows are kept as long as they are needed.

    Raises:
        UserError: A row breaks a rule.
    """
    if not isinstance(workers, OnRay) or len(corpus.parts) < 2:
        return corpus
    import pyarrow
    import ray.data

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    logger.info(f"{corpus.place}: {len(corpus.parts)} stretches are read by {workers.count} workers")
    numbers = ray.data.from_items([{"part": number} for number in range(len(corpus.parts))])
    cleaned = numbers.repartition(len(corpus.parts)).map_batches(
        _cleaned,
        batch_size=1,
        batch_format="pyarrow",
        fn_kwargs={"readers": ray.put(corpus.parts)},
        num_cpus=1,
        concurrency=workers.count,
    )
    path, total = folder / _FILE, Counter[str]()
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, _schema()) as writer:
        for table in cleaned.iter_batches(batch_size=None, batch_format="pyarrow"):
            for said in table.column(_SAID).drop_null().to_pylist():
                skipped, mistake = json.loads(said)
                if mistake:  # of the first stretch that has one, as one process would meet it
                    raise UserError(mistake)
                total.update(skipped)
            writer.write_table(table.cast(_schema()))
    return replace(corpus, read=lambda skipped: _kept(path, total, skipped), parts=())


def _schema() -> Any:
    import pyarrow

    kinds = [(name, pyarrow.int64() if name == "number" else pyarrow.string()) for name in _COLUMNS]
    return pyarrow.schema([*kinds, (_SAID, pyarrow.string())])


def _cleaned(batch: Any, readers: Any) -> Any:
    """Reads the stretches whose numbers are given."""
    import pyarrow
    import ray

    parts = ray.get(readers)
    tables = []
    for number in batch.column("part").to_pylist():
        skipped: Counter[str] = Counter()
        mistake = ""
        try:
            rows = list(parts[number](skipped))
        except UserError as error:
            rows, mistake = [], str(error)
        columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] + [None] for name in _COLUMNS}
        said = json.dumps([skipped, mistake])
        tables.append(pyarrow.table(columns | {_SAID: [None] * len(rows) + [said]}, schema=_schema()))
    return pyarrow.concat_tables(tables)


def _kept(path: Path, total: Counter[str], skipped: Counter[str]) -> Iterator[Row]:
    """Gives the rows again, and counts again what was left out."""
    import pyarrow

    with pyarrow.memory_map(str(path)) as source, pyarrow.ipc.open_file(source) as file:
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            for values in zip(*(batch.column(name).to_pylist() for name in _COLUMNS), strict=True):
                if values[0] is not None:
                    yield Row(*values)
    skipped.update(total)
