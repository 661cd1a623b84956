"""The metadata that we write ourselves: what the library that is published for it reads, and would write."""

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.proof import parity, task_library
from export.targets import flatbuffer, metadata
from export.targets.flatbuffer import Byte, Table
from trainer.run import Run

ABOUT = metadata.Description("byline", "Größe “and” quotes", "A. Tester", "CC0-1.0", "1 é")
needs_the_library = pytest.mark.skipif(not task_library.AVAILABLE, reason=task_library.NOT_AVAILABLE)


def by_the_library(model: bytes, trained: Run, folder: Path) -> bytes:
    """Writes the same metadata by tflite-support."""
    support = task_library.tflite_support()
    (folder / metadata.TOKENIZER_FILE).write_bytes(trained.vocabulary.model_proto())
    (folder / metadata.LABELS_FILE).write_text(metadata.label_list(trained.vocabulary.labels), encoding="utf-8")
    names = support.utils.get_input_tensor_names(bytearray(model))
    described = {
        plain: support.info.TensorMd(name=plain, description=metadata.INPUTS[plain])
        for plain in map(metadata.plain_name, names)
    }
    by_name = {metadata.plain_name(name): name for name in names}
    info = support.info
    writer = support.writer.MetadataWriter.create_from_metadata_info(
        bytearray(model),
        general_md=info.GeneralMd(
            name=ABOUT.name,
            version=ABOUT.version,
            description=ABOUT.description,
            author=ABOUT.author,
            licenses=ABOUT.license,
        ),
        input_md=info.BertInputTensorsMd(
            bytearray(model),
            by_name["ids"],
            by_name["mask"],
            by_name["segment_ids"],
            ids_md=described["ids"],
            mask_md=described["mask"],
            segment_ids_md=described["segment_ids"],
            tokenizer_md=info.SentencePieceTokenizerMd(str(folder / metadata.TOKENIZER_FILE)),
        ),
        output_md=info.ClassificationTensorMd(
            name=metadata.OUTPUT,
            description="One probability a label.",
            label_files=[info.LabelFileMd(str(folder / metadata.LABELS_FILE))],
            tensor_type=support.utils.get_output_tensor_types(bytearray(model))[0],
        ),
    )
    return bytes(writer.populate())


def read_by_the_library(model: bytes) -> tuple[Any, dict[str, bytes]]:
    """Gives the metadata as tflite-support's own JSON, without what it says of files, and the files."""
    support = task_library.tflite_support()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        displayer = support.metadata.MetadataDisplayer.with_model_buffer(bytearray(model))
    read = json.loads(displayer.get_metadata_json())
    (of_graph,) = read["subgraph_metadata"]
    for file in (
        of_graph["output_tensor_metadata"][0]["associated_files"][0],
        of_graph["input_process_units"][0]["options"]["sentencePiece_model"][0],
    ):
        assert file.pop("description")
    names = displayer.get_packed_associated_file_list()
    return read, {name: bytes(displayer.get_associated_file_buffer(name)) for name in names}


def unpacked(model: bytes) -> Any:
    """Gives the model without its metadata as plain values."""
    from tensorflow.lite.python import schema_py_generated as schema

    def plain(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, np.ndarray):
            return value.tobytes()
        return {key: plain(each) for key, each in vars(value).items()} if hasattr(value, "__dict__") else value

    parsed = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))
    for entry in parsed.metadata:
        if entry.name == metadata.METADATA.encode():
            parsed.buffers[entry.buffer].data = None
    return plain(parsed)


@needs_the_library
def test_it_is_what_the_library_writes(bare: bytes, trained: Run, tmp_path: Path) -> None:
    ours = metadata.add_metadata(bare, trained.vocabulary, trained.vocabulary.labels, ABOUT)
    theirs = by_the_library(bare, trained, tmp_path)
    assert read_by_the_library(ours) == read_by_the_library(theirs)
    assert unpacked(ours) == unpacked(theirs)
    assert metadata.read_metadata(theirs) == metadata.read_metadata(ours)
    assert len(ours) <= len(theirs)


