"""The only door to tflite-support: writes and reads a `.tflite` file's metadata, and opens its `BertNLClassifier`.

tflite-support links libusb, which a fresh machine does not have, and clashes with TensorFlow unless TensorFlow is
imported first: `_tflite_support` takes care of both.
"""

import ctypes
import json
import platform
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.quiet import quietly
from trainer.text.normalization import clean
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary

AVAILABLE: Final = sys.platform == "linux" and platform.machine() == "x86_64"
NOT_AVAILABLE: Final = (
    "tflite-support has a wheel for Linux x86-64 alone, so the .tflite files carry no metadata and "
    "BertNLClassifier was not asked; export there to have both"
)
LOWER_CASE: Final = (
    "clients that take raw strings lower-case A to Z before they read, and this vocabulary keeps case: "
    "BertNLClassifier was not asked; give such an app's interpreter ids by vocabulary.model"
)
TOKENIZER_FILE: Final = "vocabulary.model"
LABELS_FILE: Final = "labels.txt"
OUTPUT: Final = "probability"  # by another name BertNLClassifier crashes
INPUTS: Final = {  # the metadata's names are what MediaPipe looks for
    "ids": "Ids of [CLS], the first pieces of the text and [SEP], and zeros behind them.",
    "mask": "Not read.",
    "segment_ids": "Not read.",
}


@dataclass(frozen=True)
class Description:
    """What the file says of itself."""

    name: str
    description: str
    author: str
    license: str
    version: str


@dataclass(frozen=True)
class ReadMetadata:
    """What a mobile client reads from the file.

    Attributes:
        tokenizer: SentencePiece's own file.
        labels: In the order of the outputs.
    """

    tokenizer: bytes
    labels: tuple[str, ...]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Gives the ids of all the texts' pieces."""
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor(model_proto=self.tokenizer)
        ids: list[list[int]] = processor.encode([clean(text) for text in texts])
        return ids


def label_list(labels: Sequence[str]) -> str:
    """Gives the labels, one a line.

    Raises:
        UserError: A label is blank or holds a line break: the clients crash, or shift all labels behind it.
    """
    for label in labels:
        if not label.strip() or len(label.splitlines()) != 1 or "\0" in label:
            raise UserError(f"label {label!r}: a label is one line, and not blank")
    return "".join(f"{label}\n" for label in labels)


def add_metadata(model: bytes, vocabulary: Vocabulary, labels: Sequence[str], about: Description) -> bytes:
    """Puts tokenizer, labels and description into a `.tflite` file, once: a second time makes the clients crash.

    Raises:
        UserError: The vocabulary or a label breaks a rule on which the clients would crash.
        ValueError: The model has not an output for each label.
    """
    support = _tflite_support()
    vocabulary.validate("vocabulary.json")
    _check_outputs(model, labels)
    tokenizer = read_back(vocabulary)
    with tempfile.TemporaryDirectory() as folder:
        (tokenizer_file := Path(folder, TOKENIZER_FILE)).write_bytes(tokenizer)
        (labels_file := Path(folder, LABELS_FILE)).write_text(label_list(labels), encoding="utf-8")
        writer = support.writer.MetadataWriter.create_from_metadata_info(
            bytearray(model),
            general_md=support.info.GeneralMd(
                name=about.name,
                version=about.version,
                description=about.description,
                author=about.author,
                licenses=about.license,
            ),
            input_md=_inputs(support, model, tokenizer_file),
            output_md=support.info.ClassificationTensorMd(
                name=OUTPUT,
                description="One probability a label.",
                label_files=[support.info.LabelFileMd(str(labels_file))],
                tensor_type=support.utils.get_output_tensor_types(bytearray(model))[0],
            ),
        )
        with quietly():
            populated = bytes(writer.populate())
    if read_metadata(populated) != ReadMetadata(tokenizer, tuple(labels)):
        raise RuntimeError("The metadata read back from the .tflite file is not what was written.")
    return populated


