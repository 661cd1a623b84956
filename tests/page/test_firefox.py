"""The page in Firefox, over http and as one file: the same answers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages.browser import Server
from tests.support.pages.looking import SHOWN, surest
from tests.support.runtimes.javascript import run_node, tools
from trainer.model.classifier import Classifier
from trainer.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.network]


def ask_firefox(url: str, phrases: list[str]) -> dict[str, Any]:
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if firefox is None:
        pytest.skip("no Firefox is found: install one (firefox-esr, firefox)")
    program = [
        str(Path(__file__).parent / "firefox.mjs"),
        "--modules",
        str(tools()),
        "--firefox",
        firefox,
        "--url",
        url,
    ]
    done = run_node(program, json.dumps(phrases))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("form", ["site", "single file"])
def test_firefox_shows_the_models_answers(
    form: str, site: str, dist_path: Path, trained: Run, rounded: Classifier
) -> None:
    texts = [surest(trained, rounded), *(phrase.text for phrase in trained.phrases("test")[:5]), "the king " * 40]
    url = site if form == "site" else (dist_path / "byline.html").as_uri()
    answer = ask_firefox(url, texts)
    assert answer["browser"].startswith("firefox/")
    assert (answer["said"], answer["foreign"]) == ([], [])
    for shown, probabilities in zip(answer["answers"], rounded.probabilities(texts), strict=True):
        assert shown["shares"] == pytest.approx(list(probabilities), abs=SHOWN)
        assert shown["width"] == 0
        best = rounded.vocabulary.labels[int(probabilities.argmax())]
        assert shown["leader"] == (best if probabilities.max() >= trained.threshold else "Not sure")
    assert answer["answers"][0]["coloured"] > 1


def test_a_foreign_request_or_a_breach_of_the_policy_would_be_seen(site: str, folder: Path) -> None:
    page, foreign = folder / "index.html", site.replace("127.0.0.1", "localhost")
    broken = page.read_text(encoding="utf-8").replace("<main>", f'<main><img src="{foreign}icon.svg" style="top: 0">')
    with Server(folder) as server:
        page.write_text(broken, encoding="utf-8")
        said = ask_firefox(server.url, [])["said"]
        assert len(said) == 2
        assert all("Content-Security-Policy" in line for line in said)
        page.write_text(broken.replace("img-src 'self' data:", "img-src *"), encoding="utf-8")
        assert ask_firefox(f"{server.url}index.html", [])["foreign"] == [f"{foreign}icon.svg"]
