"""SentencePiece's compiled normalization rules, read back.

A charsmap is the size of a trie, the trie as a double array (Yata: darts-clone), and the outcomes it points to, each
ended by NUL. Keys are UTF-8; the longest that matches is replaced by its outcome.
"""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trainer.text.normalization import Rules


def rules_from(charsmap: bytes) -> Rules:
    """Gives the rules of a compiled charsmap, sorted.

    Raises:
        ValueError: It is damaged.
    """
    if not charsmap:
        return ()
    try:
        (size,) = struct.unpack_from("<I", charsmap)
        units = np.frombuffer(charsmap, "<u4", size // 4, 4)
        outcomes = charsmap[4 + size :]
        rules = {key.decode(): outcomes[at : outcomes.index(b"\0", at)].decode() for key, at in _entries(units)}
    except (struct.error, ValueError, IndexError) as error:
        raise ValueError("The charsmap must be one that SentencePiece compiled.") from error
    return tuple(sorted((old, new) for old, new in rules.items() if old != new))


def _entries(units: NDArray[np.uint32]) -> Iterator[tuple[bytes, int]]:
    """Walks the double array, a byte of all keys at a time: gives every key with the number at its leaf."""
    labels = np.arange(1, 256, dtype=np.int64)
    keys, bases = [b""], _offsets(units[:1])
    while keys:
        children = bases[:, None] ^ labels
        inside = np.minimum(children, len(units) - 1)
        # A child says of itself which byte led to it, and whether a key ends there.
        parents, columns = np.nonzero((children < len(units)) & ((units[inside] & 0x8000_00FF) == labels))
        found = children[parents, columns]
        keys = [keys[parent] + bytes([column + 1]) for parent, column in zip(parents, columns.tolist(), strict=True)]
        bases = found ^ _offsets(units[found])
        for place in np.flatnonzero(units[found] >> 8 & 1):
            yield keys[place], int(units[bases[place]]) & 0x7FFF_FFFF


def _offsets(of: NDArray[np.uint32]) -> NDArray[np.int64]:
    wide = of.astype(np.int64)
    return (wide >> 10) << ((wide & (1 << 9)) >> 6)