def _inputs(support: "_Support", model: bytes, tokenizer_file: Path) -> Any:
    names = {plain_name(name): name for name in support.utils.get_input_tensor_names(bytearray(model))}
    described = {name: support.info.TensorMd(name=name, description=text) for name, text in INPUTS.items()}
    return support.info.BertInputTensorsMd(
        bytearray(model),
        names["ids"],
        names["mask"],
        names["segment_ids"],
        ids_md=described["ids"],
        mask_md=described["mask"],
        segment_ids_md=described["segment_ids"],
        tokenizer_md=support.info.SentencePieceTokenizerMd(str(tokenizer_file)),
    )


def plain_name(name: str) -> str:
    """Gives a tensor's name as the signature has it."""
    return name.split(":")[0].removeprefix("serving_default_")


def _check_outputs(model: bytes, labels: Sequence[str]) -> None:
    with quietly():
        import tensorflow as tf

        (output,) = tf.lite.Interpreter(model_content=model).get_output_details()
    if output["shape"][-1] != len(labels):
        received = f"{output['shape'][-1]} outputs, {len(labels)} labels"
        raise ValueError(f"The model must have an output for each label. Received: {received}")


def read_back(vocabulary: Vocabulary) -> bytes:
    """Gives SentencePiece's own file, once it was read back: a damaged one ends a client's process.

    Raises:
        ValueError: It does not hold what the vocabulary does.
    """
    import sentencepiece

    written = vocabulary.model_proto()
    processor = sentencepiece.SentencePieceProcessor(model_proto=written)
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    if pieces != [*RESERVED, *vocabulary.pieces] or processor.unk_id() != UNKNOWN_ID:
        raise ValueError("The SentencePiece model must hold the vocabulary's pieces.")
    return written


def read_metadata(model: bytes) -> ReadMetadata:
    """Reads from a `.tflite` file what a mobile client reads."""
    support = _tflite_support()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        displayer = support.metadata.MetadataDisplayer.with_model_buffer(bytearray(model))
    facts = json.loads(displayer.get_metadata_json())["subgraph_metadata"][0]
    (unit,) = facts["input_process_units"]
    (file,) = unit["options"]["sentencePiece_model"]
    labels = displayer.get_associated_file_buffer(LABELS_FILE).decode("utf-8").split("\n")[:-1]
    return ReadMetadata(bytes(displayer.get_associated_file_buffer(file["name"])), tuple(labels))


def bert_probabilities(path: Path, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Asks the Task Library's `BertNLClassifier`, which reads raw strings, their first window alone.

    Args:
        path: A `.tflite` file with metadata.
        texts: Raw; NUL and lone surrogates are taken out, which its Python binding cannot be given.
        labels: The labels in the order of the columns wanted.

    Returns:
        float64, shape [texts, labels].
    """
    support = _tflite_support()
    with quietly():
        classifier = support.bert_nl_classifier.BertNLClassifier.create_from_file(str(path))
    column = {label: index for index, label in enumerate(labels)}
    answers = np.zeros((len(texts), len(labels)))
    for row, text in zip(answers, texts, strict=True):
        for category in classifier.classify(clean(text)).classifications[0].categories:
            row[column[category.category_name]] = category.score
    return answers


@dataclass(frozen=True)
class _Support:
    writer: Any
    info: Any
    utils: Any
    metadata: Any
    bert_nl_classifier: Any


def _tflite_support() -> _Support:
    with quietly():
        import libusb_package
        import tensorflow  # noqa: F401  before tflite-support, or its types clash

        ctypes.CDLL(str(libusb_package.get_library_path()))
        from tensorflow_lite_support.metadata.python import metadata
        from tensorflow_lite_support.metadata.python.metadata_writers import (
            bert_nl_classifier,
            metadata_info,
            writer_utils,
        )
        from tensorflow_lite_support.python.task.text import bert_nl_classifier as task
    return _Support(bert_nl_classifier, metadata_info, writer_utils, metadata, task)
