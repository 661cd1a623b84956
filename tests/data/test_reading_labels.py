"""Labels are the same however a file writes them; rare ones are left out, and folders say what is a label."""

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.rows import labels_of, opened, rows_of, said_of, write
from trainer.__main__ import main
from trainer.data.profile import profile_of, report_of
from trainer.errors import UserError


def test_names_of_labels_stand_in_a_column_or_are_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,label_text\na b,0,ham\nc d,1,spam\n")
    assert [row.label for row in rows_of(path)] == ["ham", "spam"]
    assert [row.label for row in rows_of(path, label_column="label")] == ["0", "1"]
    names = {"label_column": "label", "label_names": ("0=not spam,1= spam ",)}
    assert [row.label for row in rows_of(path, **names)] == ["not spam", "spam"]
    write(tmp_path / "pets" / "0.txt", "purr\n")
    write(tmp_path / "pets" / "1.txt", "bark\n")
    assert labels_of(tmp_path / "pets", label_names=("0=cats", "1=dogs")) == {"cats": 1, "dogs": 1}


@pytest.mark.parametrize("names", ["ham", "0=", "=ham", "0=ham,", "0=ham,0=spam"])
def test_names_of_labels_that_cannot_be_read_are_refused(names: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na b,0\n")
    with pytest.raises(UserError, match=r"^--label-names: "):
        opened(path, label_names=(names,))


def test_truth_values_are_one_label_each_however_they_are_written(tmp_path: Path) -> None:
    written = ["true", '"true"', '"True"', '"TRUE"', "false", '"False"']
    path = write(tmp_path / "a.jsonl", "\n".join(f'{{"text": "a b", "label": {value}}}' for value in written))
    assert labels_of(path) == {"false": 2, "true": 4}


def test_labels_are_composed_and_have_plain_spaces(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "café")
    assert apart != "café"
    path = write(tmp_path / "a.csv", f"text,label\na b,café\nc d,{apart}\ne f,thé\u00a0vert\ng h, thé vert\u200b\n")
    assert labels_of(path) == {"café": 2, "thé vert": 2}
    write(tmp_path / "mac" / apart / "1.txt", "one two\n")
    write(tmp_path / "mac" / "café" / "2.txt", "three four\n")
    write(tmp_path / "mac" / "thé" / "2.txt", "three four\n")
    assert labels_of(tmp_path / "mac") == {"café": 2, "thé": 1}


@pytest.mark.parametrize("label", ["می‌خواهم", "👩‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "שלום\u200f", "co\u00adop"])
def test_labels_may_be_joined_as_scripts_and_emoji_are(label: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"text,label\na b,{label}\nc d,x\n")
    assert label in labels_of(path)


def test_a_label_that_turns_a_line_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="row 2: a label is one line of 1 to 100 printable characters"):
        opened(write(tmp_path / "a.csv", "text,label\na b,x\u202ey\nc d,x\n"))


def test_labels_that_are_all_but_the_same_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\na b,Ham\nc d,ham\ne f,ham\ng h,spam\n")
    assert said_of(path)[1:] == [
        "labels that are all but the same: 'Ham' 1, 'ham' 2; --label-names 'Ham=ham' makes them one"
    ]
    assert said_of(path, label_names=("Ham=ham",))[1:] == []
    assert said_of(path, label_names=("Ham=ham,3=x",))[1:] == ["no label is called '3', which --label-names names"]


def test_the_audit_finds_labels_that_are_all_but_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"word{n} is w{n},{('ham', 'spam', 'Ham')[n % 3 if n < 30 else n % 2]}\n" for n in range(80))
    path = write(tmp_path / "a.csv", f"text,label\n{rows}")
    assert main(["audit", f"--data={path}", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (found,) = (finding for finding in report["pollution"] if finding["name"] == "alike_labels")
    assert (found["count"], found["option"]) == (10, "--label-names 'Ham=ham'")
    assert any("--label-names" in line for line in report["headline"])


def rare(tmp_path: Path, **counts: int) -> Path:
    rows = [f"word{n} and {label}{n},{label}\n" for label, count in counts.items() for n in range(count)]
    return write(tmp_path / "rare.csv", f"text,label\n{''.join(rows)}")


def test_rare_labels_are_left_out_counted_and_listed(tmp_path: Path) -> None:
    path = rare(tmp_path, a=6, b=5, c=2, d=1)
    corpus, said = opened(path, least_rows=5)
    assert said[1:] == [
        "left out: 2 labels with fewer than 5 rows: 'c' 2, 'd' 1 (--least-rows 1 keeps them, --rare other merges them)"
    ]
    seen = profile_of(corpus)
    assert seen.labels == {"a": 6, "b": 5}
    assert list(report_of(seen.skipped)) == ["left out: 3 texts of labels with fewer than 5 rows"]
    assert labels_of(path) == {"a": 6, "b": 5, "c": 2, "d": 1}


def test_rare_labels_are_merged_where_that_is_asked_for_and_gives_enough(tmp_path: Path) -> None:
    path = rare(tmp_path, a=6, b=3, c=2, d=1)
    corpus, said = opened(path, least_rows=5, merge_rare=True)
    assert said[1:] == ["merged into 'other': 3 labels with fewer than 5 rows: 'b' 3, 'c' 2, 'd' 1"]
    assert profile_of(corpus).labels == {"a": 6, "other": 6}
    path = rare(tmp_path, a=6, other=6, c=1)
    assert labels_of(path, least_rows=5, merge_rare=True) == {"a": 6, "other": 7}
    path = rare(tmp_path, a=6, b=6, c=1)
    assert labels_of(path, least_rows=5, merge_rare=True) == {"a": 6, "b": 6}


def test_where_too_few_labels_have_rows_enough_the_line_says_what_is_missing(tmp_path: Path) -> None:
    assert labels_of(rare(tmp_path, a=6, b=6, c=6), least_rows=5) == {"a": 6, "b": 6, "c": 6}
    path = rare(tmp_path, a=4, b=4, c=3)
    with pytest.raises(UserError) as raised:
        opened(path, least_rows=5)
    assert str(raised.value) == (
        f"{path}: 3 of 3 labels have fewer than 5 rows ('a' 4, 'b' 4, 'c' 3); at least two labels need 5 each: "
        "add rows, or ask for fewer with --least-rows"
    )


def fit_of(path: Path, run: Path, *options: str) -> dict[str, Any]:
    """Fits a small run, and gives what it says of its corpus."""
    assert main(["fit", "--recipe=tiny", "--epochs=1", f"--run={run}", f"--data={path}", *options]) == 0
    facts: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))["corpus"]
    return facts


@pytest.mark.slow
def test_a_run_is_measured_on_its_own_file_without_the_labels_that_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, run = rare(tmp_path, a=40, b=40, c=1, d=2), tmp_path / "run"
    assert fit_of(path, run)["rare"] == {"c": "", "d": ""}
    assert "left out: 2 labels with fewer than 5 rows: 'd' 2, 'c' 1" in capsys.readouterr().err
    measured = ["evaluate", f"--run={run}", "--json"]
    assert main([*measured, f"--data={path}"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["phrases"] == 80
    assert printed.err.splitlines()[-1] == "left out: 3 texts of labels that the fit left out as rare"
    assert main([*measured, f"--data={path}", "--least-rows=5"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["phrases"] == 80
    assert printed.err.splitlines()[-1] == "left out: 3 texts of labels with fewer than 5 rows"
    assert main([*measured, f"--data={rare(tmp_path, c=7, d=3)}"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"holds no text of the labels of {run}")
    assert main([*measured, f"--data={rare(tmp_path, a=4, e=1)}"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"row 6: 'e' is none of the labels of {run}")
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del facts["corpus"]["rare"]  # as of an older run
    (run / "run.json").write_text(json.dumps(facts))
    assert main([*measured, f"--data={rare(tmp_path, a=4, c=1)}"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"row 6: 'c' is none of the labels of {run}")


@pytest.mark.slow
def test_a_run_is_measured_on_its_own_file_with_the_labels_that_it_merged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, run = rare(tmp_path, a=40, b=40, c=3, d=4, other=2), tmp_path / "run"
    assert fit_of(path, run, "--rare=other")["rare"] == {"c": "other", "d": "other"}
    capsys.readouterr()
    assert main(["evaluate", f"--run={run}", "--json", f"--data={path}"]) == 0
    printed = capsys.readouterr()
    assert [sum(row) for row in json.loads(printed.out)["confusion"]] == [40, 40, 9]
    assert printed.err.splitlines()[-1] == "merged into 'other', as in the fit: 7 texts of rare labels"
    assert main(["evaluate", f"--run={run}", f"--data={rare(tmp_path, c=1, a=1)}"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "merged into 'other', as in the fit: 1 text of rare labels"


def test_a_folder_of_train_and_test_is_a_split(tmp_path: Path) -> None:
    for part, label, count in (("train", "pos", 3), ("train", "neg", 2), ("test", "pos", 1), ("test", "neg", 1)):
        for n in range(count):
            write(tmp_path / part / label / f"{n}_7.txt", f"{part} {label} film{n}")
    write(tmp_path / "train" / "unsup" / "0_0.txt", "nobody knows")
    write(tmp_path / "train" / "urls_pos.txt", "somewhere")
    write(tmp_path / "train" / "labeledBow.feat", "9 0:9")
    write(tmp_path / "imdbEr.txt", "0.0490972013402")
    write(tmp_path / "README", "words")
    rows = rows_of(tmp_path)
    assert Counter((row.part, row.label) for row in rows) == {
        ("train", "pos"): 3,
        ("train", "neg"): 2,
        ("test", "pos"): 1,
        ("test", "neg"): 1,
    }
    assert said_of(tmp_path) == [
        "test/ is test, train/ is train",
        "left out: 1 file without a label in unsup/, 0_0.txt among them",
        "left out: 1 file not .txt, labeledBow.feat among them",
        "left out: 2 files beside the folders of labels, urls_pos.txt among them",
    ]
    assert profile_of(opened(tmp_path)[0]).given == {"train": 5, "test": 2}


def test_the_parts_of_a_split_may_hold_a_file_a_label(tmp_path: Path) -> None:
    for part in ("train", "dev", "test"):
        for label in ("cats", "dogs"):
            write(tmp_path / part / f"{label}.txt", f"{part} {label}\n")
    assert Counter((row.part, row.label) for row in rows_of(tmp_path)) == {
        (part, label): 1 for part in ("train", "validation", "test") for label in ("cats", "dogs")
    }


def test_train_and_plane_are_labels(tmp_path: Path) -> None:
    for label in ("train", "plane"):
        write(tmp_path / label / "1.txt", f"a {label}")
    assert labels_of(tmp_path) == {"plane": 1, "train": 1}


def test_documentation_is_no_label(tmp_path: Path) -> None:
    for name in ("cats", "dogs", "README", "License-MIT", "CHANGES", "changes", "notice"):
        write(tmp_path / f"{name}.txt", f"some words of {name}")
    assert sorted(labels_of(tmp_path)) == ["cats", "changes", "dogs", "notice"]
    assert said_of(tmp_path) == ["left out: 3 files that document, by name, CHANGES.txt among them"]
    for name in ("cats/1", "cats/readme", "dogs/2", "__MACOSX/cats/3"):
        write(tmp_path / "deep" / f"{name}.txt", "some words")
    assert labels_of(tmp_path / "deep") == {"cats": 1, "dogs": 1}
