"""20,000 generated strings, and every code point, give the same pieces in every runtime."""

import unicodedata
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import pytest
from playwright.sync_api import Browser

from export.proof import fuzz_strings
from tests.support.places import vectors
from tests.support.runtimes.readers import mismatches, readers
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

COUNT = 20_000
VOCABULARIES = vectors("tokenizer.json")["vocabularies"]


def test_strings_are_many_and_hold_what_breaks_tokenizers(trained: Run) -> None:
    strings = fuzz_strings.strings(trained.vocabulary, 1)
    assert len(strings) == fuzz_strings.COUNT
    assert strings == fuzz_strings.strings(trained.vocabulary, 1)
    assert max(len(trained.vocabulary.encode(string)) for string in strings) > 9_000
    needles = ("\0", "\r\n", "’", "'", "e\u0301", "🙂", "7", "<pad>", "\ud83d", "\u00ad", "\u200d", "İ", "\u0640")
    for needle in needles:
        assert any(needle in string for string in strings), repr(needle)
    assert "" in strings
    scripts = {unicodedata.name(character, "?").split(" ")[0] for string in strings for character in string}
    wanted = {"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "DEVANAGARI", "THAI", "LAO", "MYANMAR", "KHMER"}
    assert wanted | {"GEORGIAN", "HANGUL", "HIRAGANA", "KATAKANA", "CJK"} <= scripts


@pytest.mark.slow
def test_every_code_point_is_asked_once() -> None:
    strings = fuzz_strings.every_code_point()
    assert sum(string.count("a") for string in strings) >= 0x10FFFF - 0x800
    assert len({character for string in strings for character in string}) == 0x10FFFF - 0x800


def test_every_runtime_reads_the_same_pieces(trained: Run, chromium: Browser, python: Path, tmp_path: Path) -> None:
    asked = readers(trained.vocabulary, tmp_path, chromium, python)
    assert len(asked) == 5
    codes = fuzz_strings.every_code_point()[::9]  # of all of them the benchmark asks
    texts = codes + fuzz_strings.strings(trained.vocabulary, 3, COUNT - len(codes))
    assert len(texts) == COUNT
    found = mismatches(trained.vocabulary, asked, texts)
    assert {name: wrong[:3] for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_runtime_reads_other_languages_alike(name: str, chromium: Browser, python: Path, tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_json(VOCABULARIES[name], name)
    texts = [case["text"] for case in vectors("tokenizer.json")["cases"]] + fuzz_strings.strings(vocabulary, 4, 500)
    if vocabulary.reads_capitals:  # the mobile clients lower-case A to Z before they read, whatever the vocabulary says
        texts = [text.translate(str.maketrans(ascii_uppercase, ascii_lowercase)) for text in texts]
    found = mismatches(vocabulary, readers(vocabulary, tmp_path, chromium, python), texts)
    assert {of: wrong[:3] for of, wrong in found.items() if wrong} == {}
