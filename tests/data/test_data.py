"""`--data` in every shape: tables, Hugging Face datasets, folders; what is guessed is said."""

import csv
import dataclasses
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from tests.support.corpora.rows import opened, pairs, rows_of, write
from trainer.__main__ import main
from trainer.data.corpus import Corpus, Row
from trainer.data.profile import profile_of
from trainer.data.sources import Unit, unit_of
from trainer.encoding.encode import encode
from trainer.model.recipe import RECIPES
from trainer.run import Run
from trainer.splitting.options import split_by
from trainer.text.pieces import learn
from trainer.text.vocabulary import UNKNOWN_ID
from trainer.training.options import FitOptions

Records = list[dict[str, Any]]
ROWS = [("The cat, the “cat”", "cats"), ("a dog; a\tbone", "dogs"), ('it said "woof"', "dogs"), ("Ελλάδα café", "cats")]
RECORDS: Records = [{"text": text, "label": label} for text, label in ROWS]


def separated(separator: str, ends: str = "\n", mark: str = "") -> Callable[[Path, Records], None]:
    def made(path: Path, records: Records) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(records[0]), delimiter=separator, lineterminator=ends)
        writer.writeheader()
        writer.writerows(records)
        write(path, mark + text.getvalue())

    return made


def json_lines(path: Path, records: Records) -> None:
    write(path, "\n".join(json.dumps(record) for record in records))


def parquet(path: Path, records: Records) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)


TABLES: dict[str, tuple[str, Callable[[Path, Records], None]]] = {
    "commas": ("data.csv", separated(",")),
    "semicolons": ("data.csv", separated(";")),
    "bars": ("data.csv", separated("|")),
    "tabs in a .csv": ("data.csv", separated("\t")),
    "tabs": ("data.tsv", separated("\t")),
    "a byte order mark": ("data.csv", separated(",", mark="\ufeff")),
    "lines that end as on Windows": ("data.csv", separated(",", "\r\n")),
    "lines that end as on old Macs": ("DATA.CSV", separated(",", "\r")),
    "JSON lines": ("data.jsonl", json_lines),
    "JSON lines by their other name": ("data.ndjson", json_lines),
    "Parquet": ("data.parquet", parquet),
}


# Tables.


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_of_any_kind_gives_its_rows_in_order_and_says_what_it_guessed(kind: str, tmp_path: Path) -> None:
    name, make = TABLES[kind]
    make(tmp_path / name, RECORDS)
    corpus, said = opened(tmp_path / name)
    rows = list(corpus.rows())
    assert pairs(rows) == [(" ".join(text.split()), label) for text, label in ROWS]
    assert list(corpus.rows()) == rows  # a corpus is read anew each time
    assert {row.file for row in rows} == {str(tmp_path / name)}
    assert [row.number for row in rows] == ([2, 3, 4, 5] if name[-3:].lower() in ("csv", "tsv") else [1, 2, 3, 4])
    assert said == [f"{tmp_path / name}: the text is in 'text', the label in 'label'"]
    assert (corpus.name.lower(), corpus.running) == ("data", False)