@needs_the_library
def test_the_threshold_is_a_unit_of_the_output(bare: bytes, trained: Run) -> None:
    ours = metadata.add_metadata(bare, trained.vocabulary, trained.vocabulary.labels, ABOUT, 0.375)
    (of_graph,) = read_by_the_library(ours)[0]["subgraph_metadata"]
    (unit,) = of_graph["output_tensor_metadata"][0]["process_units"]
    assert unit == {"options_type": "ScoreThresholdingOptions", "options": {"global_score_threshold": 0.375}}


@needs_the_library
def test_the_task_library_ignores_the_threshold(dist_path: Path, trained: Run) -> None:
    model = parity.int8_path(dist_path, "byline")
    assert metadata.read_metadata(model.read_bytes()).threshold == np.float32(trained.threshold) > 0
    answers = task_library.bert_probabilities(model, ["zzz qqq"], trained.vocabulary.labels)
    assert answers.min() < trained.threshold
    assert answers.sum() == pytest.approx(1, abs=1e-5)


def test_the_same_model_is_the_same_bytes_and_its_files_are_stored(bare: bytes, trained: Run) -> None:
    labels = trained.vocabulary.labels
    first, second = (metadata.add_metadata(bare, trained.vocabulary, labels, ABOUT) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert {file.filename: file.compress_type for file in archive.infolist()} == {
            metadata.TOKENIZER_FILE: zipfile.ZIP_STORED,
            metadata.LABELS_FILE: zipfile.ZIP_STORED,
        }


def test_metadata_twice_is_refused(bare: bytes, trained: Run) -> None:
    """The clients crash on it."""
    once = metadata.add_metadata(bare, trained.vocabulary, trained.vocabulary.labels, ABOUT)
    with pytest.raises(ValueError, match="must have no metadata yet"):
        metadata.add_metadata(once, trained.vocabulary, trained.vocabulary.labels, ABOUT)


def test_a_buffer_is_read_back() -> None:
    inner = {0: "", 1: [1.5, -2.0], 2: 0.25}
    data = flatbuffer.write({0: "Größe", 2: Byte(7), 4: inner, 5: [inner, {}], 6: None}, b"TEST")
    root = Table.root(data, b"TEST")
    assert (root.text(0), root.text(1), root.byte(2), root.byte(3)) == ("Größe", "", 7, 0)
    table = root.table(4)
    assert table
    assert (table.text(0), table.float32(2), table.float32(3)) == ("", 0.25, 0.0)
    assert [each.float32(2) for each in root.tables(5)] == [0.25, 0.0]
    assert (root.table(6), root.tables(6), root.table(99)) == (None, [], None)
    with pytest.raises(ValueError, match="of the schema"):
        Table.root(data, b"M001")


HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)> {{7*7}} {%',
    "\u202eturned \x1b[31mred",
)


@needs_the_library
def test_hostile_labels_and_descriptions_stay_text(bare: bytes, trained: Run, tmp_path: Path) -> None:
    labels = (
        *HOSTILE,
        *(f"{number} {'long ' * 2_000}".strip() for number in range(len(trained.labels) - len(HOSTILE))),
    )
    about = metadata.Description(HOSTILE[0], HOSTILE[1], HOSTILE[2], "x" * 10_000, "1")
    model = metadata.add_metadata(bare, trained.vocabulary, labels, about)
    assert metadata.read_metadata(model).labels == labels
    described = read_by_the_library(model)[0]
    assert (described["name"], described["description"], described["author"]) == HOSTILE
    (tmp_path / "model.tflite").write_bytes(model)
    answers = task_library.bert_probabilities(tmp_path / "model.tflite", ["to be"], labels)
    assert answers.sum() == pytest.approx(1, abs=1e-5)
