"""The page itself, in headless Chromium: the same answers, from its own folder alone, for everybody."""

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from export.proof import fuzz_strings, parity, runtimes
from tests.support.pages.browser import READY, Open, Server, type_phrase
from tests.support.pages.looking import (
    KEPT,
    LABELS,
    MARKUP,
    SHOWN,
    TYPE_AND_WATCH,
    expected,
    known_phrase,
    shown,
    style,
    surest,
)
from trainer.model.classifier import Classifier
from trainer.run import Run

FAILED = "html[data-state=failed]"


def ask(pages: Sequence[Page], texts: list[str]) -> runtimes.Answers:
    """Asks the page's own `byline` as a script on it would; of several visits each takes its share at the same time."""
    program = """(texts) => {
        const answer = async (text) => {
            const { ids, probabilities } = await byline.explain(text);
            return { ids, probabilities };
        };
        globalThis.answers = Promise.all(JSON.parse(texts).map(answer)).then(JSON.stringify);
    }"""
    for share, page in enumerate(pages):
        page.evaluate(program, json.dumps(texts[share :: len(pages)]))
    answers: list[dict[str, Any]] = [{}] * len(texts)
    for share, page in enumerate(pages):
        answers[share :: len(pages)] = json.loads(page.evaluate("answers"))
    ids = [answer["ids"] for answer in answers]
    return runtimes.Answers("the page", "Chromium", ids, np.array([answer["probabilities"] for answer in answers]))


# The same answers


def test_page_gives_the_models_answer_to_every_test_phrase_and_fuzz_string(
    visit: Open, site: str, trained: Run, rounded: Classifier, dist_path: Path
) -> None:
    texts, truth = parity.texts_of(trained)
    answers = ask([visit().open(site) for _ in range(2)], texts)
    row = parity.compare(answers, runtimes.ask_keras("rounded", rounded, texts), truth, parity.size_of(dist_path))
    assert row.faults == ()
    assert row.strings == len(trained.phrases("test")) + fuzz_strings.COUNT
    assert row.difference > 0  # or Keras was held against itself


