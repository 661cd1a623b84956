"""`--fix` takes out what it says and no word more; `audit` writes nowhere that it should not."""

import json
import os
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from tests.support.corpora.audits import SUBJECTS, VERBS, clean, with_licence
from trainer.__main__ import main
from trainer.audit.cleaning import repaired, tags_in, without_markup
from trainer.audit.fix import PHRASES, REMOVED, TEXT, check_output, fix
from trainer.data.corpus import Corpus, Row, of_lines
from trainer.data.sources import Source, load, unit_of
from trainer.errors import UserError

pytestmark = pytest.mark.slow  # an audit trains its models


@pytest.fixture
def polluted(tmp_path: Path) -> tuple[Corpus, Path]:
    """A corpus in files of its own, with some of everything that a fix takes out."""
    rows = with_licence(clean(100), "This text is licensed under the terms of the Example Licence.", 5)
    rows += [replace(rows[3], number=501), replace(rows[4], text=rows[4].text.upper(), number=502)]
    rows += [replace(rows[5], label="town", number=503)]
    rows += [Row("HAMLET:", "sea", file="sea/0.txt", number=600 + place) for place in range(4)]
    rows += [
        Row(f"OPHELIA: {SUBJECTS[n]} {' '.join(VERBS[n : n + 4])}", "sea", file="sea/0.txt", number=700 + n)
        for n in range(4)
    ]
    rows += [Row("<p>The quay &amp; the crane are <i>empty</i></p>", "sea", file="sea/0.txt", number=800)]
    rows += [Row("They sat in a cafÃ© by the dÃ´me", "town", file="town/0.txt", number=801)]
    rows += [Row("<br>", "town", file="town/0.txt", number=802)]
    rows += [replace(rows[6], text=rows[6].text + " Again", number=803)]
    source = tmp_path / "source.jsonl"
    source.write_text("".join(json.dumps([row.text, row.label, row.file, row.number]) + "\n" for row in rows))

    def read(_: Counter[str]) -> Iterator[Row]:
        for line in source.read_text().splitlines():
            text, label, file, number = json.loads(line)
            yield Row(text, label, file=str(tmp_path / file), number=number)

    return Corpus("polluted", "", "", "", read), source


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_fix_writes_a_clean_copy_and_leaves_the_source(polluted: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, source = polluted
    before = source.read_bytes()
    counts = fix(corpus, tmp_path / "fixed").counts
    assert source.read_bytes() == before
    kept, removed = records(tmp_path / "fixed" / "phrases.jsonl"), records(tmp_path / "fixed" / "removed.jsonl")
    reasons = Counter(row["reason"] for row in removed)
    assert reasons["boilerplate"] == 10
    assert reasons["duplicate"] == 2
    assert reasons["conflicting labels"] == 2
    assert reasons["speaker name"] == 8
    assert reasons["no words left"] == 1
    assert reasons["near-duplicate"] >= 1
    assert reasons["mark-up"] == 1
    assert reasons["wrong encoding"] == 1
    assert counts["read"] == counts["kept"] + counts["removed"]
    assert len(kept) == counts["kept"]
    assert all(isinstance(count, int) for count in counts.values())
    texts = [row["text"] for row in kept]
    assert "The quay & the crane are empty" in texts
    assert "They sat in a café by the dôme" in texts
    assert any(text.startswith("sailor saw found") for text in texts)
    assert all(row.keys() == {"text", "label"} for row in kept)
    (mended,) = [row for row in removed if row["reason"] == "wrong encoding"]
    assert mended["new_text"] == "They sat in a café by the dôme"
    assert mended["row"] == 801


def test_fix_keeps_groups_and_parts_and_may_be_repeated(tmp_path: Path) -> None:
    rows = [replace(row, group=f"g{row.number % 7}", part="train") for row in clean(20)]
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    fix(corpus, tmp_path / "fixed")
    fix(corpus, tmp_path / "fixed")
    assert records(tmp_path / "fixed" / "phrases.jsonl")[0].keys() == {"text", "label", "group", "split"}


def test_fix_refuses_what_it_did_not_write(tmp_path: Path) -> None:
    rows = clean(20)
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "novel.txt").write_text("dear to me")
    with pytest.raises(UserError, match="not what --fix wrote"):
        fix(corpus, tmp_path / "mine")
    (tmp_path / "file").write_text("dear to me")
    with pytest.raises(UserError, match="not what --fix wrote"):
        fix(corpus, tmp_path / "file")


