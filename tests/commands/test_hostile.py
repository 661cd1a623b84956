"""What a stranger writes into a title, a label or a phrase stays text in every file that is generated."""

import gzip
import html.parser
import json
import re
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from export import dist as exporting
from export.mobile.files import write_mobile
from export.proof.known_answer import known_answer
from export.proof.parity import Report
from export.settings import Settings
from export.targets import metadata, npm, web
from tests.support.places import ROOT
from tests.support.runtimes.javascript import run_node
from trainer.__main__ import main
from trainer.data.corpus import Phrase
from trainer.data.sources import Source, load
from trainer.errors import UserError
from trainer.files import sha256
from trainer.model.classifier import Classifier
from trainer.run import Run, write_phrases

SCRIPT = "</script><script>alert(1)</script>"
ONE_LINE = (
    f"{SCRIPT}<!--<script {{{{7*7}}}} {{%",
    '"><img src=x onerror=alert(1)> ${7*7} `x` */ // \\',
    "\u202eturned\u202c \x1b[31mred\x1b[0m \x07 ''' \"\"\" #{1} $(id)",
    "long " * 2000,
)
HOSTILE = "\n".join(ONE_LINE)


@pytest.fixture(scope="module")
def hostile(trained: Run, rounded: Classifier, dist_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dist directory of a model whose every word is hostile."""
    dist, run_path = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("run")
    labels = tuple(f"{text.strip()} {number}" for number, text in enumerate(ONE_LINE))
    vocabulary = replace(trained.vocabulary, labels=labels)
    phrases = [Phrase(f"{HOSTILE} {phrase.text}", labels[0]) for phrase in trained.phrases("test")[:20]]
    for part in ("validation", "test"):
        write_phrases(run_path / f"{part}.jsonl", phrases)
    run = replace(trained, path=run_path, vocabulary=vocabulary)
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    (dist / "vocabulary.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    settings = Settings(title=HOSTILE, description=HOSTILE, author=HOSTILE, license=HOSTILE)
    settings.check()
    settings = settings.complete(trained.facts)
    known, test = known_answer(rounded, phrases), trained.facts["metrics"]["test"]
    web.write_web(run, known, test, dist, settings)
    npm.write_npm(run, known, test, dist, settings)
    write_mobile(run, replace(rounded, vocabulary=vocabulary), dist, settings)
    export = exporting.Export(run, trained.classifier, trained.facts["metrics"], settings)
    exporting._write_card(export, dist, Report(()))
    return dist


class _Elements(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize(("name", "scripts"), [("web/index.html", 3), ("byline.html", 7)])
def test_pages_have_their_own_elements_alone(name: str, scripts: int, hostile: Path) -> None:
    elements = _Elements()
    elements.feed((hostile / name).read_text(encoding="utf-8"))
    assert (elements.scripts, elements.handlers) == (scripts, [])


def test_no_template_computes_what_it_is_given(hostile: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (hostile / "web").glob("*.html")]
    texts += [(hostile / "MODEL_CARD.md").read_text(encoding="utf-8")]
    assert all("7*7" in text or r"7\*7" in text for text in texts)


def test_json_is_json(hostile: Path) -> None:
    paths = [path for path in hostile.rglob("*") if path.suffix in (".json", ".webmanifest")]
    assert len(paths) > 5
    for path in paths:
        json.loads(path.read_text(encoding="utf-8"))


def test_javascript_is_javascript(hostile: Path) -> None:
    paths = [path for path in hostile.rglob("*") if path.suffix in (".js", ".cjs", ".mjs")]
    assert len(paths) > 5
    for path in paths:
        module = ["--input-type=module"] if path.suffix == ".js" and "web" not in path.parts else []
        done = run_node([*module, "--check", *(["-"] if module else [str(path)])], path.read_text() if module else "")
        assert done.returncode == 0, (path, done.stderr[:400])


@pytest.mark.parametrize("name", ["MODEL_CARD.md", "npm/README.md"])
def test_markdown_holds_no_markup(name: str, hostile: Path) -> None:
    text = (hostile / name).read_text(encoding="utf-8").split("\n---\n")[-1]
    assert re.findall(r"(?<!\\)<(?:script(?! type=\"module\")|img|!--)", text) == []
    assert re.findall(r"[\x1b\x07\u202e]", text) == []


def test_the_clients_of_an_app_carry_no_control_character(hostile: Path) -> None:
    sources = [path for path in (hostile / "mobile").rglob("*") if path.suffix in (".kt", ".swift", ".dart", ".md")]
    assert len(sources) > 8
    for path in sources:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"[\x1b\x07\u202e]", text) == [], path


def test_the_tflite_files_metadata_gives_back_what_was_written(trained: Run, dist_path: Path) -> None:
    model = metadata.read_metadata((dist_path / "tflite" / "byline.tflite").read_bytes())
    assert model.labels == trained.vocabulary.labels


@pytest.mark.parametrize("option", ["--title", "--description", "--author", "--license"])
def test_an_argument_that_is_no_utf8_is_one_line(option: str, tmp_path: Path) -> None:
    command: list[str | bytes] = [sys.executable, "-m", "export", "all", option, b"x\xff"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    line = rf"error: {option}: must be UTF-8; received 'x\udcff'"
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (2, line)
    assert b"Traceback" not in done.stderr


def test_a_spreadsheet_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 210_000_000)
    with pytest.raises(UserError, match=r"bomb\.xlsx: is larger than 200 MB"):
        load(Source(str(path)))


def test_a_spreadsheet_with_climbing_names_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "inside" / "climb.xlsx"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../climbed.txt", "climbed")
        archive.writestr("/climbed.txt", "climbed")
    with pytest.raises(UserError, match=r"climb\.xlsx: is no spreadsheet"):
        load(Source(str(path)))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["climb.xlsx"]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.csv.gz", "text,label\n"),
        ("a.json.gz", '[{"label": "a", "text": "'),
        ("a.jsonl.gz", '{"label": "a", "text": "'),
    ],
)
def test_a_packed_file_that_never_ends_is_refused_without_being_held(
    name: str, start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start.encode())
        for _ in range(200):  # MB
            file.write(b"a" * (1 << 20))
    tracemalloc.start()
    assert main(["audit", f"--data={path}"]) == 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20
    assert re.fullmatch(rf"error: {path}: row \d: is longer than 10,000,000 characters\n", capsys.readouterr().err)


def test_a_keras_file_with_code_in_it_is_not_loaded(run_path: Path, tmp_path: Path) -> None:
    """A Lambda layer holds Python's bytecode; `safe_mode` refuses it."""
    import keras

    copy = Path(shutil.copytree(run_path, tmp_path / "run"))
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Lambda(lambda numbers: numbers)])
    model.save(copy / "model.keras")
    facts = json.loads((copy / "run.json").read_text())
    facts["model_file_sha256"] = sha256((copy / "model.keras").read_bytes())
    (copy / "run.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"model\.keras: is no model that Byline saved \(.*Lambda") as refused:
        _ = Run.read(copy).classifier
    assert "\n" not in str(refused.value)


def test_a_phrase_commands_no_terminal(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--run", str(run_path), "to \x1b[31mbe\x07 \u202eor not می‌روم"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("to \ufffd[31mbe\ufffd \ufffdor not می‌روم\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
