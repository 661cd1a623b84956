"""MediaPipe's `TextClassifier` reads raw strings from the `.tflite` file, in Python and in Chromium."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from export import graph
from export.proof import parity, runtimes
from export.targets import metadata
from tests.support.runtimes.mobile_clients import ALL, Scores, ask_browser, ask_python, pieces_of
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
