"""axe finds no violation in any state of the page, light and dark."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.pages.browser import Open, Server, Visit, type_phrase
from tests.support.pages.looking import RUN_AXE, known_phrase
from tests.support.runtimes.javascript import tools
from trainer.model.classifier import Classifier

PHRASE = "To be, or not to be, that is the smartphonez"
FAILED = "html[data-state=failed]"


@pytest.fixture(scope="module")
def axe() -> str:
    return (tools() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def complaints(axe: str) -> Callable[[Page], list[str]]:
    def run(page: Page) -> list[str]:
        page.evaluate(axe)
        told, passed = page.evaluate(RUN_AXE)
        assert passed > 15  # or it looked at nothing
        return list(told)

    return run


def written(page: Page) -> None:
    type_phrase(page, PHRASE)
    page.wait_for_selector("#effect:not(:empty)")
    page.locator(".word").nth(2).click()


def compared(page: Page) -> None:
    written(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    type_phrase(page, "Achilles sing, O Goddess!")
    page.get_by_role("button", name="Copy link").click()


def guessed(page: Page) -> None:
    page.locator(".choice").first.click()
    page.wait_for_selector("#quiz-after:not([hidden])")


def listed(page: Page) -> None:
    content = "text,remark\n" + "the king said,x\nwhere is my smartphone,y\n" * 60
    page.locator("#table-file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": content.encode()})
    page.wait_for_selector("#table[data-state=done]")


def refused(page: Page) -> None:
    page.locator("#table-file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"\x00"})
    page.wait_for_selector("#table-complaint:not([hidden])")


def unfolded(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


STATES: dict[str, Callable[[Page], Any]] = {
    "empty": lambda _: None,
    "answered": written,
    "compared": compared,
    "quized": guessed,
    "listed": listed,
    "refused": refused,
    "unfolded": unfolded,
}


@pytest.fixture(params=["light", "dark"])
def visitor(visit: Open, request: pytest.FixtureRequest) -> Visit:
    return visit(color_scheme=request.param, reduced_motion="reduce", viewport={"width": 1000, "height": 800})


@pytest.fixture
def broken(folder: Path) -> Iterator[str]:
    (folder / "vocabulary.json").unlink()
    with Server(folder) as server:
        yield server.url


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(visitor: Visit, site: str, complaints: Callable[[Page], list[str]], state: str) -> None:
    page = visitor.open(site)
    STATES[state](page)
    assert complaints(page) == []


def test_axe_finds_nothing_in_a_long_text(
    visitor: Visit, site: str, rounded: Classifier, complaints: Callable[[Page], list[str]]
) -> None:
    page = visitor.open(site)
    type_phrase(page, known_phrase(rounded, 200) * 2)
    page.wait_for_selector("#effect:not(:empty)")
    page.locator(".segment").nth(3).click()
    assert complaints(page) == []


def test_axe_finds_nothing_where_the_page_cannot_answer(
    visitor: Visit, broken: str, complaints: Callable[[Page], list[str]]
) -> None:
    visitor.excuse("404 .File not found", "could not be fetched")
    assert complaints(visitor.open(broken, FAILED)) == []


def test_axe_would_see_a_violation(visit: Open, folder: Path, complaints: Callable[[Page], list[str]]) -> None:
    page = folder / "index.html"
    page.write_text(page.read_text().replace('<html lang="en"', "<html"))
    with Server(folder) as server:
        found = complaints(visit().open(server.url))
    assert any(complaint.startswith("html-has-lang: ") for complaint in found)
