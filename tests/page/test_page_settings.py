"""What a web developer sets: language, colour, picture, path and templates; bad settings get one line."""

import base64
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from export.__main__ import main
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import theme, web
from export.targets.strings import FOLDER, PARTS, read_strings, shipped
from export.targets.theme import ICONS, write_icons
from tests.support.pages.browser import Open, Server, type_phrase
from tests.support.pages.looking import style
from tests.support.places import ROOT
from trainer.errors import UserError
from trainer.model.classifier import Classifier
from trainer.run import Run

PHRASE = "To be, or not to be, that is the question"
ENGLISH = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
PLACE = re.compile(r"\{(\w+)\}")


@pytest.fixture
def render(trained: Run, rounded: Classifier, dist_path: Path, tmp_path: Path) -> Any:
    """Renders the page with other settings."""

    def start(**given: Any) -> Path:
        dist = tmp_path / "rendered"
        shutil.rmtree(dist, ignore_errors=True)
        dist.mkdir()
        shutil.copytree(dist_path / "tfjs", dist / "tfjs")
        settings = Settings(**given)
        settings.check()
        known, test = known_answer(rounded, trained.phrases("validation")), trained.facts["metrics"]["test"]
        web.write_web(trained, known, test, dist, settings.complete(trained.facts))
        return dist

    return start


# Strings


@pytest.mark.parametrize("language", shipped())
def test_a_shipped_language_says_everything_in_its_own_words(language: str) -> None:
    strings = read_strings(language)
    assert strings.language == language
    assert strings.untranslated == ()
    if language == "en":
        return
    said = {part: {"page": strings.page, "script": strings.script}[part] for part in PARTS}
    same = [
        key for part in PARTS for key, text in said[part].items() if text == ENGLISH[part][key] and len(str(text)) > 24
    ]
    assert same == []


def test_at_least_four_other_languages_are_shipped_and_one_runs_from_right_to_left() -> None:
    assert len(shipped()) >= 5
    assert "rtl" in {read_strings(language).direction for language in shipped()}


def test_every_string_is_said_somewhere_and_nothing_else_is() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "web" / "templates").rglob("*.j2"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "web" / "src").rglob("*.js"))
    element = (ROOT / "web" / "npm" / "element.js").read_text(encoding="utf-8")
    quoted = set(re.findall(r'"(\w+)"', templates))
    put_together = ("card_split_", "engine_")  # and the name of a way to split, or of an engine
    assert [key for key in ENGLISH["page"] if key not in quoted and not key.startswith(put_together)] == []
    assert {key for key in re.findall(r'\bt\("(\w+)"', templates) if key not in put_together} <= set(ENGLISH["page"])
    assert [key for key in ENGLISH["script"] if f'"{key}"' not in scripts + element] == []


def test_numbers_plurals_and_markup_are_written_as_the_language_does() -> None:
    german = replace(read_strings("de"), page={"size": {"one": "{count} Wort <b>{name}", "other": "{count} Wörter"}})
    assert german.t("size", count=1, name="<i>") == "1 Wort &lt;b&gt;&lt;i&gt;"
    assert german.t("size", count=12_345, name="") == "12.345 Wörter"
    assert german.percent(0.8123) == "81,2\N{NO-BREAK SPACE}%"
    assert read_strings("en").percent(0.8123) == "81.2%"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("{", "is not a JSON file of strings"),
        ("[]", "must be an object with `language`, `page` and `script`"),
        ({"page": {}}, "`language` must be a language tag such as en or pt-BR; received None"),
        ({"language": "xx-nowhere"}, "`language` must be a language tag"),
        ({"language": "nl", "page": []}, "`page` must be an object of strings"),
        ({"language": "nl", "page": {"clera": "Wissen"}}, "page.clera: is no string of the page"),
        ({"language": "nl", "page": {"clear": 3}}, "page.clear: must be a string"),
        (
            {"language": "nl", "page": {"by": "door {autor}"}},
            "page.by: has a place {autor} that the English text has not",
        ),
        ({"language": "nl", "page": {"by": "door"}}, "page.by: lacks the place {author}"),
        ({"language": "nl", "script": {"windows": {"other": "x"}}}, "script.windows: must have a text for each of the"),
    ],
)
def test_a_bad_file_of_strings_gets_one_line(tmp_path: Path, given: Any, complaint: str) -> None:
    path = tmp_path / "nl.json"
    path.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(complaint)) as raised:
        read_strings(str(path))
    assert str(path) in str(raised.value)


