"""Every file that people have is read as what it is; what was found out is said. web/tests/ has the page's half."""

import base64
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpora.rows import opened, pairs, rows_of, said_of, write
from tests.support.corpora.workbooks import open_document, sheets
from tests.support.places import vectors
from trainer.__main__ import main
from trainer.data.profile import profile_of
from trainer.data.tables import Reading, open_table
from trainer.errors import UserError

TABLES: list[dict[str, Any]] = vectors("tables.json")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["what"])
def test_the_trainer_reads_a_table_of_any_kind(table: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / table["name"], base64.b64decode(table["bytes"]))
    found = open_table(path, Reading())
    assert list(found.columns) == table["header"]
    named = [name for name in found.columns if name]
    places = [found.columns.index(name) for name in named]
    rows = [list(record.values) for record in found.records(named) if any(record.values)]
    assert [[value.strip("\n") for value in row] for row in rows] == [
        [row[place] for place in places] for row in table["rows"]
    ]


@pytest.mark.parametrize("given", vectors("encodings.json"), ids=lambda given: given["encoding"])
def test_the_encodings_that_the_page_is_asked_are_what_they_say(given: dict[str, Any]) -> None:
    assert base64.b64decode(given["bytes"]).decode(given["encoding"]) == given["text"]


# What is said, and what the options do.


def test_kaggles_header_gives_text_and_label_and_a_column_without_a_name_is_reached_by_its_number(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "spam.csv", "v1,v2,,,\nham,see you at five,a,,\nspam,win a prize now,b,,\n")
    assert pairs(rows_of(path)) == [("see you at five", "ham"), ("win a prize now", "spam")]
    assert [row.group for row in rows_of(path, group_column="3")] == ["a", "b"]


def test_a_name_that_stands_twice_is_refused_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,note,note\na cat,cats,x,y\n")
    assert pairs(rows_of(path)) == [("a cat", "cats")]
    assert rows_of(path, group_column="4")[0].group == "y"
    with pytest.raises(
        UserError, match="row 1: the column 'note' stands twice; name it by its number, --group-column 3"
    ):
        opened(path, group_column="note")


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("cp1252", ["read as windows-1252; --encoding names another"]),
        ("utf-16", ["read as UTF-16; --encoding names another"]),
        ("utf-16-be", ["read as UTF-16-BE; --encoding names another"]),
        ("utf-32", ["read as UTF-32; --encoding names another"]),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz", "a.jsonl", "a.json", "a.jsonl.gz"])
def test_an_encoding_is_found_and_said(name: str, encoding: str, said: list[str], tmp_path: Path) -> None:
    texts = ["un café très noir", "où est la crème"]
    if "json" in name:
        records = [json.dumps({"text": text, "label": "é"}, ensure_ascii=False) for text in texts]
        content = f"[{','.join(records)}]" if name == "a.json" else "\n".join(records)
    else:
        separator = "\t" if "tsv" in name else ","
        content = "".join(
            f"{text}{separator}{label}\n" for text, label in [("text", "label"), *((t, "é") for t in texts)]
        )
    data = content.encode(encoding)
    path = write(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    assert pairs(rows_of(path)) == [(text, "é") for text in texts]
    assert said_of(path) == [*said, "the text is in 'text', the label in 'label'"]


def test_an_encoding_that_is_named_is_obeyed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\nкот,да\n".encode("koi8_r"))
    assert pairs(rows_of(path, encoding="KOI8-R")) == [("кот", "да")]
    assert said_of(path, encoding="koi8-r") == ["the text is in 'text', the label in 'label'"]


def test_cyrillic_and_polish_are_not_taken_for_western(tmp_path: Path) -> None:
    for encoding, text in (("cp1251", "собака лает, кот спит дома"), ("cp1250", "Zażółć gęślą jaźń, świetny był")):
        path = write(tmp_path / "a.csv", f'text,label\n"{text}",a\n'.encode(encoding))
        assert pairs(rows_of(path)) == [(text, "a")]


def test_a_folder_in_another_encoding_is_read_and_said_once(tmp_path: Path) -> None:
    write(tmp_path / "un.txt", "été\nà la plage\n".encode("cp1252"))
    write(tmp_path / "deux.txt", "déjà vu\n".encode("cp1252"))
    write(tmp_path / "trois.txt", "ça va\n")
    assert [row.text for row in rows_of(tmp_path)] == ["déjà vu", "ça va", "été", "à la plage"]
    assert said_of(tmp_path) == ["read as windows-1252: 2 files, deux.txt among them; --encoding names another"]


def test_columns_without_a_header_are_found_by_what_they_hold_or_named_by_number(tmp_path: Path) -> None:
    news = "".join(f'"{n % 3}","Title of {n}","The text of number {n} is longer than that."\n' for n in range(9))
    path = write(tmp_path / "news.csv", news)
    assert said_of(path) == [
        "has no header, its first row is data; --header yes takes it for the header",
        "the text is in column 3, the label in column 1",
    ]
    assert pairs(rows_of(path))[0] == ("The text of number 0 is longer than that.", "0")
    assert rows_of(path)[0].number == 1
    assert pairs(rows_of(path, text_column="2", label_column="1"))[1] == ("Title of 1", "1")
    assert len(rows_of(path, header="yes", text_column="2", label_column="1")) == 8
    with pytest.raises(UserError, match=r"has no column '4' \(--text-column\); it has '1', '2', '3'"):
        opened(path, text_column="4")


def test_a_columns_number_is_not_taken_for_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "1,The first of all the texts here\n2,The second of them\n1,A third one\n")
    assert [row.label for row in rows_of(path, text_column="2", label_column="1")] == ["1", "2", "1"]