def test_fix_never_replaces_its_source(tmp_path: Path) -> None:
    rows = clean(20)
    fix(replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows)), tmp_path / "fixed")
    source = tmp_path / "fixed" / "phrases.jsonl"
    before = source.read_bytes()
    rows = [replace(row, file=str(source)) for row in rows]
    with pytest.raises(UserError, match="holds the source"):
        fix(replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows)), tmp_path / "fixed")
    assert source.read_bytes() == before


def test_fix_ends_on_text_of_one_template(tmp_path: Path) -> None:
    rows = [Row(f"the quick user number {n} has logged in from here", "ab"[n % 2], number=n) for n in range(6000)]
    counts = fix(replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows)), tmp_path / "fixed").counts
    assert counts["kept"] < 20, "MinHash misses one in a thousand"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("see page?a=1&copy=2 of it", "see page?a=1&copy=2 of it"),
        ("black&notwhite", "black&notwhite"),
        ("a &lt;b&gt;bold&lt;/b&gt; word", "a  bold  word"),
        ("AT&amp;amp;T", "AT&T"),
        ("AT&amp;T &madeup; &#65;", "AT&T &madeup; A"),
        ("if x <y and z> w", "if x <y and z> w"),
        ("if x <b and c> w", "if x <b and c> w"),
        ("a <grin> b", "a <grin> b"),
        ("2 &lt; 3", "2 < 3"),
        ("<A HREF='x y' class=\"q\">go</A><br/><input disabled>", " go   "),
        ("one <!-- not said --> two", "one   two"),
    ],
)
def test_markup_goes_and_words_stay(text: str, mended: str) -> None:
    assert without_markup(text) == mended


def test_what_joins_letters_stays() -> None:
    text = "می\u200cخواهم क्\u200dष"
    assert repaired(text + "\x1b") == text
    assert tags_in("x <y and z> <I>w</I>") == ["i", "i"]


