"""Random weights of the whole model."""

import numpy as np
from numpy.typing import NDArray

from trainer.model.bigram_table import EMPTY, BigramTable
from trainer.model.weights import Cells, Encoder, Gate, Lstm, Tables, Weights

SIZE, SLOTS, LENGTH, STEPS = 60, 101, 12, 6
EMBEDDING, UNITS, VECTOR = 5, 4, 6


def made_weights(labels: int, dense: int, cells: int, *, own_logits: bool = True, seed: int = 4) -> Weights:
    generator = np.random.default_rng(seed)

    def numbers(*shape: int) -> NDArray[np.float32]:
        return generator.normal(0, 0.5, shape).astype(np.float32)

    def of_cells(rows: int) -> Cells:
        chosen = np.stack([generator.permutation(labels)[:cells] for _ in range(rows)])
        return Cells(chosen.astype(np.int32), numbers(rows, cells))

    table = BigramTable(SIZE, SLOTS)
    bigrams = np.unique(generator.integers(1, SIZE, (150, 2)), axis=0)
    generator.shuffle(bigrams)
    placed, places = table.place(*bigrams.T)
    fingerprints = np.full(SLOTS, EMPTY, np.int32)
    fingerprints[places] = table.fingerprint(*bigrams[placed].T)
    forward, backward = (
        Lstm(numbers(EMBEDDING, 4 * UNITS), numbers(UNITS, 4 * UNITS), numbers(4 * UNITS)) for _ in range(2)
    )
    kernel = numbers(2 * UNITS + EMBEDDING, VECTOR)
    logits = numbers(VECTOR, labels) if own_logits else None
    return Weights(
        tables=Tables(
            dense=numbers(dense, labels),
            sparse=of_cells(SIZE - dense) if cells else None,
            fingerprints=fingerprints,
            bigrams=of_cells(SLOTS) if cells else numbers(SLOTS, labels),
            bias=numbers(labels),
        ),
        encoder=Encoder(numbers(SIZE, EMBEDDING), forward, backward, kernel, numbers(VECTOR), logits),
        gate=Gate(numbers(VECTOR + 3, 1), numbers(1), 2.5),
        steps=STEPS,
    )
