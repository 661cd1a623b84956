"""Lighthouse on the page as a static host sends it: accessibility, best practices and SEO without a finding."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pages.hosting import Host

from tests.support.pages.browser import NO_CHROMIUM, find_chromium
from tests.support.runtimes.javascript import run_node, tools

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.network]

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# The score of speed that is asked for. On the phone that Lighthouse makes up, with a slow line and a slow processor, a
# busy machine costs some points.
SPEED = {"desktop": 0.95, "phone": 0.85}


def lighthouse(url: str, report: Path, device: str) -> dict[str, Any]:
    program = [str(tools() / "node_modules" / "lighthouse" / "cli" / "index.js"), url, "--quiet", "--output=json"]
    program += [f"--output-path={report}", "--no-enable-error-reporting", f"--only-categories={','.join(CATEGORIES)}"]
    program += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    program += ["--preset=desktop"] if device == "desktop" else []
    done = run_node(program)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(report.read_text(encoding="utf-8")))


@pytest.mark.parametrize("device", SPEED)
def test_lighthouse_has_nothing_to_say(
    dist_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(NO_CHROMIUM)
    monkeypatch.setitem(os.environ, "CHROME_PATH", chromium)
    with Host(dist_path / "web") as server:
        result = lighthouse(server.url, tmp_path / "report.json", device)
    scores = {name: result["categories"][name]["score"] for name in CATEGORIES}
    found = [
        (name, audit["title"], audit.get("displayValue", ""))
        for name, audit in result["audits"].items()
        if audit["score"] is not None and audit["score"] < 0.9 and audit["scoreDisplayMode"] != "informative"
    ]
    assert {name: scores[name] for name in CATEGORIES[1:]} == dict.fromkeys(CATEGORIES[1:], 1), found
    assert scores["performance"] >= SPEED[device], found
