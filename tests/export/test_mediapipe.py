"""The clients of raw strings: MediaPipe's `TextClassifier` in Python and in Chromium, and `BertNLClassifier`.

Each is asked the test phrases and 5,000 fuzz strings, and some of them twice.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser

from export import dist, graph
from export.manifest import read_manifest
from export.proof import parity, runtimes, task_library
from export.settings import Settings
from export.targets import metadata
from export.targets.display_names import read_display_names
from tests.support.runtimes.mobile_clients import (
    ALL,
    FUZZ,
    ChangedAnswerError,
    Scores,
    ask_browser,
    ask_python,
    pieces_of,
    unchanged,
)
from trainer.errors import UserError
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.text.normalization import clean

Ask = Callable[[Path, list[str], float | None], Scores]


@dataclass(frozen=True)
class Expected:
    """What clients of raw strings are asked, and what they have to say.

    Attributes:
        texts: The test phrases, then fuzz strings.
        truth: The right labels' indices of the former.
        answers: The rounded model's, to each text's first window.
        probe: A file that answers with the ids that a client reads.
    """

    texts: list[str]
    truth: NDArray[np.int64]
    answers: runtimes.Answers
    probe: Path

    @property
    def raw(self) -> list[str]:
        """Without NUL, at which the clients stop."""
        return [clean(text) for text in self.texts]

    def hold(self, given: runtimes.Answers) -> None:
        """Holds ids, best labels and probabilities against the model's."""
        row = parity.compare(given, self.answers, self.truth, size=0)
        assert row.faults == ()
        assert row.strings == len(self.texts) == len(self.truth) + FUZZ


@pytest.fixture(scope="module")
def expected(trained: Run, rounded: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    probe = tmp_path_factory.mktemp("probe") / "probe.tflite"
    runtimes.write_probe(trained.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
    texts, truth = parity.texts_of(trained, FUZZ)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    first = parity.first_window(reference, rounded, trained.vocabulary.sequence_length)
    return Expected(texts, truth, first, probe)


def held_against_the_model(trained: Run, dist_path: Path, ask: Ask, expected: Expected) -> None:
    """Holds what MediaPipe says of raw strings against the rounded model's answer to their first windows.

    Where no threshold is asked for, the client has to name those labels that reach the run's, and so be "not sure" by
    itself.
    """
    model = parity.int8_path(dist_path, "byline")
    said = ask(model, expected.raw, ALL)
    labels = trained.vocabulary.labels
    scores = np.array([[of_text.get(label, 0.0) for label in labels] for of_text in said], np.float64)
    expected.hold(runtimes.Answers("MediaPipe", "", pieces_of(ask(expected.probe, expected.raw, None)), scores))
    named = ask(model, expected.raw[:300], None)
    limit = float(np.float32(trained.threshold))
    assert named == [{label: score for label, score in of_text.items() if score >= limit} for of_text in said[:300]]
    assert 0 < sum(not of_text for of_text in named) < 150


@pytest.mark.slow
@pytest.mark.skipif(not task_library.AVAILABLE, reason=task_library.NOT_AVAILABLE)
def test_bert_nl_classifier_gives_the_models_answer_twice(trained: Run, dist_path: Path, expected: Expected) -> None:
    model = parity.int8_path(dist_path, "byline")
    expected.hold(runtimes.ask_bert_nl_classifier(model, expected.probe, expected.texts))
    twice = [text for text in expected.texts[:500] for _ in range(2)]
    answers = task_library.bert_probabilities(model, twice, trained.vocabulary.labels)
    assert answers[0::2].tobytes() == answers[1::2].tobytes()
    assert len(np.unique(answers, axis=0)) > 400


def test_in_python_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, python: Path, expected: Expected
) -> None:
    def ask(model: Path, texts: list[str], threshold: float | None) -> Scores:
        return ask_python(python, model, texts, threshold)

    held_against_the_model(trained, dist_path, ask, expected)


def test_in_chromium_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, chromium: Browser, expected: Expected, tmp_path: Path
) -> None:
    def ask(model: Path, texts: list[str], threshold: float | None) -> Scores:
        (folder := tmp_path / f"asked-{model.stem}-{threshold}").mkdir()
        return ask_browser(chromium, folder, model, texts, threshold)

    held_against_the_model(trained, dist_path, ask, expected)