def test_a_first_row_is_data_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\none two three,x\nfour five six,x\n")
    assert pairs(rows_of(path, header="no"))[0] == ("text", "label")
    assert len(rows_of(path, header="yes")) == 2


def test_uci_has_no_header_and_no_ending(tmp_path: Path) -> None:
    path = write(tmp_path / "SMSSpamCollection", 'ham\tGo until jurong, "crazy..\nspam\tFree entry\nham\tOk lar\n')
    assert pairs(rows_of(path))[0] == ('Go until jurong, "crazy..', "ham")
    assert [row.label for row in rows_of(path)] == ["ham", "spam", "ham"]


def test_quotation_marks_are_read_as_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'text\tlabel\n"one"\tx\ntwo\ty\nthree\ty\nfour\ty\n')
    assert rows_of(path)[0].text == '"one"'
    assert rows_of(path, quoting="yes")[0].text == "one"
    path = write(tmp_path / "a.csv", "text,label\n\"one two' he said,x\n")
    assert rows_of(path, quoting="no")[0].text == "\"one two' he said"
    with pytest.raises(UserError, match=r"row 2: is not CSV .*; --quoting no reads quotation marks as they are"):
        rows_of(path)


def test_a_sample_that_is_cut_within_a_field_still_tells_that_fields_are_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.data.tables.dialect._SAMPLE", 50)
    path = write(tmp_path / "a.tsv", "text\tlabel\n" + '"one\ntwo\nthree ""four"""\tx\n' * 9)
    assert [row.text for row in rows_of(path)] == ['one two three "four"'] * 9


# Other files.


RECORDS = [{"text": "a cat sleeps", "label": "cats"}, {"text": "a dog barks", "label": "dogs"}]
PAIRS = [("a cat sleeps", "cats"), ("a dog barks", "dogs")]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        "\ufeff" + json.dumps({"version": 1, "data": RECORDS}),
        "\n".join(map(json.dumps, RECORDS)),
        json.dumps({name: [record[name] for record in RECORDS] for name in ("text", "label")}),
        json.dumps({name: {str(n): record[name] for n, record in enumerate(RECORDS)} for name in ("text", "label")}),
    ],
)
def test_json_is_read_as_records_in_any_order(content: str, tmp_path: Path) -> None:
    assert pairs(rows_of(write(tmp_path / "a.json", content))) == PAIRS


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("[1, 2]", "row 1: is not a JSON object"),
        ('"text"', "is no array of JSON objects"),
        ("[{", r"is not JSON \("),
        ('{"text": ["a", "b"], "label": ["x"]}', "its columns are not of one length: 'text' 2, 'label' 1"),
        ("[]", "name the text's column with --text-column; it has none"),
    ],
)
def test_json_of_another_shape_is_refused(content: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rule):
        rows_of(write(tmp_path / "a.json", content))


def test_a_workbook_is_read_from_its_first_sheet_that_holds_anything(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["text", "label"], ["a cat sleeps", 1], [], ["a dog barks", True], [12, 1]]
    path = sheets(tmp_path / "a.xlsx", Empty=[], Texts=rows, Notes=[["a", "b"]])
    assert [(row.text, row.label, row.number) for row in rows_of(path)] == [
        ("a cat sleeps", "1", 2),
        ("a dog barks", "true", 4),
        ("12", "1", 5),
    ]
    assert said_of(path)[0] == "the sheet 'Texts' is read, 'Notes' not"


