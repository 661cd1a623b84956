"""The model that answers a corpus: the `.tflite` of a dist directory, or a run; and what one process does with it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.evaluation.abstention import abstains
from trainer.files import json_text, read_json, sha256
from trainer.model.classifier import Classifier
from trainer.model.weights import LessonWeights, Weights
from trainer.quiet import quietly
from trainer.run import Run
from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, Vocabulary
from trainer.text.windows import average, split_ids

MANIFEST: Final = "manifest.json"
_FORMAT: Final = "byline-dist-2"
_SEAL: Final = "sha256"
_IDS: Final = r"(serving_default_)?ids(:\d+)?"  # of a `.tflite` file's inputs the one that is read

Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Model:
    """All that answering takes, as it goes to other processes.

    Attributes:
        place: What messages call it.
        digest: Of all that answers depend on.
        vocabulary: From text to ids, and the labels.
        threshold: The probability below which an answer is "not sure".
        content: The `.tflite` file; None where there are `weights`.
        weights: Of a run's model; None where there is `content`.
    """

    place: str
    digest: str
    vocabulary: Vocabulary
    threshold: float
    content: bytes | None = field(default=None, repr=False)
    weights: Weights | LessonWeights | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answers:
    """What is said of some texts.

    Attributes:
        labels: Label's index, or -1 where there is no text, int32, shape [texts].
        scores: Its probability, 0 where there is no text, float64, shape [texts].
        sure: Whether that is not below the threshold, and a word is known, shape [texts].
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float64]
    sure: NDArray[np.bool_]


def of_dist(folder: Path) -> Model:
    """Reads a dist directory's `.tflite`, its vocabulary and its threshold; each must be what the manifest says.

    Raises:
        UserError: It is no dist directory, holds no `.tflite`, or a file in it was changed.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError(f"{folder}: holds no {MANIFEST}; `python -m export all` makes a dist directory")
    manifest = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise UserError(f"{path}: the format is not {_FORMAT}")
    rest = {key: value for key, value in manifest.items() if key != _SEAL}
    if manifest.get(_SEAL) != sha256(json_text(rest).encode()):
        raise UserError(f"{path}: was changed: its SHA-256 is not the one in it")
    try:
        threshold = float(manifest["abstention"]["threshold"])
        model, vocabulary = f"tflite/{manifest['name']}.tflite", "vocabulary.json"
        digests = {name: str(manifest["files"][name]["sha256"]) for name in (model, vocabulary)}
    except KeyError as error:
        raise UserError(f"{folder}: holds no {error.args[0]}; `python -m export all` writes it") from error
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: is no manifest ({error})") from error
    contents = {name: _checked(folder / name, digest) for name, digest in digests.items()}
    digest = sha256("\n".join([*digests.values(), repr(threshold)]).encode())
    return Model(str(folder), digest, Vocabulary.read(folder / vocabulary), threshold, content=contents[model])


def of_run(run: Run) -> Model:
    """Takes a run's Keras model.

    Raises:
        UserError: A file of the run is not the one that was trained.
    """
    from trainer.model.network import weights_of

    weights = weights_of(run.classifier.model)
    digest = sha256("\n".join([run.facts["model_file_sha256"], repr(run.threshold)]).encode())
    return Model(str(run.path), digest, run.vocabulary, run.threshold, weights=weights)


def _checked(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    if sha256(content) != digest:
        raise UserError(f"{path}: was changed: its SHA-256 is not the one in the manifest")
    return content


_ready: dict[str, "_Answering"] = {}  # digest -> the one model that this process has made ready


def answer(model: Model, texts: Sequence[str | None]) -> Answers:
    """Answers texts of any length; a long one in windows, as `predict` answers one phrase.

    Args:
        model: Is made ready once in a process.
        texts: Raw; None where there is none.
    """
    if model.digest not in _ready:
        _ready.clear()
        _ready[model.digest] = _Answering(model)
    return _ready[model.digest].answers(texts)


class _Answering:
    """A model that is ready."""

    def __init__(self, model: Model) -> None:
        self.model, self.vocabulary = model, model.vocabulary
        self.probabilities = _interpreted(model) if model.content is not None else _computed(model)
        # A text with such a piece has a known word for certain; of others the words are looked at.
        self.whole = np.array(
            [False] * len(RESERVED) + [len(word) > 1 and word.isalnum() for word in map(_word, self.vocabulary.pieces)]
        )

    def answers(self, texts: Sequence[str | None]) -> Answers:
        """Answers each text once, however often it stands there."""
        unique = list(dict.fromkeys(text for text in texts if text is not None))
        place = {text: number for number, text in enumerate(unique)}
        ids = self.vocabulary.encode_all(unique)
        rows = [split_ids(of_text, self.vocabulary.sequence_length) for of_text in ids]
        labels, scores, sure = np.zeros(len(unique), np.int32), np.zeros(len(unique)), np.zeros(len(unique), bool)
        for number, probabilities in enumerate(self.probabilities(rows)):
            best = int(np.argmax(probabilities))
            score = float(probabilities[best])
            known = 1
            if not self.whole[ids[number]].any():
                known = self.vocabulary.known_words(unique[number])
            labels[number], scores[number] = best, score
            sure[number] = not abstains(score, known, self.model.threshold)
        places = np.array([-1 if text is None else place[text] for text in texts], np.int64)
        there = places >= 0
        found = Answers(np.full(len(texts), -1, np.int32), np.zeros(len(texts)), np.zeros(len(texts), bool))
        found.labels[there], found.scores[there] = labels[places[there]], scores[places[there]]
        found.sure[there] = sure[places[there]]
        return found


def _word(piece: str) -> str:
    return piece.removeprefix(SPACE)


Probabilities = Callable[[Sequence[Rows]], Any]


def _interpreted(model: Model) -> Probabilities:
    """TensorFlow Lite on one thread, a row at a time: the graph's shape is fixed."""
    with quietly():
        import tensorflow as tf

        loaded = tf.lite.Interpreter(model_content=model.content, num_threads=1)
        loaded.allocate_tensors()
    (read,) = (detail for detail in loaded.get_input_details() if re.fullmatch(_IDS, detail["name"]))
    source, target = read["index"], loaded.get_output_details()[0]["index"]

    def one(row: Rows) -> NDArray[np.float32]:
        loaded.set_tensor(source, row[None])
        loaded.invoke()
        return np.array(loaded.get_tensor(target)[0])

    return lambda texts: (average(np.stack([one(row) for row in rows])) for rows in texts)


def _computed(model: Model) -> Probabilities:
    """The Keras model, in batches."""
    from trainer.model.network import build_model

    assert model.weights is not None
    classifier = Classifier(build_model(model.weights, model.vocabulary.sequence_length), model.vocabulary)

    def all_of(texts: Sequence[Rows]) -> Any:
        if not texts:
            return
        answers = classifier.answers(np.concatenate(texts))
        for of_text in np.split(answers, np.cumsum([len(rows) for rows in texts])[:-1]):
            yield average(of_text)

    return all_of
