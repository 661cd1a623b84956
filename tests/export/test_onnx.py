"""The ONNX model: one input of ids, the answers of every other artefact, and one line where the extra is missing."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export import graph
from export.__main__ import main
from export.proof import parity
from export.targets import onnx
from tests.support.runtimes.oracle import answers, made_constants, made_rows
from trainer.errors import UserError
from trainer.run import Run

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")


def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "constants",
    [
        pytest.param(made_constants(4), id="few labels"),
        pytest.param(made_constants(77, dense=20, bigram_cells=4), id="sparse rows"),
        pytest.param(made_constants(300, dense=20, bigram_cells=4), id="labels of two bytes"),
    ],
)
def test_rows_are_answered_as_by_the_plain_formula(constants: graph.Constants, tmp_path: Path) -> None:
    onnx.write_onnx(graph.inference(constants, 8, "int8"), 10, tmp_path / "model.onnx")
    model, rows = session(tmp_path / "model.onnx"), made_rows(20, 10, 60)
    (ids,), (probabilities,) = model.get_inputs(), model.get_outputs()
    assert (ids.name, ids.type, ids.shape[1]) == ("ids", "tensor(int32)", 10)
    assert probabilities.name == "probabilities"
    (found,) = model.run(None, {"ids": rows})
    assert found == pytest.approx(answers(constants, 8, rows), abs=parity.TOLERANCE)
    assert np.array_equal(model.run(None, {"ids": rows[:1]})[0], found[:1])


@pytest.mark.slow
def test_the_command_proves_it_and_says_so(
    run_path: Path, trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["onnx", f"--run={run_path}", f"--output={tmp_path / 'dist'}", "--name=pets"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| ONNX Runtime"))
    assert [cell.strip() for cell in row.split("|")[4:6]] == ["0", "100.00 %"]
    import onnx as reader

    opsets = reader.load(tmp_path / "dist" / "onnx" / "pets.onnx").opset_import
    assert [opset.version for opset in opsets if not opset.domain] == [17]
    assert (tmp_path / "dist" / "vocabulary.json").is_file()


@pytest.mark.slow
def test_a_model_that_answers_otherwise_is_refused_and_the_old_one_stays(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["onnx", f"--run={run_path}", f"--output={tmp_path / 'dist'}"]
    assert main(command) == 0
    before = (tmp_path / "dist" / "onnx" / "byline.onnx").read_bytes()
    write = onnx.write_onnx

    def write_another(probabilities: Callable[[Any], Any], *others: Any) -> None:
        write(lambda ids: probabilities(ids)[:, ::-1], *others)

    monkeypatch.setattr(onnx, "write_onnx", write_another)
    assert main(command) == 1
    assert "ONNX Runtime: " in capsys.readouterr().err
    assert (tmp_path / "dist" / "onnx" / "byline.onnx").read_bytes() == before


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(onnx, "find_spec", lambda name: None if name == "tf2onnx" else there(name))
    with pytest.raises(UserError, match=r"^the ONNX model needs more packages: pip install 'byline\[onnx\]'$"):
        onnx.write_onnx(graph.inference(made_constants(4), 8, "int8"), 10, tmp_path / "model.onnx")