@pytest.mark.skipif(not task_library.AVAILABLE, reason=task_library.NOT_AVAILABLE)
def test_rows_of_4_bits_give_the_model_that_is_rounded_so(trained: Run, python: Path, tmp_path: Path) -> None:
    dist.build(trained, tmp_path / "dist", Settings(rows="int4"), ("tflite",))
    assert read_manifest(tmp_path / "dist")["rows"] == "int4"
    model = parity.int8_path(tmp_path / "dist", "byline")
    texts = [phrase.text for phrase in trained.phrases("test")[:500]]
    rounded = {kind: graph.rounded_classifier(trained.classifier, kind) for kind in graph.ROWS}
    fine, coarse = (runtimes.ask_keras(kind, of, texts) for kind, of in rounded.items())
    first = parity.first_window(coarse, rounded["int4"], trained.vocabulary.sequence_length).probabilities
    said = ask_python(python, model, texts, ALL)
    labels = trained.vocabulary.labels
    of_mediapipe = np.array([[of_text[label] for label in labels] for of_text in said])
    for answers in (task_library.bert_probabilities(model, texts, labels), of_mediapipe):
        assert np.abs(answers - first).max() < parity.TOLERANCE
    assert np.abs(runtimes.ask_interpreter(model, texts).probabilities - coarse.probabilities).max() < parity.TOLERANCE
    assert np.abs(fine.probabilities - coarse.probabilities).max() > 10 * parity.TOLERANCE


def test_another_answer_to_the_same_text_is_an_error() -> None:
    assert unchanged({"scores": [{"a": 1.0}], "changed": 0}) == [{"a": 1.0}]
    with pytest.raises(ChangedAnswerError, match=r"^3 texts were answered otherwise"):
        unchanged({"scores": [], "changed": 3})


def test_display_names_are_those_of_the_locale(trained: Run, dist_path: Path, python: Path, tmp_path: Path) -> None:
    labels = trained.labels
    (tmp_path / "names.json").write_text(json.dumps({"de": {labels[0]: "Größe"}, "pt-BR": {labels[1]: "Ação"}}))
    settings = Settings(display_names=str(tmp_path / "names.json"))
    dist.build(trained, tmp_path / "named", settings, ("tflite",))
    model = parity.int8_path(tmp_path / "named", "byline")

    def named(locale: str) -> list[str]:
        (scores,) = ask_python(python, model, ["to be or not"], ALL, locale)
        return list(scores)

    assert named("de") == ["Größe", *labels[1:]]
    assert named("pt-BR") == [labels[0], "Ação", *labels[2:]]
    assert named("") == list(labels)
    assert metadata.read_metadata(parity.int8_path(dist_path, "byline").read_bytes()).display_names == {}


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ('{"de": {"nobody": "Niemand"}}', "de: 'nobody' is none of the model's labels"),
        ('{"../x": {}}', r"must be a language tag such as en or pt-BR; received '\.\./x'"),
        ('{"de": ["a"]}', "de: must be a JSON object: label -> name"),
        ("[]", "must be a JSON object: language -> label -> name"),
        ('{"de": {"LABEL": "two\\nlines"}}', "de: label 'two.*nlines': a label is one line, and not blank"),
        ("{", "is not JSON in UTF-8"),
    ],
)
def test_display_names_that_are_none_are_one_line(trained: Run, tmp_path: Path, written: str, rule: str) -> None:
    (tmp_path / "names.json").write_text(written.replace("LABEL", trained.labels[0]))
    with pytest.raises(UserError, match=rf"names\.json: {rule}"):
        read_display_names(str(tmp_path / "names.json"), trained.labels)
