"""A `dist/` in Python, without TensorFlow: NumPy, the exported weights, and the tokenizer contract.

    classify = byline.load("dist")
    classify("to be or not to be")      # Prediction(label="Shakespeare", score=0.71, abstained=False, scores={…})
    classify(["one phrase", "another"])  # a list of them

It is one more runtime: the proof of every export asks it the same strings as all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from export.manifest import check_files, open_manifest
from trainer.errors import UserError
from trainer.evaluation.prediction import Prediction, predictions
from trainer.files import read_json
from trainer.model.features import is_piece, piece_numbers
from trainer.model.tables import known_bigrams, logits
from trainer.model.weights import Cells, Floats, Tables
from trainer.text.vocabulary import UNKNOWN_ID, Vocabulary
from trainer.text.windows import average, split_ids

ENGINE: Final = "engine"  # that computes the graph, where it is not Byline's own
_STORED: Final = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16, "float32": np.float32}
_BATCH: Final = 256  # rows that are read at once
_MOST_8_BIT_LABELS: Final = 256  # of more, labels are stored from -32,768 on instead of from -128


@dataclass(frozen=True)
class Network:
    """The inference graph in NumPy, in float32.

    Attributes:
        constants: Name -> numbers, as in `export.graph.constants`; scales are not multiplied out.
        steps: How many pieces the LSTM reads.
    """

    constants: Mapping[str, Floats]
    steps: int

    @classmethod
    def read(cls, folder: Path) -> "Network":
        """Reads a TensorFlow.js graph model that Byline exported: `model.json` and its shards.

        Raises:
            UserError: It cannot be read, or is not Byline's.
        """
        path = folder / "model.json"
        model = read_json(path)
        if isinstance(model, dict) and ENGINE in (model.get("userDefinedMetadata") or {}):
            raise UserError(f"{path}: was trained elsewhere, and NumPy does not know its layers: ask the .tflite")
        try:
            groups = model["weightsManifest"]
            entries = [entry for group in groups for entry in group["weights"]]
            shards = b"".join((folder / name).read_bytes() for group in groups for name in group["paths"])
            constants, start = {}, 0
            for entry in entries:
                stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
                kind = _STORED.get(stored, np.int32)
                count = int(np.prod(entry["shape"], dtype=np.int64))
                values = np.frombuffer(shards, kind, count, start).reshape(entry["shape"]).astype(np.float32)
                if stored in ("uint8", "uint16"):
                    values += np.float32(entry["quantization"]["min"])  # their scale is 1
                constants[entry["name"].rpartition("/")[2]] = values
                start += count * np.dtype(kind).itemsize
            steps = int(model["userDefinedMetadata"]["lstm_steps"])
        except OSError as error:
            raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"{path}: is not a TensorFlow.js model that Byline exported") from error
        return cls(constants, steps)

    def answers(self, rows: NDArray[np.int32]) -> Floats:
        """Gives the probabilities of framed rows.

        Args:
            rows: Integers, shape [rows, sequence_length].

        Returns:
            float32, shape [rows, labels].
        """
        answer = self._lesson if "dense_0_kernel" in self.constants else self._gated
        found = [answer(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH)]
        return np.concatenate([_softmax(of_batch) for of_batch in found])

    def _gated(self, rows: NDArray[np.int32]) -> Floats:
        """Tables and encoder, and a gate that scales the sum: the logits, shape [rows, labels]."""
        constants, tables = self.constants, self._tables
        summed, _, embedded, read = self._read(rows)
        root = np.sqrt(np.maximum(read, 1))[:, None]
        sentence = np.concatenate([summed, embedded], axis=1) / root @ constants["sentence_kernel"]
        sentence += constants["sentence_bias"]
        found = logits(tables, rows)
        if "sentence_logits" in constants:
            found += sentence @ constants["sentence_logits"]
        number = piece_numbers(rows)
        known = known_bigrams(tables, rows) / (number + 1)
        unknown = (rows[:, 1:-1] == UNKNOWN_ID).sum(axis=1) / number
        inputs = np.column_stack([sentence, known, unknown, found.max(axis=1)]).astype(np.float32)
        gate = _sigmoid(inputs @ constants["gate_kernel"] + constants["gate_bias"])
        return found * gate * constants["logit_scale"]

    def _lesson(self, rows: NDArray[np.int32]) -> Floats:
        """The lesson's dense layers behind the LSTM's last outputs: the logits, shape [rows, labels]."""
        _, x, _, _ = self._read(rows)
        count = sum(name.startswith("dense_") and name.endswith("_kernel") for name in self.constants)
        for index in range(count):
            kernel = f"dense_{index}_kernel"
            if index and kernel in self.constants:
                x = np.maximum(x, 0)
            elif index:
                kernel, x = f"dense_{index}_tanh_kernel", np.tanh(x)
            x = x @ self.constants[kernel] + self.constants[f"dense_{index}_bias"]
        return x

    def _read(self, rows: NDArray[np.int32]) -> tuple[Floats, Floats, Floats, Floats]:
        """Runs both directions of the LSTM over each row's first pieces.

        Returns:
            The sums of the outputs and the last outputs, both of shape [rows, 2 * units]; the sums of the embeddings,
            shape [rows, embedding_size]; how many pieces were read, shape [rows].
        """
        constants = self.constants
        there = is_piece(rows[:, 1:-1][:, : self.steps])
        width = max(1, int(there.sum(axis=1).max(initial=0)))  # behind it all is padding
        there = there[:, :width]
        pieces = np.where(there, rows[:, 1:-1][:, :width], 0)
        scales = constants["embedding_scales"][pieces] * there
        embedded = constants["embedding_rows"][pieces] * scales[:, :, None]
        units = constants["lstm_recurrent"].shape[1]
        sums, lasts = [], []
        for direction, order in enumerate((slice(None), slice(None, None, -1))):
            recurrent = constants["lstm_recurrent"][direction]
            projected = embedded[:, order] @ constants["lstm_kernel"][direction] + constants["lstm_bias"][direction]
            state = output = total = np.zeros((len(rows), units), np.float32)
            for step in range(width):
                gates = projected[:, step] + output @ recurrent
                write, forget, reveal = np.split(_sigmoid(gates[:, : 3 * units]), 3, axis=1)
                new = forget * state + write * np.tanh(gates[:, 3 * units :])
                mask = there[:, order][:, step, None]
                state = np.where(mask, new, state)
                output = np.where(mask, reveal * np.tanh(new), output)
                total = total + output * mask
            sums.append(total)
            lasts.append(output)
        read = there.sum(axis=1).astype(np.float32)
        return np.concatenate(sums, axis=1), np.concatenate(lasts, axis=1), embedded.sum(axis=1), read

    @cached_property
    def _tables(self) -> Tables:
        """The linear part, scales multiplied out."""
        return _tables_of(self.constants)


def _tables_of(constants: Mapping[str, Floats]) -> Tables:
    rows, scales = constants["piece_rows"], constants["piece_scales"][:, None]
    size, label_count = rows.shape
    offset = 128 if label_count <= _MOST_8_BIT_LABELS else 32_768
    dense = rows * scales[:size]
    dense[[0, 2, 3]] = 0
    sparse = None
    if "sparse_labels" in constants:
        beyond = len(scales) - size  # what is stored may have a row more, for the ends of 8 bits
        sparse = _cells(constants, "sparse", offset, label_count, scales[size:], beyond)
    fingerprints = constants["bigram_fingerprints"].astype(np.int32)
    bigrams: Floats | Cells
    if "bigram_rows" in constants:
        bigrams = constants["bigram_rows"] * constants["bigram_scale"]
    else:
        bigrams = _cells(constants, "bigram", offset, label_count, constants["bigram_scale"], len(fingerprints))
    return Tables(dense, sparse, fingerprints, bigrams, constants["bias"])


def _cells(
    constants: Mapping[str, Floats], name: str, offset: int, label_count: int, scales: Floats, count: int
) -> Cells:
    labels = constants[f"{name}_labels"][:count].astype(np.int32) + offset
    # Rows that hold the ends of the type name labels that are none; no text finds them.
    return Cells(np.minimum(labels, label_count - 1), constants[f"{name}_values"][:count] * scales)


def _softmax(x: Floats) -> Floats:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5, np.float32)


@dataclass(frozen=True)
class Classifier:
    """Classifies raw strings as every other runtime does.

    Attributes:
        network: From ids to probabilities.
        vocabulary: From raw strings to ids, and the labels.
        threshold: The probability below which an answer is "not sure".
    """

    network: Network
    vocabulary: Vocabulary
    threshold: float

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        return self.vocabulary.labels

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Reads texts of any length; a long one in windows.

        Returns:
            float64, shape [texts, labels].
        """
        return self.of_ids(self.vocabulary.encode_all(texts))

    def of_ids(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """The same of the texts' piece ids, without `[CLS]` and `[SEP]`."""
        if not ids:
            return np.zeros((0, len(self.labels)))
        rows = [split_ids(of_text, self.vocabulary.sequence_length) for of_text in ids]
        answers = self.network.answers(np.concatenate(rows))
        bounds = np.cumsum([len(windows) for windows in rows])[:-1]
        return np.stack([average(of_text) for of_text in np.split(answers, bounds)])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Classifies texts.

        Raises:
            TypeError: `texts` is a string, and not a sequence of them.
        """
        if isinstance(texts, str):
            raise TypeError(f"`texts` must be a sequence of strings. Received: {texts!r}")
        texts = list(texts)
        return predictions(texts, self.probabilities(texts), self.vocabulary, self.threshold)

    @overload
    def __call__(self, texts: str) -> Prediction: ...  # type: ignore[overload-overlap]  # a str is a sequence, too
    @overload
    def __call__(self, texts: Sequence[str]) -> list[Prediction]: ...
    def __call__(self, texts: str | Sequence[str]) -> Prediction | list[Prediction]:
        """Classifies a text, or each of several."""
        return self.predict([texts])[0] if isinstance(texts, str) else self.predict(texts)


def load(dist: str | Path) -> Classifier:
    """Opens a dist directory to classify with; neither TensorFlow nor Keras is imported.

    Args:
        dist: What `byline.export` or `python -m export all` wrote.

    Raises:
        UserError: It is none, holds no TensorFlow.js model, or a file that is read was changed.
    """
    folder = Path(dist)
    manifest = open_manifest(folder)
    for name in ("vocabulary.json", "tfjs/model.json"):
        if name not in manifest["files"]:
            raise UserError(f"{folder}: holds no {name}; `python -m export all` writes it")
    files = manifest["files"].items()
    check_files(folder, {name: of for name, of in files if name == "vocabulary.json" or name.startswith("tfjs/")})
    vocabulary = Vocabulary.read(folder / "vocabulary.json")
    return Classifier(Network.read(folder / "tfjs"), vocabulary, float(manifest["abstention"]["threshold"]))
