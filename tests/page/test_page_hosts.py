"""The page on hosts as they are: below a path, with other endings refused, with files edited on the way."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

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
    (host / "repository" / "package.html").write_text(
        "<!doctype html><title>package</title><link rel=icon href=data:,>", encoding="utf-8"
    )
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
    visitor = visit()
    visitor.excuse("404 .File not found")
    works_offline(visitor, folder, rounded)


def test_the_page_says_when_it_could_not_be_kept(visit: Open, folder: Path, rounded: Classifier) -> None:
    index = folder / "index.html"
    edited, count = re.subn(r' data-build="[^"]*"', "", index.read_text(encoding="utf-8"))
    assert count == 1
    index.write_text(edited, encoding="utf-8")
    with Server(folder) as server:
        page = visit().open(server.url)
        page.wait_for_selector(NOT_KEPT)
        assert "needs a network" in page.locator("#not-offline").inner_text()
        assert not page.locator("#offline").is_visible()
        assert page.evaluate("caches.keys()") == []  # nothing half kept
        type_phrase(page, PHRASE)
        assert shown(page) == expected(rounded, PHRASE)


def edit_file(path: Path) -> None:
    """Changes a file in a way that leaves it working."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n// by a host" if path.suffix == ".js" else json.dumps(json.loads(text), indent=1))


def gives_no_answer(page: Page, reason: str) -> None:
    alert = page.get_by_role("alert")
    assert reason in alert.inner_text()
    assert "Rather than give a wrong answer it gives none." in alert.inner_text()
    assert page.evaluate("typeof byline") == "undefined"
    assert not page.get_by_label("Your phrase").is_visible()


@pytest.mark.parametrize("name", ["app.js", "worker.js", "vocabulary.json", "model/model.json"])
def test_a_changed_file_is_named_and_not_used(name: str, visit: Open, folder: Path) -> None:
    edit_file(folder / name)
    visitor = visit()
    visitor.excuse(f"{name} was changed", *(["'integrity' attribute"] if name == "app.js" else []))
    with Server(folder) as server:
        page = visitor.open(server.url, FAILED)
        gives_no_answer(page, f"{name} was changed: its SHA-256 is not this build's")


def test_a_missing_script_is_named(visit: Open, folder: Path) -> None:
    (folder / "app.js").unlink()
    visitor = visit()
    visitor.excuse("404 .File not found", "could not be fetched")
    with Server(folder) as server:
        gives_no_answer(visitor.open(server.url, FAILED), "app.js could not be fetched (404)")


@pytest.mark.parametrize("part", ["worker", "vocabulary", "model", "weights"])
def test_a_changed_part_of_a_single_file_is_named_and_not_used(
    part: str, visit: Open, dist_path: Path, tmp_path: Path
) -> None:
    text = (dist_path / "byline.html").read_text(encoding="utf-8")
    edited, count = re.subn(rf'(id="byline-{part}">.*?)[0-8](?=[^<]*</script>)', r"\g<1>9", text, count=1)
    assert (count, edited == text) == (1, False)
    (tmp_path / "byline.html").write_text(edited, encoding="utf-8")
    visitor = visit()
    visitor.excuse("This file was changed")
    page = visitor.open((tmp_path / "byline.html").as_uri(), FAILED)
    gives_no_answer(page, f"the SHA-256 of its byline-{part} is not this build's")


@pytest.mark.parametrize("name", ["app.js", "worker.js", "vocabulary.json"])
def test_an_older_file_that_the_browser_kept_is_fetched_anew(
    name: str, visit: Open, folder: Path, rounded: Classifier
) -> None:
    visitor = visit(service_workers="block")
    exact = (folder / name).read_bytes()
    edit_file(folder / name)
    with Server(folder, max_age=600) as server:
        visitor.open(server.url, FAILED)
        (folder / name).write_bytes(exact)
        visitor.excuse("was changed", "blocked by Playwright")
        if name == "app.js":
            visitor.excuse("'integrity' attribute")
        page = visitor.open(server.url)
        type_phrase(page, PHRASE)
        assert shown(page) == expected(rounded, PHRASE)


@pytest.mark.parametrize("form", ["site", "single file"])
def test_nothing_else_can_make_a_scripts_address_or_markup(form: str, visit: Open, site: str, dist_path: Path) -> None:
    visitor = visit()
    visitor.excuse("TrustedScriptURL", "TrustedHTML", "createPolicy|trusted-types")
    page = visitor.open(site if form == "site" else (dist_path / "byline.html").as_uri())
    if form == "site":
        page.wait_for_selector(KEPT)
    (policy,) = re.findall(r"trusted-types ([^\"]*)", page.content())
    attempts = """(names) => {
        const done = [];
        const attempt = (name, act) => { try { act(); done.push(name); } catch { /* refused */ } };
        attempt("worker", () => new Worker("worker.js"));
        attempt("markup", () => { document.body.innerHTML = "<b>markup</b>"; });
        attempt("script", () => { document.createElement("script").src = "other.js"; });
        for (const name of names)
            attempt(name, () => trustedTypes.createPolicy(name, { createHTML: (text) => text }));
        return done;
    }"""
    assert page.evaluate(attempts, [*policy.split(), "default", "mine"]) == []
