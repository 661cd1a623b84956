"""The trainer's commands: help, results on standard output, progress beside them, mistakes in one line."""

import argparse
import contextlib
import dataclasses
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import CORPUS, corpus_of, mistake, trainer
from tests.support.places import ROOT
from trainer.__main__ import main
from trainer.cli.parser import parser
from trainer.data import built_in
from trainer.model.recipe import RECIPES, Recipe
from trainer.run import Run


@dataclasses.dataclass(frozen=True)
class Fitted:
    path: Path
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """What `python -m trainer fit` printed and made; `fitted.path` is `runs/pets` in a folder of its own."""
    path = tmp_path_factory.mktemp("workshop") / "runs" / "pets"
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(built_in, "load", lambda: CORPUS)
        arguments = ["--recipe=tiny", "--seed=3", "--epochs=2", "--learning-rate=0.03", "--window-passes=3"]
        code = main(["fit", *arguments, "--batch-size=16", f"--run={path}"])
    return Fitted(path, code, out.getvalue(), err.getvalue())


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command that must do, and print nothing but its results."""
    assert main(list(arguments)) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def predicted(capsys: pytest.CaptureFixture[str], fitted: Fitted, *arguments: str) -> str:
    return answered(capsys, "predict", "--run", str(fitted.path), *arguments)


def rankings(out: str) -> list[list[dict[str, object]]]:
    return [json.loads(line) for line in out.splitlines()]


# Help.


def commands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as raised:
        main([*arguments, "--help"])
    assert raised.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_help_lists_every_command_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(commands()) >= {"corpus", "fit", "evaluate", "predict"}
    text = help_of(capsys)
    for command in commands():
        assert re.search(rf" {command} +[a-z]", text)


@pytest.mark.parametrize("command", sorted(commands()))
def test_help_of_a_command_explains_every_option(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    text = help_of(capsys, command)
    assert str(commands()[command].description) in text
    for action in commands()[command]._actions:
        assert action.help
        assert action.help in text
        assert all(option in text for option in action.option_strings)


def test_help_of_fit_gives_each_number_of_the_recipes_with_its_defaults(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    text = help_of(capsys, "fit")
    numbers = [field.name for field in dataclasses.fields(Recipe) if type(field.default) in (int, float)]
    assert {"epochs", "batch_size", "budget_kb", "longest_window", "bigram_slots"} <= set(numbers)
    for name in numbers:
        values = [getattr(recipe, name) for recipe in RECIPES.values()]
        defaults = ", ".join(r"(0|0\.0|by rule)" if value == 0 else re.escape(str(value)) for value in values)
        assert re.search(rf"--{name.replace('_', '-')} N .+?\[{defaults}\]", text), name
    assert "in the order " + ", ".join(RECIPES) in text
    assert "[byline]" in text


def test_help_does_not_wait_for_tensorflow() -> None:
    code = (
        "import sys; from trainer.__main__ import main\n"
        "try: main(['fit', '--help'])\n"
        "finally: print(sorted({'tensorflow', 'keras', 'jsonschema'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


# The commands.


def test_corpus_prints_for_each_label_the_counts_and_three_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["The cat’s paw", "the CAT'S fur!", "A dog, a dog", "Émile", "— the end"]
    monkeypatch.setattr(built_in, "load", lambda: corpus_of(pets=lines, dogs=lines * 300))
    printed = answered(capsys, "corpus").splitlines()
    assert printed[0] == "pets: 5 phrases, 13 words, 8 distinct words"
    assert printed[1:4] == ["    The cat’s paw", "    A dog, a dog", "    — the end"]
    assert printed[4] == "dogs: 1,500 phrases, 3,900 words, 8 distinct words"
    assert len(printed) == 8


@pytest.mark.slow
def test_fit_prints_results_on_standard_output_and_progress_beside_them(fitted: Fitted) -> None:
    assert fitted.code == 0
    accuracy, brackets, macro_f1, calibrated, not_sure, majority, *confusion, last = fitted.out.splitlines()
    share = r"[\d.]+% \([\d.]+% to [\d.]+%\)"
    assert re.fullmatch(rf"accuracy   train {share}, validation {share}, test {share}", accuracy)
    assert brackets == "           in brackets: 95 % confidence interval (Wilson)"
    assert re.fullmatch(r"macro F1   \d.\d{3}( \(\d.\d{3} to \d.\d{3}, bootstrap\))?", macro_f1)
    assert re.fullmatch(r"expected calibration error [\d.]+ %", calibrated)
    assert not_sure.startswith("not sure   ")
    assert majority.startswith("majority   test ")
    assert [line.split()[0] for line in confusion if not line.startswith("advice")] == [
        *("confusion", "cats", "cats", "dogs")
    ]
    example = re.fullmatch(r"(.+): next, python -m trainer predict (.+), or python -m export all", last)
    assert example is not None
    assert example[1] == str(fitted.path)
    assert shlex.split(example[2]) == [Run.read(fitted.path).phrases("validation")[0].text]
    assert re.search(r"\d train phrases, \d+ validation phrases, \d+ test phrases, \d+ pieces", fitted.err)
    assert "linear part: " in fitted.err
    assert "linear part" not in fitted.out
    assert "retracing" not in fitted.err


def test_fit_takes_the_options_over_the_recipes_defaults(fitted: Fitted) -> None:
    facts = json.loads((fitted.path / "run.json").read_text(encoding="utf-8"))
    given = {"epochs": 2, "learning_rate": 0.03, "batch_size": 16, "window_passes": 3}
    assert facts["recipe"] == json.loads(json.dumps(dataclasses.asdict(RECIPES["tiny"]))) | given
    assert facts["seed"] == 3


def test_predict_prints_labels_best_first_and_how_many_words_it_knew(
    fitted: Fitted, capsys: pytest.CaptureFixture[str]
) -> None:
    text, first, second, knew = predicted(capsys, fitted, "The dog will bark, zounds!").splitlines()
    assert text == "The dog will bark, zounds!"
    shares = [re.fullmatch(r"  (cats|dogs) +([\d.]+)%( +█*)?", line) for line in (first, second)]
    assert [share and share[1] for share in shares] == ["dogs", "cats"]
    assert sum(float(share[2]) for share in shares if share) == pytest.approx(100, abs=0.11)
    assert knew == "  knew 4 of 5 words"


def test_predict_json_is_a_line_a_phrase_sorted_and_sums_to_one(
    fitted: Fitted, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = rankings(predicted(capsys, fitted, "--json", "the cat will purr", "the puppy’s bone", "", "bark " * 40))
    assert [answer[0]["label"] for answer in answers[:2]] == ["cats", "dogs"]
    assert len(answers) == 4
    for answer in answers:
        scores = [float(str(entry["score"])) for entry in answer]
        assert {entry["label"] for entry in answer} == {"cats", "dogs"}
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-6)


def test_predict_without_text_answers_every_line_of_standard_input(
    fitted: Fitted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"the cat will purr\n\nthe dog will bark\r\n  \nth\0e caf\xc3\xa9 \xff\nmeow"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines), encoding="utf-8"))
    answers = rankings(predicted(capsys, fitted, "--json"))
    assert [answer[0]["label"] for answer in answers[:3:2]] == ["cats", "dogs"]
    assert len(answers) == 6
    assert answers[1] == answers[3]  # an empty line and one of spaces


def test_predict_of_nothing_prints_nothing(
    fitted: Fitted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert predicted(capsys, fitted, "--json") == ""


@pytest.mark.slow
def test_evaluate_measures_the_run_on_its_test_phrases_again(
    fitted: Fitted, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = json.loads((fitted.path / "run.json").read_text(encoding="utf-8"))["metrics"]["test"]
    printed = json.loads(answered(capsys, "evaluate", "--json", "--run", str(fitted.path)))
    assert printed == {"run": "pets", "labels": ["cats", "dogs"], **expected}
    assert printed["accuracy"] > printed["majority"]
    lines = answered(capsys, "evaluate", "--run", str(fitted.path)).splitlines()
    assert lines[0] == f"{fitted.path}: {expected['phrases']:,} test phrases"
    assert lines[1].startswith(f"accuracy   {expected['accuracy']:.1%} ")
    assert lines[3].startswith(f"macro F1   {expected['macro_f1']:.3f}")
    assert [line.split() for line in lines[6:]] == [
        ["cats", "dogs"],
        *([label, *map(str, row)] for label, row in zip(("cats", "dogs"), expected["confusion"], strict=True)),
    ]


@pytest.mark.slow
def test_evaluate_measures_the_run_on_other_labelled_text(
    fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "more.csv"
    table.write_text("text,label\nthe cat will purr,cats\nthe dog will bark,dogs\n?!,dogs\nthe puppy’s bone,dogs\n")
    arguments = ("evaluate", "--run", str(fitted.path), "--data", str(table))
    assert main([*arguments, "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["confusion"] == [[1, 0], [0, 2]]
    assert printed.err.splitlines()[-1] == "left out: 1 text without a word"
    assert main([*arguments, "--drop", "puppy"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{fitted.path}: 2 phrases of {table}"


def test_evaluate_refuses_a_label_that_the_run_does_not_know_and_names_its_row(
    fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "more.tsv").write_text("phrase\tlabel\nthe cat will purr\tcats\nblub\tfish\n")
    assert main(["evaluate", "--run", str(fitted.path), "--data", str(tmp_path / "more.tsv")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"error: {tmp_path}/more.tsv: row 3: 'fish' is none of the labels of {fitted.path}"


@pytest.mark.slow
def test_a_process_of_its_own_takes_the_newest_run_and_prints_nothing_but_answers(fitted: Fitted) -> None:
    done = trainer("predict", "--json", folder=fitted.path.parent.parent, text="the cat will purr\n\n")
    assert (done.returncode, done.stderr) == (0, "")
    of_text, of_nothing = rankings(done.stdout)
    assert of_text[0]["label"] == "cats"
    assert len(of_nothing) == 2


# Mistakes.


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("predict", "run.json"),
        ("predict", "vocabulary.json"),
        ("predict", "model.keras"),
        ("evaluate", "test.jsonl"),
        ("evaluate", "model.keras"),
    ],
)
def test_a_broken_run_is_one_line_that_names_the_file(
    command: str, file: str, fitted: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(fitted.path, copy)
    (copy / file).write_bytes(b"broken")
    line = mistake(capsys, command, "--run", str(copy), *(["text"] if command == "predict" else []))
    assert f"copy/{file}: " in line
