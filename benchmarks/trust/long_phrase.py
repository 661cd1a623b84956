"""Measures how long a phrase of 1 MB blocks the page: python benchmarks/trust/long_phrase.py [--dist dist]

The longest task of the page's own thread, from the moment the text is in the field until "Why" is coloured. What the
browser's field takes to lay the text out is not in it. Under 50 ms browsers report no task: 0.
Writes results/long_phrase.json.
"""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.pages.browser import Server, Visit, find_chromium, launch  # noqa: E402
from tests.support.pages.looking import TYPE_AND_WATCH  # noqa: E402

RESULT: Final = ROOT / "benchmarks" / "results" / "long_phrase.json"
SIZE: Final = 1_000_000
TEXTS: Final = {
    "sentences": "the king of many ships, O Muse! ",
    "one word": "a",
    "spaces": " ",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dist", type=Path, default=Path("dist"))
    given = parser.parse_args()
    result: dict[str, Any] = {}
    with launch(find_chromium() or "") as browser, Server(given.dist / "web") as server:
        for name, part in TEXTS.items():
            visit = Visit(browser)
            page = visit.open(server.url)
            started = perf_counter()
            page.evaluate(TYPE_AND_WATCH, (part * SIZE)[:SIZE])
            page.wait_for_selector("#answer[aria-busy=false]", timeout=120_000)
            seconds = perf_counter() - started
            page.wait_for_timeout(3000)
            longest = max([0, *page.evaluate("tasks")])
            result[name] = {"answered_after_s": round(seconds, 1), "longest_task_ms": round(longest)}
            visit.close()
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    return int(any(facts["longest_task_ms"] > 200 for facts in result.values()))


if __name__ == "__main__":
    sys.exit(main())
