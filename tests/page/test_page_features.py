"""What a visitor can do on the page, in headless Chromium: see why, compare, share, guess, and read a whole list."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.support.pages.browser import Open, Visit, type_phrase
from tests.support.pages.looking import SHOWN, expected, known_phrase, shown, surest, words_of
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.text.windows import average, split_ids

PHRASE = "To be, or not to be, that is the question"
READ = "#effect:not(:empty)"


def words(page: Page) -> list[str]:
    return page.locator(".word").all_text_contents()


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    others = probabilities.sum(axis=-1, keepdims=True) - probabilities
    odds: NDArray[np.float64] = np.log(probabilities) - np.log(others)
    return odds


# Why


def test_each_word_is_coloured_by_the_label_that_it_speaks_for_and_says_by_how_much(
    visit: Open, site: str, trained: Run, rounded: Classifier
) -> None:
    page, text = visit().open(site), " ".join(words_of(rounded, surest(trained, rounded))[:8])
    type_phrase(page, text)
    page.wait_for_selector(READ)
    tokens = words_of(rounded, text)
    assert words(page) == tokens
    (whole,) = rounded.probabilities([text])
    without = rounded.probabilities([" ".join(tokens[:left] + tokens[left + 1 :]) for left in range(len(tokens))])
    best, labels = int(whole.argmax()), rounded.vocabulary.labels
    of_words = log_odds(whole)[best] - log_odds(without)[:, best]
    coloured = 0
    for place, of_word in enumerate(of_words):
        word = page.locator(".word").nth(place)
        word.hover()
        said = page.locator("#effect").inner_text()
        if abs(of_word) < 0.19:
            assert word.get_attribute("data-hue") is None
            assert said == f"“{tokens[place]}” speaks for no label in particular."
        elif abs(of_word) > 0.21:
            coloured += 1
            raised = np.log(whole) - np.log(without[place])
            raised[best] = -np.inf
            spoken_for = best if of_word > 0 else int(raised.argmax())
            assert word.get_attribute("data-hue") == str(spoken_for)
            against = "" if of_word > 0 else f"against {labels[best]} and "
            assert said.startswith(f"“{tokens[place]}” speaks {against}for {labels[spoken_for]}. Without it ")
            strength = page.evaluate(
                "(word) => Number(word.style.getPropertyValue('--strength'))", word.element_handle()
            )
            assert strength == pytest.approx(min(1, abs(of_word) / 2), abs=0.01)
            next_label = labels[max(set(range(len(labels))) - {best}, key=lambda label: without[place, label])]
            assert re.search(rf"(next is|the answer is) {re.escape(next_label)}, ", said)
            if "goes from" in said:
                before, after = (float(part) for part in re.findall(r"goes from [<>]?(\d+)% to [<>]?(\d+)%", said)[0])
                assert before == pytest.approx(100 * whole[best], abs=1.01)
                assert after == pytest.approx(100 * without[place, best], abs=1.01)
    assert coloured >= 2


def test_in_a_long_text_a_word_is_left_out_of_its_own_window(visit: Open, site: str, rounded: Classifier) -> None:
    page, text = visit().open(site), known_phrase(rounded, 80)
    answers = page.evaluate(
        "async (text) => [await byline.explain(text), await byline.leaveOneOut(text, { start: 36, end: 37 })]", text
    )
    ids = rounded.vocabulary.encode(text)
    windows = split_ids(ids, rounded.vocabulary.sequence_length)
    (windows[1],) = split_ids(ids[32:36] + ids[37:64], rounded.vocabulary.sequence_length)
    # The third reaches back to 48 and has it not.
    model = rounded.model.predict(windows, verbose=0)
    assert len(answers[0]["windows"]) == 3
    assert answers[1] == [pytest.approx(average(model), abs=1e-4)]


def test_arrows_lead_from_word_to_word_and_tab_to_one_of_them(visit: Open, site: str) -> None:
    page = visit().open(site)
    type_phrase(page, PHRASE)
    page.wait_for_selector(READ)
    assert page.evaluate("document.querySelectorAll('.word[tabindex=\"0\"]').length") == 1
    page.locator(".word").first.focus()
    focused = "document.activeElement.textContent"
    for key, word in (("ArrowRight", "be"), ("End", "question"), ("ArrowLeft", "the"), ("Home", "To")):
        page.keyboard.press(key)
        assert page.evaluate(focused) == word
        assert f"“{word}”" in page.locator("#effect").inner_text()
    page.keyboard.press("ArrowLeft")  # there is none before it
    assert page.evaluate(focused) == "To"


def test_strip_shows_where_each_label_speaks_and_leads_into_the_text(
    visit: Open, site: str, rounded: Classifier
) -> None:
    page = visit().open(site)
    type_phrase(page, PHRASE)
    assert not page.locator("#segments").is_visible()
    text = " ".join([known_phrase(rounded, 160)] * 4)
    type_phrase(page, text)
    segments = page.locator(".segment")
    assert segments.count() == 20
    ids = rounded.vocabulary.encode(text)
    second = rounded.model.predict(split_ids(ids[32:64], rounded.vocabulary.sequence_length), verbose=0)[0]
    best = int(second.argmax())
    label = segments.nth(1).get_attribute("aria-label") or ""
    assert label.startswith("Words 33 to 64: ")
    assert rounded.vocabulary.labels[best] in label
    segments.nth(18).click()
    assert segments.nth(18).get_attribute("aria-pressed") == "true"
    chosen = page.locator(".word.chosen").all_text_contents()
    assert chosen == text.split()[18 * 32 : 19 * 32]
    type_phrase(page, known_phrase(rounded, 200) + " " + known_phrase(rounded, 200) * 9)
    assert segments.count() <= 48


# Compare and share


def with_clipboard(visitor: Visit, site: str, text: str) -> Page:
    """The page with a phrase in it, where scripts may read what it copies."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(site)
    type_phrase(page, text)
    return page


