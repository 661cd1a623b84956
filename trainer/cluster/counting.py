"""Counts the runs of a text between white space: in shards, exactly, whatever shards there are and who counts them.

Counts of shards are added up, and adding commutes: the sum is the same for one worker and for many, and for shards of
any size. Of more different runs than memory is meant for, the sums so far are written to the disk in order, and merged
in the end; which runs are then left out depends on their sums alone.
"""

import heapq
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from trainer.cluster.workers import ALONE, Workers
from trainer.text.normalization import clean

MOST_RUNS: Final = 1_000_000  # different ones that are given
_IN_MEMORY: Final = 2_000_000  # different ones: about 250 MB
_SHARD_CHARACTERS: Final = 2_000_000
_MOST_STEPS: Final = 40

Counted = tuple[str, int]


def count_runs(
    texts: Iterable[str],
    workers: Workers = ALONE,
    *,
    most: int = MOST_RUNS,
    in_memory: int = _IN_MEMORY,
    shard_characters: int = _SHARD_CHARACTERS,
) -> tuple[Counter[str], int]:
    """Counts runs without white space, as they are written; and the texts.

    Of too many different ones the rarest go. A sample of them stays, by a hash: in scripts without spaces nearly every
    run is written once.

    Args:
        texts: Read once.
        workers: Count.
        most: Different runs that are given.
        in_memory: Different runs in memory while counting.
        shard_characters: Of text that are counted at once.

    Returns:
        Run -> times, at most `most` of them, and how many texts there are.
    """
    total: Counter[str] = Counter()
    rows = 0
    with tempfile.TemporaryDirectory() as folder:
        spilled: list[Path] = []
        for counts, of_shard in workers.map(_count_shard, None, _shards(texts, shard_characters)):
            total.update(counts)
            rows += of_shard
            if len(total) > in_memory:
                spilled.append(Path(folder, f"{len(spilled)}.tsv"))
                _spill(total, spilled[-1])
                total = Counter()
        if not spilled and len(total) <= most:
            return total, rows
        in_order = sorted(total.items())
        return _most_frequent(spilled, in_order, most), rows


def _shards(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    shard: list[str] = []
    length = 0
    for text in texts:
        shard.append(text)
        length += len(text)
        if length >= characters:
            yield shard
            shard, length = [], 0
    if shard:
        yield shard


def _count_shard(_: None, texts: list[str]) -> tuple[dict[str, int], int]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(clean(text).split())
    return dict(counts), len(texts)


def _spill(counts: Counter[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{run}\t{times}\n" for run, times in sorted(counts.items()))


def _read(path: Path) -> Iterator[Counted]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            run, _, times = line.rpartition("\t")
            yield run, int(times)


def _sums(spilled: list[Path], in_order: list[Counted]) -> Iterator[Counted]:
    """Gives each run once, with all of its times."""
    merged = heapq.merge(*map(_read, spilled), in_order)
    for run, group in groupby(merged, key=itemgetter(0)):
        yield run, sum(times for _, times in group)


def _most_frequent(spilled: list[Path], in_order: list[Counted], most: int) -> Counter[str]:
    """Leaves out the rarest runs: at each step those of one more time, but for half as many by their hashes as before.

    The step is the first at which no more than `most` are left.
    """
    left = [0] * (_MOST_STEPS + 1)
    for run, times in _sums(spilled, in_order):
        for step in range(_last_step(run, times) + 1):
            left[step] += 1
    step = next((number for number, count in enumerate(left) if count <= most), _MOST_STEPS)
    return Counter({run: times for run, times in _sums(spilled, in_order) if _last_step(run, times) >= step})


def _last_step(run: str, times: int) -> int:
    """Gives the last step at which a run is left: it stands more often than that, or its hash ends in as many zeros."""
    number = hash_of(run)
    zeros = (number & -number).bit_length() - 1 if number else _MOST_STEPS
    return min(_MOST_STEPS, max(times - 1, zeros))


def hash_of(run: str) -> int:
    """Gives a number that is the same in every process."""
    return zlib.crc32(run.encode())
