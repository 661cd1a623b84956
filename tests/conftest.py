"""One small model is trained and exported for the whole run, by the command that a user types."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from export import graph
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import tflite, web
from tests.support.commands import EPOCH, WORKSHOP, run_command
from tests.support.corpora.pets import fitted
from tests.support.once import built_once
from tests.support.pages.browser import NO_CHROMIUM, Open, Server, Visit, find_chromium, launch
from tests.support.pages.looking import LABELS, MARKUP
from tests.support.runtimes.mobile_clients import MissingLibraryError, mediapipe_python
from trainer.data.corpus import Phrase
from trainer.model.classifier import Classifier
from trainer.model.network import weights_of
from trainer.model.weights import steps_of
from trainer.quiet import set_environment
from trainer.run import Run, write_phrases

set_environment()

# A test is marked by what it is given; what no fixture tells is marked where it stands.
MARKS = {
    "slow": {"workshop", "pets_run", "python", "minilm", "fitted", "models", "small", "student", "first_load", "wheel"},
    "browser": {"chromium", "visit", "site", "with_tfjs"},
    "network": {"workshop", "python", "litert", "axe", "web", "workers"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        given = set(getattr(item, "fixturenames", ()))
        for mark, fixtures in MARKS.items():
            if given & fixtures:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `python -m export all` was typed, with no run in it: it holds `runs/` and `dist/`."""

    def build(folder: Path) -> None:
        done = run_command(*WORKSHOP, cwd=folder, SOURCE_DATE_EPOCH=EPOCH)
        assert done.returncode == 0, done.stderr
        (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
        (folder / "progress.txt").write_text(done.stderr, encoding="utf-8")

    return built_once(tmp_path_factory, "workshop", build)


@pytest.fixture(scope="session")
def pets_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a small made corpus."""
    return Run.read(built_once(tmp_path_factory, "pets", lambda folder: fitted(folder / "first")) / "first")


@pytest.fixture(scope="session")
def dist_path(workshop: Path) -> Path:
    return workshop / "dist"


@pytest.fixture(scope="session")
def package(dist_path: Path) -> Path:
    """The npm package."""
    return dist_path / "npm"


@pytest.fixture(scope="session")
def run_path(workshop: Path) -> Path:
    (path,) = (workshop / "runs").iterdir()
    return path


@pytest.fixture(scope="session")
def trained(run_path: Path) -> Run:
    return Run.read(run_path)


@pytest.fixture(scope="session")
def bare(trained: Run) -> bytes:
    """The int8 model as the converter writes it, without metadata."""
    weights = weights_of(trained.classifier.model)
    rounded = graph.round_constants(graph.constants_of(weights))
    steps = steps_of(weights, trained.vocabulary.window)
    return tflite.convert(rounded, trained.vocabulary.sequence_length, steps, "int8")


@pytest.fixture
def dist_copy(dist_path: Path, tmp_path: Path) -> Path:
    """A dist directory that a test may break."""
    copy = tmp_path / "dist"
    shutil.copytree(dist_path, copy)
    return copy


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter of MediaPipe's environment; skips where the machine lacks a library that MediaPipe links."""
    try:
        return mediapipe_python()
    except MissingLibraryError as error:
        pytest.skip(f"this machine lacks a system library that MediaPipe links: {error}")


# The page, for the modules that open it.


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip(NO_CHROMIUM)
    with launch(executable) as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Open]:
    """Opens a visit of its own profile. In no visit of any test does the browser complain or ask another origin."""
    visits: list[Visit] = []

    def start(**options: Any) -> Visit:
        visits.append(Visit(chromium, **options))
        return visits[-1]

    yield start
    faults = [fault for each in visits for fault in each.faults()]
    for each in visits:
        each.close()
    assert faults == []


@pytest.fixture(scope="module")
def rounded(trained: Run) -> Classifier:
    """The model that every artefact carries."""
    return graph.rounded_classifier(trained.classifier)


@pytest.fixture(scope="module")
def site(dist_path: Path) -> Iterator[str]:
    with Server(dist_path / "web") as server:
        yield server.url


@pytest.fixture
def folder(dist_path: Path, tmp_path: Path) -> Path:
    """A copy of the page that a test may change."""
    return Path(shutil.copytree(dist_path / "web", tmp_path / "site"))


@pytest.fixture(scope="module")
def other(trained: Run, rounded: Classifier, dist_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another build: the same numbers under labels, a title and examples that look like markup."""
    run_path, dist = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("dist")
    vocabulary = replace(trained.vocabulary, labels=LABELS)
    phrases = [Phrase(f"“{MARKUP}” {phrase.text}", LABELS[0]) for phrase in trained.phrases("validation")[:20]]
    for part in ("validation", "test"):
        write_phrases(run_path / f"{part}.jsonl", phrases)
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    settings = Settings(title=MARKUP, description=MARKUP, author=MARKUP, license=MARKUP).complete(trained.facts)
    renamed = replace(trained, path=run_path, vocabulary=vocabulary)
    test = trained.facts["metrics"]["test"]
    web.write_web(renamed, known_answer(rounded, phrases), test, dist, settings)
    return dist