def test_a_quoted_field_may_hold_line_breaks_and_rows_are_named_by_their_first_line(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", 'lyrics;genre\r\n"one\r\ntwo; ""three"""; pop \r\n\r\n"four\nfive";rock\r\n')
    rows = rows_of(path)
    assert pairs(rows) == [('one two; "three"', "pop"), ("four five", "rock")]
    assert [row.number for row in rows] == [2, 5]


def test_columns_are_taken_as_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    json_lines(path, [{"text": "no", "label": "no", "a": "purr", "b": "cats", "c": "s1", "d": "Train "}])
    corpus, said = opened(path, text_column="a", label_column="b", group_column="c", split_column="d")
    assert list(corpus.rows()) == [Row("purr", "cats", "s1", "train", str(path), 1)]
    assert said == []


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        (["id", "Text", "LABEL"], "Text", "LABEL"),
        (["sentiment", "review"], "review", "sentiment"),
        (["content", "whatever"], "content", "whatever"),
        (["whatever", "genre"], "whatever", "genre"),
        (["short", "longer"], "longer", "short"),
        (["longer", "short"], "longer", "short"),
    ],
)
def test_columns_are_guessed_where_it_is_obvious(columns: list[str], text: str, label: str, tmp_path: Path) -> None:
    values = dict.fromkeys(columns, "7") | {label: "cats", text: "the cat will purr"}
    parquet(tmp_path / "data.parquet", [{name: values[name] for name in columns}])
    corpus, said = opened(tmp_path / "data.parquet")
    assert pairs(list(corpus.rows())) == [("the cat will purr", "cats")]
    assert said == [f"{tmp_path}/data.parquet: the text is in {text!r}, the label in {label!r}"]


def test_a_column_that_is_named_leaves_the_others_to_be_guessed(tmp_path: Path) -> None:
    separated(",")(tmp_path / "data.csv", [{"text": "song 1", "words": "la la", "artist": "Ann"}])
    assert rows_of(tmp_path / "data.csv", group_column="text")[0].group == "song 1"
    assert pairs(rows_of(tmp_path / "data.csv", text_column="words", group_column="text")) == [("la la", "Ann")]


@pytest.mark.parametrize(("written", "label"), [(1, "1"), (2.0, "2"), (2.5, "2.5"), (True, "true"), (" sad ", "sad")])
def test_a_label_may_be_a_number(written: object, label: str, tmp_path: Path) -> None:
    parquet(tmp_path / "data.parquet", [{"text": "words", "label": written}])
    json_lines(tmp_path / "data.jsonl", [{"text": "words", "label": written}])
    assert [rows_of(tmp_path / f"data.{kind}")[0].label for kind in ("parquet", "jsonl")] == [label, label]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val", "validation"),
        ("valid", "validation"),
        ("VALIDATION", "validation"),
        (" dev", "validation"),
        ("test", "test"),
    ],
)
def test_a_split_column_is_read_in_its_usual_spellings(written: str, part: str, tmp_path: Path) -> None:
    separated(",")(tmp_path / "data.csv", [{"text": "words", "label": "a", "fold": written}])
    assert rows_of(tmp_path / "data.csv", split_column="fold")[0].part == part


# Hugging Face datasets, from a local folder: nothing is downloaded.


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that `datasets` reads as a dataset, and a cache of its own."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    (tmp_path / "pets").mkdir()
    return tmp_path / "pets"


def test_a_hugging_face_dataset_brings_its_parts_and_the_names_of_its_classes(hub: Path) -> None:
    import datasets

    features = datasets.Features(
        {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=["cats", "dogs"])}
    )
    for part, texts in {"train": ["purr", "bark"], "validation": ["paw", "bone"], "test": ["fur", "tail"]}.items():
        values = {"sentence": texts, "label": [0, 1]}
        datasets.Dataset.from_dict(values, features=features).to_parquet(hub / f"{part}.parquet")
    corpus, said = opened(f"hf:{hub}")
    assert [(row.text, row.label, row.part, row.number) for row in corpus.rows()] == [
        ("purr", "cats", "train", 1),
        ("bark", "dogs", "train", 2),
        ("paw", "cats", "validation", 1),
        ("bone", "dogs", "validation", 2),
        ("fur", "cats", "test", 1),
        ("tail", "dogs", "test", 2),
    ]
    assert said == [f"hf:{hub}: the text is in 'sentence', the label in 'label'"]
    assert {row.file for row in corpus.rows()} == {f"hf:{hub}/{part}" for part in ("train", "validation", "test")}


def test_a_configuration_is_named_behind_a_colon_and_parts_of_other_names_are_left_out(hub: Path) -> None:
    for name, text in (("train", "purr"), ("more", "growl"), ("other", "quack")):
        parquet(hub / f"{name}.parquet", [{"text": text, "label": "a"}, {"text": f"{text} again", "label": "b"}])
    files = "data_files: [{split: train, path: train.parquet}, {split: unsupervised, path: more.parquet}]"
    others = "data_files: [{split: everything, path: other.parquet}]"
    card = f"---\nconfigs:\n- config_name: pets\n  {files}\n- config_name: birds\n  {others}\n---\n"
    write(hub / "README.md", card)
    assert [(row.text, row.part) for row in rows_of(f"hf:{hub}:pets")] == [("purr", "train"), ("purr again", "train")]
    assert [(row.text, row.part) for row in rows_of(f"hf:{hub}:birds")] == [("quack", ""), ("quack again", "")]


# Folders.


def many_files(folder: Path, files: int, lines: int = 3, reverse: bool = False) -> Path:
    """`folder/<label>/<number>.txt`, whose words tell where they stand."""
    for label in sorted(("ann", "bob"), reverse=reverse):
        for number in sorted(range(files), reverse=reverse):
            text = "".join(f"{label}{number}l{line} word{label}{number}w{line} w{line}\n" for line in range(lines))
            write(folder / label / f"{number:02}.txt", text)
    return folder


def test_a_folder_of_files_has_a_label_a_file_and_a_phrase_a_line(tmp_path: Path) -> None:
    cats, dogs = write(tmp_path / "cats.txt", "The  cat\npurr \n"), write(tmp_path / "big dogs.v2.txt", "bark")
    write(tmp_path / ".hidden.txt", "no")
    write(tmp_path / "notes.md", "no")
    corpus, said = opened(tmp_path)
    assert list(corpus.rows()) == [
        Row("bark", "big dogs.v2", "", "", str(dogs), 1),
        Row("The cat", "cats", "", "", str(cats), 1),
        Row("purr", "cats", "", "", str(cats), 2),
    ]
    assert (corpus.name, corpus.running) == (tmp_path.name, True)
    assert said == [f"{tmp_path}: left out: 1 file not .txt, notes.md among them"]


def test_lines_end_in_any_way_and_in_no_other_and_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "\ufeffone\ntwo\r\nthree\rfour\u2028and \x0bfive\x85".encode())
    write(tmp_path / "b.txt", "six")
    rows = rows_of(tmp_path)
    assert [row.text for row in rows] == ["one", "two", "three", "four and five", "six"]
    assert [row.number for row in rows] == [1, 2, 3, 4, 1]


def test_a_folder_of_folders_has_a_label_a_folder_however_deep_its_files_lie(tmp_path: Path) -> None:
    many_files(tmp_path, 2, lines=1)
    write(tmp_path / "ann" / "late" / "03.txt", "deep\n")
    write(tmp_path / "ann" / ".cache" / "04.txt", "hidden\n")
    write(tmp_path / "ann" / "05.pdf", "no text")
    assert [(row.text.split()[0], row.label) for row in rows_of(tmp_path)] == [
        ("ann0l0", "ann"),
        ("ann1l0", "ann"),
        ("deep", "ann"),
        ("bob0l0", "bob"),
        ("bob1l0", "bob"),
    ]


def test_with_ten_files_of_each_label_no_file_is_divided(tmp_path: Path) -> None:
    corpus, said = opened(many_files(tmp_path / "ten", 10))
    assert said == [f"{tmp_path}/ten: no file is divided between training, validation and test"]
    assert {row.group for row in corpus.rows()} == {f"{a}/{n:02}.txt" for a in ("ann", "bob") for n in range(10)}
    write(tmp_path / "ten" / "cat" / "1.txt", "purr")
    corpus, said = opened(tmp_path / "ten")
    assert (said, {row.group for row in corpus.rows()}) == ([], {""})


def test_a_file_is_a_phrase_when_asked(tmp_path: Path) -> None:
    many_files(tmp_path, 12, lines=2)
    rows = rows_of(tmp_path, unit=Unit("file"))
    assert len(rows) == 24
    assert rows[0].text == "ann0l0 wordann0w0 w0 ann0l1 wordann0w1 w1"
    assert {row.group for row in rows} == {""}


def test_windows_of_words_are_cut_within_a_file(tmp_path: Path) -> None:
    corpus, _ = opened(many_files(tmp_path, 3, lines=60), unit=unit_of("words:8"))
    parts = split_by(corpus, profile_of(corpus), RECIPES["tiny"], FitOptions(unit=unit_of("words:8")))
    texts = [phrase.text for _, phrase in parts.phrases()]
    lengths = {len(text.split()) for text in texts}
    assert lengths == set(range(3, 9))
    for text in texts:
        files = {word[: word.index("l")] for word in text.split() if word.startswith(("ann", "bob"))}
        assert len(files) <= 1


@pytest.mark.parametrize(("text", "unit"), [("line", Unit("line")), ("file", Unit("file")), ("words", Unit("words"))])
def test_units_are_read(text: str, unit: Unit) -> None:
    assert unit_of(text) == unit
    assert unit_of("words:512") == Unit("words", 512)


# The same split, whatever the order.


def fingerprint(corpus: Corpus, unit: Unit) -> str:
    parts = split_by(corpus, profile_of(corpus), RECIPES["tiny"], FitOptions(unit=unit))
    vocabulary = learn(parts.training_text(), parts.labels, sequence_length=18, maximum_pieces=1_000)
    with tempfile.TemporaryDirectory() as folder:
        options = {"sequence_length": 18, "first_window": False, "misspelt_weight": 0.0, "seed": 1}
        return encode(parts, vocabulary, Path(folder), **options).sha256  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["line", "file", "words:8"])
@pytest.mark.parametrize("files", [4, 12])
def test_neither_the_order_of_files_nor_where_they_lie_changes_the_split(
    unit: str, files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = many_files(tmp_path / "one", files, 40)
    first = fingerprint(opened(one, unit=unit_of(unit))[0], unit_of(unit))
    other = many_files(tmp_path / "moved" / "elsewhere", files, 40, reverse=True)
    iterdir, rglob = Path.iterdir, Path.rglob
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(list(iterdir(path))[::-1]))
    monkeypatch.setattr(Path, "rglob", lambda path, pattern: iter(list(rglob(path, pattern))[::-1]))
    assert fingerprint(opened(other, unit=unit_of(unit))[0], unit_of(unit)) == first
    monkeypatch.chdir(other)
    assert fingerprint(opened(".", unit=unit_of(unit))[0], unit_of(unit)) == first
    write(other / "ann" / "00.txt", "one line has changed")
    assert fingerprint(opened(other, unit=unit_of(unit))[0], unit_of(unit)) != first


@pytest.mark.slow
def test_the_shape_of_a_table_does_not_change_the_split(tmp_path: Path) -> None:
    records: Records = [{"text": f"w{n} and x{n}", "label": "ab"[n % 2], "song": f"s{n // 7}"} for n in range(300)]
    found = set()
    for number, (name, make) in enumerate(TABLES.values()):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        make(path, records)
        found.add(fingerprint(opened(path, group_column="song")[0], Unit("line")))
    assert len(found) == 1


# Any script that puts spaces between words.


@pytest.mark.parametrize(
    "text",
    [
        "Вот так ёлка стоит в лесу",
        "Τι είναι η πατρίδα μας;",
        "हिन्दी में लिखा हुआ वाक्य",
        "한국어 문장은 띄어쓰기를 한다",
        "هذه جملة باللغة العربية",
        "זה משפט בעברית",
        "Đây là một câu tiếng Việt",
        "ეს არის ქართული წინადადება",
        "今天天气很好，我们去公园",
        "วันนี้อากาศดีมาก",
    ],
)
def test_any_script_is_read(text: str, tmp_path: Path) -> None:
    for label in ("a", "b"):
        write(tmp_path / f"{label}.txt", "".join(f"{text} {label}{number}\n" for number in range(60)))
    corpus, _ = opened(tmp_path)
    assert profile_of(corpus).labels == {"a": 60, "b": 60}
    rows = (row.text for row in corpus.rows())
    vocabulary = learn(rows, ("a", "b"), sequence_length=18, maximum_pieces=100)
    assert UNKNOWN_ID not in vocabulary.encode(text)
    assert vocabulary.known_words(text) == len(vocabulary.words(text)) > 0


# The whole way.


@pytest.mark.slow
def test_a_table_of_ones_own_becomes_a_run_that_knows_its_labels_and_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {"веселая": ["солнце", "танец", "смех", "май"], "грустная": ["дождь", "осень", "слеза", "ночь"]}
    records: Records = [
        {"песня": f"{label}{n // 5}", "слова": f"{words[n % 4]} {words[(n + 1) % 4]} {label}{n} {n}", "вид": label}
        for label, words in kinds.items()
        for n in range(200)
    ]
    separated(";", "\r\n", "\ufeff")(tmp_path / "песни.csv", [*records, {"песня": "", "слова": "…", "вид": "веселая"}])
    columns = ["--text-column=слова", "--label-column=вид", "--group-column=песня"]
    options = ["--recipe=tiny", "--epochs=1", f"--run={tmp_path / 'run'}"]
    assert main(["fit", f"--data={tmp_path / 'песни.csv'}", *columns, *options]) == 0
    printed = capsys.readouterr()
    run = Run.read(tmp_path / "run")
    assert "left out: 1 text without a word" in printed.err
    assert sum(line.startswith("confusion") for line in printed.out.splitlines()) == 1
    assert (run.vocabulary.labels, run.facts["corpus"]["name"]) == (("веселая", "грустная"), "песни")
    assert run.facts["corpus"]["left_out"] == {"without a word": 1}
    assert run.facts["corpus"]["labels"] == {"веселая": 200, "грустная": 200}
    assert (run.facts["split"]["method"], run.facts["split"]["window"]) == ("folds", 0)
    assert (run.results["folds"], run.results["phrases"]) == (10, 400)
    recipe = json.loads(json.dumps(dataclasses.asdict(RECIPES["tiny"])))
    assert recipe | {"epochs": 1} == run.facts["recipe"]
