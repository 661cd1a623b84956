"""LiteRT 2, TensorFlow Lite's successor in apps, gives the model's answer to the rows of ids."""

from pathlib import Path

import numpy as np
import pytest

from export import graph
from export.proof import parity, runtimes
from export.targets import metadata
from tests.support.runtimes.mobile_clients import FUZZ, MissingLibraryError, ask_litert, clients_python
from trainer.run import Run
from trainer.text.windows import average, split_ids


@pytest.fixture(scope="module")
def litert() -> Path:
    """The interpreter of the mobile clients' environment."""
    try:
        return clients_python("from ai_edge_litert.interpreter import Interpreter")
    except MissingLibraryError as error:
        pytest.skip(f"this machine lacks a system library that LiteRT links: {error}")


def test_it_gives_the_models_answer_in_windows(trained: Run, dist_path: Path, litert: Path) -> None:
    texts, truth = parity.texts_of(trained, FUZZ)
    model = parity.int8_path(dist_path, "byline")
    ids = metadata.read_metadata(model.read_bytes()).encode_all(texts)
    windows = [split_ids(of_text, trained.vocabulary.sequence_length) for of_text in ids]
    said = ask_litert(litert, model, np.concatenate(windows).tolist())
    assert said["version"].startswith("2.")
    assert said["changed"] == 0
    answers = np.array(said["answers"], np.float32)
    bounds = np.cumsum([len(of_text) for of_text in windows])[:-1]
    probabilities = np.stack([average(of_text) for of_text in np.split(answers, bounds)])
    reference = runtimes.ask_keras("rounded", graph.rounded_classifier(trained.classifier), texts)
    given = runtimes.Answers("LiteRT", said["version"], ids, probabilities)
    row = parity.compare(given, reference, truth, parity.size_of(model))
    assert row.faults == ()
    assert row.strings == len(texts) == len(truth) + FUZZ
