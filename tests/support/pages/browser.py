"""Chromium, and a web server on this machine: what the tests and the pictures look at the page with."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Page, Request, sync_playwright

from export.proof.chromium import find_chromium as find_chromium

NO_CHROMIUM: Final = (
    "no Chromium is found: install one (chromium, chromium-browser, google-chrome) or name it in CHROMIUM"
)
READY: Final = "html[data-state=ready]"
_FLAGS: Final = (
    "--no-sandbox",  # the sandbox cannot be had in most containers, and the page is our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launch(executable: str) -> Iterator[Browser]:
    """Starts Chromium without a window, and ends it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        yield browser
        browser.close()


class Server:
    """A static web server on 127.0.0.1 for one folder, until it is stopped.

    Args:
        folder: What is served.
        max_age: Seconds for which a browser may keep a file unasked, the page itself apart; none by default.

    Attributes:
        url: The folder's address, with a slash at its end.
    """

    def __init__(self, folder: Path, max_age: int = 0) -> None:
        handler = partial(_Quiet, directory=str(folder), max_age=max_age)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Refuses every connection from now on. To stop twice is allowed."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, max_age: int = 0, **options: Any) -> None:
        self._max_age = max_age
        super().__init__(*arguments, **options)  # answers

    def end_headers(self) -> None:
        if self._max_age and not self.path.endswith("/"):
            self.send_header("Cache-Control", f"max-age={self._max_age}")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Visit:
    """One visitor: a page in a profile of its own, and a record of what should not have happened.

    Attributes:
        page: Playwright's page.
        complaints: What the console said as a warning or an error (a breach of the content security policy is one),
            uncaught exceptions, and dialogs.
        foreign: Addresses outside the page's own origin that it, or its service worker, asked for.
    """

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self._origin = ""
        self._excused: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._catch)
        self.page.on("dialog", self._dismiss)
        self.context.on("request", self._ask)

    def open(self, url: str, state: str = READY) -> Page:
        """Goes to the page and waits for its state; by selector, because the page's policy forbids what evaluates."""
        self._origin = url if url.startswith("file:") else url[: url.index("/", len("https://")) + 1]
        self.page.goto(url)
        self.page.wait_for_selector(state, state="attached")
        return self.page

    def excuse(self, *patterns: str) -> None:
        """Names what a test provokes: each of these expressions must be found in a complaint, and may be in several."""
        self._excused += patterns

    def faults(self) -> list[str]:
        """Gives complaints that are not excused, excuses without a complaint, and foreign requests."""
        met = [pattern for pattern in self._excused if any(re.search(pattern, text) for text in self.complaints)]
        told = [text for text in self.complaints if not any(re.search(pattern, text) for pattern in met)]
        unmet = [f"never said: {pattern}" for pattern in self._excused if pattern not in met]
        return [*told, *unmet, *(f"asked for {address}" for address in self.foreign)]

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _catch(self, error: Error) -> None:
        self.complaints.append(f"exception: {error}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _ask(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "blob:")):
            self.foreign.append(request.url)


def type_phrase(page: Page, text: str) -> None:
    """Puts a text into the field and waits for its answer."""
    page.locator("#phrase").fill(text)  # in any language
    # The page answers a short text before `fill` returns, and calls itself busy over a long one.
    page.wait_for_selector("#answer[aria-busy=false]")


Open = Callable[..., Visit]
