"""`--data` that cannot be used: one line that names file, row and rule, or a skip that is counted and reported."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from trainer import folders, reading
from trainer.__main__ import main
from trainer.corpus import Corpus
from trainer.data import Source, load
from trainer.survey import report_of, survey

Make = Callable[[Path], object]


def files(**contents: str | bytes) -> Make:
    """Makes files; two underscores in a name stand for a slash, one for a point."""

    def make(folder: Path) -> None:
        for name, content in contents.items():
            path = folder / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    return make


def folder(**contents: str | bytes) -> Make:
    """A folder `data` with a file for each label; `cats` and `dogs` are always there."""
    named = {"cats": lines("cats"), "dogs": lines("dogs")} | contents
    return files(**{f"data__{label}_txt": content for label, content in named.items()})


def lines(label: str, count: int = 40) -> str:
    return "".join(f"{label}{number} one{label}{number} two\n" for number in range(count))


def table(*rows: str, header: str = "text,label") -> Make:
    """A CSV file whose third row, and more, are given; 40 good rows of either label follow."""
    good = [f"{label}{number} x{number}{label},{label}" for number in range(40) for label in ("cats", "dogs")]
    return files(data_csv="\n".join([header, "some good words,cats", *rows, *good, ""]))


def records(*rows: str) -> Make:
    good = [json.dumps({"text": f"words {number}", "label": "ab"[number % 2]}) for number in range(60)]
    return files(data_jsonl="\n".join([*good[:1], *rows, *good[1:]]))


def parquet(**columns: list[Any]) -> Make:
    return lambda path: pyarrow.parquet.write_table(pyarrow.table(columns), path / "data.parquet")


def of_labels(count: int) -> Make:
    return files(data_tsv="text\tlabel\n" + "".join(f"word{n} w{n // 4}\tl{n % count}\n" for n in range(4 * count)))


def damaged(path: Path) -> None:
    parquet(text=[f"words {n}" for n in range(5_000)], label=["a", "b"] * 2_500)(path)
    content = (path / "data.parquet").read_bytes()
    (path / "data.parquet").write_bytes(content[:200] + bytes(2_000) + content[2_200:])


CHINESE = "我昨天在图书馆看了一本很有意思的书。\n"
JAPANESE = "昨日は図書館でとても面白い本を読みました。\n"
THAI = "เมื่อวานฉันอ่านหนังสือที่น่าสนใจมากที่ห้องสมุด\n"
BURMESE = "မနေ့ကစာကြည့်တိုက်မှာစာအုပ်ဖတ်ခဲ့တယ်\n"
BOTH = "--text-column=text --label-column=label"

# What is wrong -> what makes it, in which file, the options, and the line that names it (after the file).
BAD: dict[str, tuple[Make, str, str, str]] = {
    # Encodings and lines.
    "UTF-16 in a table": (
        files(data_csv="text,label\na b,c\n".encode("utf-16")),
        "data.csv",
        "",
        "data.csv: is UTF-16, not UTF-8; save it as UTF-8",
    ),
    "UTF-16 in a folder": (
        folder(fish="blub\n".encode("utf-16")),
        "data",
        "",
        "data/fish.txt: is UTF-16, not UTF-8; save it as UTF-8",
    ),
    "Latin-1 in a table": (
        files(data_csv="text,label\na b,c\ncafé noir,c\n".encode("latin-1")),
        "data.csv",
        "",
        "data.csv: row 3: is not UTF-8 (byte 0xe9); save it as UTF-8",
    ),
    "Latin-1 in a folder": (
        folder(fish="one\r\ntwo\r\n\xe9t\xe9\r\n".encode("latin-1")),
        "data",
        "",
        "data/fish.txt: row 3: is not UTF-8 (byte 0xe9); save it as UTF-8",
    ),
    "a row that is too long": (
        table("word " * 300 + ",cats"),
        "data.csv",
        "",
        "data.csv: row 3: is longer than 1,000 characters",
    ),
    "a line that is too long": (
        folder(fish="blub\n" * 9 + "blub " * 300),
        "data",
        "",
        "data/fish.txt: row 10: is longer than 1,000 characters",
    ),
    "a file that is too long for a phrase": (
        folder(fish="blub blub\n" * 200),
        "data",
        "--unit=file",
        "data/fish.txt: is longer than 1,000 characters, as one phrase",
    ),
    # Rows.
    "an empty label": (table("words,"), "data.csv", "", "data.csv: row 3: the label is empty"),
    "a label of spaces": (table("words,  "), "data.csv", "", "data.csv: row 3: the label is empty"),
    "a label that Parquet lacks": (
        parquet(text=["a", "b", "c"], label=["x", None, "y"]),
        "data.parquet",
        "",
        "data.parquet: row 2: the label is empty",
    ),
    "a label that is not a number": (
        parquet(text=["a", "b", "c"], label=[1.0, float("nan"), 2.0]),
        "data.parquet",
        "",
        "data.parquet: row 2: the label is empty",
    ),
    "a row that is too long for its header": (
        table("words, words,cats"),
        "data.csv",
        "",
        "data.csv: row 3: has 3 values, the header has 2",
    ),
    "a row that is too short for its header": (
        table("words"),
        "data.csv",
        "",
        "data.csv: row 3: has 1 values, the header has 2",
    ),
    "a row after a field of several lines": (
        table('"one\ntwo\nthree",cats', "a,b,c"),
        "data.csv",
        "",
        "data.csv: row 6: has 3 values, the header has 2",
    ),
    "a quote that never ends": (table('"words,cats'), "data.csv", "", "data.csv: row 3: is not CSV (unexpected end of d"),
    "words behind a quote": (table('"some" words,cats'), "data.csv", "", "data.csv: row 3: is not CSV (',' expected aft"),
    "no JSON": (records("{'text': 1}"), "data.jsonl", "", "data.jsonl: row 2: is not JSON ("),
    "JSON cut off": (records('{"text": "a b", "la'), "data.jsonl", "", "data.jsonl: row 2: is not JSON ("),
    "JSON that is too deep": (records("[" * 100_000), "data.jsonl", "", "data.jsonl: row 2: is "),
    "JSON that is no object": (records('["a", "b"]'), "data.jsonl", "", "data.jsonl: row 2: is not a JSON object"),
    "a JSON row without a label": (records('{"text": "a"}'), "data.jsonl", "", "data.jsonl: row 2: has no 'label'"),
    "a JSON row without a text": (records("", '{"label": "a"}'), "data.jsonl", "", "data.jsonl: row 3: has no 'text'"),
    "a text that is a number": (
        records('{"text": 12, "label": "a"}'),
        "data.jsonl",
        "",
        "data.jsonl: row 2: the text is no string: 12",
    ),
    "a split of another name": (
        table("words,cats,later", header="text,label,part"),
        "data.csv",
        "--split-column=part --text-column=text --label-column=label",
        "data.csv: row 2: has 2 values, the header has 3",
    ),
    "a part that is none": (
        records('{"text": "a", "label": "b", "part": "later"}'),
        "data.jsonl",
        "--label-column=label --text-column=text --drop=words",
        "data: a classifier needs at least two labels; received one, 'b'",
    ),
    # Labels.
    "a label with a control character": (
        table("words,ca\x07ts"),
        "data.csv",
        "",
        r"data.csv: row 3: a label is one line of 1 to 100 printable characters; received 'ca\x07ts'",
    ),
    "a label of two lines": (
        table('words,"ca\nts"'),
        "data.csv",
        "",
        r"data.csv: row 3: a label is one line of 1 to 100 printable characters; received 'ca\nts'",
    ),
    "a label that is a text": (
        table("words," + "c" * 101),
        "data.csv",
        "",
        "data.csv: row 3: a label is one line of 1 to 100 printable characters; received 'cccc",
    ),
    "a label with one phrase": (
        table("blub,fish"),
        "data.csv",
        "",
        "data.csv: row 3: the label fish has 1 phrase; training, validation and test need one each",
    ),
    "a label with two lines": (
        folder(fish="blub\nblubb\n"),
        "data",
        "",
        "data/fish.txt: row 1: the label fish has 2 phrases; training, validation and test need one each",
    ),
    "one label": (of_labels(1), "data.tsv", "", "data: a classifier needs at least two labels; received one, 'l0'"),
    "201 labels": (
        of_labels(201),
        "data.tsv",
        "",
        "data.tsv: row 202: 'l200' is label 201; a classifier has from 2 to 200",
    ),
    "an empty file of a label": (folder(fish=""), "data", "", "data/fish.txt: "),
    "a file of a label without a word": (folder(fish="\n?!\n\n"), "data", "", "data/fish.txt: "),
    # Scripts without spaces.
    "Chinese": (
        folder(zh=CHINESE * 9),
        "data",
        "",
        "data/zh.txt: row 1: the text of the label zh puts no spaces between words; Byline reads words",
    ),
    "Japanese": (folder(ja=JAPANESE * 9), "data", "", "data/ja.txt: row 1: the text of the label ja puts no spaces betw"),
    "Thai": (folder(th=THAI * 9), "data", "", "data/th.txt: row 1: the text of the label th puts no spaces between words"),
    "Burmese": (folder(my=BURMESE * 9), "data", "", "data/my.txt: row 1: the text of the label my puts no spaces between"),
    "Chinese with a few words": (
        folder(zh=("OK " + CHINESE) * 9),
        "data",
        "",
        "data/zh.txt: row 1: the text of the label zh puts no spaces between words; Byline reads words",
    ),
    # Files and folders.
    "nothing there": (files(), "data.csv", "", "data.csv: does not exist (a Hugging Face dataset is named hf:owner/name)"),
    "a file of an unknown kind": (files(data_docx="PK"), "data.docx", "", "data.docx: is none of .csv, .tsv, .jsonl, "),
    "one text file": (files(data_txt="words\n"), "data.txt", "", "data.txt: is none of .csv, .tsv, .jsonl, .ndjson, .parq"),
    "an empty folder": (
        lambda path: (path / "data").mkdir(),
        "data",
        "",
        "data: holds no <label>.txt and no <label>/ with .txt files",
    ),
    "a folder without text": (files(data__a_pdf="x"), "data", "", "data: holds no <label>.txt and no <label>/ with"),
    "both files and folders": (
        files(data__cats_txt="a b\n", data__dogs__1_txt="c d\n"),
        "data",
        "",
        "data: holds both cats.txt and dogs/: a label is a file or a folder",
    ),
    "a folder of empty files": (folder(cats="", dogs="\n"), "data", "", "data: holds no text"),
    "an empty table": (files(data_csv=""), "data.csv", "", "data.csv: row 1: has no names of columns"),
    "a table of a header": (files(data_csv="text,label\n"), "data.csv", "", "data: holds no text"),
    "an empty list of records": (files(data_jsonl=""), "data.jsonl", "", "data.jsonl: "),
    "no Parquet": (files(data_parquet="PAR1 PAR1"), "data.parquet", "", "data.parquet: is not Parquet ("),
    "damaged Parquet": (damaged, "data.parquet", "", "data.parquet: row 1: is damaged ("),
    # Columns.
    "a column that is missing": (
        table(),
        "data.csv",
        "--label-column=author",
        "data.csv: has no column 'author' (--label-column); it has 'text', 'label'",
    ),
    "a column twice": (table(header="text,text"), "data.csv", "", "data.csv: row 1: the column 'text' stands twice"),
    "no obvious columns": (
        files(data_csv="a,b,c\n1,2,3\n"),
        "data.csv",
        "",
        "data.csv: name the text's column with --text-column; it has 'a', 'b', 'c'",
    ),
    "no obvious label": (
        files(data_csv="text,b,c\n1,2,3\n"),
        "data.csv",
        "",
        "data.csv: name the label's column with --label-column; it has 'text', 'b', 'c'",
    ),
    "one column": (files(data_csv="text\na\n"), "data.csv", "", "data.csv: name the label's column with --label-column; it"),
    # Options.
    "a column of a folder": (
        folder(),
        "data",
        "--group-column=song",
        "--group-column: {}/data is a folder, its labels are the names of files or folders",
    ),
    "files of a table": (table(), "data.csv", "--unit=file", "--unit file: {}/data.csv is no folder"),
    "no unit": (table(), "data.csv", "--unit=page", "--unit: must be line, file, words or words:N with N from 3 to 512; r"),
    "windows that are too short": (table(), "data.csv", "--unit=words:2", "--unit: must be line, file, words or words:N"),
    "windows that are too long": (table(), "data.csv", "--unit=words:513", "--unit: must be line, file, words or words"),
    "no expression": (table(), "data.csv", "--drop=(", "--drop: '(' is not a regular expression ("),
    "no expression to strip": (table(), "data.csv", "--strip=*", "--strip: '*' is not a regular expression ("),
    "everything dropped": (table(), "data.csv", "--drop=.", "data: holds no text"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_the_data_is_one_line_and_nothing_is_written(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, name, options, message = BAD[case]
    monkeypatch.setattr(reading, "LONGEST_LINE", 1_000_000 if "long" not in case or "label" in case else 1_000)
    monkeypatch.setattr(folders, "LONGEST_LINE", 1_000)
    make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert refused(capsys, f"--data={tmp_path / name}", f"--run={tmp_path / 'run'}", *options.split()).startswith(
        message.format(tmp_path)
        if message.startswith("--") or message.startswith("data: ") and name != "data"
        else f"{tmp_path}/{message}"
    )
    assert sorted(tmp_path.rglob("*")) == before


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Gives the one line behind `error: `, the last one."""
    assert main(["fit", "--recipe=tiny", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("error: ") == 1
    last = str(printed.err.splitlines()[-1])
    assert last.startswith("error: ")
    return last.removeprefix("error: ")
