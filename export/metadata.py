"""The only door to tflite-support: writes and reads a `.tflite` file's metadata, and opens its `NLClassifier`.

tflite-support links libusb, which a fresh machine does not have, and clashes with TensorFlow unless TensorFlow is
imported first: `_tflite_support` takes care of both.
"""

import ctypes
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.quiet import quietly
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary, normalize

AVAILABLE: Final = sys.platform != "win32"
NOT_AVAILABLE: Final = (
    "tflite-support has no Windows wheel, so the .tflite files carry no metadata and NLClassifier was not asked; "
    "export under WSL to have both"
)
NOT_RAW: Final = (
    "the vocabulary keeps punctuation marks, so NLClassifier, MediaPipe and other clients that take raw strings cannot "
    "read the .tflite files; an app has to tokenize with vocabulary.json, which is inside"
)
CONTRACT_FILE: Final = "vocabulary.json"  # of a vocabulary with marks, which no list of delimiters and tokens can say
VOCABULARY_FILE: Final = "vocabulary.txt"
LABELS_FILE: Final = "labels.txt"


@dataclass(frozen=True)
class Description:
    """What the file says of itself."""

    name: str
    description: str
    author: str
    license: str
    version: str


@dataclass(frozen=True)
class MobileTokenizer:
    """What a mobile client reads from the file.

    Attributes:
        delimiters: The regular expression that stands between words.
        ids: Token -> word id, the reserved tokens among them.
        labels: In the order of the outputs.
    """

    delimiters: str
    ids: dict[str, int]
    labels: tuple[str, ...]

    def encode(self, text: str) -> list[int]:
        """Gives the ids of all the text's words, found as a mobile client finds them."""
        tokens = re.split(self.delimiters, normalize(text))
        return [self.ids.get(token, UNKNOWN_ID) for token in tokens if token]


def delimiters(vocabulary: Vocabulary) -> str:
    """Gives the regular expression that matches whatever stands between words; it never matches nothing."""
    spans = (first if first == last else f"{first}-{last}" for first, last in vocabulary.to_json()["word_characters"])
    return f"[^{''.join(spans)}]+"


def token_list(vocabulary: Vocabulary) -> str:
    """Gives the mobile clients' list, a line `token id` for each surface form.

    Raises:
        UserError: The vocabulary breaks a rule on which the clients would crash or hang.
    """
    vocabulary.validate("vocabulary.json")
    tokens = [*enumerate(RESERVED), *((word_id, form) for form, word_id in vocabulary.ids.items())]
    return "".join(f"{form} {word_id}\n" for word_id, form in tokens)


def label_list(labels: Sequence[str]) -> str:
    """Gives the labels, one a line.

    Raises:
        UserError: A label is empty or holds a line break or another control character.
    """
    for label in labels:
        if not label.strip() or not label.isprintable():
            raise UserError(f"label {label!r}: a label is one line of printable characters")
    return "".join(f"{label}\n" for label in labels)


def add_metadata(model: bytes, vocabulary: Vocabulary, labels: Sequence[str], about: Description) -> bytes:
    """Puts vocabulary, labels and description into a `.tflite` file, once: a second time makes the clients crash.

    Of a vocabulary with marks the file gets no tokenizer, for no mobile client's can say them: its input is word ids,
    and `vocabulary.json` lies inside for the app.
    """
    support = _tflite_support()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer_file = Path(folder, CONTRACT_FILE if vocabulary.marks else VOCABULARY_FILE)
        tokenizer_file.write_text(_contract(vocabulary) if vocabulary.marks else token_list(vocabulary), "utf-8")
        (labels_file := Path(folder, LABELS_FILE)).write_text(label_list(labels), encoding="utf-8")
        read_by = _id_tensor if vocabulary.marks else _text_tensor
        writer = support.writer.MetadataWriter.create_from_metadata_info(
            bytearray(model),
            general_md=support.info.GeneralMd(
                name=about.name,
                version=about.version,
                description=about.description,
                author=about.author,
                licenses=about.license,
            ),
            input_md=[read_by(support, vocabulary, tokenizer_file)],
            output_md=[
                support.info.ClassificationTensorMd(
                    name="probabilities",
                    description="One probability a label.",
                    label_files=[support.info.LabelFileMd(str(labels_file))],
                    tensor_type=support.utils.get_output_tensor_types(bytearray(model))[0],
                )
            ],
            associated_files=[str(labels_file), str(tokenizer_file)],
        )
        with quietly():
            populated = bytes(writer.populate())
    written: MobileTokenizer | Vocabulary = replace(vocabulary, labels=tuple(labels))
    if not vocabulary.marks:
        written = MobileTokenizer(delimiters(vocabulary), dict(enumerated(vocabulary)), tuple(labels))
    if read_metadata(populated) != written:
        raise RuntimeError("The metadata read back from the .tflite file is not what was written.")
    return populated