def test_single_file_gives_the_models_answer_from_a_disk_and_asks_for_nothing_else(
    visit: Open, trained: Run, rounded: Classifier, dist_path: Path
) -> None:
    texts, truth = parity.texts_of(trained)
    texts, truth = texts[: len(truth) : len(truth) // 200] + texts[len(truth) :][:120], truth[:: len(truth) // 200]
    visitor = visit()
    answers = ask([visitor.open((dist_path / "byline.html").as_uri())], texts)
    row = parity.compare(answers, runtimes.ask_keras("rounded", rounded, texts), truth, 1)
    assert row.faults == ()
    assert row.strings >= 300


def test_classify_ranks_the_labels_as_python_does(visit: Open, site: str, rounded: Classifier) -> None:
    texts = ["", "To be, or not to be", "Achilles sing, O Goddess!", "my smartphone 🙂"]
    ranked = visit().open(site).evaluate("texts => Promise.all(texts.map(byline.classify))", texts)
    for mine, theirs in zip(ranked, rounded.rank(texts), strict=True):
        assert [result["label"] for result in mine] == [result["label"] for result in theirs]
        scores = [result["score"] for result in theirs]
        assert [result["score"] for result in mine] == pytest.approx(scores, abs=parity.TOLERANCE)


def test_typing_shows_the_models_probability_of_every_label(
    visit: Open, site: str, trained: Run, rounded: Classifier
) -> None:
    page, text = visit().open(site), surest(trained, rounded)
    page.get_by_label("Your phrase").press_sequentially(text)
    page.wait_for_selector("#answer[aria-busy=false]")
    probabilities = shown(page)
    assert probabilities == expected(rounded, text)
    assert page.locator("#leader").text_content() == max(probabilities, key=lambda label: probabilities[label])
    for index, share in enumerate(probabilities.values()):
        percent = page.locator("#labels .share").nth(index).inner_text()
        assert float(percent.strip("<>%")) == pytest.approx(100 * share, abs=1.01 if percent[0] in "<>" else 0.51)


def test_clearing_takes_the_answer_away(visit: Open, site: str) -> None:
    page = visit().open(site)
    type_phrase(page, "the king")
    page.get_by_role("button", name="Clear").click()
    assert page.get_by_label("Your phrase").input_value() == ""
    assert set(shown(page).values()) == {0.0}
    assert page.locator("#leader").text_content() == ""
    assert page.locator("#empty").is_visible()


def test_unknown_words_are_marked_in_words_and_by_shape(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    type_phrase(page, f"{known_phrase(rounded, 2)} qzxjq, {known_phrase(rounded, 1)} Zxqv")
    section = page.get_by_role("region", name="Why")
    assert section.locator(".unknown").all_text_contents() == ["qzxjq (unknown word)", "Zxqv (unknown word)"]
    assert section.aria_snapshot().count("(unknown word)") == 2
    assert "3 of 5 words known." in section.inner_text()
    assert "underline" in style(page, ".unknown", "textDecorationLine")
    assert style(page, "#reading-words", "textDecorationLine") == "none"


def test_long_text_is_read_by_the_windows_rule_while_the_page_stays_alive(
    visit: Open, site: str, rounded: Classifier
) -> None:
    text = known_phrase(rounded, 200) + " " + " ".join(["nought"] * 3 + [known_phrase(rounded, 199)] * 119)
    pieces = len(rounded.vocabulary.encode(text))
    assert pieces > 23_800
    page = visit().open(site)
    page.evaluate("""() => {
        globalThis.ticks = 0;
        const answer = document.getElementById("answer");
        setInterval(() => { if (answer.getAttribute("aria-busy") === "true") ticks += 1; }, 0);
    }""")
    type_phrase(page, text)
    assert page.evaluate("ticks") >= 5
    assert shown(page) == expected(rounded, text)
    windows = -(-pieces // rounded.vocabulary.window)
    assert f"Read in {windows:,} windows" in page.locator("#reading-notes").inner_text()


def test_a_megabyte_does_not_stop_the_page(visit: Open, site: str) -> None:
    """In half a second a visitor would notice; benchmarks/trust/long_phrase.py measures 200 ms on a quiet machine."""
    page = visit().open(site)
    page.evaluate(TYPE_AND_WATCH, "the king of ships " * 55_556)
    page.wait_for_selector("#answer[aria-busy=false]", timeout=120_000)
    page.wait_for_selector("#effect:not(:empty)", timeout=120_000)
    assert max([0, *page.evaluate("tasks")]) < 500


def test_newer_text_wins_over_a_long_one_that_is_still_being_read(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    page.evaluate(
        """([older, newer]) => new Promise((resolve) => {
            const field = document.getElementById("phrase");
            const type = (text) => { field.value = text; field.dispatchEvent(new Event("input")); };
            new MutationObserver((_, observer) => {
                observer.disconnect();
                resolve(type(newer));
            }).observe(document.getElementById("answer"), { attributeFilter: ["aria-busy"] });
            type(older);
        })""",
        [known_phrase(rounded, 200) * 20, "the king"],
    )
    page.wait_for_timeout(500)
    assert page.get_attribute("#answer", "aria-busy") == "false"  # nobody goes on with the long one
    assert shown(page) == expected(rounded, "the king")


def test_what_is_typed_while_the_model_is_on_its_way_is_answered(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().page
    held: list[Route] = []
    page.route("**/model.json", lambda route: held.append(route))
    page.goto(site)
    page.get_by_label("Your phrase").fill("the queen")
    page.get_by_label("Your phrase").fill("the king")
    assert page.get_attribute("html", "data-state") == "loading"
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_selector("#answer[aria-busy=false]")
    assert page.get_attribute("html", "data-state") == "ready"
    assert shown(page) == expected(rounded, "the king")


def test_a_host_whose_own_policy_refuses_scripts_inside_the_page(visit: Open, site: str, rounded: Classifier) -> None:
    visitor = visit()
    visitor.excuse("Executing inline script violates")
    page = visitor.page

    def refuse(route: Route) -> None:
        response = route.fetch()
        strict = {"content-security-policy": "default-src 'self'"}
        route.fulfill(response=response, headers=response.headers | strict)

    page.route(site, refuse)
    page.goto(site)
    page.wait_for_selector(READY)
    type_phrase(page, "the king")
    assert shown(page) == expected(rounded, "the king")


# Alone, and offline


def test_page_asks_its_own_origin_alone_and_complains_of_nothing(visit: Open, site: str) -> None:
    visitor = visit()
    page = visitor.open(site)
    type_phrase(page, "To be, or not to be, that is the question")
    page.get_by_role("button", name="Copy link").click()
    page.locator(".choice").first.click()
    page.wait_for_selector(KEPT)


def test_a_foreign_request_or_a_breach_of_the_policy_would_be_seen(visit: Open, site: str, folder: Path) -> None:
    page = folder / "index.html"
    foreign = site.replace("127.0.0.1", "localhost")
    page.write_text(page.read_text().replace("<main>", f'<main><img src="{foreign}icon.svg" style="top: 0">'))
    visitor = visit()
    with Server(folder) as server:
        visitor.open(server.url)
        policy = "img-src 'self' data:"
        assert len([text for text in visitor.complaints if "Content Security Policy" in text]) == 2
        page.write_text(page.read_text().replace(policy, "img-src *"))
        visitor.open(server.url + "index.html")
    assert f"asked for {foreign}icon.svg" in visitor.faults()
    visitor.excuse("img-src 'self' data:", "inline style")
    visitor.foreign.clear()


def test_page_answers_offline_after_the_first_visit(visit: Open, folder: Path, rounded: Classifier) -> None:
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url)
        page.wait_for_selector(KEPT)
        server.stop()
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(server.url)
        for address in (server.url, f"{server.url}index.html?from=home#phrase"):
            visitor.open(address)
            type_phrase(page, "Sing, O Muse, the wrath of the king")
            assert shown(page) == expected(rounded, "Sing, O Muse, the wrath of the king")


def controlled(page: Page) -> None:
    """Waits until the service worker answers for the page."""
    page.evaluate("""() => new Promise((done) => {
        if (navigator.serviceWorker.controller) done();
        else navigator.serviceWorker.addEventListener("controllerchange", () => done());
    })""")


def replace_folder(folder: Path, other: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(other / "web", folder)


def labels_on(page: Page) -> tuple[str | None, ...]:
    return tuple(page.locator("#labels .name").all_text_contents())


def test_newer_build_waits_until_the_visitor_takes_it_whole(
    visit: Open, folder: Path, other: Path, trained: Run, rounded: Classifier
) -> None:
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url)
        page.wait_for_selector(KEPT)
        controlled(page)
        old = page.get_attribute("html", "data-build")
        replace_folder(folder, other)
        visitor.open(server.url)
        page.wait_for_selector("#update:not([hidden])")
        assert page.get_attribute("html", "data-build") == old
        type_phrase(page, "the king")
        assert shown(page) == expected(rounded, "the king")
        page.get_by_role("button", name="Use it now").click()
        page.wait_for_selector(f"{READY}:not([data-build='{old}'])", state="attached")
        type_phrase(page, "the king")
        assert list(shown(page).values()) == pytest.approx(list(rounded.probabilities(["the king"])[0]), abs=SHOWN)
        assert labels_on(page) == LABELS
        assert len(page.evaluate("caches.keys()")) == 1


def test_half_deployed_build_is_not_taken(
    visit: Open, folder: Path, other: Path, trained: Run, rounded: Classifier
) -> None:
    vocabulary = (folder / "vocabulary.json").read_bytes()
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url)
        page.wait_for_selector(KEPT)
        controlled(page)
        replace_folder(folder, other)
        (folder / "vocabulary.json").write_bytes(vocabulary)
        waiting = page.evaluate("""async () => {
            const registration = await navigator.serviceWorker.getRegistration();
            await registration.update().catch(() => undefined);
            while (registration.installing) await new Promise((done) => setTimeout(done, 50));
            return registration.waiting !== null;
        }""")
        assert not waiting
        visitor.open(server.url)
        type_phrase(page, "the king")
        assert shown(page) == expected(rounded, "the king")
        assert labels_on(page) == trained.vocabulary.labels


# Wrong is worse than nothing


def test_changed_weight_makes_the_page_say_so_and_not_answer(visit: Open, folder: Path) -> None:
    shard = folder / "model" / "group1-shard1of1.bin"
    data = bytearray(shard.read_bytes())
    data[-500:] = bytes(500)  # the last layers
    shard.write_bytes(data)
    with Server(folder) as server:
        visitor = visit()
        visitor.excuse("was changed")
        page = visitor.open(server.url, FAILED)
        assert "Rather than give a wrong answer it gives none." in page.get_by_role("alert").inner_text()
        assert page.evaluate("typeof byline") == "undefined"
        assert not page.get_by_label("Your phrase").is_visible()


def test_browser_that_computes_another_answer_than_the_known_one_does_not_answer(visit: Open, folder: Path) -> None:
    index = folder / "index.html"
    other, count = re.subn(r'("known_answer":.*?"probabilities":\[)[^]]*', r"\g<1>1,0,0,0", index.read_text())
    assert count == 1
    index.write_text(other)
    with Server(folder) as server:
        visitor = visit()
        visitor.excuse("another answer than the trained model gives")
        page = visitor.open(server.url, FAILED)
        assert "another answer than the trained model gives" in page.get_by_role("alert").inner_text()
        assert page.evaluate("typeof byline") == "undefined"


def test_missing_file_makes_the_page_say_which(visit: Open, folder: Path) -> None:
    (folder / "vocabulary.json").unlink()
    with Server(folder) as server:
        visitor = visit()
        visitor.excuse("404 .File not found", "could not be fetched")
        page = visitor.open(server.url, FAILED)
        assert "vocabulary.json could not be fetched (404)" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("form", ["site", "single file"])
def test_markup_in_a_label_a_title_or_an_example_is_text(visit: Open, other: Path, form: str) -> None:
    visitor = visit()
    with Server(other / "web") as server:
        page = visitor.open(server.url if form == "site" else (other / "byline.html").as_uri())
        assert page.title() == MARKUP
        assert page.get_by_role("heading", level=1).text_content() == MARKUP
        assert labels_on(page) == LABELS
        assert page.locator("#quiz-phrase").inner_text().startswith(f"“{MARKUP}” ")
        page.locator(".choice").first.click()
        page.wait_for_selector("#quiz-after:not([hidden])")
        assert page.locator("#quiz-verdict").inner_text().startswith(f"It was {LABELS[0]}. You were right.")
        page.get_by_role("button", name="Look closer").click()
        assert page.get_by_label("Your phrase").input_value().startswith(f"“{MARKUP}” ")
        page.wait_for_selector("#announcement:not(:empty)", state="attached")
        assert page.evaluate("document.querySelectorAll('b, i, img').length") == 0
        kinds = page.evaluate("Array.from(document.scripts, (script) => script.type)")
        assert kinds.count("") == (2 if form == "site" else 1)
