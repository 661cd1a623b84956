"""The page in a real browser: serves it on this machine, starts the Chromium that is installed, and hears its answers.

It needs no package. `web/proof/` is served beside the page, is no part of it, and asks the page's own worker.
"""

import html
import json
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from export.targets import node
from trainer.errors import UserError

NOT_HERE: Final = "no Chromium is here: the page was not asked in a browser"
START_SECONDS: Final = 60.0  # until the browser asks for the proof's page
SILENT_SECONDS: Final = 120.0  # between two shares of answers
_COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is too small
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-renderer-backgrounding",
    "--no-first-run",
    "--no-default-browser-check",
)


class NotStartedError(Exception):
    """The browser did not come as far as the proof's page: it says nothing about the page. Its text ends a line."""


class PageError(Exception):
    """The page failed, or fell silent. Its text says why."""


def find_chromium() -> str | None:
    """Gives the browser's path; None says that the machine has none.

    Raises:
        UserError: `CHROMIUM` names no program.
    """
    named = os.environ.get("CHROMIUM")
    if named and not shutil.which(named):
        raise UserError(f"CHROMIUM: names no program: {named}")
    candidates = [named] if named else _COMMANDS
    return next((path for path in map(shutil.which, candidates) if path), None)


def version(executable: str) -> str:
    """Gives the browser's name and version."""
    printed = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(printed.split()[:2]) or "Chromium"


def ask(executable: str, page: Path, texts: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """Asks a page every text.

    Args:
        executable: The browser.
        page: `web/index.html` of a dist directory, or the single file; what stands beside it is served, too.
        texts: Raw.

    Returns:
        For each text the `ids` that were read and the `probabilities`; and the name of the backend that predicts.

    Raises:
        NotStartedError: The browser does not start here.
        PageError: The page does not open, fails, or is silent for `SILENT_SECONDS`.
    """
    with _serving(page, texts) as (url, told), _browsing(executable, url) as browser:
        if _hear(told, browser, START_SECONDS) != {"asked": True}:
            raise NotStartedError(f"{executable} does not start: the page was not asked in a browser")
        answers: list[dict[str, Any]] = []
        while True:
            said = _hear(told, browser, SILENT_SECONDS)
            if said is None:
                raise PageError(f"fell silent after {len(answers):,} of {len(texts):,} answers")
            if "failed" in said:
                raise PageError(said["failed"])
            if "done" in said:
                return answers, said["done"]
            answers += said["answers"]


def _hear(told: "queue.Queue[dict[str, Any]]", browser: "subprocess.Popen[bytes]", seconds: float) -> Any:
    """Gives what is told next; None when the time is over, or the browser ends before it."""
    for _ in range(int(seconds * 4)):
        try:
            return told.get(timeout=0.25)
        except queue.Empty:
            if browser.poll() is not None and told.empty():
                return None
    return None


@contextmanager
def _serving(page: Path, texts: Sequence[str]) -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """Serves a page, and beside it the proof; gives the proof's address, and what it tells."""
    told: queue.Queue[dict[str, Any]] = queue.Queue()
    base = re.search(r'<base href="([^"]*)"', page.read_text(encoding="utf-8"))
    path = unquote(html.unescape(base[1])) if base else "/"
    secret = f"/{secrets.token_hex(8)}/"  # nothing of the page has this path, and no other program knows it
    order = json.dumps({"base": path, "page": page.name, "texts": list(texts)}).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, page.parent, path, secret, order, told))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{secret}proof/index.html", told
    finally:
        server.shutdown()
        server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    """Three things by their paths: what is asked and told, `web/` with the proof, and the page."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",  # some machines say otherwise, and a browser then takes no module
        ".wasm": "application/wasm",
    }

    def __init__(
        self, site: Path, base: str, secret: str, order: bytes, told: "queue.Queue[dict[str, Any]]", *arguments: Any
    ) -> None:
        self._site, self._base, self._secret, self._order, self._told = site, base, secret, order, told
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if self.path != f"{self._secret}proof/order":
            super().do_GET()
            return
        self._told.put({"asked": True})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self._order)))
        self.end_headers()
        self.wfile.write(self._order)

    def do_POST(self) -> None:
        if self.path != f"{self._secret}proof/told":
            self.send_error(404)
            return
        self._told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def translate_path(self, path: str) -> str:
        asked = unquote(urlsplit(path).path)
        for folder, prefix in ((node.WEB, self._secret), (self._site, self._base)):
            if asked.startswith(prefix):
                found = (folder / asked.removeprefix(prefix)).resolve()
                return str(found if found.is_relative_to(folder.resolve()) else folder / "nothing")
        return str(self._site / "nothing")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _browsing(executable: str, url: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Opens an address in a browser without a window and with a profile of its own, and ends it."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*_FLAGS, *(["--no-sandbox"] if as_root else [])]  # root cannot have the sandbox
    with tempfile.TemporaryDirectory(prefix="byline-", ignore_cleanup_errors=True) as profile:
        try:
            browser = subprocess.Popen(
                [executable, *flags, f"--user-data-dir={profile}", url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a group of its own: some are started by a script
            )
        except OSError as error:
            raise NotStartedError(f"{executable}: cannot be started ({error.strerror})") from error
        try:
            yield browser
        finally:
            _end(browser)


def _end(browser: "subprocess.Popen[bytes]") -> None:
    if os.name != "posix":
        browser.kill()
        browser.wait()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(browser.pid, number)
            browser.wait(timeout=10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
