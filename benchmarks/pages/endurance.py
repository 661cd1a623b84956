"""What Byline's page does with much: ten thousand rows of a table, a million phrases: python benchmarks/web.py"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, CDPSession
from playwright.sync_api import Page as Tab

from pages.visits import settle, visit
from pages.web_pages import Page

Ask = Callable[[str], dict[str, Any]]  # a method of the protocol, without arguments
FILE_INPUT: Final = "input[type=file]#table-file"
TABLE_DONE: Final = "#table[data-state=done]"
_PARTS: Final = ("usedSize", "embedderHeapUsedSize", "backingStorageSize")  # the last are array buffers
STEPS: Final = 10  # of a million phrases, after each of which memory is measured
_ANSWER_TIME: Final = 2_000  # milliseconds in which a worker says how much memory it holds

# From the moment when the page hears of the file. A task of 50 ms or more is one that a visitor feels.
_WATCH_TABLE: Final = """
(selector) => {
  globalThis.tasks = [];
  const hear = (list) => globalThis.tasks.push(...list.getEntries().map((entry) => entry.duration));
  new PerformanceObserver(hear).observe({ type: "longtask" });
  globalThis.table = new Promise((resolve) => {
    let started = 0;
    document.addEventListener("input", () => { started = performance.now(); }, { capture: true, once: true });
    const watcher = new MutationObserver(() => {
      if (started === 0 || !document.querySelector(selector)) return;
      watcher.disconnect();
      resolve(performance.now() - started);
    });
    watcher.observe(document, { subtree: true, childList: true, attributes: true });
  });
}
"""
TABLE_READING: Final = "#table[data-state=reading]"
_KEYSTROKES: Final = 60
# From a keystroke until its answer is shown, with a pause before the next.
_TYPE: Final = """
async (keystrokes) => {
  const field = document.querySelector("#phrase");
  const answer = document.querySelector("#answer");
  const times = [];
  for (let n = 0; n < keystrokes; n += 1) {
    const started = performance.now();
    const shown = new Promise((resolve) => {
      const watcher = new MutationObserver(() => {
        if (answer.ariaBusy !== "false") return;
        watcher.disconnect();
        resolve();
      });
      watcher.observe(answer, { attributes: true });
    });
    field.value += "king "[n % 5];
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await shown;
    times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return times;
}
"""
# No phrase comes twice: what remembers answers would not be seen to grow.
_MANY: Final = """
async ([texts, first, count]) => {
  const ask = ASKS;
  for (let n = first; n < first + count; n += 1) await ask(`${texts[n % texts.length]} ${n}`);
}
"""


def table_of(texts: Sequence[str], rows: int) -> bytes:
    """Makes a CSV of one column with a header."""
    written = io.StringIO()
    csv.writer(written).writerows([["text"], *([text] for text in islice(cycle(texts), rows))])
    return written.getvalue().encode()


def table(browser: Browser, page: Page, url: str, texts: Sequence[str], rows: int) -> dict[str, float] | None:
    """Gives the seconds until a table is answered, and of the longest task of the page in them.

    None says that the page reads no tables.
    """
    with visit(browser, page, url) as tab:
        if tab.locator(FILE_INPUT).count() == 0:
            return None
        settle(tab)
        tab.evaluate(_WATCH_TABLE, TABLE_DONE)
        file: Any = {"name": "phrases.csv", "mimeType": "text/csv", "buffer": table_of(texts, rows)}
        tab.set_input_files(FILE_INPUT, file)
        milliseconds = float(tab.evaluate("globalThis.table"))
        settle(tab)
        longest = float(tab.evaluate("Math.max(0, ...globalThis.tasks)"))
    return {"seconds": milliseconds / 1000, "longest_task": longest / 1000}


def typing(browser: Browser, page: Page, url: str, texts: Sequence[str], rows: int) -> dict[str, float] | None:
    """Gives the milliseconds from a keystroke to its answer, alone and beside a table that is read: median and 95th
    percentile.

    None says that the page reads no tables.
    """
    with visit(browser, page, url) as tab:
        if tab.locator(FILE_INPUT).count() == 0:
            return None
        settle(tab)
        alone = tab.evaluate(_TYPE, _KEYSTROKES)
        file: Any = {"name": "phrases.csv", "mimeType": "text/csv", "buffer": table_of(texts, rows)}
        tab.set_input_files(FILE_INPUT, file)
        tab.wait_for_selector(TABLE_READING)
        beside = tab.evaluate(_TYPE, _KEYSTROKES)
        if tab.locator(TABLE_READING).count() == 0:
            raise ValueError(f"a table of {rows:,} rows was read before {_KEYSTROKES} keystrokes: give more --rows")
    quantiles = {"median": 0.5, "p95": 0.95}
    return {
        f"{name}_{key}": float(np.quantile(times, share))
        for name, times in {"alone": alone, "beside_table": beside}.items()
        for key, share in quantiles.items()
    }


def memory(browser: Browser, page: Page, url: str, texts: Sequence[str], phrases: int) -> list[dict[str, int]]:
    """Asks many phrases one after the other, and gives the bytes held before, and after each tenth of them."""
    each = phrases // STEPS
    with visit(browser, page, url) as tab:
        settle(tab)
        heaps = _Heaps(tab)
        held = [{"phrases": 0, "heap": heaps.used(), "process": _resident(browser)}]
        for step in range(STEPS):
            tab.evaluate(_MANY.replace("ASKS", page.asks), [list(texts), step * each, each])
            held.append({"phrases": (step + 1) * each, "heap": heaps.used(), "process": _resident(browser)})
    return held


class _Heaps:
    """The heaps of a page and of its workers, by Chromium's own protocol: Playwright does not speak it to workers."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._page: CDPSession = tab.context.new_cdp_session(tab)
        self._workers: list[str] = []
        self._said: dict[int, dict[str, Any]] = {}
        self._asked = 0
        self._page.on("Target.attachedToTarget", lambda event: self._workers.append(event["sessionId"]))
        self._page.on("Target.receivedMessageFromTarget", self._hear)
        self._page.send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False})

    def used(self) -> int:
        """Collects the garbage and gives the bytes that are left."""
        asked: list[Ask] = [self._ask_page, *(partial(self._ask_worker, worker) for worker in self._workers)]
        total = 0
        for ask in asked:
            ask("HeapProfiler.collectGarbage")
            usage = ask("Runtime.getHeapUsage")
            total += sum(int(usage.get(part, 0)) for part in _PARTS)
        return total

    def _ask_page(self, method: str) -> dict[str, Any]:
        return dict(self._page.send(method))

    def _ask_worker(self, worker: str, method: str) -> dict[str, Any]:
        self._asked += 1
        message = {"sessionId": worker, "message": json.dumps({"id": self._asked, "method": method})}
        self._page.send("Target.sendMessageToTarget", message)
        for _ in range(_ANSWER_TIME // 10):
            if self._asked in self._said:
                return self._said.pop(self._asked)
            self._tab.wait_for_timeout(10)
        raise TimeoutError(f"a worker does not answer {method}")

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._said[message["id"]] = message.get("result", {})


def _resident(browser: Browser) -> int:
    """Gives the resident bytes of all pages' processes, 0 where the machine does not say."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    statuses = [Path(f"/proc/{process['id']}/status") for process in processes if process["type"] == "renderer"]
    lines = [line for path in statuses if path.is_file() for line in path.read_text().splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
