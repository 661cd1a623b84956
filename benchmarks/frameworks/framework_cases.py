"""The places where the npm package is installed and asked, one function each."""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from tests.support.pages.browser import NO_CHROMIUM, Server, Visit, find_chromium, launch

_SECONDS: Final = 300
_ANSWERED: Final = "html[data-answers]"


class FailedError(Exception):
    """What stands in the table instead of "well"."""


@dataclass(frozen=True)
class Place:
    """A case on its way.

    Attributes:
        folder: A copy of the case's folder, with the package installed.
        modules: `node_modules` of the lock.
        tarball: The package, packed.
    """

    folder: Path
    modules: Path
    tarball: Path

    def run(self, *words: str | Path, **environment: str) -> str:
        """Runs a program in the folder; gives what it prints."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            program = next(name for word in words if (name := Path(word).name) != "node")
            raise FailedError(f"{program}: {_last_words(done.stderr + done.stdout)}")
        return done.stdout

    def tool(self, name: str, *words: str, **environment: str) -> str:
        """Runs a package's command by the Node that most of them ask for."""
        return self.run(self.node(22), self.modules / ".bin" / name, *words, **environment)

    def node(self, version: int) -> Path:
        return self.modules / f"node-{version}" / "bin" / "node"

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.node(22).parent}{os.pathsep}{os.environ['PATH']}"
        return dict(os.environ, PATH=path, NO_COLOR="1", CI="1", NEXT_TELEMETRY_DISABLED="1")


Answers = dict[str, list[dict[str, Any]]]


def printed(output: str) -> Answers:
    """Gives the answers that a program printed."""
    found: Answers = {}
    for line in output.splitlines():
        if line.startswith("ANSWERS "):
            found |= json.loads(line.removeprefix("ANSWERS "))
    return found


def shown(page: Page, visit: Visit | None = None) -> Answers:
    """Gives the answers that a page shows, once it does."""
    page.wait_for_selector(_ANSWERED, state="attached")
    answers: Answers = json.loads(page.locator("html").get_attribute("data-answers") or "")
    if visit and (visit.complaints or visit.foreign):
        raise FailedError("; ".join([*visit.complaints, *visit.foreign]))
    return answers


def visited(url: str) -> Answers:
    """Opens a page in Chromium: it must answer, complain of nothing, and ask no other host."""
    with launch(chromium()) as browser:
        visit = Visit(browser)
        return shown(visit.open(url, "html"), visit)


def chromium() -> str:
    executable = find_chromium()
    if executable is None:
        raise FailedError(NO_CHROMIUM)
    return executable


def served(folder: Path) -> Answers:
    with Server(folder) as server:
        return visited(server.url)


@contextmanager
def _running(words: Sequence[str | Path], place: Place, port: int) -> Iterator[None]:
    """Starts a server, waits until it listens, and ends it."""
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            [str(word) for word in words],
            cwd=place.folder,
            env=place.environment | {"BYLINE_ROOT": str(place.modules.parent)},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(4 * 60):
                with socket.socket() as asked:
                    if asked.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if server.poll() is not None:
                    said.seek(0)
                    raise FailedError(f"{Path(words[1]).name}: {_last_words(said.read().decode(errors='replace'))}")
                time.sleep(0.25)
            yield
        finally:
            server.terminate()
            server.wait()


