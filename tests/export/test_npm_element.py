"""`<phrase-classifier>`, the npm package's custom element: by hand, by eye and by ear."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from export.proof import parity
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import node, npm
from export.targets.strings import FOLDER
from tests.support.pages.browser import Open, Server
from tests.support.pages.looking import LABELS, MARKUP, RUN_AXE, known_phrase, surest
from tests.support.pages.npm_pages import broken, evaluate, quiet, write_page
from tests.support.runtimes.javascript import run_node, tools
from trainer.model.classifier import Classifier
from trainer.run import Run

WRITTEN: Final = "phrase-classifier[data-answers]"


COUNT_ANSWERS: Final = """
globalThis.heard = [];
document.addEventListener("classify", ({ target, detail, bubbles, composed }) => {
    heard.push({ detail, bubbles, composed });
    target.dataset.answers = heard.length;
});
"""


@pytest.fixture(scope="module")
def host(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with the element in it."""
    folder = Path(shutil.copytree(package, tmp_path_factory.mktemp("host") / "site"))
    (folder / "count.js").write_text(COUNT_ANSWERS, encoding="utf-8")
    body = '<phrase-classifier heading="Say something" placeholder="in any words"></phrase-classifier>'
    write_page(folder, body, ("count.js", "phrase-classifier.js"))
    with Server(folder) as server:
        yield server.url


def shares(page: Page) -> dict[str, float]:
    """Each label's share as its bar has it."""
    bars = page.evaluate("""() => {
        const bar = (item) => [
            item.querySelector(".name").textContent,
            item.querySelector(".fill").style.getPropertyValue("--share"),
        ];
        return Array.from(document.querySelector("phrase-classifier").shadowRoot.querySelectorAll(".label"), bar);
    }""")
    return {label: float(share) for label, share in bars}


def expected(rounded: Classifier, text: str) -> Any:
    (probabilities,) = rounded.probabilities([text])
    return pytest.approx(dict(zip(rounded.vocabulary.labels, probabilities, strict=True)), abs=parity.TOLERANCE + 5e-5)


def test_typing_shows_and_tells_the_models_answer(visit: Open, host: str, trained: Run, rounded: Classifier) -> None:
    visitor = visit()
    page = visitor.open(host, WRITTEN)
    text = surest(trained, rounded)
    field = page.get_by_label("Say something")
    assert field.get_attribute("placeholder") == "in any words"
    assert page.evaluate("heard") == [{"detail": [], "bubbles": True, "composed": True}]  # there is no word yet
    field.press_sequentially(text)
    assert shares(page) == expected(rounded, text)
    (ranking,) = rounded.rank([text])
    heard = page.evaluate("heard")
    assert len(heard) == 1 + len(text)
    assert [result["label"] for result in heard[-1]["detail"]] == [result["label"] for result in ranking]
    assert page.locator(".verdict strong").inner_text() == ranking[0]["label"]
    assert page.locator(".leads .name").inner_text() == ranking[0]["label"]
    best = page.get_by_role("meter", name=ranking[0]["label"], exact=True)
    assert float(best.get_attribute("aria-valuenow") or "") == pytest.approx(100 * ranking[0]["score"], abs=0.51)
    assert page.evaluate("document.querySelector('phrase-classifier').value") == text
    assert page.evaluate("document.querySelector('phrase-classifier').results") == heard[-1]["detail"]
    page.evaluate("document.querySelector('phrase-classifier').setAttribute('text', 'To be')")
    assert field.input_value() == "To be"
    assert shares(page) == expected(rounded, "To be")
    field.fill("!?")
    assert page.locator(".verdict").inner_text() == "There is no word in this yet."
    assert set(shares(page).values()) == {0.0}
    assert page.evaluate("heard.at(-1).detail") == []
    assert quiet(visitor)


