"""A Ray cluster of two nodes: one is killed on the way, and the result is the same."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tests.support.corpora.pets import CORPUS, split_again
from trainer.cluster import predict as module
from trainer.cluster import shards
from trainer.cluster.connection import connected
from trainer.cluster.counting import count_runs
from trainer.cluster.model import of_dist
from trainer.cluster.predict import ROWS, Asked, predict
from trainer.cluster.reading import read_once
from trainer.cluster.workers import ALONE, OnRay, Workers
from trainer.data.sources import Source, load
from trainer.encoding.encode import encode
from trainer.errors import UserError
from trainer.model import linear
from trainer.model.linear import LinearSettings
from trainer.model.recipe import RECIPES
from trainer.text.pieces import learn
from trainer.training.fit import fit
from trainer.training.options import FitOptions

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

TEXTS = [f"to be or not to be {number}" for number in range(2_000)]


class Nodes:
    """A cluster on this machine, of a head and another node, each with one processor."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        arguments = {"num_cpus": 1, "include_dashboard": False}
        # Without its own clean-up, whose signal handlers want the main thread.
        self.cluster = Cluster(initialize_head=True, head_node_args=arguments, shutdown_at_exit=False)

    def add_other(self) -> None:
        self.other = self.cluster.add_node(num_cpus=1)

    def kill_once(self, ready: Callable[[], bool]) -> threading.Thread:
        """Kills the other node once something is so, and puts a new one in its place."""

        def wait() -> None:
            deadline = time.monotonic() + 240
            while not ready() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.cluster.remove_node(self.other, allow_graceful=False)
            self.add_other()

        thread = threading.Thread(target=wait)
        thread.start()
        return thread


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    made = Nodes()
    yield made
    made.cluster.shutdown()


@pytest.fixture(scope="module")
def workers(nodes: Nodes) -> Iterator[OnRay]:
    with connected(nodes.cluster.address) as ray:  # of the head: who joins a node that is there takes any
        nodes.add_other()
        yield OnRay(ray, 2)


def test_two_nodes_count_and_encode_as_one_process(workers: OnRay, tmp_path: Path) -> None:
    parts = split_again()
    vocabularies = []
    counting: list[tuple[Workers, int]] = [(ALONE, 2_000_000), (workers, 1_000), (OnRay(workers.ray, 5), 333)]
    for chosen, characters in counting:
        counts, rows = count_runs(parts.training_text(), chosen, shard_characters=characters)
        assert counts == Counter(word for text in parts.training_text() for word in text.split())
        assert rows == sum(1 for _ in parts.training_text())
        vocabularies.append(learned(chosen))
    assert vocabularies[0] == vocabularies[1] == vocabularies[2]
    encoded = []
    for number, (chosen, _) in enumerate(counting[:2]):
        (folder := tmp_path / str(number)).mkdir()
        options: dict[str, Any] = {"sequence_length": 0, "first_window": False, "misspelt_weight": 0.3}
        encoded.append(
            encode(parts, vocabularies[0], folder, **options, unpunctuated_weight=0.3, seed=1, workers=chosen)
        )
    for name in ("rows", "truth", "weights", "phrases"):
        np.testing.assert_array_equal(getattr(encoded[0], name), getattr(encoded[1], name))
    assert encoded[0].sha256 == encoded[1].sha256


def learned(workers: Workers) -> Any:
    parts = split_again()
    return learn(parts.training_text(), parts.labels, sequence_length=18, maximum_pieces=300, workers=workers)