def _last_words(output: str) -> str:
    """Gives the line of a complaint that says most: the first that names an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = (line for line in lines if re.search(r"\b[Ee]rror\b.*: |\w+Error: ", line))
    return next(named, lines[-1] if lines else "says nothing")[:200]


# The cases


def in_vite(place: Place) -> Answers:
    place.tool("tsc")
    place.tool("vite", "build", "--logLevel", "warn")
    return served(place.folder / "dist")


def in_next(place: Place) -> Answers:
    # A lock above it is what Next.js takes for the project's root, where the packages are.
    place.tool("next", "build", BYLINE_ROOT=str(place.modules.parent))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words: list[str | Path] = [
        place.node(22),
        place.modules / ".bin" / "next",
        "start",
        "--hostname",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with _running(words, place, port):
        return visited(f"http://127.0.0.1:{port}/")


def in_webpack(place: Place) -> Answers:
    place.tool("webpack", "--config", "webpack.config.cjs")
    return served(place.folder)


def in_vitest(document: str) -> Callable[[Place], Answers]:
    return lambda place: printed(
        place.tool("vitest", "run", "--environment", document, "--disable-console-intercept", "--reporter=verbose")
    )


def in_jest(place: Place) -> Answers:
    return printed(place.tool("jest", "--ci", "--rootDir", "."))


def in_extension(place: Place) -> Answers:
    # Chromium's own files, such as a lock of npm, may not lie in an extension.
    (place.folder / "node_modules" / ".package-lock.json").unlink(missing_ok=True)
    loaded = [f"--disable-extensions-except={place.folder}", f"--load-extension={place.folder}", "--no-sandbox"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile, Server(place.folder) as server:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            headless=False,
            args=["--headless=new", "--disable-gpu", *loaded],
            ignore_default_args=["--disable-extensions"],
        )
        try:
            page = context.new_page()
            page.goto(server.url)
            return shown(page)
        finally:
            context.close()


def in_node(version: int) -> Callable[[Place], Answers]:
    def ask(place: Place) -> Answers:
        return printed(place.run(place.node(version), "import.mjs")) | printed(
            place.run(place.node(version), "require.cjs")
        )

    return ask


def in_deno(place: Place) -> Answers:
    deno = place.modules / "@deno" / "linux-x64-glibc" / "deno"
    home = str(place.folder / ".deno")
    return printed(
        place.run(deno, "run", "--no-prompt", "--node-modules-dir=manual", "import.mjs", DENO_DIR=home)
    ) | printed(
        # `require()` reads its files at run time: Deno asks for that.
        place.run(deno, "run", "--no-prompt", "--allow-read", "--node-modules-dir=manual", "require.cjs", DENO_DIR=home)
    )


def in_bun(place: Place) -> Answers:
    bun = place.modules / "@oven" / "bun-linux-x64-baseline" / "bin" / "bun"
    return printed(place.run(bun, "run", "import.mjs")) | printed(place.run(bun, "run", "require.cjs"))


def in_hermes(place: Place) -> Answers:
    """What React Native does with a module: its preset of Babel writes it for its engine."""
    place.tool("esbuild", "app.js", "--bundle", "--format=esm", "--outfile=bundled.js")
    place.tool("babel", "bundled.js", "--out-file", "lowered.js", "--compact", "true")
    place.tool("esbuild", "lowered.js", "--bundle", "--format=iife", "--outfile=app.hermes.js")
    hermes = place.modules / "hermes-engine-cli" / "linux64-bin" / "hermes"
    return printed(place.run(hermes, "app.hermes.js"))


def by_linters(place: Place) -> Answers:
    place.tool("publint", "run", str(place.tarball), "--strict", "--pack", "false")
    place.tool("attw", str(place.tarball))
    return {}


def served_folder(place: Place) -> Answers:
    return served(place.folder)


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: Its own.
        folder: In `benchmarks/frameworks/`.
        packages: Of the lock, whose versions are named.
        asks: What is done there.
        answers: Who has to answer.
        run: Gives the answers.
        opened: Whether Chromium is what answers.
    """

    name: str
    folder: str
    packages: tuple[str, ...]
    asks: str
    answers: tuple[str, ...]
    run: Callable[[Place], Answers]
    opened: bool = False


PAGE: Final = ("module", "element")
IN_NODE: Final = ("module", "static", "required")
MATRIX: Final = (
    Case(
        "Vite, React and TypeScript",
        "vite",
        ("vite", "react", "typescript"),
        "`tsc`, built, opened: the module, and the element with its event in a form",
        PAGE,
        in_vite,
        opened=True,
    ),
    Case(
        "Next.js",
        "next",
        ("next", "react"),
        "built and served: a server component, and the module and the element in the client",
        ("server", *PAGE),
        in_next,
        opened=True,
    ),
    Case(
        "webpack", "webpack", ("webpack",), "built, opened: the module and the element", PAGE, in_webpack, opened=True
    ),
    Case(
        "Vitest with jsdom",
        "vitest",
        ("vitest", "jsdom"),
        "a test of the module and the element",
        PAGE,
        in_vitest("jsdom"),
    ),
    Case(
        "Vitest with happy-dom",
        "vitest",
        ("vitest", "happy-dom"),
        "the same test",
        PAGE,
        in_vitest("happy-dom"),
    ),
    Case(
        "Jest",
        "jest",
        ("jest", "jest-environment-jsdom"),
        "no transform: `require()` of the module, and of the element in jsdom",
        ("module", "static", "element"),
        in_jest,
    ),
    Case(
        "Extension (Manifest V3)",
        "extension",
        (),
        "in Chromium: `static` in the background, the module in a content script, the element in a page",
        ("background", "content", "page"),
        in_extension,
        opened=True,
    ),
    Case("Node 18", "node", ("node-18",), "`import` and `require()`", IN_NODE, in_node(18)),
    Case("Node 22", "node", ("node-22",), "`import` and `require()`", IN_NODE, in_node(22)),
    Case("Deno", "node", ("@deno/linux-x64-glibc",), "`import`, with no permission, and `require()`", IN_NODE, in_deno),
    Case("Bun", "node", ("@oven/bun-linux-x64-baseline",), "`import` and `require()`", IN_NODE, in_bun),
    Case(
        "Hermes, of React Native",
        "hermes",
        ("hermes-engine-cli", "@react-native/babel-preset"),
        "`static`, in the engine alone, which has no `atob`",
        ("static",),
        in_hermes,
    ),
    Case(
        "No bundler",
        "plain",
        (),
        'in Chromium: `<script type="module">` under a strict policy, with trusted types',
        PAGE,
        served_folder,
        opened=True,
    ),
    Case(
        "Import map",
        "import-map",
        (),
        "in Chromium: the module and the element by their names",
        PAGE,
        served_folder,
        opened=True,
    ),
    Case("publint and attw", "node", ("publint", "@arethetypeswrong/cli"), "of what `npm pack` made", (), by_linters),
)
