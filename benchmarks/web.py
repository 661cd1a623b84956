"""Measures Byline's page beside the same model in other runtimes: python benchmarks/web.py [--dist dist] [--write]

All in one run: a warming visit to each page, then --repeats visits to each in turn, so that a slow minute of the
machine strikes all alike. Every visit has a profile of its own; the server is on this machine, and sends what a static
host would, compressed with brotli. Before anything is timed, all pages of a model must answer alike.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from pages import endurance, visits, web_pages
from pages.hosting import Host
from pages.web_pages import Page
from playwright.sync_api import Browser
from reports import tables
from sets import texts

from tests.support.pages.browser import NO_CHROMIUM, find_chromium, launch
from trainer.cli.terminal import say
from trainer.errors import UserError
from trainer.run import Run, newest_path

_WORDS: Final = (6, 14)  # of a phrase that is timed: one window for every page
_COMPARED: Final = 50  # phrases that all pages must answer alike
_TOLERANCE: Final = 1e-3  # of a probability, as the page's own known-answer phrase
_MEGABYTE: Final = 1e6
_LONG_LIST: Final = 400_000  # rows that are read while one types


def phrases(count: int) -> list[str]:
    """Gives phrases of the built-in corpus that no model has learned from."""
    rows = texts.of_part(texts.load("lesson"), "test")
    cut = [phrase.text for phrase in texts.windows(rows, *_WORDS, seed=0)]
    return cut[:: max(1, len(cut) // count)][:count]


def numbers(pages: Sequence[Page], given: argparse.Namespace) -> dict[str, Any]:
    """Visits all pages."""
    asked = phrases(given.phrases)
    result: dict[str, Any] = {"repeats": given.repeats, "phrases": len(asked), "pages": {}}
    with launch(find_chromium() or "") as browser, ExitStack() as stack:
        result["browser"] = f"Chromium {browser.version}"
        hosts = {page: stack.enter_context(Host(page.folder)) for page in pages}
        expected: list[dict[str, float]] = []  # of the first page; those of --also hold other models
        for page, host in hosts.items():
            say(f"{page.name}: compressing, and a first visit")
            with visits.visit(browser, page, host.url) as tab:
                visits.settle(tab)
                answers = visits.answers(tab, page, asked[:_COMPARED])
                expected = expected or answers
                if not page.name.startswith(f"{web_pages.OURS}, "):
                    _compare(page.name, answers, expected)
                facts = {"runtime": visits.about(tab), "linked": visits.is_linked(tab)}
            facts |= {"bytes": sum(host.sent.values()), "files": dict(host.sent), "first": [], "phrase": []}
            result["pages"][page.name] = facts
        for round_ in range(given.repeats):
            say(f"round {round_ + 1} of {given.repeats}")
            for page in _turned(pages, round_):
                _measure(browser, page, hosts[page].url, asked, result["pages"][page.name])
        first = pages[0]
        say(f"{first.name}: a table of {given.rows:,} rows, then {given.million:,} phrases")
        result["rows"] = given.rows
        result["table"] = endurance.table(browser, first, hosts[first].url, asked, given.rows)
        result["typing"] = endurance.typing(browser, first, hosts[first].url, asked, _LONG_LIST)
        if given.million:
            result["memory"] = endurance.memory(browser, first, hosts[first].url, asked, given.million)
    return result


def _measure(browser: Browser, page: Page, url: str, asked: Sequence[str], facts: dict[str, Any]) -> None:
    with visits.visit(browser, page, url) as tab:
        facts["first"].append(visits.first_answer(tab))
        visits.settle(tab)
        facts["phrase"].append(visits.seconds_a_phrase(tab, page, asked))


def _turned(pages: Sequence[Page], round_: int) -> list[Page]:
    """Gives the pages in another order each round: none is always behind the same one."""
    place = round_ % len(pages)
    return [*pages[place:], *pages[:place]]


def _compare(name: str, answers: Sequence[dict[str, float]], expected: Sequence[dict[str, float]]) -> None:
    distances = [
        abs(answer.get(label, 0.0) - probability)
        for answer, of in zip(answers, expected, strict=True)
        for label, probability in of.items()
    ]
    if not all(distance <= _TOLERANCE for distance in distances):  # NaN is not
        raise UserError(f"{name}: its answers are not those of Byline's page; is --run that of --dist?")


def report(result: dict[str, Any]) -> str:
    """Draws the table, and says below how it was measured."""
    head = ["page", "runtime", "whole page, brotli", "first answer", "a phrase"]
    rows = [
        [
            name,
            of["runtime"] or "its own",
            f"{of['bytes'] / 1000:,.0f} kB",
            f"{median(of['first']):.2f} s",
            f"{median(of['phrase']) * 1000:.2f} ms",
        ]
        for name, of in result["pages"].items()
    ]
    return "\n\n".join([tables.table(head, rows, text_columns=2), *_much(result), _made_with(result)])


def _much(result: dict[str, Any]) -> Iterator[str]:
    name = next(iter(result["pages"]))
    table = result.get("table")
    if table:
        longest = table["longest_task"]
        blocked = f"for {longest * 1000:.0f} ms at most" if longest else "never for 50 ms"
        yield f"{name}: {result['rows']:,} rows of a CSV in {table['seconds']:.1f} s; the page is blocked {blocked}."
    typing = result.get("typing")
    if typing:
        alone, beside = (
            f"{typing[f'{when}_median']:.0f} ms (95th percentile {typing[f'{when}_p95']:.0f})"
            for when in ("alone", "beside_table")
        )
        yield f"{name}: from a keystroke to its answer {alone}; while {_LONG_LIST:,} rows are read {beside}."
    memory = result.get("memory")
    if memory:
        # From the first tenth on: until then the page and the compiler warm up.
        warm, last = memory[1], memory[-1]
        heaps, processes = (
            f"{warm[part] / _MEGABYTE:.1f} and {last[part] / _MEGABYTE:.1f} MB" for part in ("heap", "process")
        )
        asked = f"{warm['phrases']:,} and {last['phrases']:,} phrases"
        yield f"{name}: after {asked}, none of them twice, the heaps hold {heaps}, the processes {processes}."


def _made_with(result: dict[str, Any]) -> str:
    made = result.get("machine") or tables.machine()
    notes = [
        f"Built-in corpus; median of {result['repeats']} visits each in one run, the pages in turn, an empty cache, no "
        f"network between; {result['phrases']} phrases, one after the other, warm; {result['browser']} without a GPU, "
        f"so that WebGL is computed by the processor; {made['cores']} cores; byline {made['byline']}."
    ]
    notes += [
        f"{name} does not read the phrase of its address: its first answer is the one that it proves itself with."
        for name, of in result["pages"].items()
        if not of["linked"]
    ]
    if "ONNX Runtime Web" not in result["pages"]:
        notes.append("ONNX Runtime Web is left out: there was no run, or no tf2onnx.")
    return " ".join(notes)


def _arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = tables.ROOT
    parser.add_argument("--dist", type=Path, default=root / "dist", help="what `python -m export all` wrote [dist]")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="another dist, with what the table says of it; its labels may be others",
    )
    parser.add_argument("--run", type=Path, metavar="DIR", help="that of --dist, for ONNX [the newest in runs/]")
    parser.add_argument("--repeats", type=int, default=10, help="visits of which the median is taken [10]")
    parser.add_argument("--phrases", type=int, default=200, help="phrases that are timed in a visit [200]")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the table that is answered [10000]")
    parser.add_argument("--million", type=int, default=1_000_000, help="phrases while memory is watched [1000000]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the README's table")
    parser.add_argument("--from-json", action="store_true", help="visit nothing: write it from the numbers kept")
    return parser, parser.parse_args()


def _pages(given: argparse.Namespace, folder: Path) -> list[Page]:
    """Gives all pages, Byline's own first."""
    dists = {web_pages.OURS: given.dist}
    dists |= {f"{web_pages.OURS}, {name}": Path(path) for name, _, path in (pair.partition("=") for pair in given.also)}
    for dist in dists.values():
        if not (dist / "web" / "index.html").is_file():
            raise UserError(f"{dist}: holds no page; `make demo` makes one")
    path = given.run or newest_path()
    run = Run.read(path) if path else None
    return [
        *(web_pages.ours(name, dist) for name, dist in dists.items()),
        *web_pages.alternatives(given.dist, run, folder),
    ]


def main() -> int:
    parser, given = _arguments()
    if given.from_json:
        result = tables.kept("web")
        if result is None:
            parser.error("--from-json: benchmarks/results has no web.json; --write makes it")
    else:
        if find_chromium() is None:
            parser.error(NO_CHROMIUM)
        try:
            with tempfile.TemporaryDirectory() as folder:
                result = numbers(_pages(given, Path(folder)), given)
        except UserError as error:
            parser.error(str(error))
    print(report(result))
    if given.write:
        tables.keep("web", result)
    if given.write or given.from_json:
        tables.put("web", report(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