def test_below_the_threshold_no_label_is_named(visit: Open, host: str, trained: Run, rounded: Classifier) -> None:
    texts = [phrase.text for phrase in trained.phrases("test")[:300]]
    scores = rounded.probabilities(texts).max(axis=1)
    below = texts[int(scores.argmin())]
    assert scores.min() < trained.threshold - 0.01
    page = visit().open(host, WRITTEN)
    page.get_by_label("Say something").fill(below)
    assert page.locator(".verdict strong").inner_text() == "Not sure"
    assert page.locator(".leads").count() == 0


def test_answer_is_spoken_after_a_pause_and_only_to_who_types(
    visit: Open, host: str, trained: Run, rounded: Classifier
) -> None:
    page, text = visit().open(host, WRITTEN), surest(trained, rounded)
    status = page.get_by_role("status")
    page.evaluate("text => { document.querySelector('phrase-classifier').value = text; }", text)
    assert shares(page) == expected(rounded, text)
    page.wait_for_timeout(1_200)
    assert status.text_content() == ""
    page.get_by_label("Say something").fill(f"{text} ")
    assert status.text_content() == ""
    page.wait_for_selector("[role=status]:not(:empty)", state="attached")
    assert (status.text_content() or "").startswith(f"{rounded.rank([text])[0][0]['label']}, ")


