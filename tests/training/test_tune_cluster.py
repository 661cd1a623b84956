"""The search on a real cluster: of two nodes one is killed on the way; and a command that is killed goes on."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.pets import CORPUS
from tests.support.places import ROOT
from trainer.__main__ import main
from trainer.data.sources import Unit
from trainer.run import Run
from trainer.tuning import search as tune
from trainer.tuning.record import COMPLETE, FAILED, Record, Result
from trainer.tuning.report import findings_of, html, terminal
from trainer.tuning.search import SearchOptions, search
from trainer.tuning.space import TABLES

pytestmark = pytest.mark.slow


@pytest.fixture
def two_nodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A cluster of two nodes with one processor each."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("RAY_worker_niceness", "0")
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    ray.init(cluster.address, log_to_driver=False)  # while it is alone: on one machine any node may be taken
    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_node_is_killed_and_the_search_goes_on(
    two_nodes: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits_of = tune.limits_of  # networks take longer
    monkeypatch.setattr(tune, "limits_of", lambda *given: dataclasses.replace(limits_of(*given), families=(TABLES,)))
    heard: list[tuple[int, bool]] = []

    def hear(result: Result, done: bool) -> None:
        heard.append((result.number, done))
        # Two trials run, one a node, and a trial is done: the other node is lost, and what runs there.
        if done and two_nodes.worker_nodes:
            two_nodes.remove_node(next(iter(two_nodes.worker_nodes)), allow_graceful=False)

    options = SearchOptions(
        unit=Unit("line"), minutes=5, trials=4, teacher="none", address=two_nodes.address, output=tmp_path / "s"
    )
    record = search(CORPUS, options, hear)
    assert not two_nodes.worker_nodes
    assert heard[:2] == [(0, False), (1, False)]  # two ran at once
    assert sorted(each.number for each in record.results) == [0, 1, 2, 3]
    assert [each.state for each in record.results].count(FAILED) == 0
    assert {each.name for each in record.results if each.state == COMPLETE} >= {"byline", "tiny"}
    assert Record.read(tmp_path / "s").results == record.results
    assert "cats" not in (tmp_path / "s" / "trials.jsonl").read_text()
    findings = findings_of(record)
    page, text = html(findings), terminal(findings)
    assert page.count("<svg") >= 2
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")
    for each in record.results:
        assert f"{each.name}" in page
    assert f"trial {findings.best.number}" in text


def test_a_killed_command_goes_on_and_fit_takes_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(
        json.dumps({"text": row.text, "label": row.label}) + "\n" for n, row in enumerate(CORPUS.rows()) if n % 4 == 0
    )
    (tmp_path / "pets.jsonl").write_text(lines)
    environment = dict(os.environ, PYTHONPATH=str(ROOT), XDG_CACHE_HOME=str(tmp_path / "cache"))
    command = [sys.executable, "-m", "trainer", "tune", "--data", "pets.jsonl", "--teacher", "none", "--workers", "1"]
    command += ["--minutes", "5", "--output", "s", "--trials"]
    killed = subprocess.Popen(
        [*command, "5"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    trials = tmp_path / "s" / "trials.jsonl"
    while killed.poll() is None and not (trials.is_file() and trials.read_bytes()):
        time.sleep(0.1)
    assert killed.poll() is None, "it ended by itself"
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = Record.read(tmp_path / "s").results
    done = subprocess.run([*command, "2"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = Record.read(tmp_path / "s").results
    assert after[: len(before)] == before
    assert [each.name for each in after] == ["byline", "byline-half"]
    assert f"goes on after {len(before)} trial" in done.stderr
    assert "trial 1, byline-half, tables: complete" in done.stderr
    assert "BEST" in done.stdout
    assert (tmp_path / "s" / "report.html").is_file()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    smallest = min(after, key=lambda each: each.bytes)
    of_search = ["--recipe", "smallest-within:100", "--search", "s", "--run", "run"]
    assert main(["fit", "--data", "pets.jsonl", *of_search]) == 0
    said = capsys.readouterr()
    assert f"s: trial {smallest.number}, {smallest.name}" in said.out + said.err
    facts = Run.read(tmp_path / "run").facts
    assert facts["recipe"]["name"] == smallest.name == "byline-half"
    assert facts["recipe"]["budget_kb"] == 240
    assert facts["seed"] == Record.read(tmp_path / "s").facts["seed"]
