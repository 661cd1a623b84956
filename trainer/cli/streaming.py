"""Lines of standard input, as they arrive."""

import codecs
import io
from collections.abc import Iterator
from typing import Final

_CHUNK: Final = 1 << 16  # bytes of one read; as many as a pipe holds


def line_batches(stream: io.BufferedIOBase, most: int) -> Iterator[list[str]]:
    """Gives the lines of UTF-8 text without waiting for more than the next one.

    What has arrived is one batch: a line that is typed comes alone, and of a large file come as many as one read holds.
    A line ends where Python's universal newlines end it. Damaged bytes become U+FFFD: every line is given.

    Args:
        stream: Is read to its end, and never held as a whole.
        most: Lines of a batch.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    started: list[str] = []  # pieces of a line whose end has not arrived
    chunk = b" "
    while chunk:
        chunk = stream.read1(_CHUNK)
        first, *others = decoder.decode(chunk, final=not chunk).split("\n")
        started.append(first)
        if others:
            lines = ["".join(started), *others[:-1]]
            started = others[-1:]
            for start in range(0, len(lines), most):
                yield lines[start : start + most]
    if last := "".join(started):
        yield [last]
