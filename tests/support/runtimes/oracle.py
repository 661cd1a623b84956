"""Models of random numbers, and what they answer, written a second time: plainly, in NumPy, row by row."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.graph import Constants, in_8_bits, round_constants
from export.graph.constants import label_offset
from trainer.model.bigram_table import EMPTY, BigramTable
from trainer.text.vocabulary import CLS_ID, RESERVED, SEP_ID, UNKNOWN_ID
from trainer.text.windows import BORDERS

Row = NDArray[np.int32]
Exact = Mapping[str, NDArray[np.float64]]
GATES = 4


def made_constants(
    labels: int,
    *,
    size: int = 60,
    dense: int | None = None,
    cells: int = 4,
    bigram_cells: int | None = None,
    slots: int = 53,
    embedding: int = 5,
    units: int = 3,
    sentence: int = 7,
    has_logits: bool = True,
    seed: int = 1,
) -> Constants:
    """Gives random constants, rounded, of tables, an encoder and a gate.

    Args:
        labels: How many.
        size: Ids in all.
        dense: Ids with a dense row; the others have cells. All of them where it is left out.
        cells: Of a piece's sparse row.
        bigram_cells: Of a bigram's; left out, the bigrams have dense rows.
        slots: Of the table of bigrams; all but two hold a bigram that stands in `made_rows`.
        embedding: Numbers a piece.
        units: Of one direction of the LSTM.
        sentence: Of the sentence's vector.
        has_logits: Whether that speaks for labels.
        seed: Of the numbers.
    """
    generator = np.random.default_rng(seed)
    normal = generator.normal
    offset = label_offset(labels)
    made = {
        "piece_rows": normal(size=(dense or size, labels)),
        "piece_scales": np.ones(size),
        "bigram_fingerprints": _fingerprints(BigramTable(size, slots)),
        "bigram_scale": np.ones(1),
        "bias": normal(size=labels),
        "sentence_kernel": normal(size=(2 * units + embedding, sentence)),
        "sentence_bias": normal(size=sentence),
        "gate_kernel": normal(size=(sentence + 3, 1)),
        "gate_bias": normal(size=1),
        "logit_scale": np.array([1.7]),
    }
    if dense is not None:
        shape = (size - dense, cells)
        made |= {"sparse_values": normal(size=shape), "sparse_labels": generator.integers(labels, size=shape) - offset}
    if bigram_cells is None:
        made["bigram_rows"] = normal(size=(slots, labels))
    else:
        made["bigram_values"] = normal(size=(slots, bigram_cells))
        made["bigram_labels"] = generator.integers(labels, size=(slots, bigram_cells)) - offset
    if has_logits:
        made["sentence_logits"] = normal(size=(sentence, labels))
    return _rounded(made | _reader(generator, size, embedding, units))


def made_lesson(
    labels: int, *, size: int = 60, embedding: int = 5, units: int = 3, seed: int = 1, activation: str = "relu"
) -> Constants:
    """Gives random constants, rounded, of the lesson's form."""
    generator = np.random.default_rng(seed)
    made = _reader(generator, size, embedding, units)
    for index, (rows, columns) in enumerate([(2 * units, 6), (6, 4), (4, labels)]):
        made |= {
            _kernel_name(index, activation): generator.normal(size=(rows, columns)),
            f"dense_{index}_bias": generator.normal(size=columns),
        }
    return _rounded(made)


def _kernel_name(index: int, activation: str) -> str:
    return f"dense_{index}_tanh_kernel" if index and activation == "tanh" else f"dense_{index}_kernel"


def _reader(generator: np.random.Generator, size: int, embedding: int, units: int) -> dict[str, NDArray[np.float64]]:
    return {
        "embedding_rows": generator.normal(size=(size, embedding)),
        "embedding_scales": np.ones(size),
        "lstm_kernel": generator.normal(size=(2, embedding, GATES * units)),
        "lstm_recurrent": generator.normal(size=(2, units, GATES * units)),
        "lstm_bias": generator.normal(size=(2, 1, GATES * units)),
    }


def _rounded(made: Mapping[str, NDArray[Any]]) -> Constants:
    return round_constants({name: array.astype(np.float32) for name, array in made.items()})


def _fingerprints(table: BigramTable) -> NDArray[np.float64]:
    rows = made_rows(60, 10, table.vocabulary_size)
    first, second = rows[:, :-1].ravel(), rows[:, 1:].ravel()
    fingerprints = np.full(table.slots, EMPTY, np.float64)
    fingerprints[table.sums(first, second)[0] % table.slots] = table.fingerprint(first, second)
    fingerprints[[3, 5]] = EMPTY
    return fingerprints


def made_rows(count: int, length: int, size: int, seed: int = 2) -> Row:
    """Gives rows as every runtime writes them, from the empty text on to full ones."""
    generator = np.random.default_rng(seed)
    rows = np.zeros((count, length), np.int32)
    for number, row in enumerate(rows):
        pieces = number % (length - BORDERS + 1)
        row[0], row[pieces + 1] = CLS_ID, SEP_ID
        row[1 : pieces + 1] = np.where(
            generator.random(pieces) < 0.15, UNKNOWN_ID, generator.integers(len(RESERVED), size, pieces)
        )
    return rows