def test_two_phrases_are_compared_and_swapped(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    type_phrase(page, PHRASE)
    page.get_by_role("button", name="Compare", exact=True).click()
    other = "Achilles sing, O Goddess! Peleus' son"
    type_phrase(page, other)
    assert page.locator("#compared-text").inner_text() == f"Compared with “{PHRASE}”"
    kept = page.evaluate(
        "Array.from(document.querySelectorAll('.bar.other'), (bar) => bar.style.getPropertyValue('--share'))"
    )
    assert [float(share) for share in kept] == pytest.approx(list(rounded.probabilities([PHRASE])[0]), abs=SHOWN)
    assert shown(page) == expected(rounded, other)
    assert "in the phrase that is compared" in (page.get_by_role("meter").first.get_attribute("aria-valuetext") or "")
    page.get_by_role("button", name="Swap").click()
    page.wait_for_selector("#answer[aria-busy=false]")
    assert page.get_by_label("Your phrase").input_value() == PHRASE
    assert page.locator("#compared-text").inner_text() == f"Compared with “{other}”"
    page.get_by_role("button", name="Stop comparing").click()
    assert page.locator(".bar.other").count() == 0
    assert not page.locator("#compared").is_visible()


def test_link_carries_the_phrase_behind_its_number_sign(visit: Open, site: str, rounded: Classifier) -> None:
    text = 'To be & not=to be? “50 %” + #1 هوميروس\n"ok"'
    visitor = visit()
    page = with_clipboard(visitor, site, text)
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_selector("#copied:not(:empty)")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{site}#text=")
    asked = []
    visitor.context.on("request", lambda request: asked.append(request.url))
    page.goto("about:blank")
    visitor.open(link)
    page.wait_for_selector("#answer[aria-busy=false]")
    assert page.get_by_label("Your phrase").input_value() == text
    assert shown(page) == expected(rounded, text)
    page.evaluate(f"location.hash = 'text={quote('the king')}'")
    page.wait_for_selector("#reading-words:has-text('the king')")
    assert shown(page) == expected(rounded, "the king")
    assert [url for url in asked if "text=" in url.split("#")[0]] == []
    type_phrase(page, "king " * 2_000)
    page.get_by_role("button", name="Copy link").click()
    assert page.locator("#copied").inner_text() == "This text is too long for a link."


def test_result_is_copied_as_a_line_and_the_page_says_when_it_cannot(
    visit: Open, site: str, rounded: Classifier
) -> None:
    page = with_clipboard(visit(), site, PHRASE)
    page.get_by_role("button", name="Copy result").click()
    page.wait_for_selector("#copied:has-text('The result is copied.')")
    line = page.evaluate("navigator.clipboard.readText()")
    best = rounded.rank([PHRASE])[0][0]
    assert line.startswith(f"“{PHRASE}” — {best['label']} {100 * float(best['score']):.0f}%, ")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="Copy result").click()
    page.wait_for_selector("#copied:has-text('This browser does not let the page copy.')")


