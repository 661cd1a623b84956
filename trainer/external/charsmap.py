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
    """Walks the double array: gives every key with the number at its leaf."""
    labels = np.arange(1, 256, dtype=np.int64)
    stack = [(b"", int(_offset(units[0])))]
    while stack:
        key, base = stack.pop()
        children = base ^ labels
        children = children[children < len(units)]
        # A child says of itself which byte led to it, and whether a key ends there.
        found = children[(units[children] & 0x8000_00FF) == (children ^ base)]
        for child in found.tolist():
            unit = int(units[child])
            here = key + bytes([child ^ base])
            below = child ^ _offset(unit)
            if unit >> 8 & 1:
                yield here, int(units[below]) & 0x7FFF_FFFF
            stack.append((here, below))


def _offset(unit: int) -> int:
    return (int(unit) >> 10) << ((int(unit) & (1 << 9)) >> 6)