def folder_of(tmp_path: Path, files: int = 1) -> Path:
    """The clean corpus as a folder of files, with some copies in it."""
    for label in ("sea", "town"):
        lines = [row.text for row in clean(60) if row.label == label]
        for number in range(files):
            path = tmp_path / "my data" / (f"{label}/{number:02}.txt" if files > 1 else f"{label}.txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            own = lines[number::files]
            path.write_text("\n".join([*own, own[0]]) + "\n", encoding="utf-8")
    return tmp_path / "my data"


def next_of(captured: str) -> list[str]:
    (line,) = [line for line in captured.splitlines() if line.startswith("next, ")]
    return shlex.split(line.removeprefix("next, python -m trainer "))


@pytest.mark.parametrize("files", [1, 12])
def test_a_folder_stays_a_folder(tmp_path: Path, files: int, capsys: pytest.CaptureFixture[str]) -> None:
    data, fixed = folder_of(tmp_path, files), tmp_path / "fixed copy"
    before = {path.relative_to(data): path.read_text().splitlines() for path in data.rglob("*.txt")}
    options = ["--unit", "words:8", "--fix", str(fixed)]
    assert main(["audit", "--data", str(data), *options]) == 0
    command = next_of(capsys.readouterr().err)
    assert command == ["audit", "--data", str(fixed / "text"), "--unit", "words:8"]
    after = {
        path.relative_to(fixed / "text"): path.read_text().splitlines() for path in (fixed / "text").rglob("*.txt")
    }
    assert after.keys() == before.keys()
    for name, lines in after.items():
        assert lines == [line for line in before[name][:-1] if line in lines], "in their order"
    assert sum(map(len, after.values())) < sum(map(len, before.values()))
    assert {path.name for path in fixed.iterdir()} == {"text", "removed.jsonl"}
    assert main(["audit", "--data", str(data), *options]) == 0, "what a fix wrote it may write again"
    capsys.readouterr()
    assert main(command) == 0


def test_groups_and_a_split_go_into_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.jsonl"
    parts = ["train", "train", "train", "validation", "test"]
    records = [
        {"text": row.text, "label": row.label, "song": f"s{row.number % 30}", "part": parts[row.number % 30 % 5]}
        for row in clean(60)
    ]
    table.write_text("".join(json.dumps(record) + "\n" for record in records))
    columns = ["--group-column", "song", "--split-column", "part"]
    assert main(["audit", "--data", str(table), *columns, "--fix", str(tmp_path / "out")]) == 0
    command = next_of(capsys.readouterr().err)
    data = str(tmp_path / "out" / "phrases.jsonl")
    assert command == ["audit", "--data", data, "--group-column", "group", "--split-column", "split"]
    assert main(command) == 0


def test_what_becomes_of_rare_labels_goes_into_the_next_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder_of(tmp_path)
    for name in ("pier", "barn"):
        (data / f"{name}.txt").write_text("".join(f"{name} {word}\n" for word in VERBS[:4]))
    options = ["--least-rows", "6", "--rare", "other"]
    assert main(["audit", "--data", str(data), *options, "--fix", str(tmp_path / "out")]) == 0
    command = next_of(capsys.readouterr().err)
    assert command == ["audit", "--data", str(tmp_path / "out" / "text"), *options]
    assert main(command) == 0


def test_rows_from_elsewhere_become_a_table(tmp_path: Path) -> None:
    corpus = of_lines("c", "", "", "", {"a": [row.text for row in clean(10)], "b": ["other words here"]})
    copy = fix(replace(corpus, path=str(tmp_path / "data")), tmp_path / "out")
    assert copy.data.name == "phrases.jsonl"
    assert copy.data.is_file()


def test_a_label_that_is_lost_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = {label: [row.text for row in clean(60) if row.label == label] for label in ("sea", "town")}
    (data / "sea.txt").write_text("\n".join(lines["sea"]))
    (data / "town.txt").write_text("\n".join(lines["town"] + lines["sea"][:40]))
    (data / "copy.txt").write_text("\n".join(lines["sea"][:40]))
    assert main(["audit", "--data", str(data), "--fix", str(tmp_path / "out"), "--drop", "gull"]) == 0
    said = capsys.readouterr().err
    assert "the label copy is lost: none of its" in said
    assert "the label sea has lost more than half" in said
    assert "label town" not in said
    assert "not read and not listed: taken out by --drop" in said


def test_a_copy_is_refused_before_the_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder_of(tmp_path)
    inside = data / "fixed"
    assert main(["audit", "--data", str(data), "--fix", str(inside)]) == 2
    said = capsys.readouterr().err
    assert "would become a label" in said
    assert "reading" not in said
    assert main(["audit", "--data", str(data), "--fix", str(tmp_path)]) == 2
    assert "reading" not in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "phrases.jsonl").write_text("dear to me")
    assert main(["audit", "--data", str(data), "--fix", str(tmp_path / "mine")]) == 2
    assert "not what --fix wrote" in capsys.readouterr().err