# Guess


def test_a_guess_is_answered_with_the_truth_and_the_models_answer(
    visit: Open, site: str, trained: Run, rounded: Classifier
) -> None:
    labels = rounded.vocabulary.labels
    truth = {phrase.text: phrase.label for phrase in trained.phrases("test")}
    page = visit().open(site)
    you = model = 0
    for played in range(1, 5):
        text = page.locator("#quiz-phrase").inner_text()
        best = rounded.rank([text])[0][0]
        page.locator(".choice").nth(1).click()
        page.wait_for_selector("#quiz-after:not([hidden])")
        named = best["label"] if float(best["score"]) >= trained.threshold else None
        you, model = you + (truth[text] == labels[1]), model + (truth[text] == named)
        said = page.locator("#quiz-verdict").inner_text()
        assert said.startswith(f"It was {truth[text]}. ")
        assert ("You were right." in said) == (truth[text] == labels[1])
        assert str(best["label"]) in said or "right" in said.split("The model")[1]
        assert page.locator("#score").inner_text() == (
            f"After {played} phrase{'s' if played > 1 else ''}: you {you}, the model {model}."
        )
        assert page.locator(".choice:enabled").count() == 0
        assert page.locator(".choice.right").inner_text().startswith(truth[text])
        page.get_by_role("button", name="Next phrase").click()
        assert page.locator(".choice:enabled").count() == len(labels)
        assert page.locator("#quiz-phrase").inner_text() != text
    text = page.locator("#quiz-phrase").inner_text()
    page.locator(".choice").first.click()
    page.get_by_role("button", name="Look closer").click()
    assert page.get_by_label("Your phrase").input_value() == text


# A whole list


def give(page: Page, name: str, content: bytes) -> None:
    page.locator("#table-file").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})


def downloaded(page: Page) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as CSV").click()
    assert waiting.value.suggested_filename == "byline-labels.csv"
    content = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    delimiter = ";" if ";" in content.splitlines()[0] else ","
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))


def test_a_csv_is_answered_row_by_row_and_kept_with_its_columns(
    visit: Open, site: str, trained: Run, rounded: Classifier
) -> None:
    phrases = trained.phrases("test")[:150]
    texts = ['He said: "Go, now"\nand went', "", *(phrase.text for phrase in phrases)]
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=";").writerows(
        [["id", "text", "remark"], *([row, text, "x;y"] for row, text in enumerate(texts))]
    )
    visitor = visit()
    page = visitor.open(site)
    give(page, "rows.csv", sheet.getvalue().encode())
    page.wait_for_selector("#table[data-state=done]")
    assert page.locator("#table-column").evaluate("(select) => select.selectedOptions[0].text") == "text"
    assert "152 rows, in " in page.locator("#table-status").inner_text()
    assert page.locator("#table-rows tr").count() == 100
    page.get_by_role("button", name="Show more rows").click()
    assert page.locator("#table-rows tr").count() == 152
    assert not page.locator("#table-more").is_visible()
    header, *rows = downloaded(page)
    labels = rounded.vocabulary.labels
    of_labels = [f"p({label})" for label in labels]
    assert header == ["id", "text", "remark", "label", "nearest", "confidence", "corrected", *of_labels]
    probabilities = rounded.probabilities(texts)
    assert len(rows) == len(texts)
    for row, text, of_text in zip(rows, texts, probabilities, strict=True):
        assert row[1:3] == [text, "x;y"]
        assert [float(value) for value in row[7:]] == pytest.approx(list(of_text), abs=SHOWN)
        sure = of_text.max() >= trained.threshold and rounded.vocabulary.known_words(text) > 0
        assert row[3] == (labels[int(of_text.argmax())] if sure else "")
        assert row[4] == labels[int(of_text.argmax())]
    page.locator("#table-column").select_option("remark")
    page.wait_for_selector("#table-rows td:first-child:has-text('x;y')")
    assert (visitor.complaints, visitor.foreign) == ([], [])