def test_text_of_the_page_is_answered_at_once_also_where_it_came_before_the_module(
    visit: Open, package: Path, tmp_path: Path, rounded: Classifier
) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "site"))
    text = known_phrase(rounded, 6)
    (folder / "early.js").write_text(
        f"{COUNT_ANSWERS}\ndocument.querySelectorAll('phrase-classifier')[1].value = {json.dumps(text)};"
    )
    body = f'<phrase-classifier text="{text}"></phrase-classifier><phrase-classifier></phrase-classifier>'
    write_page(folder, body, ("early.js", "phrase-classifier.js"))
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url, "phrase-classifier:nth-of-type(2)[data-answers]")
        assert page.evaluate("Array.from(document.querySelectorAll('phrase-classifier'), ({ value }) => value)") == [
            text,
            text,
        ]
        assert page.get_by_label("Your phrase").count() == 2
        assert shares(page) == expected(rounded, text)
    assert quiet(visitor)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_the_paper_follows_the_page(
    visit: Open, host: str, trained: Run, rounded: Classifier, scheme: str
) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce").open(host, WRITTEN)
    page.evaluate((tools() / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    for text in ("", "zxqv", surest(trained, rounded)):
        page.get_by_label("Say something").fill(text)
        told, passed = page.evaluate(RUN_AXE)
        assert told == []
        assert passed > 10  # or it looked at nothing
    paper = "getComputedStyle(document.querySelector('phrase-classifier')).backgroundColor"
    assert page.evaluate(paper) == {"light": "rgb(244, 245, 242)", "dark": "rgb(20, 23, 26)"}[scheme]
    assert (
        page.evaluate(
            "getComputedStyle(document.querySelector('phrase-classifier').shadowRoot.querySelector('.fill')).transitionDuration"
        )
        == "0s"
    )


def test_keyboard_reaches_the_field_and_shows_it_and_a_phone_never_scrolls_sideways(visit: Open, host: str) -> None:
    page = visit(viewport={"width": 320, "height": 640}).open(host, WRITTEN)
    page.keyboard.press("Tab")
    focused = "document.querySelector('phrase-classifier').shadowRoot.activeElement"
    assert page.evaluate(f"{focused}.localName") == "textarea"
    assert page.evaluate(f"getComputedStyle({focused}).outlineWidth") == "2px"
    page.keyboard.type("Donaudampfschifffahrt" * 20)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_page_gives_it_its_own_colours(visit: Open, package: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(package, tmp_path / "site"))
    (folder / "count.js").write_text(COUNT_ANSWERS, encoding="utf-8")
    (folder / "style.css").write_text(
        "phrase-classifier { --accent: rgb(1, 2, 3); background: rgb(4, 5, 6); }"
        "phrase-classifier::part(heading) { color: rgb(7, 8, 9); }"
    )
    body = '<link rel="stylesheet" href="style.css"><phrase-classifier></phrase-classifier>'
    write_page(folder, body, ("count.js", "phrase-classifier.js"))
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url, WRITTEN)
        colours = page.evaluate("""() => {
            const host = document.querySelector("phrase-classifier");
            const inside = (name) => getComputedStyle(host.shadowRoot.querySelector(name));
            return [
                inside(".fill").backgroundColor, getComputedStyle(host).backgroundColor, inside(".heading").color,
            ];
        }""")
    assert colours == ["rgb(1, 2, 3)", "rgb(4, 5, 6)", "rgb(7, 8, 9)"]
    assert quiet(visitor)


def test_a_model_that_computes_otherwise_gives_no_answer(visit: Open, package: Path, tmp_path: Path) -> None:
    folder = broken(package, tmp_path / "site")
    write_page(folder, '<phrase-classifier text="the king"></phrase-classifier>', ("phrase-classifier.js",))
    visitor = visit()
    with Server(folder) as server:
        page = visitor.open(server.url, "phrase-classifier [role=alert]")
        assert "cannot answer" in page.get_by_role("alert").inner_text()
        assert page.get_by_role("meter").count() == 0
    visitor.excuse("computes another answer")


MANY: Final = """
const labels = Array.from({ length: 30 }, (_, index) => `label ${index}`);
const results = labels.map((label, index) => ({ label, score: (30 - index) / 465 }));
const explain = (text) => ({ text, tokens: [{ word: text, known: true }], results, sure: false });
export const load = async () => Object.assign(() => results, { labels, explain, threshold: 0.5 });
"""


def test_of_many_labels_the_best_have_a_bar(visit: Open, tmp_path: Path) -> None:
    strings = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
    labels = [f"label {29 - index}" for index in range(30)]
    facts = {"language": "en", "labels": labels, "strings": strings["page"] | strings["script"]}
    facts |= {"tag": "many-classifier", "model": "0"}
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    build = [str(node.WEB / "build.mjs"), "--modules", str(node.modules()), "--target", "npm"]
    done = run_node([*build, "--facts", str(tmp_path / "facts.json"), "--output", str(tmp_path)])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (tmp_path / "index.js").write_text(MANY, encoding="utf-8")
    (tmp_path / "count.js").write_text(COUNT_ANSWERS, encoding="utf-8")
    write_page(tmp_path, '<phrase-classifier text="x"></phrase-classifier>', ("count.js", "phrase-classifier.js"))
    with Server(tmp_path) as server:
        page = visit().open(server.url, WRITTEN)
        assert list(shares(page)) == [f"label {index}" for index in range(12)]
        assert list(shares(page).values()) == sorted(shares(page).values(), reverse=True)


def test_names_and_labels_that_look_like_markup_stay_text(
    visit: Open, trained: Run, rounded: Classifier, dist_path: Path, tmp_path: Path
) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(dist_path / "tfjs", dist / "tfjs")
    vocabulary = replace(trained.vocabulary, labels=LABELS)
    renamed = replace(trained, vocabulary=vocabulary)
    phrases = [
        replace(phrase, text=f"“{MARKUP}” `{{{{ 1 }}}}` \u2028 {phrase.text}") for phrase in trained.phrases("test")[:1]
    ]
    known = known_answer(Classifier(rounded.model, vocabulary), phrases)
    settings = Settings(name="Iliad.2", title=MARKUP, description=f'{MARKUP} "and"\n*/ {{{{ 1 }}}}', author=MARKUP)
    npm.write_npm(renamed, known, trained.facts["metrics"]["test"], dist, settings.complete(trained.facts))
    facts = json.loads((dist / "npm" / "package.json").read_text(encoding="utf-8"))
    assert (facts["name"], facts["description"]) == ("iliad.2", settings.description)
    program = 'import { load } from "./index.js"; console.log(JSON.stringify((await load()).labels))'
    assert evaluate(dist / "npm", program) == list(LABELS)
    (dist / "npm" / "count.js").write_text(COUNT_ANSWERS, encoding="utf-8")
    write_page(
        dist / "npm", '<phrase-classifier text="the king"></phrase-classifier>', ("count.js", "phrase-classifier.js")
    )
    visitor = visit(viewport={"width": 320, "height": 640})
    with Server(dist / "npm") as server:
        page = visitor.open(server.url, WRITTEN)
        assert tuple(shares(page)) == LABELS
        assert page.locator("phrase-classifier img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert quiet(visitor)


IN_FORM: Final = """
<form id="form">
  <fieldset><phrase-classifier name="phrase" text="the king"></phrase-classifier></fieldset>
  <button type="reset">Reset</button>
</form>
"""
# What Safari before 16.4 lacks.
OLDER: Final = """
delete HTMLElement.prototype.attachInternals;
delete CSSStyleSheet.prototype.replaceSync;
delete Document.prototype.adoptedStyleSheets;
delete ShadowRoot.prototype.adoptedStyleSheets;
"""


def write_form(package: Path, folder: Path, early: str = "") -> Path:
    site = Path(shutil.copytree(package, folder / "site"))
    (site / "count.js").write_text(early + COUNT_ANSWERS, encoding="utf-8")
    write_page(site, IN_FORM, ("count.js", "phrase-classifier.js"))
    return site


def test_a_form_sends_the_text_by_its_name_and_resets_it(visit: Open, package: Path, tmp_path: Path) -> None:
    visitor = visit()
    with Server(write_form(package, tmp_path)) as server:
        page = visitor.open(server.url, WRITTEN)
        sent = "Object.fromEntries(new FormData(form))"
        assert page.evaluate(sent) == {"phrase": "the king"}
        page.get_by_label("Your phrase").fill("To be")
        assert page.evaluate(sent) == {"phrase": "To be"}
        host = "document.querySelector('phrase-classifier')"
        assert page.evaluate(f"[{host}.name, {host}.form === form, form.elements.phrase === {host}]") == [
            "phrase",
            True,
            True,
        ]
        page.evaluate("document.querySelector('fieldset').disabled = true")
        assert page.evaluate(sent) == {}
        assert page.get_by_label("Your phrase").is_disabled()
        page.evaluate("document.querySelector('fieldset').disabled = false")
        page.get_by_role("button", name="Reset").click()
        assert page.evaluate(f"{host}.value") == "the king"
        assert page.evaluate(sent) == {"phrase": "the king"}
        page.evaluate(f"{host}.name = 'other'; {host}.value = undefined")
        assert page.evaluate(sent) == {"other": ""}
        page.evaluate(f"{host}.removeAttribute('text'); {host}.setAttribute('value', 'the ship'); form.reset()")
        assert page.evaluate(sent) == {"other": "the ship"}
    assert quiet(visitor)


def test_it_answers_and_is_styled_where_sheets_and_internals_are_missing(
    visit: Open, package: Path, tmp_path: Path, rounded: Classifier
) -> None:
    site = write_form(package, tmp_path, OLDER)
    page_text = (site / "index.html").read_text(encoding="utf-8")
    policy = page_text.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    (site / "index.html").write_text(policy, encoding="utf-8")
    visitor = visit()
    with Server(site) as server:
        page = visitor.open(server.url, WRITTEN)
        assert shares(page) == expected(rounded, "the king")
        assert page.locator("phrase-classifier .field").evaluate("field => getComputedStyle(field).display") == "block"
        assert page.evaluate("document.querySelector('phrase-classifier').form") is None
    assert quiet(visitor)
