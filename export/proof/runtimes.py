"""The runtimes: each answers the same texts from raw string to probability, with its own tokenizer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from export import runtime
from export.proof import chromium, task_library
from export.targets import metadata, node, onnx, tflite
from trainer.external.opening import given_answers
from trainer.external.record import reopened
from trainer.model.classifier import Classifier
from trainer.quiet import quietly
from trainer.run import Run
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary
from trainer.text.windows import BORDERS, average, split_ids

PAGE: Final = "the page in Chromium"
PACKAGE: Final = "the npm package in Node"
SINGLE_FILE: Final = "the single file in Chromium"


@dataclass(frozen=True)
class Answers:
    """What one runtime says.

    Attributes:
        runtime: Its name.
        version: Its version.
        ids: For each text the ids of the pieces that it read.
        probabilities: float64, shape [texts, labels].
    """

    runtime: str
    version: str
    ids: list[list[int]]
    probabilities: NDArray[np.float64]


def ask_keras(name: str, classifier: Classifier, texts: Sequence[str]) -> Answers:
    """The Keras model with the Python tokenizer; `name` says which numbers it holds."""
    import keras

    ids = classifier.vocabulary.encode_all(texts)
    return Answers(f"Keras, {name}", f"Keras {keras.__version__}", ids, classifier.probabilities(texts))


def ask_given(run: Run, trained: Answers, texts: Sequence[str]) -> tuple[Answers, Answers, NDArray[np.bool_]]:
    """A model that was trained elsewhere, as it was given, with the tokenizer of the library that it comes from.

    It cuts a text where its rows end, and so reads what the first window holds. A string whose first window ends before
    that, for it is nearly all white space and punctuation, is left out, and so is one without a word.

    Args:
        run: Has the file.
        trained: What the same model says behind the contract.
        texts: Raw.

    Returns:
        Its answers, and those of the contract's first windows; the ids of both are the model's own. And which of the
        strings were asked, shape [texts].
    """
    import keras

    external = reopened(run)
    length = external.classifier.vocabulary.sequence_length
    rows = np.concatenate([split_ids(ids[: length - BORDERS], length) for ids in trained.ids])
    read = external.read_ids(rows)
    whole = np.array([len(ids) <= length - BORDERS for ids in trained.ids])
    own = external.own_rows(texts)
    some = (own != external.tokenizer.padding).any(axis=1)  # without an id a model with a mask gives no number
    same = some & (whole | (read != external.tokenizer.padding).all(axis=1))
    asked = [text for text, kept in zip(texts, same, strict=True) if kept]
    version = f"Keras {keras.__version__}"
    return (
        Answers("Keras, as given", version, own[same].tolist(), given_answers(external, asked)),
        Answers(
            "Keras, as trained", version, read[same].tolist(), external.classifier.answers(rows[same]).astype(float)
        ),
        same,
    )


def ask_tfjs(dist: Path, texts: Sequence[str]) -> Answers:
    """Stock TF.js in Node with the page's own tokenizer."""
    return _ask_node("TF.js in Node", ["--engine", "tfjs", "--modules", str(node.modules())], dist, texts)


def ask_own(dist: Path, texts: Sequence[str]) -> Answers:
    """Byline's interpreter in Node with the page's own tokenizer."""
    return _ask_node("Byline's interpreter in Node", ["--engine", "own"], dist, texts)


def _ask_node(name: str, engine: Sequence[str], dist: Path, texts: Sequence[str]) -> Answers:
    options = [*engine, "--model", str(dist / "tfjs"), "--vocabulary", str(dist / "vocabulary.json")]
    return _ask_program(name, "classify.mjs", options, texts)


def ask_package(package: Path, texts: Sequence[str]) -> Answers:
    """The npm package's module in Node, as it is packed."""
    return _ask_program(PACKAGE, "package.mjs", ["--package", str(package)], texts)


def _ask_program(name: str, program: str, options: Sequence[str], texts: Sequence[str]) -> Answers:
    answer = json.loads(node.run(["node", str(node.WEB / "node" / program), *options], stdin=json.dumps(list(texts))))
    return _answers(name, answer["runtime"], answer["results"])


def ask_page(name: str, executable: str, page: Path, texts: Sequence[str]) -> Answers:
    """The page itself, in a browser.

    Args:
        name: `PAGE` or `SINGLE_FILE`.
        executable: The Chromium.
        page: Its file in a dist directory.
        texts: Raw.

    Raises:
        chromium.NotStartedError: The browser does not start here.
        chromium.PageError: The page fails.
    """
    results, backend = chromium.ask(executable, page, texts)
    return _answers(name, f"{chromium.version(executable)}, {backend}", results)