def test_a_text_file_is_a_phrase_a_line(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    give(page, "lines.txt", "\ufeffthe king, he\r\n\r\nAchilles\rO Muse\n".encode())
    page.wait_for_selector("#table[data-state=done]")
    assert not page.locator("#table-columns").is_visible()
    _, *rows = downloaded(page)
    assert [row[0] for row in rows] == ["the king, he", "Achilles", "O Muse"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.csv", b"text,label\n", "There is no text in none.csv."),
        ("blank.txt", b" \n\n", "There is no text in blank.txt."),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00", "picture.csv cannot be read here. A text file, CSV"),
        ("damaged.txt", "Müller und Söhne".encode() + b"\xff", "damaged.txt cannot be read here. A text file, CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    visit: Open, site: str, name: str, content: bytes, complaint: str
) -> None:
    page = visit().open(site)
    give(page, name, content)
    page.wait_for_selector("#table-complaint:not([hidden])")
    assert page.locator("#table-complaint").inner_text().startswith(complaint)
    give(page, "good.txt", b"the king")
    page.wait_for_selector("#table[data-state=done]")
    assert not page.locator("#table-complaint").is_visible()


def test_a_long_list_leaves_the_page_alive_and_can_be_stopped(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    give(page, "long.txt", "\n".join([known_phrase(rounded, 16)] * 60_000).encode())
    page.wait_for_selector("#table[data-state=reading]")
    type_phrase(page, PHRASE)
    assert page.get_attribute("#table", "data-state") == "reading"
    assert shown(page) == expected(rounded, PHRASE)
    page.get_by_role("button", name="Cancel").click()
    assert page.get_attribute("#table", "data-state") == "cancelled"
    stopped = re.fullmatch(r"Stopped after ([\d,]+) rows\.", page.locator("#table-status").inner_text())
    assert stopped
    assert 0 < int(stopped[1].replace(",", "")) < 60_000
    give(page, "short.txt", b"the king")
    page.wait_for_selector("#table[data-state=done]")
    assert "1 row, in " in page.locator("#table-status").inner_text()


def test_a_dropped_file_is_read_like_a_chosen_one(visit: Open, site: str) -> None:
    page = visit().open(site)
    transfer = page.evaluate_handle("""() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["the king\\nO Muse"], "dropped.txt"));
        return transfer;
    }""")
    page.dispatch_event("#table", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#table[data-state=done]")
    assert page.locator("#table-rows tr").count() == 2


# Words


def test_the_page_counts_words_and_no_punctuation(visit: Open, site: str, rounded: Classifier) -> None:
    page = visit().open(site)
    one, two, three = known_phrase(rounded, 3).split()
    for text, note in (
        (f"{one} {two}, {three}!", "All 3 words known."),
        (f"{one} qzxjq, {two}", "2 of 3 words known."),
        (f"“{one}!”", "Its one word is known."),
        ("qzxjq!", "Its one word is not known: the answer is little more than a guess."),
        (f"{one} " * 120 + "!!!", "All 120 words known. Read in 4 windows; the answer is drawn from all of them."),
    ):
        type_phrase(page, text)
        assert page.locator("#reading-notes").text_content() == note
    type_phrase(page, "!!!")
    assert not page.locator("#reading").is_visible()


def test_of_a_script_without_spaces_each_piece_is_a_word(visit: Open, site: str, rounded: Classifier) -> None:
    page, word = visit().open(site), known_phrase(rounded, 1)
    type_phrase(page, f"{word}日本{word}、東京 ไทย")
    assert [text.split(" (")[0] for text in words(page)] == words_of(rounded, f"{word}日本{word}、東京 ไทย")
    assert len(words(page)) >= 4


def test_examples_are_of_the_test_split(dist_path: Path, trained: Run) -> None:
    page = (dist_path / "web" / "index.html").read_text(encoding="utf-8")
    config = json.loads(page.split('id="byline-config">')[1].split("</script>")[0])
    truth = {(phrase.text, phrase.label) for phrase in trained.phrases("test")}
    given = {(example["text"], example["label"]) for example in config["examples"]}
    assert len(given) == 24
    assert given <= truth
