"""`--data` that cannot be used: one line that names file, row and rule. What is skipped is counted and reported."""

import gzip
import sys
from pathlib import Path

import pytest

from tests.support.corpora.makers import Make, csv, damaged, file, folder, jsonl, opened, parquet, tsv
from trainer.__main__ import main
from trainer.cli.terminal import LineHandler, logged_to
from trainer.data import folders, text_files
from trainer.data.profile import profile_of, report_of
from trainer.data.sources import Source, load
from trainer.data.tables import dialect
from trainer.errors import UserError


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Gives the one line behind `error: `, the last one."""
    assert main(["fit", "--recipe=tiny", "--run=run", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("error: ") == 1
    last = str(printed.err.splitlines()[-1])
    assert last.startswith("error: ")
    return last.removeprefix("error: ")


PRINTABLE = "a label is one line of 1 to 100 printable characters; received"

# What makes it, what is typed behind --data=, and how the line begins that says what is wrong.
BAD: dict[str, tuple[Make, str, str]] = {
    # Encodings and lines; a line has no more than 1,000 characters here.
    "UTF-16 cut in the middle of a letter": (
        file("data.csv", "text,label\na,b\n".encode("utf-16")[:-1]),
        "data.csv",
        "data.csv: row 2: is not UTF-16 (byte 0x0a); name its encoding with --encoding",
    ),
    "bytes that the named encoding lacks": (
        file("data.csv", "text,label\na b,c\ncafé noir,c\n".encode("latin-1")),
        "data.csv --encoding=ascii",
        "data.csv: row 3: is not ascii (byte 0xe9); name its encoding with --encoding",
    ),
    "bytes that the named encoding lacks, in a folder": (
        folder(fish="one\rtwo\r\nété\r".encode("latin-1")),
        "data --encoding=utf8",
        "data/fish.txt: row 3: is not UTF-8 (byte 0xe9); name its encoding with --encoding",
    ),
    "UTF-8 with damage": (
        file("data.csv", "text,label\nété là,c\nça ".encode() + b"\xff,d\n"),
        "data.csv",
        "data.csv: row 3: is not UTF-8 (byte 0xff), the rest of it is; mend it, or name an --encoding",
    ),
    "an encoding that there is not": (
        csv(),
        "data.csv --encoding=utf-9",
        "--encoding: there is no encoding 'utf-9'; try utf-8, windows-1252, utf-16",
    ),
    "an encoding of no text": (csv(), "data.csv --encoding=base64", "--encoding: there is no encoding 'base64'; try"),
    "no text": (
        file("data.csv", b"\x89PNG\r\n\x1a\n\0\0"),
        "data.csv",
        "data.csv: is no text file: it holds NUL bytes",
    ),
    "no gzip": (file("data.csv.gz", "text,label\n"), "data.csv.gz", "data.csv.gz: cannot be read (Not a gzipped file"),
    "gzip cut off": (
        file("data.csv.gz", gzip.compress(b"text,label\n" + b"some words,cats\n" * 99)[:-9]),
        "data.csv.gz",
        "data.csv.gz: cannot be read (Compressed file ended before",
    ),
    "a long row": (csv("word " * 300 + ",cats"), "data.csv", "data.csv: row 3: is longer than 1,000 characters"),
    "a long line": (
        folder(fish="blub\n" * 9 + "blub " * 300),
        "data",
        "data/fish.txt: row 10: is longer than 1,000 ch",
    ),
    "a long file that is a phrase": (
        folder(fish="blub blub\n" * 200),
        "data --unit=file",
        "data/fish.txt: is longer than 1,000 characters, as one phrase",
    ),
    # Rows.
    "an empty label": (csv("words,"), "data.csv", "data.csv: row 3: the label is empty"),
    "a label of spaces": (csv("words,  "), "data.csv", "data.csv: row 3: the label is empty"),
    "a label that Parquet lacks": (
        parquet(text=["a", "b", "c"], label=["x", None, "y"]),
        "data.parquet",
        "data.parquet: row 2: the label is empty",
    ),
    "a label that is not a number": (
        parquet(text=["a", "b", "c"], label=[1.0, float("nan"), 2.0]),
        "data.parquet",
        "data.parquet: row 2: the label is empty",
    ),
    "a ragged row": (csv("a, b,cats"), "data.csv", "data.csv: row 3: has 3 values, the header has 2"),
    "a short row": (csv("one,cats", "words"), "data.csv", "data.csv: row 4: has 1 value, the header has 2"),
    "a ragged row after a field of three lines": (
        csv('"one\ntwo\nthree",cats', "a,b,c"),
        "data.csv",
        "data.csv: row 6: has 3 values, the header has 2",
    ),
    "a quote that never ends": (
        file("data.csv", 'text,label\na,b\n"words,cats\nthe end,cats\n'),
        "data.csv",
        "data.csv: row 3: is not CSV (unexpected end of data)",
    ),
    "a quote that does not end for long": (csv('"words,cats'), "data.csv", "data.csv: row 3: is not CSV (field larger"),
    "words behind a quote": (
        csv('"some" words,cats'),
        "data.csv",
        "data.csv: row 3: is not CSV (',' expected after '\"'",
    ),
    "no JSON": (jsonl("{'text': 1}"), "data.jsonl", "data.jsonl: row 2: is not JSON ("),
    "JSON cut off": (jsonl('{"text": "a b", "la'), "data.jsonl", "data.jsonl: row 2: is not JSON ("),
    "deep JSON": (jsonl('{"text": ' + "[" * 990), "data.jsonl", "data.jsonl: row 2: is not JSON ("),
    "JSON that is no object": (jsonl('["a", "b"]'), "data.jsonl", "data.jsonl: row 2: is not a JSON object"),
    "a record without a label": (jsonl('{"text": "a"}'), "data.jsonl", "data.jsonl: row 2: has no 'label'"),
    "a record without a text": (jsonl("", '{"label": "a"}'), "data.jsonl", "data.jsonl: row 3: has no 'text'"),
    "a text that is a number": (
        jsonl('{"text": 12, "label": "a"}'),
        "data.jsonl",
        "data.jsonl: row 2: the text is no string: 12",
    ),
    "a label that is a list": (
        jsonl('{"text": "words", "label": ["a", "b"]}'),
        "data.jsonl",
        "data.jsonl: row 2: the label is ",
    ),
    "a part of another name": (
        file("data.csv", "text,label,part\na,b,train\na,b,later\n"),
        "data.csv --split-column=part",
        "data.csv: row 3: the split is 'later', not train, validation or test",
    ),
    "a group in two parts": (
        file("data.csv", "text,label,part,song\na,b,train,s\nc,d,train,t\na,b,test,t\n"),
        "data.csv --split-column=part --group-column=song --least-rows=1",
        "data.csv: row 4: the group 't' is in test here and in train before",
    ),
    # Labels.
    "a control character": (csv("words,ca\x07ts"), "data.csv", rf"data.csv: row 3: {PRINTABLE} 'ca\x07ts'"),
    "a label of two lines": (csv('words,"ca\nts"'), "data.csv", rf"data.csv: row 3: {PRINTABLE} 'ca\nts'"),
    "half a surrogate pair": (
        jsonl('{"text": "a", "label": "\\ud83d"}'),
        "data.jsonl",
        rf"data.jsonl: row 2: {PRINTABLE} '\ud83d'",
    ),
    "a label that is a text": (csv("words," + "c" * 101), "data.csv", f"data.csv: row 3: {PRINTABLE} 'cccc"),
    "one label": (tsv(1), "data.tsv", "data.tsv: a classifier needs at least two labels; received one, 'l0'"),
    "1,001 labels": (
        tsv(1_001),
        "data.tsv",
        "data.tsv: row 1002: 'l1000' is label 1001; a classifier has from 2 to 1000",
    ),
    # Files and folders.
    "nothing": (lambda: None, "data.csv", "data.csv: does not exist (a Hugging Face dataset is named hf:owner/name)"),
    "a kind that is unknown": (
        file("data.docx", "PK"),
        "data.docx",
        "data.docx: is none of .csv, .tsv, .jsonl, .ndjson",
    ),
    "one text file": (
        file("data.txt", "words\n"),
        "data.txt",
        "data.txt: is none of .csv, .tsv, .jsonl, .ndjson, .parq",
    ),
    "a name that is too long": (lambda: None, "a" * 300 + ".csv", "a" * 300 + ".csv: "),
    "an empty folder": (
        file("data/.hidden.txt", "x"),
        "data",
        "data: holds no <label>.txt and no <label>/ with .txt files",
    ),
    "a folder without text": (
        file("data/a.pdf", "x"),
        "data",
        "data: holds no <label>.txt and no <label>/ with .txt f",
    ),
    "files and folders": (
        lambda: [folder()(), file("data/fish/1.txt", "blub")()],
        "data",
        "data: holds both cats.txt and fish/: a label is a file or a folder",
    ),
    "empty files": (folder(cats="", dogs="\n"), "data", "data: holds no text"),
    "an empty table": (file("data.csv", ""), "data.csv", "data.csv: row 1: has no names of columns"),
    "a table of a header": (file("data.csv", "text,label\n"), "data.csv", "data.csv: holds no text"),
    "an empty list of records": (file("data.jsonl", ""), "data.jsonl", "data.jsonl: "),
    "no Parquet": (file("data.parquet", "PAR1 PAR1"), "data.parquet", "data.parquet: is not Parquet ("),
    "damaged Parquet": (damaged, "data.parquet", "data.parquet: row 1: is damaged ("),
    "a Hugging Face dataset that is not there": (
        lambda: None,
        "hf:./nowhere",
        "hf:./nowhere: cannot be loaded (",
    ),
    # Columns.
    "a missing column": (
        csv(),
        "data.csv --label-column=author",
        "data.csv: has no column 'author' (--label-column); it has 'text', 'label'",
    ),
    "a column twice": (csv(header="text,text"), "data.csv", "data.csv: row 1: the column 'text' stands twice"),
    "no column that is obvious": (
        file("data.csv", "a,b,c\n1,2,3\n"),
        "data.csv",
        "data.csv: name the text's column with --text-column; it has 'a', 'b', 'c'",
    ),
    "no label that is obvious": (
        file("data.csv", "text,b,c\n1,2,3\n"),
        "data.csv",
        "data.csv: name the label's column with --label-column; it has 'text', 'b', 'c'",
    ),
    "one column": (
        file("data.csv", "text\na\n"),
        "data.csv",
        "data.csv: name the label's column with --label-column; it has 'text'",
    ),
    # Options.
    "a column of a folder": (
        folder(),
        "data --group-column=song",
        "--group-column: data is a folder, its labels are the names of files or folders",
    ),
    "files of a table": (csv(), "data.csv --unit=file", "--unit file: data.csv is no folder"),
    "no unit": (
        csv(),
        "data.csv --unit=page",
        "--unit: must be line, file, words or words:N with N from 3 to 512; rece",
    ),
    "short windows": (
        csv(),
        "data.csv --unit=words:2",
        "--unit: must be line, file, words or words:N with N from 3 to",
    ),
    "long windows": (
        csv(),
        "data.csv --unit=words:513",
        "--unit: must be line, file, words or words:N with N from 3 to",
    ),
    "no expression": (csv(), "data.csv --drop=(", "--drop: '(' is not a regular expression ("),
    "no expression to strip": (csv(), "data.csv --strip=*", "--strip: '*' is not a regular expression ("),
    "everything dropped": (csv(), "data.csv --drop=.", "data.csv: holds no text"),
    "groups split by row": (
        file("data.csv", "text,label,song\n" + "".join(f"w{n},{'ab'[n % 2]},s{n}\n" for n in range(40))),
        "data.csv --group-column=song --split=random",
        "data.csv: --split random would divide its groups",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_the_data_is_one_line_and_nothing_is_written(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, typed, message = BAD[case]
    for module in (text_files, folders, dialect):
        monkeypatch.setattr(module, "LONGEST_LINE", 1_000)
    monkeypatch.chdir(tmp_path)
    make()
    before = sorted(tmp_path.rglob("*"))
    name, *options = typed.split()
    line = refused(capsys, f"--data={name}", *options)
    assert line[: len(message)] == message
    assert sorted(tmp_path.rglob("*")) == before


def test_a_line_of_eleven_megabytes_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder(fish="blub\n" + "blub" * 2_750_000)()
    assert refused(capsys, "--data=data") == "data/fish.txt: row 2: is longer than 10,000,000 characters"


def test_without_the_package_for_hugging_face_datasets_the_line_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)
    line = refused(capsys, "--data=hf:owner/name")
    assert line == "hf:owner/name: needs the package datasets: pip install 'byline[datasets]'"


@pytest.mark.parametrize("content", ["", "\n?!\n\n"])
def test_a_label_whose_file_holds_no_text_does_not_vanish_in_silence(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder(fish=content)()
    said: list[str] = []
    try:
        with logged_to(LineHandler(said.append)):
            said.extend(report_of(profile_of(load(Source("data"))).skipped))
    except UserError as error:
        said.append(str(error))
    assert any("fish" in line for line in said)


def test_a_thousand_labels_are_not_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tsv(1_000)()
    assert len(profile_of(opened("data.tsv")).labels) == 1_000


def test_options_for_data_without_data_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--label-column=author") == "--label-column: needs --data"


def test_a_name_that_a_terminal_would_obey_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--data=red\x1b[31m.csv").startswith(r"red\x1b[31m.csv: does not exist")
