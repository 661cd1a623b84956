"""Byline in Python: the snippet of its docs, what an import costs and changes, and a dist without TensorFlow."""

import json
import logging
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import byline
from byline import cli, progress
from export import dist
from export.proof import chromium, fuzz_strings, parity
from tests.support.commands import run_command
from tests.support.corpora.tickets import in_python, written
from tests.support.places import ROOT
from trainer.model.classifier import Classifier
from trainer.run import Run


@pytest.mark.slow
def test_the_snippet_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the smallest recipe, and few fuzz strings: the proof itself is another test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    some = fuzz_strings.strings
    monkeypatch.setattr(fuzz_strings, "strings", lambda *given: some(*given)[::100])
    written(tmp_path / "tickets.csv")
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(code.replace('recipe="byline"', 'recipe="tiny"'), made)

    report, run, classify = made["report"], made["run"], made["classify"]
    assert report.findings == report.to_dict()["headline"]
    assert report.to_html().startswith("<!doctype html>")
    assert report._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert isinstance(run, byline.Run)
    assert "<td>cross_validated</td><td>72</td>" in run._repr_html_()
    assert run.path.parent == Path("runs")
    assert run.labels == ("card", "login", "refund")
    assert 0 < run.metrics["cross_validated"]["accuracy"] <= 1
    (said,) = run.predict(["my card has not arrived"])
    assert said.label == "card"
    assert said.score == max(said.scores.values()) == next(iter(said.scores.values()))
    assert sum(said.scores.values()) == pytest.approx(1)
    assert (tmp_path / "dist" / "tflite" / "tickets.tflite").is_file()
    assert isinstance(classify, byline.Classifier)
    assert classify("my card has not arrived").label == "card"
    assert classify.threshold == run.threshold
    assert classify("").abstained
    (readme,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(readme, made)
    assert made["classify"]("card").scores == classify("card").scores


def test_all_is_what_it_says() -> None:
    """Who changes the face of the package changes this test."""
    assert byline.__all__ == [
        "BylineClassifier",
        "Classifier",
        "Corpus",
        "ExportCheckFailed",
        "Prediction",
        "Report",
        "Run",
        "UserError",
        "__version__",
        "audit",
        "export",
        "fit",
        "load",
        "load_corpus",
    ]
    assert set(byline.__all__) <= set(dir(byline))
    assert all(getattr(byline, name) for name in byline.__all__)
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        byline.train  # noqa: B018


def test_an_import_imports_nothing_but_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import byline; "
    code += "print({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    assert in_python(code).strip() == "{'byline'}"


# What a process has one of. A first line stands before it: what other people's packages change is not ours.
PROCESS = """
import csv, json, locale, logging, os, signal, sys, threading, warnings

def process():
    handles = [os.fstat(number)[:3] for number in (0, 1, 2)]
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "csv": csv.field_size_limit(),
        "warnings": [str(entry) for entry in warnings.filters],
        "streams": [id(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "descriptors": [*map(list, handles), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0],
        "hooks": [id(hook) for hook in (sys.excepthook, sys.displayhook, warnings.showwarning)],
        "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "logging": [logging.root.level, len(logging.root.handlers)],
        "locale": locale.setlocale(locale.LC_ALL),
        "limit": sys.getrecursionlimit(),
        "threads": threading.active_count(),
    }

before = process()
import NAME
after = process()
print(json.dumps([key for key in before if before[key] != after[key]]))
"""


@pytest.mark.parametrize("name", ["trainer", "export", "byline", "trainer.__main__", "export.__main__", "byline.api"])
def test_an_import_changes_nothing_in_the_process(name: str) -> None:
    """The packages that it imports add filters of warnings: these are imported before."""
    others = "import numpy\n" if "." in name else ""
    assert json.loads(in_python(others + PROCESS.replace("NAME", name))) == []


def test_a_dist_classifies_with_numpy_alone(dist_path: Path, trained: Run, rounded: Classifier) -> None:
    texts = [phrase.text for phrase in trained.phrases("test")[:40]] + ["", "🙂 naïve  café\n", "to be " * 400]
    code = f"""
import sys, json
class NumpyAlone:
    def find_spec(name, path, target=None):
        top = name.partition(".")[0]
        if top not in {{"numpy", "byline", "trainer", "export", *sys.stdlib_module_names}}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NumpyAlone)
import byline
print(json.dumps(byline.load({str(dist_path)!r}).probabilities({texts!r}).tolist()))
"""
    answers = np.array(json.loads(in_python(code)))
    assert np.abs(answers - rounded.probabilities(texts)).max() < 1e-4


def test_a_dist_says_not_sure_as_the_run_does(dist_path: Path, trained: Run) -> None:
    texts = [phrase.text for phrase in trained.phrases("test")[:200]] + ["", "!?", "zzzqqq"]
    classify = byline.load(dist_path)
    near = [abs(said.score - trained.threshold) < 0.01 for said in trained.predict(texts)]  # rounding may tip them
    pairs = zip(trained.predict(texts), classify.predict(texts), near, strict=True)
    assert all(mine.abstained == theirs.abstained for mine, theirs, close in pairs if not close)
    assert [said.abstained for said in classify.predict(texts)[-3:-1]] == [True, True]
    assert classify.predict([]) == []


@pytest.mark.parametrize("ask", ["run", "dist"])
def test_a_string_is_no_sequence_of_texts(ask: str, dist_path: Path, trained: Run) -> None:
    predict = trained.predict if ask == "run" else byline.load(dist_path).predict
    with pytest.raises(TypeError, match="sequence of strings"):
        predict("to be or not to be")


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("manifest.json", None, "holds no manifest.json"),
        ("manifest.json", '{"format": "other"}', "the format is not byline-dist-2"),
        ("vocabulary.json", "{}", "vocabulary.json: was changed"),
        ("tfjs/model.json", None, "tfjs/model.json: is missing"),
        ("tfjs/group1-shard1of1.bin", "", "was changed"),
    ],
)
def test_a_dist_that_is_not_as_it_was_exported_is_refused(
    dist_path: Path, tmp_path: Path, name: str, content: str | None, rule: str
) -> None:
    copy = tmp_path / "dist"
    shutil.copytree(dist_path / "tfjs", copy / "tfjs")
    for file in ("manifest.json", "vocabulary.json"):
        shutil.copy(dist_path / file, copy)
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_text(content)
    with pytest.raises(byline.UserError, match=rule):
        byline.load(copy)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"recipe": "huge"}, "--recipe: must be one of byline, tiny, lesson; received 'huge'"),
        ({"budget_kb": 1}, "--budget-kb: must be from 60"),
        ({"budget_kb": "300"}, "--budget-kb: must be of type int"),
        ({"tables": False}, "--tables: is no option of a recipe"),
        ({"seed": -1}, "--seed: must be from 0"),
        ({"split": "rows"}, "--split: must be one of blocks, random"),
        ({"unit": "word"}, "--unit: must be line, file"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_read(options: dict[str, Any], rule: str) -> None:
    with pytest.raises(byline.UserError, match=re.escape(rule)):
        byline.fit(byline.load_corpus(), **options)


def test_a_setting_that_is_none_is_refused(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="`colour` must be one of name, title"):
        byline.export(trained, tmp_path / "dist", colour="red")


def test_an_artefact_out_of_bounds_leaves_the_old_dist(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dist, "_write_parts", lambda *_: None)
    monkeypatch.setattr(parity, "prove", lambda *_: parity.Report((), ("the page: fails", "one more: fails")))
    with pytest.raises(byline.ExportCheckFailed, match="the page: fails\none more: fails"):
        byline.export(trained, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


logger = logging.getLogger("trainer.training")


def test_progress_is_a_bar_and_all_else_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown():
        for line in ("tickets.csv: reading", "encoder: epoch 1 of 4, loss 2.0", "encoder: epoch 4 of 4, loss 1.0"):
            logger.info(line)
        logger.info("minilm: 40% of 3,559 texts encoded")
        logger.info("linear part: 100.0% of the held-out phrases right")
    said = capsys.readouterr().err
    assert "tickets.csv: reading\n" in said
    assert "4/4" in said
    assert "minilm:  40%" in said
    assert "linear part: 100.0% of" in said


def test_progress_is_lines_without_tqdm(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with progress.shown():
        logger.info("encoder: epoch 1 of 4")
    assert capsys.readouterr().err == "encoder: epoch 1 of 4\n"


@pytest.mark.parametrize(
    ("typed", "program", "passed"),
    [
        (["fit", "--recipe", "tiny"], "byline", ["fit", "--recipe", "tiny"]),
        (["audit", "--json"], "byline", ["audit", "--json"]),
        (["export"], "byline export", ["all"]),
        (["export", "--data", "a.csv"], "byline export", ["all", "--data", "a.csv"]),
        (["export", "tfjs", "--run", "a"], "byline export", ["tfjs", "--run", "a"]),
        (["export", "--help"], "byline export", ["--help"]),
    ],
)
def test_the_console_script_has_the_same_commands(
    typed: list[str], program: str, passed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[list[str], str]] = []

    def main(given: list[str], program: str) -> int:
        heard.append((given, program))
        return 0

    for module in ("trainer.__main__", "export.__main__"):
        monkeypatch.setattr(f"{module}.main", main)
    assert cli.main(typed) == 0
    assert heard == [(passed, program)]


def test_the_console_script_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert (cli.main(["--help"]), cli.main([]), cli.main(["--version"])) == (0, 2, 0)
    assert "  export     package a run" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        cli.main(["train"])
    assert "usage: byline" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "absent", "extra"),
    [
        (["export", "all"], "babel", "export"),
        (["trainer", "corpus"], "platformdirs", "train"),
        (["byline", "audit", "--data", "a.csv"], "cleanlab", "audit"),
    ],
)
def test_a_package_that_is_missing_is_named_with_what_brings_it(
    typed: list[str], absent: str, extra: str, tmp_path: Path
) -> None:
    words = ("purr", "meow", "mouse", "whiskers"), ("bark", "fetch", "bone", "leash")
    lines = [
        f"the {one} of {other} {n},{label}"
        for n in range(40)
        for label, (one, other, *_) in zip("ab", words, strict=True)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    program, *arguments = typed
    script = "byline.cli" if program == "byline" else f"{program}.__main__"
    code = f"import sys; sys.modules[{absent!r}] = None; from {script} import main; sys.exit(main({arguments!r}))"
    (tmp_path / "without.py").write_text(code)
    done = run_command("without", cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        f"error: the package {absent} is not installed: pip install 'byline[{extra}]'",
    )


@pytest.mark.parametrize("command", [["export", "all"], ["byline.cli", "fit"]])
def test_another_package_called_trainer_is_named(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "site" / "trainer").mkdir(parents=True)
    (tmp_path / "site" / "trainer" / "__init__.py").write_text("")
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    done = run_command(*command, cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("is another package called trainer; it hides Byline's")
