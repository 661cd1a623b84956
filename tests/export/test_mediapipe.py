"""MediaPipe's `TextClassifier` reads raw strings from the `.tflite` file, in Python and in Chromium."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from export import graph
from export.proof import parity, runtimes
from export.targets import metadata
from tests.support.mobile_clients import ask_browser, ask_python
from trainer.run import Run
from trainer.text.normalization import clean

Ask = Callable[[Path, list[str]], list[list[float]]]


def held_against_the_model(trained: Run, dist_path: Path, ask: Ask, folder: Path) -> None:
    """Holds what a client says of raw strings against the rounded model's answer to their first windows."""
    texts, truth = parity.texts_of(trained)
    probe = folder / "probe.tflite"
    runtimes.write_probe(trained.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
    model = parity.int8_path(dist_path, "byline")
    raw = [clean(text) for text in texts]  # the clients stop at NUL
    answers: Any = runtimes.Answers(
        "MediaPipe", "", runtimes.pieces_of(ask(probe, raw)), np.array(ask(model, raw), np.float64)
    )
    rounded = graph.rounded_classifier(trained.classifier)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    first = parity.first_window(reference, rounded, trained.vocabulary.sequence_length)
    row = parity.compare(answers, first, truth, parity.size_of(model))
    assert row.faults == ()
    assert row.strings == len(texts)


def test_in_python_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, python: Path, tmp_path: Path
) -> None:
    held_against_the_model(trained, dist_path, lambda model, texts: ask_python(python, model, texts), tmp_path)


def test_in_chromium_it_gives_the_models_answer_from_the_raw_string(
    trained: Run, dist_path: Path, chromium: Browser, tmp_path: Path
) -> None:
    def ask(model: Path, texts: list[str]) -> list[list[float]]:
        (folder := tmp_path / f"asked-{model.stem}").mkdir()
        return ask_browser(chromium, folder, model, texts)

    held_against_the_model(trained, dist_path, ask, tmp_path)