def _text_tensor(support: "_Support", vocabulary: Vocabulary, tokenizer_file: Path) -> Any:
    """An input that the mobile clients fill from a raw string."""
    return support.info.InputTextTensorMd(
        name="phrase",
        description="A phrase in NFC without NUL; of a longer text, its first words are read.",
        tokenizer_md=support.info.RegexTokenizerMd(delimiters(vocabulary), str(tokenizer_file)),
    )


def _id_tensor(support: "_Support", vocabulary: Vocabulary, tokenizer_file: Path) -> Any:
    """An input that the app fills with word ids."""
    return support.info.TensorMd(
        name="ids",
        description=f"Word ids as {CONTRACT_FILE} gives them, {vocabulary.sequence_length} at once, padded with 0.",
        associated_files=[support.info.AssociatedFileMd(str(tokenizer_file), "The tokenizer contract.")],
    )


def _contract(vocabulary: Vocabulary) -> str:
    """Gives `vocabulary.json` in one line: the file is to be small, and nobody reads it there."""
    vocabulary.validate(CONTRACT_FILE)
    return json.dumps(vocabulary.to_json(), ensure_ascii=False, separators=(",", ":"))


def enumerated(vocabulary: Vocabulary) -> list[tuple[str, int]]:
    """Gives all tokens with their ids, the reserved ones first."""
    return [*((token, word_id) for word_id, token in enumerate(RESERVED)), *vocabulary.ids.items()]


def read_metadata(model: bytes) -> MobileTokenizer | Vocabulary:
    """Reads from a `.tflite` file what finds the word ids of a text: what a mobile client reads, or the vocabulary
    that no mobile client could read."""
    support = _tflite_support()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        displayer = support.metadata.MetadataDisplayer.with_model_buffer(bytearray(model))
    (tensor,) = json.loads(displayer.get_metadata_json())["subgraph_metadata"][0]["input_tensor_metadata"]
    labels = tuple(displayer.get_associated_file_buffer(LABELS_FILE).decode("utf-8").splitlines())
    if CONTRACT_FILE in displayer.get_packed_associated_file_list():
        contract = json.loads(displayer.get_associated_file_buffer(CONTRACT_FILE))
        return replace(Vocabulary.from_json(contract, CONTRACT_FILE), labels=labels)
    tokens = displayer.get_associated_file_buffer(VOCABULARY_FILE).decode("utf-8").splitlines()
    return MobileTokenizer(
        delimiters=tensor["process_units"][0]["options"]["delim_regex_pattern"],
        ids={token: int(word_id) for token, word_id in (line.split(" ") for line in tokens)},
        labels=labels,
    )


def nl_classifier_probabilities(path: Path, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Asks the Task Library's `NLClassifier`, which reads raw strings.

    Args:
        path: A `.tflite` file with metadata.
        texts: In NFC, without NUL.
        labels: The labels in the order of the columns wanted.

    Returns:
        float64, shape [texts, labels].
    """
    support = _tflite_support()
    with quietly():
        classifier = support.nl_classifier.NLClassifier.create_from_file(str(path))
    column = {label: index for index, label in enumerate(labels)}
    answers = np.zeros((len(texts), len(labels)))
    for row, text in zip(answers, texts, strict=True):
        for category in classifier.classify(text).classifications[0].categories:
            row[column[category.category_name]] = category.score
    return answers


@dataclass(frozen=True)
class _Support:
    writer: Any
    info: Any
    utils: Any
    metadata: Any
    nl_classifier: Any


def _tflite_support() -> _Support:
    with quietly():
        import libusb_package
        import tensorflow  # noqa: F401  before tflite-support, or its types clash

        ctypes.CDLL(str(libusb_package.get_library_path()))
        from tensorflow_lite_support.metadata.python import metadata
        from tensorflow_lite_support.metadata.python.metadata_writers import (
            metadata_info,
            metadata_writer,
            writer_utils,
        )
        from tensorflow_lite_support.python.task.text import nl_classifier as task
    return _Support(metadata_writer, metadata_info, writer_utils, metadata, task)