def write_model(constants: Constants, steps: int, folder: Path) -> None:
    """Writes the constants as `model.json` and one shard, with no graph: what Byline's interpreter needs."""
    weights, numbers = [], []
    for name, array in constants.items():
        entry: dict[str, Any] = {"name": f"some/scope/{name}", "shape": array.shape, "dtype": "float32"}
        if in_8_bits(name):
            wide = array.min() < -128
            least = -32_768 if wide else -128
            entry["quantization"] = {"dtype": "uint16" if wide else "uint8", "min": least, "scale": 1}
            numbers.append((array - least).astype(np.uint16 if wide else np.uint8).tobytes())
        else:
            entry["quantization"] = {"dtype": "float16"}
            numbers.append(array.astype(np.float16).tobytes())
        weights.append(entry)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(b"".join(numbers))
    groups = [{"paths": ["weights.bin"], "weights": weights}]
    model = {"weightsManifest": groups, "userDefinedMetadata": {"lstm_steps": steps}}
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")


def answers(constants: Constants, steps: int, rows: Row) -> NDArray[np.float64]:
    """Gives the probabilities of rows, shape [rows, labels]."""
    exact = {name: array.astype(np.float64) for name, array in constants.items()}
    return np.array([_softmax(_logits(exact, steps, [int(id_) for id_ in row if id_])) for row in rows])


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _logits(of: Exact, steps: int, row: list[int]) -> NDArray[np.float64]:
    """Gives the logits of one row, which has no padding any more."""
    pieces = row[1:-1]
    vectors = [of["embedding_rows"][id_] * of["embedding_scales"][id_] for id_ in pieces[:steps]]
    outputs = [_lstm(of, 0, vectors), _lstm(of, 1, vectors[::-1])]
    units = of["lstm_recurrent"].shape[1]
    if "gate_kernel" not in of:
        x = np.concatenate([direction[-1] if direction else np.zeros(units) for direction in outputs])
        layers = [name for name in of if name.startswith("dense_") and name.endswith("_kernel")]
        bent = "dense_1_tanh_kernel" in of
        for index in range(len(layers)):
            x = (np.tanh(x) if bent else np.maximum(x, 0)) if index else x
            x = x @ of[_kernel_name(index, "tanh" if bent else "relu")] + of[f"dense_{index}_bias"]
        return x
    summed = [np.sum(direction, axis=0) if direction else np.zeros(units) for direction in outputs]
    embedded = np.sum(vectors, axis=0) if vectors else np.zeros(of["embedding_rows"].shape[1])
    pooled = np.concatenate([*summed, embedded]) / max(1, len(vectors)) ** 0.5
    sentence = pooled @ of["sentence_kernel"] + of["sentence_bias"]
    cells = list(_bigrams(of, row))
    logits = np.sum([_piece(of, id_) for id_ in pieces] + cells, axis=0) / max(1, len(pieces)) ** 0.5 + of["bias"]
    if "sentence_logits" in of:
        logits = logits + sentence @ of["sentence_logits"]
    number = max(1, len(pieces))
    inputs = [*sentence, len(cells) / (number + 1), pieces.count(UNKNOWN_ID) / number, logits.max()]
    gate = 1 / (1 + np.exp(-(inputs @ of["gate_kernel"] + of["gate_bias"])))
    scaled: NDArray[np.float64] = logits * gate * of["logit_scale"]
    return scaled


def _piece(of: Exact, id_: int) -> NDArray[np.float64]:
    dense, labels = of["piece_rows"].shape
    scale = float(of["piece_scales"][id_])
    if id_ < dense:
        return np.asarray(of["piece_rows"][id_] * scale)
    return _spread(of["sparse_labels"][id_ - dense], of["sparse_values"][id_ - dense] * scale, labels)


def _bigrams(of: Exact, row: list[int]) -> Iterator[NDArray[np.float64]]:
    """Gives a vector for every slot that holds a bigram of the row."""
    labels = len(of["bias"])
    table = BigramTable(len(of["piece_scales"]), len(of["bigram_fingerprints"]))
    for first, second in pairwise(row):
        for total in table.sums(first, second):
            slot = total % table.slots
            if of["bigram_fingerprints"][slot] != table.fingerprint(first, second):
                continue
            if "bigram_rows" in of:
                yield of["bigram_rows"][slot] * of["bigram_scale"]
            else:
                yield _spread(of["bigram_labels"][slot], of["bigram_values"][slot] * of["bigram_scale"], labels)


def _spread(stored: NDArray[Any], values: NDArray[Any], labels: int) -> NDArray[np.float64]:
    vector = np.zeros(labels)
    for label, value in zip(stored.astype(int) + label_offset(labels), values, strict=True):
        vector[label] += value
    return vector


def _lstm(of: Exact, direction: int, vectors: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    kernel, recurrent, bias = (of[f"lstm_{part}"][direction] for part in ("kernel", "recurrent", "bias"))
    output = state = np.zeros(len(recurrent))
    outputs = []
    for vector in vectors:
        write, keep, reveal, candidate = np.split(vector @ kernel + output @ recurrent + bias[0], GATES)
        state = _sigmoid(keep) * state + _sigmoid(write) * np.tanh(candidate)
        output = _sigmoid(reveal) * np.tanh(state)
        outputs.append(output)
    return outputs


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)))
