"""The page for everybody: narrow and wide, light and dark, by keyboard, screen reader and less motion."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.pages.browser import Open, Server, type_phrase
from tests.support.pages.looking import FAINT, style, surest
from trainer.model.classifier import Classifier
from trainer.run import Run


@pytest.mark.parametrize("form", ["plain", "overlong labels"])
def test_narrow_screen_never_scrolls_sideways(visit: Open, site: str, other: Path, form: str) -> None:
    with Server(other / "web") as server:
        page = visit(viewport={"width": 320, "height": 640}).open(site if form == "plain" else server.url)
        for text in ("", "the smartphonez king " * 9, "Donaudampfschifffahrt" * 20):
            type_phrase(page, text)
            assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_light_and_dark_are_both_legible(visit: Open, site: str) -> None:
    papers = set()
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme, reduced_motion="reduce").open(site)
        papers.add(style(page, "html", "backgroundColor"))
        for text in ("the smartphonez king", *example_texts(page)):
            type_phrase(page, text)
            page.wait_for_selector("#effect:not(:empty)")
            assert page.evaluate(FAINT) == []
    assert len(papers) == 2


def example_texts(page: Page) -> list[str]:
    config = json.loads(page.locator("#byline-config").text_content() or "")
    return [example["text"] for example in config["examples"]][:8]


def test_keyboard_reaches_everything_and_shows_where_it_is(visit: Open, site: str) -> None:
    page = visit().open(site)
    controls = page.evaluate("""() => Array.from(
        document.querySelectorAll("button, textarea, a[href], summary, input, select"),
    )
        .filter((control) => control.checkVisibility()).map((control) => control.textContent || control.id)""")
    reached = []
    for _ in controls:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
        outline = page.evaluate("""() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth);
        }""")
        assert outline >= 2, reached[-1]
    assert reached == controls
    assert {"phrase", "table-file", "Butler"} <= set(reached)


def test_every_control_has_a_name_and_a_finger_can_hit_it(visit: Open, site: str) -> None:
    visitor = visit(viewport={"width": 320, "height": 640})
    page = visitor.open(site)
    tree = visitor.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if node.get("role", {}).get("value") in ("button", "textbox", "meter", "region", "link")
    ]
    assert {role for role, _ in names} >= {"button", "textbox", "meter", "region"}
    assert [role for role, name in names if not name.strip()] == []
    small = page.evaluate("""() => Array.from(document.querySelectorAll("button, textarea"))
        .filter((control) => control.checkVisibility())
        .map((control) => [control.textContent, control.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)""")
    assert small == []


def test_answer_is_announced_after_a_pause(visit: Open, site: str, trained: Run, rounded: Classifier) -> None:
    page, text = visit().open(site), f"{surest(trained, rounded)} Zxqv"
    words, known = len(rounded.vocabulary.words(text)), rounded.vocabulary.known_words(text)
    assert known < words
    announcement = page.locator("#announcement")
    assert announcement.get_attribute("role") == "status"
    type_phrase(page, text)
    assert announcement.text_content() == ""
    page.wait_for_selector("#announcement:not(:empty)", state="attached")
    said = announcement.text_content() or ""
    assert said.startswith(f"{rounded.rank([text])[0][0]['label']}, ")
    assert "%" in said
    assert f"{known} of {words} words known." in said
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector("#announcement:empty", state="attached")


@pytest.mark.parametrize(("motion", "seconds"), [("no-preference", "0.18s"), ("reduce", "0s")])
def test_nothing_moves_for_who_asked_for_less_motion(visit: Open, site: str, motion: str, seconds: str) -> None:
    page = visit(reduced_motion=motion).open(site)
    assert style(page, ".bar", "transitionDuration", "::before") == seconds
    assert style(page, "html", "scrollBehavior") == "auto"


def test_without_javascript_the_page_says_what_it_needs(visit: Open, site: str) -> None:
    page = visit(java_script_enabled=False).open(site, "noscript")
    assert "JavaScript is turned off here" in page.get_by_role("main").inner_text()
    assert not page.get_by_label("Your phrase").is_visible()