def test_what_a_file_leaves_out_is_said_in_english(tmp_path: Path) -> None:
    path = tmp_path / "nl.json"
    path.write_text(json.dumps({"language": "nl", "page": {"clear": "Wissen"}}), encoding="utf-8")
    strings = read_strings(str(path))
    assert strings.t("clear") == "Wissen"
    assert strings.t("answer") == ENGLISH["page"]["answer"]
    assert "page.answer" in strings.untranslated


@pytest.mark.parametrize("language", ["pl", "ar", "ja", "fr"])
def test_a_plural_that_is_left_out_is_said_by_the_english_rules(tmp_path: Path, language: str) -> None:
    path = tmp_path / "strings.json"
    path.write_text(json.dumps({"language": language, "page": {}, "script": {}}), encoding="utf-8")
    strings = read_strings(str(path))
    values = {"truth": "a", "nearest": "b", "share": "1 %"}
    for count, times in ((0, "times"), (1, "time"), (2, "times"), (3, "times"), (25, "times")):
        assert strings.t("card_worst", count=count, **values).split(",")[0].endswith(f" {times}")


def test_page_speaks_the_language_from_right_to_left(visit: Open, render: Any) -> None:
    (right_to_left,) = (name for name in shipped() if read_strings(name).direction == "rtl")
    strings = read_strings(right_to_left)
    with Server(render(strings=right_to_left) / "web") as server:
        visitor = visit(viewport={"width": 320, "height": 640}, reduced_motion="reduce")
        page = visitor.open(server.url)
        page.locator("#phrase").fill(PHRASE)
        page.wait_for_selector("#effect:not(:empty)")
        assert page.get_attribute("html", "lang") == right_to_left
        assert style(page, "body", "direction") == "rtl"
        assert page.locator("#clear").inner_text() == strings.t("clear")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        text, bar = (page.locator(selector).first.bounding_box() for selector in ("#labels .name", "#labels .bar"))
        assert text
        assert bar
        assert text["x"] + text["width"] == pytest.approx(bar["x"] + bar["width"], abs=1)  # both begin at the right
        assert style(page, "#labels .name", "textAlign") == style(page, "#leader", "textAlign") == "right"
        assert style(page, ".bar", "transformOrigin", "::before").split()[0] != "0px"
        page.locator("#phrase").fill("the king " * 60)
        page.wait_for_selector("#labels .share:has-text('<')")
        bounded = [text for text in page.locator("#labels .share").all_text_contents() if "<" in text or ">" in text]
        assert all(text.startswith("\u2066") and text.endswith("\u2069") for text in bounded)  # or they are mirrored
    assert visitor.complaints == []


# Colour, picture, path


def test_papers_are_those_of_the_palette() -> None:
    palette = (ROOT / "web" / "src" / "style" / "palette.css").read_text()
    assert tuple(re.findall(r"--paper: (#\w+);", palette)) == theme.PAPERS


@pytest.mark.parametrize("accent", ["#000000", "#ffffff", "#ffee00", "#16507a", "#ff0000", "#777777"])
def test_any_accent_is_made_readable_on_both_papers(accent: str) -> None:
    for paper in theme.PAPERS:
        assert theme.contrast(theme.readable(accent, paper), paper) >= 4.5
    assert theme.readable("#16507a", theme.PAPERS[0]) == "#16507a"  # and left alone where it is
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)


SHARE_OF_BLACK = """async (png) => {
    const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, bitmap.height / 2, bitmap.width, 1);
    const black = Array.from({ length: bitmap.width }, (_, x) => data[4 * x]).filter((red) => red < 16).length;
    return [bitmap.width, black / bitmap.width];
}"""


@pytest.mark.parametrize(("kind", "ending"), [("jpeg", ".jpeg"), ("jpeg", ".JPG"), ("webp", ".webp"), ("png", ".png")])
def test_logos_of_every_kind_are_drawn(visit: Open, site: str, tmp_path: Path, kind: str, ending: str) -> None:
    page = visit().open(site)
    encoded = page.evaluate(
        """async (type) => {
            const canvas = new OffscreenCanvas(40, 40);
            canvas.getContext("2d").fillRect(0, 0, 40, 40);
            const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
            return btoa(String.fromCharCode(...bytes));
        }""",
        f"image/{kind}",
    )
    logo = tmp_path / f"logo{ending}"
    logo.write_bytes(base64.b64decode(encoded))
    icon = logo.rename(tmp_path / f"icon{ending.lower()}")
    Settings(logo=str(icon)).check()
    write_icons(tmp_path, icon.name, logo=True)
    png = base64.b64encode((tmp_path / "icon-192.png").read_bytes()).decode()
    assert page.evaluate(SHARE_OF_BLACK, png) == [192, pytest.approx(0.84, abs=0.02)]


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", b"\x89PNG no picture"), ("a.svg", b"<svg"), ("b.svg", b"hello")]
)
def test_a_damaged_logo_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"^--logo: {re.escape(str(tmp_path / name))}: cannot be drawn"):
        Settings(logo=str(tmp_path / name)).check()


