"""Files that end or stop a mobile client: each is shown to, in a process of its own, and is refused by us.

What we write by the same functions passes in the same processes.
"""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from export.proof import task_library
from export.targets import flatbuffer, metadata
from tests.support.places import ROOT
from tests.support.runtimes.mobile_clients import ask_python
from trainer.errors import UserError
from trainer.run import Run

needs_the_library = pytest.mark.skipif(not task_library.AVAILABLE, reason=task_library.NOT_AVAILABLE)
ABOUT = metadata.Description("byline", "", "", "", "")
ASK_BERT = (
    "import sys, pathlib\n"
    "from export.proof.task_library import bert_probabilities\n"
    "print(bert_probabilities(pathlib.Path(sys.argv[1]), ['to be or not'], sys.argv[2:]).sum())"
)
Make = Callable[..., bytes]


@pytest.fixture(scope="module")
def make(bare: bytes, trained: Run) -> Make:
    """Makes a file that nothing was checked of."""

    def unchecked(
        labels: list[str] | None = None,
        tokenizer: bytes | None = None,
        output: str = metadata.OUTPUT,
        compression: int = zipfile.ZIP_STORED,
    ) -> bytes:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(metadata, "OUTPUT", output)
            tables = metadata._tables(metadata._input_names(bare), ABOUT, 0.0, ())
        files = {
            metadata.TOKENIZER_FILE: trained.vocabulary.model_proto() if tokenizer is None else tokenizer,
            metadata.LABELS_FILE: "".join(
                f"{label}\n" for label in (trained.labels if labels is None else labels)
            ).encode(),
        }
        written = io.BytesIO(metadata._with_buffer(bare, flatbuffer.write(tables, metadata.IDENTIFIER)))
        with zipfile.ZipFile(written, "a") as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=compression)
        return written.getvalue()

    return unchecked


def bert(path: Path, labels: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Asks `BertNLClassifier` in a process that may end."""
    command = [sys.executable, "-c", ASK_BERT, str(path), *labels]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@needs_the_library
def test_bert_nl_classifier_crashes_where_we_refuse(make: Make, trained: Run, tmp_path: Path) -> None:
    labels, path = trained.labels, tmp_path / "model.tflite"
    tokenizer = trained.vocabulary.model_proto()
    path.write_bytes(make())
    assert float(bert(path, labels).stdout) == pytest.approx(1)
    killed = {
        "another name of the output": make(output="score"),
        "fewer labels than outputs": make(labels=list(labels[:1])),
        "no labels": make(labels=[]),
        "half a tokenizer": make(tokenizer=tokenizer[: len(tokenizer) // 2]),
        "an empty tokenizer": make(tokenizer=b""),
        "a tokenizer that is none": make(tokenizer=b"\xff" * 500),
    }
    ends = {}
    for what, model in killed.items():
        path.write_bytes(model)
        ends[what] = bert(path, labels).returncode
    assert {what: end for what, end in ends.items() if end >= 0} == {}  # each ended by a signal


def test_mediapipe_stops_where_we_refuse(make: Make, trained: Run, python: Path, tmp_path: Path) -> None:
    labels, path = list(trained.labels), tmp_path / "model.tflite"
    path.write_bytes(make())
    (named,) = ask_python(python, path, ["to be or not"])
    assert list(named) == labels
    for what, model in {
        "fewer labels than outputs": make(labels=labels[:1]),
        "no labels": make(labels=[]),
        "a blank label": make(labels=[labels[0], "", *labels[1:]]),
        "a label more": make(labels=[*labels, "more"]),
        "an empty tokenizer": make(tokenizer=b""),
        "a compressed file": make(compression=zipfile.ZIP_DEFLATED),
    }.items():
        path.write_bytes(model)
        try:
            answered = ask_python(python, path, ["to be or not"])
        except RuntimeError:  # the process ended, or raised
            continue
        pytest.fail(f"{what}: {answered}")


def test_we_refuse_to_write_them(bare: bytes, trained: Run) -> None:
    own = trained.vocabulary
    labels = own.labels
    for wrong in (labels[:1], (), (*labels, "more")):
        with pytest.raises(ValueError, match="an output for each label"):
            metadata.add_metadata(bare, own, wrong, ABOUT)
    with pytest.raises(UserError, match="a label is one line, and not blank"):
        metadata.add_metadata(bare, own, ("", *labels[1:]), ABOUT)
    with pytest.raises(UserError, match=r"has \d+ pieces and \d+ scores"):
        metadata.add_metadata(bare, replace(own, pieces=own.pieces[:-1]), labels, ABOUT)
    once = metadata.add_metadata(bare, own, labels, ABOUT)
    with pytest.raises(ValueError, match="no metadata yet"):
        metadata.add_metadata(once, own, labels, ABOUT)


def test_a_tokenizer_that_was_damaged_on_the_way_is_found(
    bare: bytes, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained.vocabulary.model_proto()
    monkeypatch.setattr(type(trained.vocabulary), "model_proto", lambda vocabulary: whole[: len(whole) // 2])
    with pytest.raises((RuntimeError, ValueError)):
        metadata.add_metadata(bare, trained.vocabulary, trained.labels, ABOUT)
