"""The tokenizer contract, which every runtime interprets: `tests/vectors/tokenizer.json` is read in JavaScript too."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trainer import vocabulary as module
from trainer.errors import UserError
from trainer.vocabulary import (
    UNKNOWN_ID,
    Vocabulary,
    count,
    is_mark,
    ranges,
    token_pattern,
    word_characters_of,
    words_of,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "tokenizer.json").read_text(encoding="ascii"))
TEXTS = ("The cat sat. The CAT’S mat, the Émigré's hat!", "'Twas the cat's café; 'twas the end", "½ of 12 cats: Ελλάδα")


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="ascii")
    return path


@pytest.fixture(scope="module")
def of_vectors(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return Vocabulary.read(write(tmp_path_factory.mktemp("vectors") / "vocabulary.json", VECTORS["vocabulary"]))


@pytest.fixture(scope="module")
def of_marks(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    content = VECTORS["punctuation"]["vocabulary"]
    return Vocabulary.read(write(tmp_path_factory.mktemp("vectors") / "vocabulary.json", content))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: ascii(case["text"])[1:31])
def test_text_becomes_tokens_and_ids_as_the_shared_vectors_say(of_vectors: Vocabulary, case: dict[str, Any]) -> None:
    assert of_vectors.tokenize(case["text"]) == case["tokens"]
    assert of_vectors.encode(case["text"]) == case["ids"]


@pytest.mark.parametrize("case", VECTORS["punctuation"]["cases"], ids=lambda case: ascii(case["text"])[1:31])
def test_text_becomes_words_and_marks_as_the_shared_vectors_say(of_marks: Vocabulary, case: dict[str, Any]) -> None:
    assert of_marks.tokenize(case["text"]) == case["tokens"]
    assert of_marks.encode(case["text"]) == case["ids"]


# What `count` makes of training text.


def counted(*texts: str, minimum_count: int = 1, maximum_words: int = 100, punctuation: bool = False) -> Vocabulary:
    return count(texts, ["one", "two"], 16, minimum_count, maximum_words, punctuation)


def test_ids_are_dense_and_run_by_frequency_then_alphabet() -> None:
    vocabulary = counted("b b b a a c", "d d")
    assert [forms[0] for forms in vocabulary.words] == ["b", "a", "d", "c"]
    assert [vocabulary.ids[word] for word in "badc"] == [2, 3, 4, 5]
    assert vocabulary.size == 6


def test_occurrences_in_every_case_and_with_either_apostrophe_count_as_one_word() -> None:
    vocabulary = counted("Don't don’t DON'T", "mild mild", minimum_count=3)
    assert [forms[0] for forms in vocabulary.words] == ["don't"]


def test_a_words_forms_share_its_id() -> None:
    vocabulary = counted("'twas the cat's caf\u00e9")
    for forms in (
        ("the", "The", "THE"),
        ("'twas", "'Twas", "'TWAS", "’twas", "’Twas", "’TWAS"),
        ("cat's", "Cat's", "CAT'S", "cat’s", "Cat’s", "CAT’S"),
        ("caf\u00e9", "Caf\u00e9", "CAF\u00c9"),
    ):
        (word_id,) = {vocabulary.ids[form] for form in forms}
        assert vocabulary.words[word_id - 2][0] == forms[0]
        assert set(vocabulary.words[word_id - 2]) == set(forms)


def test_a_spelling_that_training_text_has_is_a_form_and_one_that_it_has_not_is_unknown() -> None:
    vocabulary = counted("MacDuff the")
    assert vocabulary.encode("MacDuff Macduff MACDUFF macDuff tHe") == [vocabulary.ids["macduff"]] * 3 + [1, 1]


def test_no_form_stands_twice_even_where_two_words_have_one_capital_form() -> None:
    vocabulary = counted("stra\u00dfe strasse stra\u00dfe Strasse STRASSE strasse \u017fo so")
    forms = [form for of_word in vocabulary.words for form in of_word]
    assert len(forms) == len(set(forms))
    assert vocabulary.ids["stra\u00dfe"] != vocabulary.ids["strasse"]


@pytest.mark.parametrize("punctuation", [False, True])
def test_a_form_that_no_text_can_spell_with_the_word_characters_is_left_out(punctuation: bool) -> None:
    """A capital J with a caron is two characters, a small one is one, which the text does not have."""
    vocabulary = counted("J\u030c J\u030c", punctuation=punctuation)
    vocabulary.validate("counted")
    assert vocabulary.encode("J\u030c") == [2]
    assert "\u01f0" not in vocabulary.ids


def test_a_rare_word_is_unknown() -> None:
    vocabulary = counted("twice twice once", minimum_count=2)
    assert vocabulary.encode("twice once") == [2, UNKNOWN_ID]


def test_of_too_many_words_the_most_frequent_are_kept() -> None:
    vocabulary = counted("c c c b b a", maximum_words=2)
    assert vocabulary.encode("c b a") == [2, 3, UNKNOWN_ID]


def test_labels_and_length_are_taken_over() -> None:
    vocabulary = count(["a"], ["z", "a"], 7, 1, 9)
    assert (vocabulary.labels, vocabulary.sequence_length) == (("z", "a"), 7)


def test_word_characters_are_the_texts_letters_digits_and_marks_in_either_case_ascii_and_apostrophes() -> None:
    found = set(word_characters_of(["\u00e9 \u00bd \u0905\u093f — “x” _ <b> \U0001f451 \u00a0 \u00ad\r\n\0"]))
    assert found >= set("azAZ09'’\u00e9\u00c9\u00bd\u0905\u093f")
    assert not found & set(" —“”_<>&.,-\U0001f451\u00a0\u00ad\r\n\0\u00ea")


def test_word_characters_are_composed() -> None:
    assert {"\u00e9", "\u00c9"} <= set(word_characters_of(["cafe\u0301"]))
    assert "\u0301" not in word_characters_of(["cafe\u0301"])


@settings(max_examples=60, deadline=None)  # the first text of a script compiles an expression
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_a_vocabulary_counted_on_any_text_keeps_the_contract(texts: list[str]) -> None:
    vocabulary = counted(*texts)
    vocabulary.validate("counted")
    assert sorted(set(vocabulary.ids.values())) == list(range(2, vocabulary.size))
    assert all(vocabulary.ids.get(token, 0) >= 2 for text in texts for token in vocabulary.tokenize(text))


# What `count` makes of it with punctuation.


def test_without_punctuation_no_key_of_the_file_speaks_of_marks() -> None:
    vocabulary = counted("the king, the King!", "“The king…”")
    assert vocabulary.marks == ""
    assert "marks" not in vocabulary.to_json()
    assert vocabulary.encode("the, The king") == [3, 3, 2]


def test_marks_are_counted_and_numbered_among_the_words() -> None:
    vocabulary = counted("no, no, no, no!", "well, well; so", punctuation=True)
    assert [forms[0] for forms in vocabulary.words] == [",", "no", "well", "!", ";", "so"]
    assert vocabulary.marks == "!,;"
    assert vocabulary.encode("no, so: no!!") == [3, 2, 7, 3, 5, 5]


def test_a_rare_mark_delimits_and_so_does_one_beyond_the_most_words() -> None:
    vocabulary = counted("so, so, so; end-end", minimum_count=2, punctuation=True)
    assert vocabulary.marks == ","
    assert vocabulary.tokenize("so;so, end-end") == ["so", "so", ",", "end", "end"]
    assert counted("so, so, so.", maximum_words=2, punctuation=True).marks == ","


def test_marks_are_punctuation_and_symbols_and_nothing_that_a_word_or_a_reserved_token_needs() -> None:
    text = "a'b ’ <c> $ + ^ — \U0001f451 1 ½ \u0301\u0905\u093f \u00a0\u00ad\u200b\u2028\0\t \ue000 _ \u037e"
    vocabulary = counted(text, punctuation=True)
    assert set(vocabulary.marks) == set("$+^—–\U0001f451_;")
    assert not any(map(is_mark, ["'", "’", "<", ">", "a", "1", " ", "", ",,"]))
    assert vocabulary.encode("<PAD> <UNKNOWN>") == [UNKNOWN_ID, UNKNOWN_ID]


def test_curly_quotes_are_the_straight_one_and_long_dashes_are_one() -> None:
    vocabulary = counted("“so” – so-so — …", punctuation=True)
    assert {forms for forms in vocabulary.words if is_mark(forms[0])} == {('"', "“", "”"), ("—", "–"), ("-",), ("…",)}
    assert set(vocabulary.marks) == set('"“”—–-…')


def test_a_writing_with_capitals_that_is_frequent_is_a_word_of_its_own() -> None:
    vocabulary = counted("The the the the THE. The love Love LOVE LOVE love", minimum_count=2, punctuation=True)
    assert vocabulary.words == (("the", "THE"), ("love", "Love"), ("LOVE",), ("The",))


def test_either_apostrophe_counts_for_the_same_writing() -> None:
    vocabulary = counted("Don't Don’t don't don’t DON'T", minimum_count=2, punctuation=True)
    assert vocabulary.words == (("don't", "DON'T", "DON’T", "don’t"), ("Don't", "Don’t"))


def test_a_word_that_is_seldom_in_lower_case_gives_its_other_forms_to_its_most_frequent_writing() -> None:
    vocabulary = counted("London London London LONDON LONDON london", minimum_count=2, punctuation=True)
    assert vocabulary.words == (("London", "london"), ("LONDON",))


def test_unseen_and_rare_writings_go_to_the_word_in_lower_case_even_where_it_is_the_rarer_one() -> None:
    vocabulary = counted("March " * 9 + "march MARCH march", minimum_count=2, punctuation=True)
    assert vocabulary.words == (("March",), ("march", "MARCH"))


def test_rare_writings_of_one_word_are_frequent_together() -> None:
    vocabulary = counted("So sO, so", minimum_count=2, punctuation=True)
    assert vocabulary.words == (("so", "SO", "So", "sO"),)


def test_a_words_own_writing_is_never_another_words_form() -> None:
    vocabulary = counted("stra\u00dfe stra\u00dfe stra\u00dfe STRASSE STRASSE", minimum_count=2, punctuation=True)
    assert vocabulary.ids["STRASSE"] != vocabulary.ids["stra\u00dfe"]
    assert vocabulary.ids["strasse"] == vocabulary.ids["STRASSE"]


def test_a_circled_letter_is_a_mark_with_no_lower_case() -> None:
    vocabulary = counted("\u24b6 a \u24d0 \u24d0", punctuation=True)
    assert [vocabulary.ids[mark] for mark in ("\u24d0", "\u24b6")] == [2, 4]


def test_words_in_a_text_are_its_tokens_without_the_marks() -> None:
    vocabulary = counted("so, so!", punctuation=True)
    assert vocabulary.words_in("so, what!? so") == ["so", "what", "so"]
    assert counted("so, so!").words_in("so, what!? so") == ["so", "what", "so"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters() | st.sampled_from("tThHeE’',,.“—"), max_size=40), min_size=1, max_size=8),
    st.integers(1, 3),
)
def test_a_vocabulary_counted_with_punctuation_on_any_text_keeps_the_contract(texts: list[str], least: int) -> None:
    vocabulary = counted(*texts, minimum_count=least, maximum_words=1_000, punctuation=True)
    Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())), "counted")
    assert sorted(set(vocabulary.ids.values())) == list(range(2, vocabulary.size))
    for text in texts:
        assert least > 1 or UNKNOWN_ID not in vocabulary.encode(text)
        assert vocabulary.words_in(text) == replace(vocabulary, marks="").tokenize(text)


# Words before a vocabulary is counted.


@settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from("the'’é\u0301\0 THE\U0001f451\U00010400"), max_size=60))
@example("n\0o e\u0301")
@example("n\0o")
def test_words_are_the_same_before_a_vocabulary_is_counted_and_after(text: str) -> None:
    pattern = token_pattern(word_characters_of([text]))
    assert words_of(text) == pattern.findall(unicodedata.normalize("NFC", text.replace("\0", "")))


def test_of_more_forms_than_memory_holds_those_seen_once_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FORMS", 4)
    vocabulary = counted("the the cat", "the dog sat é", "the cat cat")
    assert [forms[0] for forms in vocabulary.words] == ["the", "cat"]
    assert vocabulary.encode("the cat dog") == [2, 3, UNKNOWN_ID]
    assert vocabulary.tokenize("é cat") == ["é", "cat"]  # its letters are known all the same


# What holds for any text.

ANY_TEXT = st.text(st.characters() | st.sampled_from("the'’é\u0301\0 THE"), max_size=60)
OF_TEXTS = counted(*TEXTS)


@given(ANY_TEXT)
def test_tokens_are_made_of_word_characters_and_their_ids_are_total(text: str) -> None:
    tokens, ids = OF_TEXTS.tokenize(text), OF_TEXTS.encode(text)
    assert all(token and set(token) <= set(OF_TEXTS.word_characters) for token in tokens)
    assert len(ids) == len(tokens)
    assert all(UNKNOWN_ID <= word_id < OF_TEXTS.size for word_id in ids)  # never `PADDING_ID`


@given(ANY_TEXT, st.integers(0, 60))
def test_a_nul_changes_nothing(text: str, position: int) -> None:
    assert OF_TEXTS.encode(text[:position] + "\0" + text[position:]) == OF_TEXTS.encode(text)


@given(ANY_TEXT)
def test_composed_and_decomposed_text_have_equal_ids(text: str) -> None:
    ids = {form: OF_TEXTS.encode(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert ids["NFC"] == ids["NFD"] == OF_TEXTS.encode(text)


@given(st.sets(st.characters(), min_size=1, max_size=40))
def test_ranges_hold_exactly_the_characters_and_do_not_touch(characters: set[str]) -> None:
    spans = [(ord(first), ord(last)) for first, last in ranges("".join(characters))]
    assert {chr(code) for first, last in spans for code in range(first, last + 1)} == characters
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(spans))


def test_ranges_are_the_fewest() -> None:
    assert ranges("cabzé9") == [("9", "9"), ("a", "c"), ("z", "z"), ("é", "é")]
    assert ranges("") == []


# The file.


def test_a_vocabulary_is_read_as_it_was_written(tmp_path: Path, of_vectors: Vocabulary, of_marks: Vocabulary) -> None:
    for vocabulary in (OF_TEXTS, of_vectors, of_marks):
        vocabulary.write(tmp_path / "vocabulary.json")
        assert Vocabulary.read(tmp_path / "vocabulary.json") == vocabulary
    assert of_vectors.to_json() == VECTORS["vocabulary"]
    assert of_marks.to_json() == VECTORS["punctuation"]["vocabulary"]


def put(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content.update({key: value})


def marked(mark: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: content.update(marks=[[mark, mark]], words=[[mark]])


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another format": (put("format", "words"), r"\$\.format"),
    "a later version": (put("version", 2), r"\$\.version"),
    "another normalization": (put("normalization", "NFKC"), r"\$\.normalization"),
    "an unknown key": (put("lowercase", True), "lowercase"),
    "no labels": (lambda content: content.pop("labels"), "'labels' is a required property"),
    "one label": (put("labels", ["alone"]), r"\$\.labels"),
    "an empty label": (put("labels", ["", "b"]), r"\$\.labels"),
    "a label twice": (put("labels", ["a", "a"]), "a label stands twice"),
    "other reserved tokens": (put("reserved", ["<PAD>", "<OOV>"]), r"\$\.reserved"),
    "no sequence length": (put("sequence_length", 0), r"\$\.sequence_length"),
    "a sequence length of text": (put("sequence_length", "16"), r"\$\.sequence_length"),
    "a word without a form": (put("words", [["the"], []]), r"\$\.words\[1\]"),
    "an empty form": (put("words", [["the", ""]]), r"\$\.words"),
    "a token with a space": (put("words", [["the end"]]), "'the end' is not made of word characters"),
    "a token with a tab": (put("words", [["the\t"]]), "is not made of word characters"),
    "a reserved token as a word": (put("words", [["<PAD>"]]), "'<PAD>' is not made of word characters"),
    "a form twice in a word": (put("words", [["the", "the"]]), "word 2: 'the' stands twice"),
    "a form of two words": (put("words", [["the", "The"], ["king"], ["The"]]), "word 4: 'The' stands twice"),
    "a decomposed form": (put("words", [["cafe\u0301"]]), "word 2: .* NFC"),
    "a form that NFC changes": (
        lambda content: content.update(word_characters=[["\u212a", "\u212a"]], words=[["\u212a"]]),
        "word 2: .* NFC",
    ),
    "an angle bracket in words": (put("word_characters", [["<", "<"], ["a", "z"]]), r"U\+003C"),
    "a space in words": (put("word_characters", [[" ", "z"]]), r"U\+0020"),
    "NUL in words": (put("word_characters", [["\0", "\0"]]), r"U\+0000"),
    "an emoji in words": (put("word_characters", [["\U0001f451", "\U0001f451"]]), r"U\+1F451"),
    "half a surrogate pair in words": (put("word_characters", [["\ud800", "\ud800"]]), r"U\+D800"),
    "a range of one end": (put("word_characters", [["a"]]), r"\$\.word_characters"),
    "a range of strings": (put("word_characters", [["aa", "zz"]]), r"\$\.word_characters"),
    "no word characters": (put("word_characters", []), r"\$\.word_characters"),
    "a range backwards": (put("word_characters", [["z", "a"]]), "word_characters"),
    "marks that are none": (put("marks", []), r"\$\.marks"),
    "a mark that is no range": (put("marks", [","]), r"\$\.marks\[0\]"),
    "a range of marks backwards": (put("marks", [["/", "!"]]), r"\$\.marks: the range '/' to '!' runs backwards"),
    "a mark without an id": (put("marks", [[",", ","]]), "mark ',' is none of the words' forms"),
    "an angle bracket as a mark": (marked("<"), r"mark U\+003C"),
    "an apostrophe as a mark": (marked("’"), r"mark U\+2019"),
    "a letter as a mark": (marked("x"), r"mark U\+0078"),
    "a digit as a mark": (marked("7"), r"mark U\+0037"),
    "a combining mark as a mark": (marked("\u0301"), r"mark U\+0301"),
    "a space as a mark": (marked(" "), r"mark U\+0020"),
    "a control as a mark": (marked("\u0085"), r"mark U\+0085"),
    "half a surrogate pair as a mark": (marked("\udc51"), r"mark U\+DC51"),
    "a mark that NFC changes": (marked("\u037e"), "word 2: .* NFC"),
    "a run of marks": (
        lambda content: content.update(marks=[["!", "!"]], words=[["!"], ["!!"]]),
        "word 3: '!!' is not made of word characters in NFC, nor a mark",
    ),
    "a word with a mark": (
        lambda content: content.update(marks=[["!", "!"]], words=[["!"], ["the!"]]),
        "word 3: 'the!' is not made of word characters in NFC, nor a mark",
    ),
    "a form that is no mark": (put("words", [["the"], [","]]), "word 3: ',' is not made of word characters"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_one_line_that_names_the_file(case: str, tmp_path: Path) -> None:
    change, message = BROKEN[case]
    content = json.loads(json.dumps(VECTORS["vocabulary"]))
    change(content)
    path = write(tmp_path / "vocabulary.json", content)
    with pytest.raises(UserError, match=message) as raised:
        Vocabulary.read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"vocabulary"'])
def test_a_file_that_is_no_vocabulary_at_all_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        Vocabulary.read(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.json: cannot be read \(No such file or directory\)"):
        Vocabulary.read(tmp_path / "nowhere.json")
