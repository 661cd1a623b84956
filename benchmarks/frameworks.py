"""Installs the npm package where people put it, and asks it there: python benchmarks/frameworks.py [--dist dist]

Each case is a folder in `benchmarks/frameworks/`, whose lock pins all. The package is packed, and installed by npm into
a copy of that folder; what answers there is held against what `dist/npm` answers in Node, which the proof holds against
the model. `--only NAME` runs some of them; `--write` keeps the outcome in `results/` and in docs/javascript.md. Linux
x86-64 alone, because the lock has the programs of Node, Deno and Bun for it.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error, Page, sync_playwright

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.tables import keep, kept, put, table  # noqa: E402
from export.targets import node  # noqa: E402
from tests.support.browser import NO_CHROMIUM, Server, Visit, find_chromium, launch  # noqa: E402
from trainer.errors import UserError  # noqa: E402
from trainer.files import read_json  # noqa: E402

CASES: Final = Path(__file__).parent / "frameworks"
DOCUMENT: Final = ROOT / "docs" / "javascript.md"
TEXT: Final = "To be, or not to be"
WELL: Final = "well"
TOLERANCE: Final = 1e-9  # between one engine of JavaScript and another
SECONDS: Final = 300
_ANSWERED: Final = "html[data-answers]"
_REFERENCE: Final = """
import { load } from "./index.js";
console.log(JSON.stringify((await load())(process.argv[1])));
"""


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
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise FailedError(f"{Path(words[0]).name}: {_last_words(done.stderr + done.stdout)}")
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
    words = [place.node(22), place.modules / ".bin" / "next", "start", "--hostname", "127.0.0.1", "--port", str(port)]
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
    """

    name: str
    folder: str
    packages: tuple[str, ...]
    asks: str
    answers: tuple[str, ...]
    run: Callable[[Place], Answers]


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
    ),
    Case(
        "Next.js",
        "next",
        ("next", "react"),
        "built and served: a server component, and the module and the element in the client",
        ("server", *PAGE),
        in_next,
    ),
    Case("webpack", "webpack", ("webpack",), "built, opened: the module and the element", PAGE, in_webpack),
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
    ),
    Case("Node 18", "node", ("node-18",), "`import` and `require()`", IN_NODE, in_node(18)),
    Case("Node 22", "node", ("node-22",), "`import` and `require()`", IN_NODE, in_node(22)),
    Case("Deno", "node", ("@deno/linux-x64-glibc",), "`import`, with no permission, and `require()`", IN_NODE, in_deno),
    Case("Bun", "node", ("@oven/bun-linux-x64-baseline",), "`import` and `require()`", IN_NODE, in_bun),
    Case(
        "No bundler",
        "plain",
        (),
        'in Chromium: `<script type="module">` under a strict policy, with trusted types',
        PAGE,
        served_folder,
    ),
    Case("Import map", "import-map", (), "in Chromium: the module and the element by their names", PAGE, served_folder),
    Case("publint and attw", "node", ("publint", "@arethetypeswrong/cli"), "of what `npm pack` made", (), by_linters),
)


# How they are run


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
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), lines[-1] if lines else "says nothing")[:200]


def outcome(case: Case, place: Place, expected: list[dict[str, Any]]) -> str:
    """Runs a case; gives `WELL`, or what is wrong."""
    shutil.copytree(CASES / case.folder, place.folder)
    try:
        (place.folder / "package.json").write_text(
            json.dumps({"private": True, "dependencies": {"byline": f"file:{place.tarball}"}}), encoding="utf-8"
        )
        node.run(["npm", "install", "--offline", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place.folder)
        answers = case.run(place)
        if set(answers) != set(case.answers):
            return f"answered: {', '.join(answers) or 'nothing'}; expected: {', '.join(case.answers)}"
        others = [name for name, answer in answers.items() if not same(answer, expected)]
        return f"another answer: {', '.join(others)}" if others else WELL
    except (FailedError, UserError, Error, subprocess.TimeoutExpired) as error:
        return str(error).splitlines()[0]


def same(answer: Any, expected: list[dict[str, Any]]) -> bool:
    """Whether an answer has the same labels in the same order, and the same scores."""
    if not isinstance(answer, list) or len(answer) != len(expected):
        return False
    return all(
        mine["label"] == theirs["label"] and abs(mine["score"] - theirs["score"]) <= TOLERANCE
        for mine, theirs in zip(answer, expected, strict=True)
    )


def drawn(numbers: dict[str, Any]) -> str:
    """Draws the table of what was kept."""
    rows = [[row["place"], ", ".join(row["versions"]), row["asked"], row["outcome"]] for row in numbers["places"]]
    return table(("where", "version", "what was asked", "outcome"), rows, text_columns=4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dist", type=Path, default=Path("dist"), help="what was exported [dist]")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="names of cases, or their beginnings")
    parser.add_argument("--write", action="store_true", help="keep the outcome, and write the table into the docs")
    given = parser.parse_args()
    package = given.dist / "npm"
    chosen = [case for case in MATRIX if not given.only or case.name.startswith(tuple(given.only))]
    if not (package / "package.json").is_file():
        print(f"error: {package}: there is no npm package; `python -m export all` makes one", file=sys.stderr)
        return 2
    try:
        modules = node.modules(CASES) / "node_modules"
        expected = json.loads(node.run(["node", "--input-type=module", "--eval", _REFERENCE, TEXT], cwd=package))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    places = []
    # Beside `node_modules`, where every program looks for its packages.
    with tempfile.TemporaryDirectory(dir=modules.parent, prefix="run-") as name:
        work = Path(name)
        node.run(["npm", "pack", "--pack-destination", name, "--loglevel=error"], cwd=package)
        (tarball,) = work.glob("*.tgz")
        for number, case in enumerate(chosen):
            start = time.perf_counter()
            found = outcome(case, Place(work / f"case-{number}", modules, tarball), expected)
            print(f"{case.name:28} {time.perf_counter() - start:5.0f} s  {found}", flush=True)
            versions = [read_json(modules / each / "package.json")["version"] for each in case.packages]
            places.append({"place": case.name, "versions": versions, "asked": case.asks, "outcome": found})
    if given.write and not given.only:
        keep("frameworks", {"places": places})
        put("frameworks", drawn(kept("frameworks") or {}), DOCUMENT)
    return int(any(row["outcome"] != WELL for row in places))


if __name__ == "__main__":
    sys.exit(main())
