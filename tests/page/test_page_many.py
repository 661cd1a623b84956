"""The page of a model with many labels: the list can be searched, the quiz offers a few, and nothing overflows."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.settings import Settings
from export.targets import web
from tests.support.pages.browser import Open, Server, type_phrase
from tests.support.runtimes.oracle import answers, made_constants, write_model
from trainer.data.corpus import Phrase
from trainer.evaluation.metrics import metrics, tally
from trainer.run import Run, write_phrases
from trainer.text.windows import split_ids

LABELS = tuple(f"a rather long intent {number:03d}" for number in range(300))
PHRASE = "the king of the many ships"


@pytest.fixture(scope="module")
def many(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of random numbers under three hundred labels."""
    dist, run_path = tmp_path_factory.mktemp("many"), tmp_path_factory.mktemp("run")
    vocabulary = replace(trained.vocabulary, labels=LABELS)
    constants = made_constants(len(LABELS), size=vocabulary.size)
    write_model(constants, vocabulary.window, dist / "tfjs")
    phrases = [
        Phrase(phrase.text, LABELS[number % len(LABELS)]) for number, phrase in enumerate(trained.phrases("test")[:300])
    ]
    for part in ("validation", "test"):
        write_phrases(run_path / f"{part}.jsonl", phrases)
    row = split_ids(vocabulary.encode(phrases[0].text), vocabulary.sequence_length)
    known = {"text": phrases[0].text, "probabilities": answers(constants, vocabulary.window, row[:1])[0].tolist()}
    draw = np.random.default_rng(1)
    truth = draw.integers(0, len(LABELS), 600)
    test = metrics(tally(draw.dirichlet(np.ones(len(LABELS)), 600), truth), 0.4, 0)
    run = replace(trained, path=run_path, vocabulary=vocabulary)
    web.write_web(run, known, test, dist, Settings(title="Which intent?").complete(trained.facts))
    return dist / "web"


def test_the_list_is_folded_unfolded_and_searched(visit: Open, many: Path) -> None:
    with Server(many) as server:
        visitor = visit()
        page = visitor.open(server.url)
        type_phrase(page, PHRASE)
        shown = page.locator("#labels .label:visible .name")
        best_first = shown.all_inner_texts()
        assert len(best_first) == 8
        assert not page.locator("#find-label").is_visible()
        page.get_by_role("button", name="Show all 300").click()
        assert shown.count() == 300
        assert shown.all_inner_texts()[:8] == best_first
        shares = page.locator("#labels .bar").evaluate_all(
            "(all) => all.map((bar) => bar.style.getPropertyValue('--share'))"
        )
        assert [float(share) for share in shares] == sorted(map(float, shares), reverse=True)
        page.get_by_label("Find a label").fill("INTENT 29")
        assert sorted(shown.all_inner_texts()) == [f"a rather long intent {number}" for number in range(290, 300)]
        page.get_by_role("button", name="Show the first 8 only").click()
        assert shown.all_inner_texts() == best_first
        assert not page.locator("#find-label").is_visible()
        assert visitor.complaints == []


def test_the_quiz_offers_the_truth_among_a_few(visit: Open, many: Path, trained: Run) -> None:
    truth = {phrase.text: LABELS[number] for number, phrase in enumerate(trained.phrases("test")[:300])}
    with Server(many) as server:
        page = visit().open(server.url)
        for _ in range(3):
            choices = page.locator(".choice")
            said = choices.all_inner_texts()
            assert len(said) == len(set(said)) == 8
            right = truth[page.locator("#quiz-phrase").inner_text()]
            choices.nth(said.index(right)).click()
            page.wait_for_selector("#quiz-after:not([hidden])")
            assert page.locator(".choice.right").inner_text() == right
            assert page.locator("#quiz-verdict").inner_text().startswith(f"It was {right}. You were right.")
            page.get_by_role("button", name="Next phrase").click()


def test_examples_come_from_all_labels(many: Path) -> None:
    page = (many / "index.html").read_text(encoding="utf-8")
    (config,) = re.findall(r'id="byline-config">(.*?)</script>', page)
    chosen = [LABELS.index(example["label"]) for example in json.loads(config)["examples"]]
    assert len(set(chosen)) == web.EXAMPLES
    assert min(chosen) < 100 < 200 < max(chosen)


def test_nothing_overflows_a_narrow_screen(visit: Open, many: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,number\n" + f"{PHRASE},1\n" * 5, encoding="utf-8")
    with Server(many) as server:
        page = visit(viewport={"width": 320, "height": 640}).open(server.url)
        type_phrase(page, PHRASE)
        page.get_by_role("button", name="Show all 300").click()
        page.locator("#table-file").set_input_files(tmp_path / "rows.csv")
        page.wait_for_selector("#table[data-state=done]")
        page.get_by_label("Label of row 1").focus()
        assert page.get_by_label("Label of row 1").locator("option").count() == 301
        assert page.get_by_label("Label of row 2").locator("option").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") == 320