def test_a_workbook_without_a_header_is_read(tmp_path: Path) -> None:
    rows = [["ham", "see you there"], ["spam", "win a prize now"], ["ham", "on my way"]]
    path = sheets(tmp_path / "a.xlsx", Texts=rows)
    assert [row.label for row in rows_of(path)] == ["ham", "spam", "ham"]
    assert said_of(path)[0] == "has no header, its first row is data; --header yes takes it for the header"


def test_an_open_document_is_read(tmp_path: Path) -> None:
    rows = [["text", "label"], ["a cat sleeps", "cats"], ["a dog barks", "dogs"]]
    open_document(tmp_path / "a.ods", rows)
    assert pairs(rows_of(tmp_path / "a.ods")) == PAIRS


def test_a_workbook_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"a\.xlsx: is no spreadsheet that can be read \("):
        opened(write(tmp_path / "a.xlsx", "text,label\n"))
    with pytest.raises(UserError, match=r"--encoding: says nothing about .*a\.xlsx"):
        opened(tmp_path / "a.xlsx", encoding="utf-8")
    with pytest.raises(UserError, match="holds no text"):
        opened(sheets(tmp_path / "b.xlsx", Empty=[]))
    monkeypatch.setattr("trainer.data.tables.workbooks.MOST_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2_000_000)
    with pytest.raises(UserError, match=r"c\.xlsx: is larger than 1 MB; save it as \.csv or \.jsonl"):
        opened(tmp_path / "c.xlsx")
    with pytest.raises(UserError, match=r"d\.json: is larger than 1 MB"):
        opened(write(tmp_path / "d.json", " " * 2_000_000 + "[]"))


@pytest.mark.parametrize("name", ["a.csv.gz", "A.TSV.GZ", "a.jsonl.gz", "train.txt.gz"])
def test_what_is_packed_is_read(name: str, tmp_path: Path) -> None:
    contents = {
        "csv": "text,label\na cat sleeps,cats\na dog barks,dogs\n",
        "tsv": "text\tlabel\na cat sleeps\tcats\na dog barks\tdogs\n",
        "jsonl": "\n".join(map(json.dumps, RECORDS)),
        "txt": "__label__cats a cat sleeps\n__label__dogs a dog barks\n",
    }
    content = contents[name.lower().split(".")[1]]
    corpus, _ = opened(write(tmp_path / name, gzip.compress(content.encode())))
    assert pairs(list(corpus.rows())) == PAIRS
    assert corpus.name == name.split(".")[0]


def test_fasttexts_lines_with_several_labels_are_counted(tmp_path: Path) -> None:
    lines = "__label__cats a cat sleeps\n__label__cats __label__dogs both of them\n\n__label__dogs a dog barks\n"
    corpus, _ = opened(write(tmp_path / "pets.train", lines))
    seen = profile_of(corpus)
    assert pairs(list(corpus.rows())) == PAIRS
    assert seen.skipped == {"with more than one label": 1}


def test_fasttexts_lines_that_end_before_the_file_does_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "pets.txt", "__label__cats a cat\n" * 200 + "no label\n")
    with pytest.raises(UserError, match="row 201: does not begin with __label__ as the rows above do"):
        opened(path)


# Windows of words.


def test_no_row_of_a_table_vanishes_where_windows_are_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [" ".join(f"{'ab'[n % 2]}{n}w{word}" for word in range(n % 12 + 1)) for n in range(400)]
    path = write(tmp_path / "a.csv", "text,label\n" + "".join(f"{text},{text[0]}\n" for text in texts))
    assert main(["audit", f"--data={path}", "--unit=words:8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"] >= 400
    assert report["sizes"]["words"] == sum(len(text.split()) for text in texts)


@pytest.mark.slow
def test_the_audit_tells_only_the_owner_of_running_text_to_cut_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [(f"word{n} is w{n}", "a") if n % 2 else (f"word{n} is w{n} " + "and so on " * 9, "b") for n in range(600)]
    path = write(tmp_path / "a.csv", "text,label\n" + "".join(f"{text},{label}\n" for text, label in texts))
    assert main(["audit", f"--data={path}", "--json"]) == 0
    (line,) = (line for line in json.loads(capsys.readouterr().out)["headline"] if "length" in line)
    assert "--unit" not in line
