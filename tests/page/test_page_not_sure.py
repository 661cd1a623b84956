"""The page where it is not sure, in headless Chromium: it names no label, and says so to everybody."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from export.manifest import read_manifest
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import web
from tests.support.pages.browser import Open, Server, type_phrase
from tests.support.pages.looking import FAINT, expected, shown, style
from trainer.files import sha256
from trainer.model.classifier import Classifier
from trainer.run import Run

PHRASE = "To be, or not to be, that is the question"


@pytest.fixture
def opened(visit: Open, folder: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page with another threshold."""
    servers = []

    def start(threshold: float, **options: object) -> Page:
        index = folder / "index.html"
        found, wanted = r'"abstention":\{"threshold":[\d.]+\}', f'"abstention":{{"threshold":{threshold}}}'
        page, count = re.subn(found, wanted, index.read_text())
        assert count == 1
        index.write_text(page)
        servers.append(Server(folder))
        return visit(**options).open(servers[-1].url)

    yield start
    for server in servers:
        server.stop()


def best_of(rounded: Classifier, text: str) -> tuple[str, float]:
    best = rounded.rank([text])[0][0]
    return str(best["label"]), float(best["score"])


def test_below_the_threshold_the_verdict_is_not_sure_and_the_bars_remain(
    opened: Callable[..., Page], rounded: Classifier
) -> None:
    label, score = best_of(rounded, PHRASE)
    page = opened(score + 0.001)
    type_phrase(page, PHRASE)
    assert page.locator("#leader").text_content() == "Not sure"
    assert page.locator("#answer-lead").text_content() == f"Nearest to {label}, {score:.0%}"
    assert page.locator("#leader-share").text_content() == ""
    assert page.locator(".leads").count() == 0
    assert style(page, "#leader", "color") == style(page, "#answer-lead", "color")  # and not that of a label
    assert shown(page) == expected(rounded, PHRASE)


def test_from_the_threshold_on_the_label_is_named(opened: Callable[..., Page], rounded: Classifier) -> None:
    label, score = best_of(rounded, PHRASE)
    page = opened(score - 0.001)
    type_phrase(page, PHRASE)
    assert page.locator("#leader").text_content() == label
    assert page.locator("#answer-lead").text_content() in ("Most likely", "Probably", "Perhaps")
    assert page.locator("#leader-share").text_content() == f"{score:.0%}"
    assert page.locator(".leads .name").all_text_contents() == [label]
    assert style(page, "#leader", "color") != style(page, "#answer-lead", "color")


def test_page_has_the_runs_threshold_and_keeps_to_it(
    visit: Open, site: str, trained: Run, rounded: Classifier, dist_path: Path
) -> None:
    texts = [phrase.text for phrase in trained.phrases("test")]
    best = rounded.probabilities(texts).max(axis=1)
    order = np.argsort(best)
    at = int((best < trained.threshold).sum())
    assert 0 < at < len(texts) / 10
    for address in (site, (dist_path / "byline.html").as_uri()):
        page = visit().open(address)
        for place, named in ((at - 1, False), (at, True)):  # the last below it, and the first that is not
            type_phrase(page, texts[order[place]])
            assert (page.locator("#leader").text_content() in trained.vocabulary.labels) == named


def test_a_text_without_a_word_gets_no_verdict(opened: Callable[..., Page]) -> None:
    page = opened(0.999)
    for text in ("", "?!"):
        type_phrase(page, text)
        assert page.locator("#leader").text_content() == page.locator("#answer-lead").text_content() == ""
        assert page.locator("#empty").is_visible()


def test_not_sure_is_announced_with_what_is_nearest(opened: Callable[..., Page], rounded: Classifier) -> None:
    page = opened(0.999)
    type_phrase(page, PHRASE)
    label, score = best_of(rounded, PHRASE)
    page.wait_for_selector("#announcement:not(:empty)", state="attached")
    said = page.locator("#announcement").text_content() or ""
    assert said.startswith(f"Not sure; nearest to {label}, {100 * score:.0f}%; ")


def test_a_guess_is_told_that_the_model_was_not_sure(opened: Callable[..., Page], rounded: Classifier) -> None:
    page = opened(0.999)
    text = page.locator("#quiz-phrase").inner_text()
    label, score = best_of(rounded, text)
    page.locator(".choice").first.click()
    page.wait_for_selector("#quiz-after:not([hidden])")
    said = page.locator("#quiz-verdict").inner_text()
    share = ">99%" if score > 0.995 else f"{score:.0%}"
    assert said.endswith(f"The model was not sure; nearest to {label}, {share}.")
    assert page.locator("#score").inner_text().endswith(", the model 0.")  # also where the nearest is right


def test_nothing_moves_between_a_label_and_not_sure(opened: Callable[..., Page], rounded: Classifier) -> None:
    label, score = best_of(rounded, PHRASE)
    page = opened(score - 0.001, viewport={"width": 1200, "height": 900})
    places = []
    for text in (PHRASE, "of", ""):
        type_phrase(page, text)
        places.append((page.locator("#leader").text_content(), page.locator("#labels").bounding_box()))
    assert [headline for headline, _ in places] == [label, "Not sure", ""]
    assert places[0][1] == places[1][1] == places[2][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_not_sure_is_legible_and_fits_a_narrow_screen_under_an_overlong_label(
    opened: Callable[..., Page], folder: Path, rounded: Classifier, scheme: str
) -> None:
    label, _ = best_of(rounded, PHRASE)
    index, vocabulary = folder / "index.html", folder / "vocabulary.json"
    before = sha256(vocabulary.read_bytes())
    for file in (index, vocabulary):
        file.write_text(file.read_text().replace(json.dumps(label), json.dumps("Overlong" * 16)))
    index.write_text(index.read_text().replace(before, sha256(vocabulary.read_bytes())))
    page = opened(0.999, viewport={"width": 320, "height": 640}, color_scheme=scheme, reduced_motion="reduce")
    type_phrase(page, PHRASE)
    assert page.locator("#answer-lead").inner_text().startswith("Nearest to Overlong")
    assert page.evaluate(FAINT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def small_print(path: Path) -> str:
    section = re.findall(r'<section class="answer".*?</section>', path.read_text(encoding="utf-8"), re.DOTALL)[0]
    return " ".join(re.findall(r'<p class="small">(.*?)</p>', section))


def test_small_print_says_below_what_and_how_often_it_is_then_right(dist_path: Path, trained: Run) -> None:
    facts = read_manifest(dist_path)["abstention"]
    for path in (dist_path / "web" / "index.html", dist_path / "byline.html"):
        said = small_print(path)
        assert said.startswith(f"Where no label reaches {100 * trained.threshold:.1f}% it says that it is not sure: ")
        assert f"for {100 * facts['test']['abstention_rate']:.1f}% of the phrases" in said
        assert f"Of its answers to the others {100 * facts['test']['precision']:.1f}% were right." in said
        assert "always" not in said


def test_with_a_threshold_of_0_the_page_says_that_it_always_names_a_label(
    trained: Run, rounded: Classifier, dist_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "tfjs").symlink_to(dist_path / "tfjs")
    test = trained.facts["metrics"]["test"]
    never = replace(trained, facts=trained.facts | {"abstention": trained.facts["abstention"] | {"threshold": 0.0}})
    web.write_web(
        never,
        known_answer(rounded, trained.phrases("validation")),
        test | {"abstention": test["abstention"] | {"threshold": 0.0}},
        tmp_path,
        Settings().complete(trained.facts),
    )
    assert small_print(tmp_path / "web" / "index.html").startswith("It always names one of its 4 labels, even when")
