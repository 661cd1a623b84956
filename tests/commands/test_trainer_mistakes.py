"""A mistake in what is typed to the trainer is one line that states the rule, and exit code 2."""

import io
import sys
from pathlib import Path

import pytest

from tests.support.commands import CORPUS, mistake, trainer
from trainer.__main__ import main
from trainer.cli.options import recipe_of
from trainer.cli.parser import parser
from trainer.data import built_in
from trainer.data.corpus import Corpus


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("--epochs", "0", "from 1 to 1000; received 0"),
        ("--epochs", "-3", "from 1 to 1000; received -3"),
        ("--steps", "-1", "from 0 to 1000000; received -1"),
        ("--batch-size", "0", "from 1 to 100000; received 0"),
        ("--window-passes", "0", "from 1 to 100; received 0"),
        ("--learning-rate", "0", "more than 0; received 0.0"),
        ("--learning-rate", "inf", "received inf"),
        ("--regularization", "0", "more than 0; received 0.0"),
        ("--dropout", "1", "at least 0 and less than 1; received 1.0"),
        ("--dropout", "nan", "received nan"),
        ("--misspelt-weight", "-0.1", "at least 0 and less than 1; received -0.1"),
        ("--embedding-size", "1", "from 2 to 512; received 1"),
        ("--lstm-units", "1", "from 2 to 512; received 1"),
        ("--sentence-size", "1", "from 2 to 1024; received 1"),
        ("--maximum-pieces", "0", "from 16 to 1000000; received 0"),
        ("--budget-kb", "10", "from 60 to 1000000; received 10"),
        ("--bigram-slots", "0", "from 3 to 1048576; received 0"),
        ("--bigram-slots", "2", "from 3 to 1048576; received 2"),
        ("--bigram-slots", "1048577", "from 3 to 1048576; received 1048577"),
        ("--longest-window", "2", "from 3 to 512; received 2"),
        ("--longest-window", "513", "from 3 to 512; received 513"),
        ("--sequence-length", "3", "from 4 to 514; received 3"),
        ("--sequence-length", "515", "from 4 to 514; received 515"),
        ("--teacher", "nobody", "auto, none, minilm or a folder; received 'nobody'"),
        ("--seed", "-1", "received -1"),
        ("--seed", "4294967296", "received 4294967296"),
    ],
)
def test_a_number_out_of_its_range_is_refused_before_the_corpus_is_read(
    option: str, value: str, rule: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_be_called() -> Corpus:
        raise AssertionError("the corpus was read")

    monkeypatch.setattr(built_in, "load", must_not_be_called)
    line = mistake(capsys, "fit", f"{option}={value}")
    assert line.startswith(f"error: {option}: must be ")
    assert line.endswith(rule)


def test_the_lstm_reads_no_more_pieces_than_a_row_has(capsys: pytest.CaptureFixture[str]) -> None:
    line = mistake(capsys, "fit", "--sequence-length=10", "--lstm-steps=9")
    assert line == "error: --lstm-steps: must be at most 8, the pieces of a row; received 9"
    tiny = recipe_of(parser().parse_args(["fit", "--recipe=tiny", "--sequence-length=6"]))
    assert (tiny.sequence_length, tiny.lstm_steps) == (6, 4)


@pytest.mark.parametrize("option", ["--teacher=minilm", "--bigram-slots=99", "--lstm-steps=4", "--budget-kb=100"])
def test_what_a_recipe_has_no_use_for_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = mistake(capsys, "fit", "--recipe=lesson", option)
    assert line == f"error: {option.partition('=')[0]}: the recipe lesson has no use for it"


@pytest.mark.parametrize("slots", [3, 1_048_576])
def test_a_table_of_pairs_may_have_its_least_and_its_most_slots(slots: int) -> None:
    assert recipe_of(parser().parse_args(["fit", f"--bigram-slots={slots}"])).bigram_slots == slots


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fit", "--epochs", "many"], "--epochs"),
        (["fit", "--recipe", "cake"], "cake"),
        (["bake"], "bake"),
        ([], "COMMAND"),
    ],
)
def test_what_cannot_be_parsed_is_refused_by_name(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert named in printed.err.splitlines()[-1]


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_without_a_run_the_line_says_how_to_make_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("the cat\n"))
    assert mistake(capsys, command) == "error: runs/ holds no run; `python -m trainer fit` makes one"
    assert "nowhere: is not a run directory" in mistake(capsys, command, "--run", "nowhere")
    (tmp_path / "file").write_text("no directory")
    assert "file: is not a run directory" in mistake(capsys, command, "--run", "file")


def test_a_place_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_in, "load", lambda: CORPUS)
    (tmp_path / "file").write_text("no directory")
    line = mistake(capsys, "fit", "--run", str(tmp_path / "file" / "runs" / "new"))
    assert line.endswith("file/runs/new: cannot be written (Not a directory)")


def test_a_mistake_in_a_process_of_its_own_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = trainer("predict", "to be", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: runs/ holds no run; `python -m trainer fit` makes one\n"
