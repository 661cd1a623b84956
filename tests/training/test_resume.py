"""A fit that was killed goes on, and ends with the weights of one that nobody stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.places import ROOT
from trainer import checkpoints
from trainer.checkpoints import Checkpoints, unfinished

# Fits a small corpus, and ends as by SIGKILL once something was kept for the given time; 0: never.
FIT = """
import dataclasses, logging, os, signal, sys
from pathlib import Path
logging.basicConfig(level=logging.INFO, format="%(message)s")
from tests.support.corpora.pets import CORPUS, RECIPE
from trainer.checkpoints import Checkpoints
from trainer.model.recipe import RECIPES
from trainer.training import loops, sentence
from trainer.training.fit import fit
from trainer.training.options import FitOptions

place, name, killed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sentence.KEPT_STEPS = loops.KEPT_STEPS = 4
lesson = dataclasses.replace(RECIPES["lesson"], epochs=3, embedding_size=8, lstm_units=8, dense_units=(8,))
keep, times = Checkpoints.keep, []
def counted(self, name, arrays):
    keep(self, name, arrays)
    times.append(name)
    if len(times) == killed: os.kill(os.getpid(), signal.SIGKILL)
Checkpoints.keep = counted
fit(CORPUS, lesson if name == "lesson" else dataclasses.replace(RECIPE, dropout=0.2), FitOptions(seed=1, path=place))
"""


def fit(folder: Path, place: str, recipe: str, killed: int = 0) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, PYTHONPATH=str(ROOT), XDG_CACHE_HOME=str(folder / "cache"))
    command = [sys.executable, "-c", FIT, str(folder / place), recipe, str(killed)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "byline" / "fits").glob("[!.]*"))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["lesson", "tiny"])
def test_a_killed_fit_ends_with_the_weights_of_a_whole_one(recipe: str, tmp_path: Path) -> None:
    whole = fit(tmp_path, "whole", recipe)
    assert whole.returncode == 0, whole.stderr
    assert kept(tmp_path) == []
    assert fit(tmp_path, "resumed", recipe, killed=2).returncode == -signal.SIGKILL
    (folder,) = kept(tmp_path)
    assert int(Checkpoints(folder).load("lstm")["done"]) == (2 if recipe == "lesson" else 8)  # type: ignore[index]
    assert not (tmp_path / "resumed").exists()
    again = fit(tmp_path, "resumed", recipe)
    assert again.returncode == 0, again.stderr
    assert "it goes on there" in again.stderr
    assert "it goes on there" not in whole.stderr
    facts = [json.loads((tmp_path / place / "run.json").read_text()) for place in ("whole", "resumed")]
    for key in ("model_sha256", "training", "metrics", "temperature", "abstention"):
        assert facts[0][key] == facts[1][key], key
    assert kept(tmp_path) == []


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "byline" / "fits"


def test_another_fit_begins_anew(fits: Path) -> None:
    def interrupted() -> None:
        with unfinished({"seed": 1}) as first:
            first.keep("lstm", {"done": np.array(3)})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with unfinished({"seed": 2}) as other:
        assert other.load("lstm") is None
    with unfinished({"seed": 1}) as again:
        assert int(again.load("lstm")["done"]) == 3  # type: ignore[index]
    assert list(fits.glob("[!.]*")) == []


def test_two_of_the_same_at_once_do_not_share(fits: Path) -> None:
    with unfinished({"seed": 1}) as first:
        first.keep("lstm", {"done": np.array(3)})
        with unfinished({"seed": 1}) as second:
            assert second.load("lstm") is None
            second.keep("lstm", {"done": np.array(9)})
        assert int(first.load("lstm")["done"]) == 3  # type: ignore[index]


def test_what_is_older_than_a_week_is_removed(fits: Path) -> None:
    (fits / "old").mkdir(parents=True)
    (fits / "young").mkdir()
    os.utime(fits / "old", (time.time() - checkpoints._OLDEST - 60,) * 2)
    with unfinished({"seed": 1}):
        pass
    assert [path.name for path in fits.glob("[!.]*")] == ["young"]


def test_a_damaged_checkpoint_is_as_none(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.keep("lstm", {"done": np.array(3)})
    whole = (tmp_path / "lstm.npz").read_bytes()
    (tmp_path / "lstm.npz").write_bytes(whole[: len(whole) // 2])
    assert kept.load("lstm") is None


def test_a_cache_that_cannot_be_written_costs_the_fit_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "file" / name))
    with unfinished({"seed": 1}) as first:
        first.keep("lstm", {"done": np.array(3)})
        assert first.load("lstm") is None
