"""A `.tflite` file's metadata: what a client that takes raw strings reads, by the published `metadata_schema.fbs`.

It is one more buffer of the model, and files in a zip archive behind it.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from export.targets import flatbuffer
from export.targets.flatbuffer import Byte
from trainer.errors import UserError
from trainer.quiet import quietly
from trainer.text.normalization import clean
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary

TOKENIZER_FILE: Final = "vocabulary.model"
LABELS_FILE: Final = "labels.txt"
OUTPUT: Final = "probability"  # by another name BertNLClassifier crashes
METADATA: Final = "TFLITE_METADATA"  # the buffer's name
IDENTIFIER: Final = b"M001"  # of the schema
PARSER: Final = "1.1.0"  # the first that knows SentencePiece
FEATURE_PROPERTIES: Final = 1  # of the union ContentProperties
TENSOR_AXIS_LABELS: Final = 2  # of the enumeration AssociatedFileType
SCORE_THRESHOLDING: Final = 3  # of the union ProcessUnitOptions
SENTENCEPIECE: Final = 5
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
        threshold: The least likely that MediaPipe names; 0 where it names all.
        display_names: Locale -> what the labels are called there.
    """

    tokenizer: bytes
    labels: tuple[str, ...]
    threshold: float
    display_names: dict[str, tuple[str, ...]]

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


def add_metadata(
    model: bytes,
    vocabulary: Vocabulary,
    labels: Sequence[str],
    about: Description,
    threshold: float = 0.0,
    display_names: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """Puts tokenizer, labels and description into a `.tflite` file, once: a second time makes the clients crash.

    Args:
        model: As the converter wrote it.
        vocabulary: The tokenizer.
        labels: In the order of the outputs.
        about: What the file says of itself.
        threshold: MediaPipe leaves labels out that are less likely; 0 leaves none out. `BertNLClassifier` ignores it.
        display_names: Locale -> what the labels are called there, in their order.

    Raises:
        UserError: The vocabulary or a label breaks a rule on which the clients would crash.
        ValueError: The model has not an output for each label, or has metadata.
    """
    vocabulary.validate("vocabulary.json")
    _check_outputs(model, labels)
    tokenizer = read_back(vocabulary)
    named = {locale: tuple(names) for locale, names in (display_names or {}).items()}
    if any(len(names) != len(labels) for names in named.values()):
        raise ValueError("A locale must have a display name for each label.")
    described = flatbuffer.write(_tables(_input_names(model), about, threshold, named), IDENTIFIER)
    files = {TOKENIZER_FILE: tokenizer, LABELS_FILE: label_list(labels).encode()}
    files |= {_names_file(locale): label_list(names).encode() for locale, names in named.items()}
    populated = _with_files(_with_buffer(model, described), files)
    if read_metadata(populated) != ReadMetadata(tokenizer, tuple(labels), float(np.float32(threshold)), named):
        raise RuntimeError("The metadata read back from the .tflite file is not what was written.")
    return populated


def _names_file(locale: str) -> str:
    return f"labels-{locale}.txt"


def _tables(inputs: Sequence[str], about: Description, threshold: float, locales: Iterable[str]) -> flatbuffer.Slots:
    """Gives the metadata by the fields of `metadata_schema.fbs`, version 1.1.0."""
    content = {0: Byte(FEATURE_PROPERTIES), 1: {}}
    tensors = [{0: name, 1: INPUTS[name], 3: content, 5: {}} for name in inputs]
    labels = {0: LABELS_FILE, 1: "One label a line, in the order of the outputs.", 2: Byte(TENSOR_AXIS_LABELS)}
    # MediaPipe takes the first file for the labels' own names.
    named = [
        {0: _names_file(locale), 1: "The labels' display names.", 2: Byte(TENSOR_AXIS_LABELS), 3: locale}
        for locale in locales
    ]
    tokenizer = {0: [{0: TOKENIZER_FILE, 1: "The SentencePiece model."}]}
    output = {
        0: OUTPUT,
        1: "One probability a label.",
        3: content,
        4: [{0: Byte(SCORE_THRESHOLDING), 1: {0: threshold}}] if threshold else None,
        5: {0: [1.0], 1: [0.0]},
        6: [labels, *named],
    }
    graph = {2: tensors, 3: [output], 5: [{0: Byte(SENTENCEPIECE), 1: tokenizer}]}
    said = {0: about.name, 1: about.description, 2: about.version, 4: about.author, 5: about.license}
    return said | {3: [graph], 7: PARSER}


def _with_buffer(model: bytes, described: bytes) -> bytes:
    """Adds the metadata to the model's own buffers.

    Raises:
        ValueError: There is metadata already.
    """
    with quietly():
        import flatbuffers
        from tensorflow.lite.python import schema_py_generated as schema

    parsed = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))
    parsed.metadata = parsed.metadata or []
    if any(entry.name == METADATA.encode() for entry in parsed.metadata):
        raise ValueError("The model must have no metadata yet.")
    entry, buffer = schema.MetadataT(), schema.BufferT()
    buffer.data = np.frombuffer(described, np.uint8)
    entry.name, entry.buffer = METADATA, len(parsed.buffers)
    parsed.buffers.append(buffer)
    parsed.metadata.append(entry)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(parsed.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _with_files(model: bytes, files: Mapping[str, bytes]) -> bytes:
    """Appends files as a zip archive. They are stored: both clients refuse what is deflated."""
    written = io.BytesIO(model)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # with a date that is always the same
    return written.getvalue()


def _input_names(model: bytes) -> list[str]:
    """Gives the inputs' names, in the order of their positions."""
    with quietly():
        from tensorflow.lite.python import schema_py_generated as schema

    graph = schema.Model.GetRootAs(model).Subgraphs(0)
    inputs = [graph.Tensors(graph.Inputs(position)) for position in range(graph.InputsLength())]
    return [plain_name(tensor.Name().decode()) for tensor in inputs]


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
    with quietly():
        from tensorflow.lite.python import schema_py_generated as schema

    parsed = schema.Model.GetRootAs(model)
    entries = (parsed.Metadata(index) for index in range(parsed.MetadataLength()))
    (entry,) = (entry for entry in entries if entry.Name() == METADATA.encode())
    root = flatbuffer.Table.root(parsed.Buffers(entry.Buffer()).DataAsNumpy().tobytes(), IDENTIFIER)
    (graph,) = root.tables(3)
    (unit,), (output,) = graph.tables(5), graph.tables(3)
    options = unit.table(1)
    if unit.byte(0) != SENTENCEPIECE or options is None:
        raise ValueError("The tokenizer must be a SentencePiece model.")
    (tokenizer,), (labels, *named) = options.tables(0), output.tables(6)
    limits = [limit for each in output.tables(4) if each.byte(0) == SCORE_THRESHOLDING and (limit := each.table(1))]
    with zipfile.ZipFile(io.BytesIO(model)) as archive:

        def lines(name: str) -> tuple[str, ...]:
            return tuple(archive.read(name).decode("utf-8").split("\n")[:-1])

        return ReadMetadata(
            archive.read(tokenizer.text(0)),
            lines(labels.text(0)),
            limits[0].float32(0) if limits else 0.0,
            {each.text(3): lines(each.text(0)) for each in named},
        )
