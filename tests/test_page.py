"""The page itself, in headless Chromium: the same answers, from its own folder alone, for everybody."""

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import READY, Server, type_phrase
from conftest import Open
from playwright.sync_api import Page

from export import hostile, parity, runtimes, web
from export.settings import Settings
from trainer.classifier import Classifier
from trainer.corpus import Phrase
from trainer.run import Run, write_phrases
from trainer.vocabulary import UNKNOWN_ID

SHOWN = parity.TOLERANCE + 0.00005  # a bar's share is written with four decimals
FAILED = "html[data-state=failed]"
KEPT = "#offline:not([hidden])"
MARKUP = "</script><b>title</b><img src=x onerror=alert(1)>"
LABELS = ("</script><b>bold</b>", "\"quoted\" & 'so' <i>", "هوميروس", "Overlong" * 16)


@pytest.fixture(scope="module")
def other(trained: Run, rounded: Classifier, dist_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another build: the same numbers under labels, a title and examples that look like markup."""
    run_path, dist = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("dist")
    vocabulary = replace(trained.vocabulary, labels=LABELS)
    phrases = [Phrase(f"“{MARKUP}” {phrase.text}", LABELS[0]) for phrase in trained.phrases("validation")[:20]]
    for part in ("validation", "test"):
        write_phrases(run_path / f"{part}.jsonl", phrases)
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    vocabulary.write(dist / "vocabulary.json")
    settings = Settings(title=MARKUP, description=MARKUP, author=MARKUP, license=MARKUP).complete(trained.facts)
    renamed = replace(trained, path=run_path, vocabulary=vocabulary)
    test = trained.facts["metrics"]["test"]
    web.write_web(renamed, Classifier(rounded.model, vocabulary), test, dist, settings)
    return dist


def ask(pages: Sequence[Page], texts: list[str]) -> runtimes.Answers:
    """Asks the page's own `byline` as a script on it would; of several visits each takes its share at the same time."""
    program = """(texts) => {
        const answer = (text) => {
            const { ids, probabilities } = byline.explain(text);
            return { ids, probabilities };
        };
        globalThis.answers = new Promise((done) => {
            setTimeout(() => done(JSON.stringify(JSON.parse(texts).map(answer))));
        });
    }"""
    for share, page in enumerate(pages):
        page.evaluate(program, json.dumps(texts[share :: len(pages)]))
    answers: list[dict[str, Any]] = [{}] * len(texts)
    for share, page in enumerate(pages):
        answers[share :: len(pages)] = json.loads(page.evaluate("answers"))
    ids = [answer["ids"] for answer in answers]
    return runtimes.Answers("the page", "Chromium", ids, np.array([answer["probabilities"] for answer in answers]))


def shown(page: Page) -> dict[str, float]:
    """Each label's probability as its bar shows it."""
    bars = page.evaluate("""() => Array.from(document.querySelectorAll("[role=meter]"), (bar) => [
        document.getElementById(bar.getAttribute("aria-labelledby")).textContent,
        bar.style.getPropertyValue("--share"),
    ])""")
    return {label: float(share) for label, share in bars}


def expected(rounded: Classifier, text: str) -> Any:
    return pytest.approx(dict(zip(rounded.vocabulary.labels, rounded.probabilities([text])[0], strict=True)), abs=SHOWN)


def known_phrase(rounded: Classifier, count: int) -> str:
    words = (forms[0] for forms in rounded.vocabulary.words)
    return " ".join(word for word, _ in zip(words, range(count), strict=False))


def surest(trained: Run, rounded: Classifier) -> str:
    """A phrase whose label the page names under any threshold."""
    texts = [phrase.text for phrase in trained.phrases("test")[:200]]
    return texts[int(rounded.probabilities(texts).max(axis=1).argmax())]


def style(page: Page, selector: str, name: str, pseudo: str = "") -> str:
    program = "([selector, name, pseudo]) => getComputedStyle(document.querySelector(selector), pseudo || null)[name]"
    return str(page.evaluate(program, [selector, name, pseudo]))


# The same answers


def test_page_gives_the_models_answer_to_every_test_phrase_and_hostile_string(
    visit: Open, site: str, trained: Run, rounded: Classifier, dist_path: Path
) -> None:
    texts, truth = parity.texts_of(trained)
    answers = ask([visit().open(site) for _ in range(2)], texts)
    row = parity.compare(answers, runtimes.ask_keras("rounded", rounded, texts), truth, parity.size_of(dist_path))
    assert row.faults == ()
    assert row.strings == len(trained.phrases("test")) + hostile.COUNT
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
    assert (visitor.complaints, visitor.foreign) == ([], [])


def test_classify_ranks_the_labels_as_python_does(visit: Open, site: str, rounded: Classifier) -> None:
    texts = ["", "To be, or not to be", "Achilles sing, O Goddess!", "my smartphone 🙂"]
    ranked = visit().open(site).evaluate("texts => texts.map((text) => byline.classify(text))", texts)
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
    type_phrase(page, f"{known_phrase(rounded, 2)} smartphonez, {known_phrase(rounded, 1)} Zxqv")
    section = page.get_by_role("region", name="As it was read")
    assert section.locator(".unknown").all_text_contents() == ["smartphonez (unknown word)", "Zxqv (unknown word)"]
    assert section.aria_snapshot().count("(unknown word)") == 2
    assert "3 of 5 words known." in section.inner_text()
    assert "underline" in style(page, ".unknown", "textDecorationLine")
    assert style(page, "#reading-words", "textDecorationLine") == "none"


def test_an_examples_true_label_is_told_until_the_text_changes(
    visit: Open, site: str, trained: Run, rounded: Classifier
) -> None:
    page = visit().open(site)
    example = page.get_by_role("region", name="Try a phrase").get_by_role("button").first
    example.click()
    text = page.get_by_label("Your phrase").input_value()
    assert text == example.text_content()
    truth = page.locator("#truth").inner_text()
    label = {phrase.text: phrase.label for part in ("validation", "test") for phrase in trained.phrases(part)}[text]
    best = rounded.rank([text])[0][0]
    named = "the answer" if float(best["score"]) >= trained.threshold else "the nearest label"
    assert truth == f"It was {label}: {named} is {'right' if label == best['label'] else 'wrong'}."
    page.get_by_label("Your phrase").press_sequentially(" king")
    assert page.locator("#truth").inner_text() == ""


def test_long_text_is_read_by_the_windows_rule_while_the_page_stays_alive(
    visit: Open, site: str, rounded: Classifier
) -> None:
    text = known_phrase(rounded, 200) + " " + " ".join(["nought"] * 3 + [known_phrase(rounded, 199)] * 9)
    words = len(rounded.vocabulary.tokenize(text))
    assert words > 1_990
    page = visit().open(site)
    page.evaluate("""() => {
        globalThis.ticks = 0;
        const answer = document.getElementById("answer");
        setInterval(() => { if (answer.getAttribute("aria-busy") === "true") ticks += 1; }, 1);
    }""")
    type_phrase(page, text)
    assert page.evaluate("ticks") >= 5
    assert shown(page) == expected(rounded, text)
    windows = -(-words // rounded.vocabulary.sequence_length)
    assert f"Read in {windows} windows" in page.locator("#reading-notes").inner_text()


def test_newer_text_wins_over_a_long_one_that_is_still_being_read(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    page.get_by_label("Your phrase").fill(known_phrase(rounded, 200) * 20)
    assert page.locator("#answer[aria-busy=true]").count() == 1
    type_phrase(page, "the king")
    page.wait_for_timeout(500)
    assert page.get_attribute("#answer", "aria-busy") == "false"  # nobody goes on with the long one
    assert shown(page) == expected(rounded, "the king")


# Alone, and offline


def test_page_asks_its_own_origin_alone_and_complains_of_nothing(visit: Open, site: str) -> None:
    visitor = visit()
    page = visitor.open(site)
    type_phrase(page, "To be, or not to be, that is the question")
    page.get_by_role("region", name="Try a phrase").get_by_role("button").first.click()
    page.wait_for_selector(KEPT)
    assert (visitor.complaints, visitor.foreign) == ([], [])


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
    assert f"{foreign}icon.svg" in visitor.foreign


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
    assert (visitor.complaints, visitor.foreign) == ([], [])


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
    assert (visitor.complaints, visitor.foreign) == ([], [])


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
        page = visit().open(server.url, FAILED)
        assert "Rather than give a wrong answer it gives none." in page.get_by_role("alert").inner_text()
        assert page.evaluate("typeof byline") == "undefined"
        assert not page.get_by_label("Your phrase").is_visible()


def test_browser_that_computes_another_answer_than_the_golden_one_does_not_answer(visit: Open, folder: Path) -> None:
    index = folder / "index.html"
    other, count = re.subn(r'("golden":.*?"probabilities":\[)[^]]*', r"\g<1>1,0,0,0", index.read_text())
    assert count == 1
    index.write_text(other)
    with Server(folder) as server:
        page = visit().open(server.url, FAILED)
        assert "another answer than the trained model gives" in page.get_by_role("alert").inner_text()
        assert page.evaluate("typeof byline") == "undefined"


def test_missing_file_makes_the_page_say_which(visit: Open, folder: Path) -> None:
    (folder / "vocabulary.json").unlink()
    with Server(folder) as server:
        page = visit().open(server.url, FAILED)
        assert "vocabulary.json could not be fetched (404)" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("form", ["site", "single file"])
def test_markup_in_a_label_a_title_or_an_example_is_text(visit: Open, other: Path, form: str) -> None:
    visitor = visit()
    with Server(other / "web") as server:
        page = visitor.open(server.url if form == "site" else (other / "byline.html").as_uri())
        assert page.title() == MARKUP
        assert page.get_by_role("heading", level=1).text_content() == MARKUP
        assert labels_on(page) == LABELS
        page.get_by_role("region", name="Try a phrase").get_by_role("button").first.click()
        assert page.get_by_label("Your phrase").input_value().startswith(f"“{MARKUP}” ")
        page.wait_for_selector("#announcement:not(:empty)", state="attached")
        assert LABELS[0] in page.locator("#truth").inner_text()
        assert page.evaluate("document.querySelectorAll('b, i, img').length") == 0
        assert page.evaluate("document.scripts.length") == 2
    assert (visitor.complaints, visitor.foreign) == ([], [])


# For everybody


@pytest.mark.parametrize("form", ["plain", "overlong labels"])
def test_narrow_screen_never_scrolls_sideways(visit: Open, site: str, other: Path, form: str) -> None:
    with Server(other / "web") as server:
        page = visit(viewport={"width": 320, "height": 640}).open(site if form == "plain" else server.url)
        for text in ("", "the smartphonez king " * 9, "Donaudampfschifffahrt" * 20):
            type_phrase(page, text)
            assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_light_and_dark_are_both_legible(visit: Open, site: str) -> None:
    papers = set()
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme, reduced_motion="reduce").open(site)
        papers.add(style(page, "html", "backgroundColor"))
        for text in ("the smartphonez king", *example_texts(page)):
            type_phrase(page, text)
            assert page.evaluate(FAINT) == []
    assert len(papers) == 2


# Texts whose contrast with what lies behind them is under what WCAG 2 asks at level AA.
FAINT = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return Array.from(canvas.getImageData(0, 0, 1, 1).data);
    };
    const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const paper = rgba(getComputedStyle(at).backgroundColor);
            if (paper[3] === 255) return paper;
        }
        return [255, 255, 255];
    };
    const ratio = (element) => {
        const [a, b] = [rgba(getComputedStyle(element).color), behind(element)].map(luminance);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        const needed = Number.parseFloat(getComputedStyle(element).fontSize) >= 24 ? 3 : 4.5;
        if (ratio(element) < needed) faint.push(`${walker.currentNode.data} ${ratio(element).toFixed(2)}`);
    }
    return faint;
}"""


def example_texts(page: Page) -> list[str]:
    return page.get_by_role("region", name="Try a phrase").get_by_role("button").all_inner_texts()


def test_keyboard_reaches_everything_and_shows_where_it_is(visit: Open, site: str) -> None:
    page = visit().open(site)
    controls = page.evaluate("""() => Array.from(document.querySelectorAll("button, textarea, a[href], summary"))
        .filter((control) => control.checkVisibility()).map((control) => control.textContent || control.id)""")
    reached = []
    for _ in controls:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
        outline = page.evaluate("""() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth);
        }""")
        assert outline >= 2, reached[-1]
    assert reached == controls
    assert "phrase" in reached
    assert len(reached) > 2
    page.keyboard.press("Enter")
    assert page.get_by_label("Your phrase").input_value() == reached[-1]


def test_every_control_has_a_name_and_a_finger_can_hit_it(visit: Open, site: str) -> None:
    visitor = visit(viewport={"width": 320, "height": 640})
    page = visitor.open(site)
    tree = visitor.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if node.get("role", {}).get("value") in ("button", "textbox", "meter", "region", "link")
    ]
    assert {role for role, _ in names} >= {"button", "textbox", "meter", "region"}
    assert [role for role, name in names if not name.strip()] == []
    small = page.evaluate("""() => Array.from(document.querySelectorAll("button, textarea"))
        .filter((control) => control.checkVisibility())
        .map((control) => [control.textContent, control.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)""")
    assert small == []


def test_answer_is_announced_after_a_pause(visit: Open, site: str, trained: Run, rounded: Classifier) -> None:
    page, text = visit().open(site), f"{surest(trained, rounded)} Zxqv"
    ids = rounded.vocabulary.encode(text)
    announcement = page.locator("#announcement")
    assert announcement.get_attribute("role") == "status"
    type_phrase(page, text)
    assert announcement.text_content() == ""
    page.wait_for_selector("#announcement:not(:empty)", state="attached")
    said = announcement.text_content() or ""
    assert said.startswith(f"{rounded.rank([text])[0][0]['label']}, ")
    assert "percent" in said
    assert f"{sum(word_id != UNKNOWN_ID for word_id in ids)} of {len(ids)} words known." in said
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector("#announcement:empty", state="attached")


@pytest.mark.parametrize(("motion", "seconds"), [("no-preference", "0.18s"), ("reduce", "0s")])
def test_nothing_moves_for_who_asked_for_less_motion(visit: Open, site: str, motion: str, seconds: str) -> None:
    page = visit(reduced_motion=motion).open(site)
    assert style(page, ".bar", "transitionDuration", "::before") == seconds
    assert style(page, "html", "scrollBehavior") == "auto"


def test_without_javascript_the_page_says_what_it_needs(visit: Open, site: str) -> None:
    page = visit(java_script_enabled=False).open(site, "noscript")
    assert "JavaScript is turned off here" in page.get_by_role("main").inner_text()
    assert not page.get_by_label("Your phrase").is_visible()
