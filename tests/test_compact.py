"""The vocabulary as a page downloads it: folded, it is small, and either language finds every token's id in it."""

import json
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_javascript import evaluate, vectors

from export.compact import FORMAT, compact, look_up
from trainer.run import Run
from trainer.text.vocabulary import APOSTROPHES, Vocabulary, count, word_characters_of

LOOK_UP = """
import { readFileSync } from "node:fs";
import { lookUp } from "./engine/compact.js";
import { countIds } from "./engine/tokenizer.js";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(([vocabulary, tokens]) => {
  const idOf = lookUp(vocabulary);
  return [tokens.map((token) => idOf(token) ?? null), countIds(vocabulary)];
})));
"""
# Capitals that are two letters, that two letters share, that decompose, or that are none; marks; apostrophes anywhere.
ODD = (
    "straße STRASSE Straße ẞ",
    "ﬁnd ﬂow FIND Find",
    "'twas ’Twas 'TWAS ''tis o’er o'er '' ’ ' O'Neil O’NEIL",
    "σοφός ΣΟΦΌΣ Σοφός σοφόσ ſin sin Sin SIN",
    "ı i I İ istanbul İstanbul ISTANBUL ıstanbul",
    "ŉ ǰ ΐ ǆ ǅ Ǆ ʼn",
    "x̌y X̌Y café CAFÉ cafe\u0301 Éa éa",
    "ა Ა ꭰ Ꭰ 𐐨𐐩 𐐀𐐁 𐐀𐐩 中 数 هو",
    "the The THE tHe THe thE and AND aNd",
    "constructor __proto__ 1 2 10 ⅷ Ⅷ ⓐ Ⓐ",
)
LETTERS = st.sampled_from("aAbBßẞſsSıiİI'’ﬁσςΣǆǅŉé𐐨𐐀1")
FORMS = st.text(LETTERS, min_size=1, max_size=4).map(lambda text: unicodedata.normalize("NFC", text))
# Words whose forms follow from nothing: any partition of any forms.
PARTITIONS = st.lists(FORMS, unique=True, max_size=12).flatmap(
    lambda forms: st.lists(st.integers(0, 3), min_size=len(forms), max_size=len(forms)).map(
        lambda places: tuple(
            tuple(form for form, at in zip(forms, places, strict=True) if at == place) for place in sorted(set(places))
        )
    )
)


def tokens_for(vocabulary: Vocabulary) -> list[str]:
    """Every form, and what is near one: other capitals, other apostrophes, a letter more."""
    near = set(vocabulary.ids)
    for change in (str.lower, str.upper, str.title, str.swapcase, str.capitalize):
        near |= {unicodedata.normalize("NFC", change(form)) for form in vocabulary.ids}
    for old, new in ("'’", "’'"):
        near |= {form.replace(old, new) for form in near} | {form.replace(old, new, 1) for form in near}
    near |= {f"{form}{more}" for form in vocabulary.ids for more in "aA'"}
    return sorted(near - {""})


def finds(vocabularies: Sequence[Vocabulary]) -> None:
    """Holds the folded vocabularies against the whole ones: the same id for every token, or none."""
    cases = [(json.loads(json.dumps(compact(vocabulary))), tokens_for(vocabulary)) for vocabulary in vocabularies]
    answers = evaluate(LOOK_UP, cases)
    for vocabulary, (folded, tokens), (ids, size) in zip(vocabularies, cases, answers, strict=True):
        expected = {token: vocabulary.ids.get(token) for token in tokens}
        id_of = look_up(folded)
        assert {token: id_of(token) for token in tokens} == expected
        assert dict(zip(tokens, ids, strict=True)) == expected
        assert size == vocabulary.size


def counted(texts: Sequence[str], punctuation: bool) -> Vocabulary:
    return count(texts, ("a", "b"), 4, 1, 1_000, punctuation)


@pytest.mark.parametrize("punctuation", [False, True])
def test_odd_words_are_found_by_their_own_forms_alone(punctuation: bool) -> None:
    marked = [f"{text}! “{text}”, – {text} — “” ‘{text}’ €" for text in ODD]
    finds([*(counted([text], punctuation) for text in marked), counted(marked, punctuation)])


@settings(max_examples=25, deadline=None)
@given(st.lists(PARTITIONS, min_size=1, max_size=20))
def test_any_forms_under_any_words_are_found(cases: list[tuple[tuple[str, ...], ...]]) -> None:
    characters = word_characters_of(form for words in cases for forms in words for form in forms)
    finds([Vocabulary(characters, words, ("a", "b"), 4) for words in cases])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(FORMS, min_size=1, max_size=12), min_size=1, max_size=20), st.booleans())
def test_any_text_that_is_counted_is_found(cases: list[list[str]], punctuation: bool) -> None:
    finds([counted([" ".join(words) + "!"], punctuation) for words in cases])


def test_a_vocabulary_without_words_has_none() -> None:
    finds([Vocabulary(word_characters_of(()), (), ("a", "b"), 4)])


def test_what_a_page_downloads_is_the_trained_vocabulary_and_smaller(trained: Run) -> None:
    finds([trained.vocabulary])
    whole = trained.vocabulary.to_json()
    folded, unfolded = (json.dumps(value, ensure_ascii=False) for value in (compact(trained.vocabulary), whole))
    assert len(folded) < 0.5 * len(unfolded)


def test_the_contract_is_the_same_but_for_the_words(trained: Run) -> None:
    folded, whole = compact(trained.vocabulary), trained.vocabulary.to_json()
    assert folded["format"] == FORMAT
    assert {key: value for key, value in folded.items() if key not in ("format", "words", "capitals", "forms")} == {
        key: value for key, value in whole.items() if key not in ("format", "words")
    }


@pytest.mark.parametrize("mode", ["words", "punctuation"])
def test_the_vectors_vocabulary_is_found(mode: str) -> None:
    given_ = vectors("tokenizer.json")
    value = (given_ if mode == "words" else given_[mode])["vocabulary"]
    finds([Vocabulary.from_json(value, "the vectors")])


def test_either_apostrophe_stands_for_the_other() -> None:
    vocabulary = counted(["'twas o'er"], False)
    for apostrophe in APOSTROPHES:
        assert vocabulary.ids[f"{apostrophe}Twas"] == vocabulary.ids["'twas"]
    assert compact(vocabulary)["forms"] == {}  # all of it follows
