"""One visit to a page: how long until its first answer, and how long a phrase: python benchmarks/web.py"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from pages.web_pages import Page
from tests.support.pages.browser import Visit

PHRASE: Final = "Sing, O Goddess, the wrath of Achilles, Peleus' son"
_SETTLED: Final = 1_000  # milliseconds after the first answer until a page has done what it put off
_PATIENCE: Final = 180_000  # milliseconds: the first visit waits until its files are compressed

_SAID: Final = "the first answer"
# One yardstick for all: when the selector first matches, in milliseconds since the navigation started. It is waited for
# by the console: to wait for the selector itself is work for the page's own thread while it loads.
_WATCH: Final = """
(() => {
  const look = () => {
    if (globalThis.answered !== undefined || !document.querySelector(SELECTOR)) return;
    globalThis.answered = performance.now();
    console.debug(SAID);
    watcher.disconnect();
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document, { subtree: true, childList: true, attributes: true });
})();
"""
# The clock of a page without cross-origin isolation is coarser than a fast phrase: all together, then divided.
_TIME: Final = """
async (texts) => {
  const ask = ASKS;
  for (const text of texts) await ask(text);
  const started = performance.now();
  for (const text of texts) await ask(text);
  return (performance.now() - started) / texts.length;
}
"""
_ASK: Final = """
async (texts) => {
  const ask = ASKS;
  const answers = [];
  for (const text of texts) answers.push(await ask(text));
  return answers.map((results) => Object.fromEntries(results.map(({ label, score }) => [label, score])));
}
"""


@contextmanager
def visit(browser: Browser, page: Page, url: str, phrase: str = PHRASE) -> Iterator[Tab]:
    """Opens a page in a profile of its own, with a phrase in its address, and waits for the answer."""
    visitor = Visit(browser)
    try:
        visitor.page.set_default_timeout(_PATIENCE)
        watch = _WATCH.replace("SELECTOR", json.dumps(page.answered)).replace("SAID", json.dumps(_SAID))
        visitor.page.add_init_script(watch)
        with visitor.page.expect_console_message(lambda message: message.text == _SAID):
            visitor.page.goto(f"{url}#text={quote(phrase)}")
        yield visitor.page
    finally:
        visitor.close()


def first_answer(tab: Tab) -> float:
    """Gives the seconds from the navigation to the first answer."""
    return float(tab.evaluate("globalThis.answered")) / 1000


def settle(tab: Tab) -> None:
    tab.wait_for_timeout(_SETTLED)


def seconds_a_phrase(tab: Tab, page: Page, texts: Sequence[str]) -> float:
    """Asks all texts once to warm up, and once more, one after the other, against the clock."""
    return float(tab.evaluate(_TIME.replace("ASKS", page.asks), list(texts))) / 1000


def answers(tab: Tab, page: Page, texts: Sequence[str]) -> list[dict[str, float]]:
    """Gives each text's probabilities by label."""
    return list(tab.evaluate(_ASK.replace("ASKS", page.asks), list(texts)))


def about(tab: Tab) -> Any:
    """Gives what the page says of its runtime; of Byline's own two engines the one with TF.js has a program in WASM."""
    return tab.evaluate("""() => {
        const config = JSON.parse(document.getElementById("byline-config")?.textContent ?? "{}");
        return globalThis.about ?? (config.files?.wasm ? "TF.js, cut down, wasm" : "");
    }""")


def is_linked(tab: Tab) -> bool:
    """Says whether the page has taken the phrase of its address."""
    field = tab.get_by_label("Your phrase")
    return field.count() == 1 and field.input_value() == PHRASE
