"""Several `--data`: the later row wins, and what the page's download says of corrections is learned from."""

from pathlib import Path

import pytest

from trainer.__main__ import main
from trainer.cli.options import corpus_of
from trainer.cli.parser import parser
from trainer.data.corpus import Corpus, Row
from trainer.data.profile import profile_of, report_of

OLD = "text,label\nthe cat purrs,cats\nthe dog barks,dogs\na puppy,cats\n"
DOWNLOAD = (
    "\ufeffid;message;label;nearest;confidence;corrected;p(cats);p(dogs)\n"
    "1;a puppy;cats;cats;0.6;dogs;0.6;0.4\n"
    "2;a kitten;cats;cats;0.9;;0.9;0.1\n"
    "3;'-- who barks?;;cats;0.5;'=dogs;0.5;0.5\n"
)


def opened(*paths: Path, options: tuple[str, ...] = ()) -> Corpus:
    data = [f"--data={path}" for path in paths]
    return corpus_of(parser().parse_args(["fit", *data, "--least-rows=1", *options]))


def pairs(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.text, row.label) for row in rows]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "old.csv").write_text(OLD, encoding="utf-8")
    return tmp_path / "old.csv"


@pytest.fixture
def download(tmp_path: Path) -> Path:
    (tmp_path / "byline-labels.csv").write_text(DOWNLOAD, encoding="utf-8")
    return tmp_path / "byline-labels.csv"


def test_of_a_text_in_both_the_later_row_counts(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("text,label\na  puppy,dogs\na kitten,cats\n", encoding="utf-8")
    corpus = opened(old, new)
    both = [("the cat purrs", "cats"), ("the dog barks", "dogs"), ("a puppy", "dogs"), ("a kitten", "cats")]
    assert pairs(list(corpus.rows())) == both
    assert pairs(list(corpus.rows())) == both  # each time anew
    assert pairs(list(opened(new, old).rows()))[-1] == ("a puppy", "cats")
    assert corpus.place == f"{old} and {new}"
    assert corpus.description == "Learned from old and new."


def test_of_the_pages_download_the_corrected_rows_are_learned_from(old: Path, download: Path) -> None:
    rows = list(opened(old, download).rows())
    assert pairs(rows) == [
        ("the cat purrs", "cats"),
        ("the dog barks", "dogs"),
        ("a puppy", "dogs"),
        ("-- who barks?", "=dogs"),
    ]


def test_what_nobody_corrected_and_what_is_replaced_is_counted(old: Path, download: Path) -> None:
    assert list(report_of(profile_of(opened(old, download)).skipped)) == [
        "left out: 1 text replaced by a later --data",
        "left out: 1 text that nobody corrected",
    ]


def test_a_clean_copy_is_of_one_source(
    old: Path, download: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["audit", f"--data={old}", f"--data={download}", "--least-rows=1", f"--fix={tmp_path / 'copy'}"]
    assert main(command) == 2
    assert capsys.readouterr().err.endswith("error: --fix: takes one --data: its copy is of the same shape\n")
    assert main([*command[:4], f"--html={old}"]) == 2
    assert "is not written: it is the data" in capsys.readouterr().err


def test_another_column_of_a_download_can_be_named(download: Path) -> None:
    corpus = opened(download, options=("--label-column=nearest", "--text-column=message"))
    assert {row.label for row in corpus.rows()} == {"cats"}


@pytest.mark.parametrize(
    "header", ["text,label,confidence,corrected", "label,nearest,confidence,corrected", "p(a),text"]
)
def test_only_a_whole_download_is_taken_for_one(header: str, tmp_path: Path) -> None:
    from trainer.data.tables.columns import list_of_download

    assert list(list_of_download(header.split(","))) == []
