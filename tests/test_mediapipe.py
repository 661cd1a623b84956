"""MediaPipe's `TextClassifier` reads raw strings from the `.tflite` file. It wants another protobuf, so it runs in
`.venv-mediapipe/`, which the first test builds from its own hashed lock."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from export import graph, metadata, parity, runtimes
from trainer.run import Run
from trainer.vocabulary import normalize

ENVIRONMENT = ROOT / ".venv-mediapipe"
LOCK = ROOT / "requirements" / "mediapipe.txt"


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter of MediaPipe's environment; skips where the machine lacks a library that MediaPipe links."""
    interpreter, installed = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed.txt"
    if not installed.is_file() or installed.read_bytes() != LOCK.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(LOCK)], check=True)
        installed.write_bytes(LOCK.read_bytes())
    imports = "from mediapipe.tasks import python; from mediapipe.tasks.python import text"
    tried = subprocess.run([str(interpreter), "-c", imports], capture_output=True, text=True, check=False)
    complaint = tried.stderr.strip().splitlines()[-1:] or [""]
    if "cannot open shared object file" in complaint[0]:
        pytest.skip(f"this machine lacks a system library that MediaPipe links: {complaint[0]}")
    assert tried.returncode == 0, tried.stderr
    return interpreter


def ask(python: Path, model: Path, texts: list[str]) -> list[list[float]]:
    program = [str(python), str(ROOT / "tests" / "mediapipe_answers.py")]
    request = json.dumps({"model": str(model), "texts": texts})
    done = subprocess.run(program, input=request, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[list[float]] = json.loads(done.stdout)
    return rows


def test_mediapipe_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, python: Path, tmp_path: Path
) -> None:
    texts, truth = parity.texts_of(trained)
    normal = [normalize(text) for text in texts]
    probe = tmp_path / "probe.tflite"
    runtimes.write_probe(trained.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
    model = parity.int8_path(dist_path, "byline")
    answers = runtimes.Answers(
        "MediaPipe",
        "",
        [[int(word_id) for word_id in row if word_id] for row in ask(python, probe, normal)],
        np.array(ask(python, model, normal)),
    )
    rounded = graph.rounded_classifier(trained.classifier)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    first = parity.first_window(reference, rounded, trained.vocabulary.sequence_length)
    row = parity.compare(answers, first, truth, parity.size_of(model))
    assert row.faults == ()
    assert row.strings == len(texts)
