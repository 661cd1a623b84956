"""Models that a stranger trained with plain Keras go through the whole export, with every proof."""

import json
from pathlib import Path

import numpy as np
import pytest

import byline
from export.__main__ import main
from export.proof import parity, runtimes
from tests.support.external import LABELS, PHRASES, TEXTS, given
from tests.support.runtimes.mobile_clients import ALL, ask_python
from trainer.__main__ import main as train
from trainer.errors import UserError
from trainer.external.opening import given_answers, open_external
from trainer.external.record import reopened
from trainer.run import find

pytestmark = pytest.mark.slow


def cells(out: str) -> dict[str, list[str]]:
    """Gives the rows of the proof that was printed: runtime -> its cells."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows if len(row) == 8 and row[0] != "runtime" and not row[0].startswith("-")}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_test_rows(path: Path) -> Path:
    path.write_text("text\tlabel\n" + "".join(f"{phrase.text}\t{phrase.label}\n" for phrase in PHRASES[::3]))
    return path


@pytest.mark.parametrize("kind", ["convolution", "gru", "average"])
def test_it_is_exported_and_every_runtime_agrees(
    kind: str, place: Path, python: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = given(kind, place)
    data = [f"--data={write_test_rows(place / 'test.tsv')}"] if kind == "convolution" else []
    assert main(["all", *options, *data, "--name=pets"]) == 0
    rows = cells(capsys.readouterr().out)
    assert {row[2] for row in rows.values()} == {"0"}
    assert {row[3] for row in rows.values()} == {"100.00 %"}
    wanted = {"Keras, as given", "TF.js in Node", "the npm package in Node", "TFLite interpreter, float16"}
    wanted |= {"the page in Chromium", "the single file in Chromium", "BertNLClassifier, float16"}
    assert wanted <= set(rows)
    run, dist = find(None), place / "dist"
    assert run.measured == bool(data)
    card = (dist / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "trained elsewhere" in card
    assert ("It was not measured" in card) != bool(data)
    index = (dist / "web" / "index.html").read_text(encoding="utf-8")
    assert ('id="quiz"' in index) == bool(data)
    # MediaPipe reads the raw strings, too.
    model = parity.int8_path(dist, "pets")
    texts = [text.split()[0] for text in TEXTS[::40]] + ["purr bark", "unheard", "the"]
    texts = [text for text in texts if len(run.vocabulary.encode(text)) <= run.vocabulary.window]
    said = ask_python(python, model, texts, ALL)
    scores = np.array([[of_text[label] for label in LABELS] for of_text in said])
    assert scores == pytest.approx(runtimes.ask_interpreter(model, texts).probabilities, abs=parity.TOLERANCE)
    with pytest.raises(UserError, match="was trained elsewhere"):
        byline.load(dist)
    if kind == "average":  # with its run beside it, and then without: once is enough, it is all of the proof again
        assert main(["verify", str(dist)]) == 0
    (place / "elsewhere").mkdir()
    (place / "runs").rename(place / "elsewhere" / "runs")
    assert main(["verify", str(dist)]) == 0


def test_the_same_bytes_come_twice(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert main(["all", *given("average", place), "--output=one"]) == 0
    assert main(["all", f"--run={find(None).path}", "--output=two"]) == 0
    manifests = [json.loads((place / name / "manifest.json").read_text()) for name in ("one", "two")]
    different = [name for name, of in manifests[0]["files"].items() if of != manifests[1]["files"][name]]
    assert different == []
    assert manifests[0]["run"]["model_sha256"] == manifests[1]["run"]["model_sha256"]


@pytest.mark.parametrize("kind", ["convolution", "gru", "average", "attention"])
def test_a_string_is_answered_as_by_the_model_that_was_given(kind: str, place: Path) -> None:
    options = dict(option.removeprefix("--").split("=") for option in given(kind, place))
    vocabulary = Path(options["vocabulary"]) if "vocabulary" in options else None
    external = open_external(Path(options["model"]), vocabulary, LABELS, {})
    texts = [" ".join(text.split()[:6]) for text in TEXTS[::20]]
    texts += ["The  PURR, of\ta dog's", "unheard words only", "café \u00e9t\u00e9", "a - b", "the"]
    window = external.classifier.vocabulary.window
    short = [text for text in texts if len(external.classifier.vocabulary.encode(text)) <= window]
    assert len(short) > 1
    assert external.classifier.probabilities(short) == pytest.approx(given_answers(external, short), abs=2e-6)
    assert np.isfinite(external.classifier.probabilities([""])).all()


def test_predict_and_evaluate_read_its_run_and_folds_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = given("convolution", place)
    data = str(write_test_rows(place / "test.tsv"))
    assert main(["all", *options, f"--data={data}", "--tflite-budget=1"]) == 1
    assert "more than its budget" in capsys.readouterr().err
    assert train(["predict", "purr and meow the whisker"]) == 0
    assert "cats" in capsys.readouterr().out
    assert train(["evaluate", f"--data={data}"]) == 0
    assert train(["evaluate", f"--data={data}", "--folds=3"]) == 2
    assert "was trained elsewhere" in capsys.readouterr().err
    (find(None).path / "given.keras").write_bytes(b"")
    with pytest.raises(UserError, match=r"is no \.keras file"):
        reopened(find(None))