def _answers(name: str, version: str, results: Sequence[dict[str, Any]]) -> Answers:
    probabilities = np.array([result["probabilities"] for result in results], np.float64)
    return Answers(name, version, [result["ids"] for result in results], probabilities)


def ask_interpreter(path: Path, texts: Sequence[str]) -> Answers:
    """The TFLite interpreter; pieces are found by the file's own SentencePiece model, not by the run's vocabulary."""
    with quietly():
        import tensorflow as tf
    model = path.read_bytes()
    tokenizer = metadata.read_metadata(model)
    ids = tokenizer.encode_all(texts)
    answer = interpreter(model)
    length = _input_length(model)
    probabilities = np.stack(
        [average(np.stack([answer(window) for window in split_ids(of_text, length)])) for of_text in ids]
    )
    return Answers("TFLite interpreter", f"TFLite of TensorFlow {tf.__version__}", ids, probabilities)


def ask_onnx(path: Path, vocabulary: Vocabulary, texts: Sequence[str]) -> Answers:
    """ONNX Runtime on one thread, with the Python tokenizer."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ids = vocabulary.encode_all(texts)
    windows = (split_ids(of_text, vocabulary.sequence_length).astype(np.int32) for of_text in ids)
    probabilities = np.stack([average(session.run([onnx.OUTPUT], {onnx.INPUT: rows})[0]) for rows in windows])
    return Answers("ONNX Runtime", f"onnxruntime {onnxruntime.__version__}", ids, probabilities)


def ask_numpy(dist: Path, texts: Sequence[str]) -> Answers:
    """`byline.load`: NumPy on the weights of the TF.js model, with the Python tokenizer."""
    classifier = runtime.Classifier(
        runtime.Network.read(dist / "tfjs"), Vocabulary.read(dist / "vocabulary.json"), threshold=0.0
    )
    ids = classifier.vocabulary.encode_all(texts)
    return Answers("NumPy, byline.load", f"NumPy {np.__version__}", ids, classifier.of_ids(ids))


def interpreter(model: bytes) -> Callable[[NDArray[np.int32]], NDArray[np.float32]]:
    """Gives a function from one row of ids, shape [sequence_length], to the outputs, shape [labels]."""
    with quietly():
        import tensorflow as tf

        loaded = tf.lite.Interpreter(model_content=model, num_threads=1)
        loaded.allocate_tensors()
    source, target = _ids_input(loaded)["index"], loaded.get_output_details()[0]["index"]

    def answer(row: NDArray[np.int32]) -> NDArray[np.float32]:
        loaded.set_tensor(source, row[None])
        loaded.invoke()
        return np.array(loaded.get_tensor(target)[0])

    return answer


def _ids_input(loaded: Any) -> dict[str, Any]:
    """Finds the input that is read among the three of the BERT clients."""
    (found,) = (detail for detail in loaded.get_input_details() if metadata.plain_name(detail["name"]) == "ids")
    return dict(found)


def _input_length(model: bytes) -> int:
    with quietly():
        import tensorflow as tf

        return int(_ids_input(tf.lite.Interpreter(model_content=model))["shape"][1])


def ask_bert_nl_classifier(path: Path, probe: Path, texts: Sequence[str]) -> Answers:
    """The Task Library's `BertNLClassifier`, from the raw string. It reads a text's first window.

    Args:
        path: The exported `.tflite` file.
        probe: What `write_probe` made of it: the client keeps its ids to itself, the probe answers with them.
        texts: Raw.
    """
    model = path.read_bytes()
    labels = metadata.read_metadata(model).labels
    positions = [str(position) for position in range(_input_length(model))]
    read = task_library.bert_probabilities(probe, texts, positions)
    return Answers(
        "BertNLClassifier",
        f"tflite-support {version('tflite-support')}",
        pieces_of(read),
        task_library.bert_probabilities(path, texts, labels),
    )


def pieces_of(rows: NDArray[np.float64] | Sequence[Sequence[float]]) -> list[list[int]]:
    """Gives the ids of the pieces in framed rows, as `write_probe`'s file answers with them."""
    return [[int(each) for each in row if each == UNKNOWN_ID or each >= len(RESERVED)] for row in rows]


def write_probe(vocabulary: Vocabulary, about: metadata.Description, path: Path) -> None:
    """Writes a `.tflite` file with the same tokenizer whose outputs are the ids: it shows what a client reads."""
    with quietly():
        import tensorflow as tf

    def ids_as_scores(ids: Any) -> Any:
        return tf.cast(ids, tf.float32)

    length = vocabulary.sequence_length
    model = tflite.convert_function(ids_as_scores, length, half=False)
    positions = [str(position) for position in range(length)]
    path.write_bytes(metadata.add_metadata(model, vocabulary, positions, about))
