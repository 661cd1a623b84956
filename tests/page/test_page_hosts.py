"""The page on hosts as they are: below a path, with other endings refused, with files edited on the way."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.pages.browser import Open, Server, Visit, type_phrase
from tests.support.pages.looking import KEPT, expected, shown
from trainer.model.classifier import Classifier

PHRASE = "the king of the many ships"
FAILED = "html[data-state=failed]"
NOT_KEPT = "#not-offline:not([hidden])"


@pytest.fixture
def folder(dist_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dist_path / "web", tmp_path / "host" / "repository" / "web"))


def works_offline(visitor: Visit, folder: Path, rounded: Classifier, path: str = "") -> None:
    with Server(folder) as server:
        visitor.open(server.url + path).wait_for_selector(KEPT)
        server.stop()
        page = visitor.open(server.url + path)
        type_phrase(page, PHRASE)
        assert shown(page) == expected(rounded, PHRASE)


def test_below_a_path_as_on_github_pages(visit: Open, folder: Path, rounded: Classifier) -> None:
    visitor = visit()
    works_offline(visitor, folder.parents[1], rounded, "repository/web/")
    assert (visitor.complaints, visitor.foreign) == ([], [])


def test_the_single_file_and_the_package_below_a_path(
    visit: Open, dist_path: Path, tmp_path: Path, rounded: Classifier
) -> None:
    host = Path(shutil.copytree(dist_path, tmp_path / "host" / "repository")).parent
    (host / "repository" / "package.html").write_text("<!doctype html><title>package</title>", encoding="utf-8")
    with Server(host) as server:
        visitor = visit()
        page = visitor.open(f"{server.url}repository/byline.html")
        type_phrase(page, PHRASE)
        assert shown(page) == expected(rounded, PHRASE)
        page.goto(f"{server.url}repository/package.html")
        results = page.evaluate('async (text) => (await (await import("./npm/index.js")).load())(text)', PHRASE)
        assert {result["label"]: result["score"] for result in results} == expected(rounded, PHRASE)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text.replace("</body>", "<!-- served by a host --></body>"), id="a line is added"),
        pytest.param(lambda text: re.sub(r">\s+<", "><", text), id="white space is taken out"),
    ],
)
def test_a_host_that_edits_html_keeps_the_page(
    edit: Callable[[str], str], visit: Open, folder: Path, rounded: Classifier
) -> None:
    index = folder / "index.html"
    edited = edit(index.read_text(encoding="utf-8"))
    assert edited != index.read_text(encoding="utf-8")
    index.write_text(edited, encoding="utf-8")
    works_offline(visit(), folder, rounded)


def test_a_host_that_minifies_style_sheets_and_knows_no_web_manifest(
    visit: Open, folder: Path, rounded: Classifier
) -> None:
    style = folder / "style.css"
    style.write_text(style.read_text(encoding="utf-8") + "/* by a host */", encoding="utf-8")
    (folder / "manifest.webmanifest").unlink()
    works_offline(visit(), folder, rounded)


def test_a_host_that_serves_no_bin_serves_the_same_bytes_as_txt(visit: Open, folder: Path, rounded: Classifier) -> None:
    (weights,) = folder.glob("model/*.bin")
    assert weights.with_name(f"{weights.name}.txt").read_bytes() == weights.read_bytes()
    weights.unlink()
    works_offline(visit(), folder, rounded)


def test_the_page_says_when_it_could_not_be_kept(visit: Open, folder: Path, rounded: Classifier) -> None:
    script = folder / "app.js"
    script.write_text(script.read_text(encoding="utf-8") + "\n// by a host", encoding="utf-8")
    with Server(folder) as server:
        page = visit().open(server.url)
        page.wait_for_selector(NOT_KEPT)
        assert "needs a network" in page.locator("#not-offline").inner_text()
        assert not page.locator("#offline").is_visible()
        assert page.evaluate("caches.keys()") == []  # nothing half kept
        type_phrase(page, PHRASE)
        assert shown(page) == expected(rounded, PHRASE)


@pytest.mark.parametrize("name", ["vocabulary.json", "model/model.json"])
def test_a_changed_file_is_named_and_not_used(name: str, visit: Open, folder: Path) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=1), encoding="utf-8")
    with Server(folder) as server:
        page = visit().open(server.url, FAILED)
        assert f"{name} was changed: its SHA-256 is not this build's" in page.get_by_role("alert").inner_text()