def test_stretches_of_parquet_are_read_as_one_process_reads_them(workers: OnRay, tmp_path: Path) -> None:
    texts = [("a cat purrs", "  ...  ", "a dog", "drop me", "the  \u00a0 end")[number % 5] for number in range(200)]
    labels: list[Any] = [("cats", "dogs", "dogs", "cats")[number % 4] for number in range(200)]
    table = pyarrow.table({"text": texts, "label": labels, "song": [number // 7 for number in range(200)]})
    pyarrow.parquet.write_table(table, path := tmp_path / "in.parquet", row_group_size=30)
    source = Source(str(path), group_column="song", label_names=("cats=chats",), drop=("^drop",))
    corpus = load(source)
    again = read_once(corpus, workers, tmp_path)
    assert again.read is not corpus.read
    for _ in range(2):
        skipped = [Counter[str](), Counter[str]()]
        rows = [list(each.read(counts)) for each, counts in zip((corpus, again), skipped, strict=True)]
        assert rows[0] == rows[1]
        assert skipped[0] == skipped[1] == {"without a word": 40, "taken out by --drop": 40}
    wrong = table.set_column(1, "label", pyarrow.array([[] if number == 99 else ["cats"] for number in range(200)]))
    pyarrow.parquet.write_table(wrong, path, row_group_size=30)
    with pytest.raises(UserError, match=r"in\.parquet: row 1: the label is no string or number: \['cats'\]"):
        read_once(corpus, workers, tmp_path)


def test_every_label_is_solved_alike(workers: OnRay) -> None:
    generator = np.random.default_rng(1)
    data, truth = generator.random((300, 8)).astype(np.float32), generator.integers(0, 4, 300).astype(np.int32)
    settings = LinearSettings(most_together=10)
    alone, spread = (linear.solve(data, truth, None, 5, settings, 1, chosen) for chosen in (ALONE, workers))
    np.testing.assert_array_equal(alone[0], spread[0])
    np.testing.assert_array_equal(alone[1], spread[1])
    together = linear.solve(data, truth, None, 5, LinearSettings(), 1)
    np.testing.assert_allclose(alone[0], together[0], atol=0.05)
    assert alone[1][4] == -1  # no row has it


def test_a_node_is_killed_while_it_predicts(
    nodes: Nodes, workers: OnRay, dist_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 40)
    monkeypatch.setattr(module, "SHARD_ROWS", 40)
    model = of_dist(dist_path)
    (tmp_path / "in.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    predict(Asked(tmp_path / "in.txt", tmp_path / "alone.csv"), model, ALONE)
    killing = nodes.kill_once(lambda: len(list(tmp_path.rglob("counts-*.json"))) > 2)
    done = predict(Asked(tmp_path / "in.txt", tmp_path / "spread.csv"), model, workers)
    killing.join()
    assert done.counts[ROWS] == len(TEXTS)
    assert (tmp_path / "spread.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_a_node_is_killed_while_it_trains(
    nodes: Nodes, workers: OnRay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    recipe = replace(RECIPES["lesson"], epochs=8, embedding_size=8, lstm_units=8, dense_units=(8,))

    def registered() -> bool:
        """Whether Ray Train would go on from a checkpoint."""
        kept = (tmp_path / "all").rglob("checkpoint_manager_snapshot.json")
        return any("checkpoint_2" in path.read_text() for path in kept)

    killing = nodes.kill_once(registered)
    address = nodes.cluster.address
    run = fit(CORPUS, recipe, FitOptions(path=tmp_path / "two", workers=2, address=address, storage=tmp_path / "all"))
    killing.join()
    assert "training was interrupted, and went on from step" in caplog.text
    assert len(run.facts["training"]["history"]["val_accuracy"]) == 8
    alone = fit(CORPUS, recipe, FitOptions(path=tmp_path / "one"))
    assert run.facts["split"]["sha256"] == alone.facts["split"]["sha256"]
    assert run.vocabulary == alone.vocabulary
    losses = [of.facts["training"]["history"]["loss"][:3] for of in (run, alone)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    assert run.results["accuracy"] == pytest.approx(alone.results["accuracy"], abs=0.003)


def test_a_controller_whose_node_is_lost_begins_again() -> None:
    from ray.exceptions import ActorDiedError

    from trainer.cluster.training import _fitted

    outcomes: list[Any] = [ActorDiedError(), ActorDiedError(), "trained"]

    def answer() -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert _fitted(SimpleNamespace(fit=answer)) == "trained"
    outcomes += [ActorDiedError()] * 9
    with pytest.raises(ActorDiedError):
        _fitted(SimpleNamespace(fit=answer))
