"""What the tests of the page look at, and what it should be."""

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from export.proof import parity
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.text.normalization import SPACE

KEPT: Final = "#offline:not([hidden])"
SHOWN: Final = parity.TOLERANCE + 0.00005  # a bar's share is written with four decimals
MARKUP: Final = "</script><b>title</b><img src=x onerror=alert(1)>"
LABELS: Final = ("</script><b>bold</b>", "\"quoted\" & 'so' <i>", "هوميروس", "Overlong" * 16)


def replace_script(site: Path, name: str, text: str) -> None:
    """Puts another script in a script's place, and its SHA-256 into the page, as a build with it would."""
    index, script = site / "index.html", site / name
    page = index.read_text(encoding="utf-8")
    for form in (lambda digest: digest.hex(), lambda digest: base64.b64encode(digest).decode()):
        old, new = (form(hashlib.sha256(data).digest()) for data in (script.read_bytes(), text.encode()))
        page = page.replace(old, new)
    index.write_text(page, encoding="utf-8")
    script.write_text(text, encoding="utf-8")


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
    """As many words, each of one piece."""
    vocabulary = rounded.vocabulary
    words = [piece[1:] for piece in vocabulary.pieces if piece[:1] == SPACE and piece[1:].isalpha() and len(piece) > 3]
    whole = [word for word, ids in zip(words, vocabulary.encode_all(words), strict=True) if len(ids) == 1]
    assert len(whole) >= count
    return " ".join(whole[:count])


def words_of(rounded: Classifier, text: str) -> list[str]:
    """The words that the page marks."""
    return [text[word.start : word.end] for word in rounded.vocabulary.words(text)]


def surest(trained: Run, rounded: Classifier) -> str:
    """A phrase whose label the page names under any threshold."""
    texts = [phrase.text for phrase in trained.phrases("test")[:200]]
    return texts[int(rounded.probabilities(texts).max(axis=1).argmax())]


def style(page: Page, selector: str, name: str, pseudo: str = "") -> str:
    program = "([selector, name, pseudo]) => getComputedStyle(document.querySelector(selector), pseudo || null)[name]"
    return str(page.evaluate(program, [selector, name, pseudo]))


# Puts a text into the field, and keeps the milliseconds of each task over 50 from then on in `tasks`.
TYPE_AND_WATCH: Final = """(text) => {
    const field = document.getElementById("phrase");
    field.value = text;
    globalThis.tasks = [];
    return new Promise((resolve) => setTimeout(() => {
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
            .observe({ entryTypes: ["longtask"] });
        field.dispatchEvent(new Event("input"));
        resolve();
    }, 100));
}"""


# Texts whose contrast with what lies behind them is under what WCAG 2 asks at level AA.
FAINT: Final = """() => {
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


# All rules but those that axe itself calls experimental.
RUN_AXE: Final = """async () => {
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    return [told, passes.length];
}"""
