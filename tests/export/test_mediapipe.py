"""MediaPipe's `TextClassifier` reads raw strings from the `.tflite` file, in Python and in Chromium."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from export import dist, graph
from export.proof import parity, runtimes
from export.settings import Settings
from export.targets import metadata
from export.targets.display_names import read_display_names
from tests.support.runtimes.mobile_clients import ALL, Scores, ask_browser, ask_python, pieces_of
from trainer.errors import UserError
from trainer.run import Run
from trainer.text.normalization import clean

Ask = Callable[[Path, list[str], float | None], Scores]


def held_against_the_model(trained: Run, dist_path: Path, ask: Ask, folder: Path) -> None:
    """Holds what a client says of raw strings against the rounded model's answer to their first windows.

    Where no threshold is asked for, the client has to name those labels that reach the run's, and so be "not sure" by
    itself.
    """
    texts, truth = parity.texts_of(trained)
    probe = folder / "probe.tflite"
    runtimes.write_probe(trained.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
    model = parity.int8_path(dist_path, "byline")
    raw = [clean(text) for text in texts]  # the clients stop at NUL
    said = ask(model, raw, ALL)
    labels = trained.vocabulary.labels
    scores = np.array([[of_text.get(label, 0.0) for label in labels] for of_text in said], np.float64)
    answers = runtimes.Answers("MediaPipe", "", pieces_of(ask(probe, raw, None)), scores)
    rounded = graph.rounded_classifier(trained.classifier)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    first = parity.first_window(reference, rounded, trained.vocabulary.sequence_length)
    row = parity.compare(answers, first, truth, parity.size_of(model))
    assert row.faults == ()
    assert row.strings == len(texts)
    some = raw[:300]
    named = ask(model, some, None)
    limit = float(np.float32(trained.threshold))
    assert named == [{label: score for label, score in of_text.items() if score >= limit} for of_text in said[:300]]
    assert 0 < sum(not of_text for of_text in named) < 150


def test_in_python_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, python: Path, tmp_path: Path
) -> None:
    def ask(model: Path, texts: list[str], threshold: float | None) -> Scores:
        return ask_python(python, model, texts, threshold)

    held_against_the_model(trained, dist_path, ask, tmp_path)


def test_in_chromium_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, chromium: Browser, tmp_path: Path
) -> None:
    def ask(model: Path, texts: list[str], threshold: float | None) -> Scores:
        (folder := tmp_path / f"asked-{model.stem}-{threshold}").mkdir()
        return ask_browser(chromium, folder, model, texts, threshold)

    held_against_the_model(trained, dist_path, ask, tmp_path)


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
