"""The `.tflite` files of an export beside one another: bytes by part, accuracy, agreement, latency."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from export.graph import Constants, in_4_bits, in_8_bits
from export.proof import runtimes, tables
from trainer.text.windows import split_ids

PHRASES: Final = 1_000  # that are timed, each once
NAMES: Final = {"int8": "int8 rows", "int4": "int4 rows", "float16": "float16", "float32": "float32"}
_TABLES: Final = ("piece_", "sparse_", "bigram_", "bias")  # what the constants of the linear part are called


@dataclass(frozen=True)
class Variant:
    """One file.

    Attributes:
        name: What its rows are stored as.
        parts: Its bytes, by `parts_of`.
        accuracy: On the test phrases.
        agreement: Share of the test phrases whose best label is that of the Keras model as trained.
        microseconds: One row of ids, one thread, in TensorFlow Lite's interpreter: the median of a phrase each.
    """

    name: str
    parts: dict[str, int]
    accuracy: float
    agreement: float
    microseconds: float


def parts_of(size: int, tokenizer: int, constants: Constants, kind: str) -> dict[str, int]:
    """Tells the bytes of a file by what they are for.

    Args:
        size: Of the whole file.
        tokenizer: Of the SentencePiece model in it.
        constants: Those of its graph.
        kind: Of `NAMES`.

    Returns:
        The whole; the tokenizer; tables, which are the linear part; the encoder, which is all other numbers, and all of
        a model that was trained elsewhere; the graph,
        which is what remains: operators, metadata, labels.
    """
    numbers = {name: _bytes_of(name, array, kind) for name, array in constants.items()}
    of_tables = sum(count for name, count in numbers.items() if name.startswith(_TABLES))
    encoder = sum(numbers.values()) - of_tables
    return {
        "whole": size,
        "tokenizer": tokenizer,
        "tables": of_tables,
        "encoder": encoder,
        "graph": size - tokenizer - of_tables - encoder,
    }


def layer_weights(model: Any) -> Constants:
    """Gives the numbers of a model that was trained elsewhere, by their place in it."""
    weights = [array for array in model.get_weights() if array.dtype.kind == "f"]
    return {f"layers_{place}": array for place, array in enumerate(weights)}


def _bytes_of(name: str, array: NDArray[np.float32], kind: str) -> int:
    if kind == "float32":
        return 4 * array.size
    if kind == "float16" or not in_8_bits(name):
        return 2 * array.size
    if kind == "int4" and in_4_bits(name):
        return array.shape[0] * -(-array.shape[1] // 2)
    return array.size * (1 if "labels" not in name or np.abs(array).max() <= 128 else 2)


def latency(model: bytes, ids: Sequence[Sequence[int]], sequence_length: int) -> float:
    """Times one row at a time, on one thread: the median, in microseconds.

    Args:
        model: A `.tflite` file.
        ids: Of the pieces of texts, of which the first windows are asked.
        sequence_length: That the file reads.
    """
    answer = runtimes.interpreter(model)
    rows = [split_ids(of_text, sequence_length)[0] for of_text in ids[:PHRASES]]
    answer(rows[0])  # the first call sets up what the others find
    found = []
    for row in rows:
        started = time.perf_counter()
        answer(row)
        found.append(1e6 * (time.perf_counter() - started))
    return median(found)


def table(variants: Sequence[Variant], timed: bool = True) -> str:
    """Draws the table.

    Args:
        variants: A row each.
        timed: With the latency. It is another each time: a file that is the same each time must not hold it.
    """
    head = ["variant", "bytes", *list(variants[0].parts)[1:], "accuracy", "agreement", *["latency"] * timed]
    cells = [
        [
            of.name,
            *(f"{size:,}" for size in of.parts.values()),
            f"{100 * of.accuracy:.2f} %",
            f"{100 * of.agreement:.2f} %",
            *[f"{of.microseconds:.0f} µs"] * timed,
        ]
        for of in variants
    ]
    return tables.draw(head, cells)