def test_accent_logo_and_titles_are_on_the_page(visit: Open, render: Any, tmp_path: Path) -> None:
    logo = tmp_path / "mark.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>')
    dist = render(accent="#7a1630", logo=str(logo), title="Whose line?", description="A game.", name="lines")
    with Server(dist / "web") as server:
        for url in (server.url, (dist / "lines.html").as_uri()):
            visitor = visit()
            page = visitor.open(url)
            assert page.title() == page.get_by_role("heading", level=1).inner_text() == "Whose line?"
            assert style(page, "#clear", "color") == "rgb(122, 22, 48)"
            assert page.locator(".logo").evaluate("(logo) => logo.naturalWidth") > 0
            assert visitor.complaints == []
    manifest = json.loads((dist / "web" / "manifest.webmanifest").read_text())
    assert [(icon["src"], icon["sizes"], icon["purpose"]) for icon in manifest["icons"]] == [
        ("icon-192.png", "192x192", "any"),
        ("icon-512.png", "512x512", "any"),
        ("icon-maskable-512.png", "512x512", "maskable"),
    ]
    for name in (*(icon["src"] for icon in manifest["icons"]), "apple-touch-icon.png"):
        # The logo is black: what share of the icon's middle line it fills.
        black = page.evaluate(SHARE_OF_BLACK, base64.b64encode((dist / "web" / name).read_bytes()).decode())
        assert black == [ICONS[name][0], pytest.approx(ICONS[name][1], abs=0.02)], name
    assert (dist / "web" / "icon.svg").read_bytes() == logo.read_bytes()


def test_with_a_base_path_the_page_finds_its_files_from_elsewhere(visit: Open, render: Any, tmp_path: Path) -> None:
    site = tmp_path / "host"
    shutil.copytree(render(base_path="/static/demo/") / "web", site / "static" / "demo")
    (site / "about").mkdir()
    shutil.move(site / "static" / "demo" / "index.html", site / "about" / "index.html")
    visitor = visit()
    with Server(site) as server:
        page = visitor.open(f"{server.url}about/")
        type_phrase(page, PHRASE)
        assert page.locator("#leader").inner_text() != ""
        page.evaluate("location.hash = 'text=the king'")
        page.wait_for_selector("#reading-words:has-text('the king')")
        assert page.url.startswith(f"{server.url}about/#")
    assert visitor.foreign == []


# Templates


def test_a_users_template_extends_ours_and_may_leave_sections_out(visit: Open, render: Any, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "index.html.j2").write_text(
        '{% extends "byline/index.html.j2" %}\n'
        "{% block masthead %}<h1>{{ page.labels | length }} of ours</h1>{% endblock %}\n"
        "{% block quiz %}{% endblock %}{% block table %}{% endblock %}{% block card %}{% endblock %}\n"
    )
    visitor = visit()
    with Server(render(templates=str(folder)) / "web") as server:
        page = visitor.open(server.url)
        assert page.get_by_role("heading", level=1).inner_text() == "4 of ours"
        assert page.locator(".band").count() == 0
        type_phrase(page, PHRASE)
        assert page.locator("#leader").inner_text() != ""
    assert visitor.complaints == []


@pytest.mark.parametrize(
    ("template", "complaint"),
    [("{% block %}", "index.html.j2: line 1: "), ("\n{{ nothing }}", "index.html.j2: 'nothing' is undefined")],
)
def test_a_template_that_cannot_be_rendered_gets_one_line(
    render: Any, tmp_path: Path, template: str, complaint: str
) -> None:
    (tmp_path / "index.html.j2").write_text(template)
    with pytest.raises(UserError, match=re.escape(complaint)):
        render(templates=str(tmp_path))


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--accent", "red", "--accent: must be a colour such as #16507a; received 'red'"),
        ("--base-path", "demo", "--base-path: must begin and end with `/`, as /demo/ does; received 'demo'"),
        ("--logo", "none.svg", "--logo: none.svg: is not there"),
        ("--logo", "pyproject.toml", "--logo: pyproject.toml: must be one of .svg, .png, .jpg, .jpeg, .webp"),
        ("--templates", "nowhere", "--templates: nowhere: is not a folder"),
        ("--strings", "xx", "--strings: 'xx' is neither a file nor one of "),
    ],
)
def test_a_bad_setting_gets_one_line_and_nothing_is_written(
    run_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["web", "--run", str(run_path), option, value]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert complaint in printed.err
    assert list(tmp_path.iterdir()) == []