def test_a_page_replaces_nothing_but_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder_of(tmp_path)
    novel = tmp_path / "novel.txt"
    novel.write_text("dear to me")
    (tmp_path / "table.csv").write_text("text,label\n")
    for place in (data / "sea.txt", data / "new.html", data, novel, tmp_path / "nowhere" / "a.html"):
        assert main(["audit", "--data", str(data), "--html", str(place)]) == 2
        assert "reading" not in capsys.readouterr().err
    assert novel.read_text() == "dear to me"
    page = tmp_path / "audit.html"
    for _ in range(2):
        assert main(["audit", "--data", str(data), "--html", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not (data / "new.html").exists()


def test_a_seed_below_zero_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--data", str(folder_of(tmp_path)), "--seed", "-1"]) == 2
    assert capsys.readouterr().err.count("\n") <= 2


@pytest.mark.parametrize("piece", ["<a ", '<a x="', "<a x='<a x=\"", "<a x=1 x=2", "&amp", "</", "&lt;"])
def test_markup_that_never_ends_is_read_quickly(piece: str) -> None:
    before = process_time()
    without_markup(piece * 50_000)
    assert process_time() - before < 5


def opened(path: Path | str, unit: str = "line", drop: tuple[str, ...] = ()) -> Corpus:
    return load(Source(str(path), unit=unit_of(unit), drop=drop))


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_folder_may_be_named_from_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, 3)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    copy = fix(opened("../my data/"), Path("fixed"))
    assert copy.data == Path("fixed") / TEXT
    assert len(list(copy.data.rglob("*.txt"))) == 6


def test_whole_files_stay_one_line_each(tmp_path: Path) -> None:
    copy = fix(opened(folder_of(tmp_path, 3), "file"), tmp_path / "fixed")
    assert copy.counts["read"] == 6
    assert [len(lines_of(path)) for path in copy.data.rglob("*.txt")] == [1] * copy.counts["kept"]


def test_files_whose_lines_do_not_come_together_are_written_whole(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path, 3))
    rows = sorted(corpus.rows(), key=lambda row: row.number)
    copy = fix(replace(corpus, read=lambda _: iter(rows)), tmp_path / "fixed")
    assert sum(len(lines_of(path)) for path in copy.data.rglob("*.txt")) == copy.counts["kept"] > 100


def test_no_file_of_a_copy_is_outside_of_it(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path))
    rows = [replace(row, file=f"{corpus.path}/../../{row.label}.txt") for row in corpus.rows()]
    copy = fix(replace(corpus, read=lambda _: iter(rows)), tmp_path / "fixed")
    assert copy.data == tmp_path / "fixed" / PHRASES
    assert len(lines_of(copy.data)) == copy.counts["kept"]


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    folder, name = folder_of(tmp_path, 3), os.fsdecode(b"caf\xe9.txt")
    try:
        (folder / "sea" / name).write_text("We sail at dawn\nWe sail at dawn\n")
    except OSError:
        pytest.skip("the disk takes no such name")
    copy = fix(opened(folder), tmp_path / "fixed")
    assert lines_of(copy.data / "sea" / name) == ["We sail at dawn"]
    assert any(row["file"].endswith(name) for row in records(tmp_path / "fixed" / REMOVED))


def test_where_no_row_stays_the_copy_is_empty(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path))
    rows = [Row("the same words", label, file=f"{corpus.path}/{label}.txt") for label in ("sea", "town")]
    in_folder = fix(replace(corpus, read=lambda _: iter(rows)), tmp_path / "fixed")
    in_table = fix(replace(corpus, read=lambda _: iter(rows), running=False), tmp_path / "table")
    assert list(in_folder.data.iterdir()) == []
    assert in_table.data.read_text() == ""
    assert in_folder.kept == in_table.kept == {"sea": 0, "town": 0}


def test_what_was_left_out_before_is_counted(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "sea.txt").write_text("We sail\n\n---\nDROP me\nDROP me too\n")
    counts = fix(opened(folder, drop=("^DROP",)), tmp_path / "fixed").counts
    assert {what.partition(": ")[2]: count for what, count in counts.items() if what.startswith("not read")} == {
        "taken out by --drop": 2,
        "without a word": 1,
        "empty": 1,
    }


def test_where_a_copy_may_be_written(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, 3)
    corpus = opened(folder)
    check_output(corpus, tmp_path / "new" / "one")
    fix(corpus, tmp_path / "fixed")
    check_output(corpus, tmp_path / "fixed")
    with pytest.raises(UserError, match="holds the source"):
        check_output(opened(tmp_path / "fixed" / TEXT), tmp_path / "fixed")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / TEXT).mkdir()
    for place in ("link", "link/fixed", "loop", "loop/fixed", "own", "my data/sea/fixed", "x" * 300):
        with pytest.raises(UserError):
            check_output(corpus, tmp_path / place)
