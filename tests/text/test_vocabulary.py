"""The tokenizer contract: `vocabulary.json`, SentencePiece's own file, ids and words.

`tests/vectors/tokenizer.json` is read in JavaScript too.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from tests.support.places import VECTORS as FILES
from trainer.errors import UserError
from trainer.text.interpreter import Segmenter
from trainer.text.normalization import clean
from trainer.text.vocabulary import RESERVED, Vocabulary

VECTORS: dict[str, Any] = json.loads((FILES / "tokenizer.json").read_text(encoding="ascii"))
VOCABULARIES = {name: Vocabulary.from_json(value, name) for name, value in VECTORS["vocabularies"].items()}
ENGLISH = VOCABULARIES["english"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['vocabulary']}-{ascii(case['text'])[1:25]}")
def test_text_becomes_ids_and_words_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    vocabulary = VOCABULARIES[case["vocabulary"]]
    assert vocabulary.encode(case["text"]) == case["ids"]
    words = vocabulary.words(case["text"])
    assert [[word.start, word.end, word.known] for word in words] == case["words"]
    assert vocabulary.known_words(case["text"]) == sum(known for _, _, known in case["words"])


FUZZ = st.text(
    st.sampled_from(
        "abdefgorstu  '’´`.,!?()-▁<>[]IİÉé\u0301\u0300\u0307\u00ad\u200d\ufe0f\0😀👍🏽今天好吃ไทย안\ud800\u3000،"
    ),
    max_size=60,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(VOCABULARIES)), st.one_of(FUZZ, st.text(max_size=40)))
@example("english", "\u2581\u0301 a\u2581")
@example("word", "\ud800 unknown words \u2581 the")
def test_the_library_and_the_plain_interpreter_read_alike(name: str, text: str) -> None:
    vocabulary = VOCABULARIES[name]
    ids = vocabulary.encode(text)
    assert vocabulary._interpreted(clean(text)) == ids
    words = vocabulary.words(text)
    assert all(0 <= one.end <= other.start for one, other in pairwise(words))
    assert all(word.start < word.end <= len(clean(text)) and word.ids for word in words)


def test_equal_scores_are_cut_alike() -> None:
    """Scores are multiples of 1/32, so that ways through a word often weigh the same."""
    pieces = ("▁", "a", "b", "ab", "ba", "aba", "▁a", "bb", "aa")
    tied = replace(ENGLISH, pieces=pieces, scores=(-1.0, -1.0, -1.0, -2.0, -2.0, -3.0, -2.0, -2.0, -2.0))
    texts = [f"{number:b}".replace("0", "a").replace("1", "b") for number in range(1, 600)]
    assert [tied._interpreted(text) for text in texts] == tied.encode_all(texts)


def test_a_text_too_long_for_exact_sums_is_read_word_by_word() -> None:
    text = "refund qqq, " * 10_000
    assert ENGLISH.encode(text) == ENGLISH.encode("refund qqq, ") * 10_000
    assert ENGLISH.encode("q" * 100_000) == ENGLISH.encode("q")
    assert len(ENGLISH.encode_all(["go", text, "go"])[2]) == 1


def test_the_most_likely_pieces_are_chosen() -> None:
    score, pieces = Segmenter({"▁": -1.0, "a": -5.0, "ab": -1.0, "b": -2.0, "▁a": -4.0})("▁ab")
    assert (score, pieces) == (-2.0, ["▁", "ab"])
    assert Segmenter({"▁": -1.0})("▁xyz")[1] == ["▁", "xyz"]


def test_no_text_can_spell_a_reserved_piece() -> None:
    for vocabulary in VOCABULARIES.values():
        assert not {0, 2, 3}.intersection(vocabulary.encode(" ".join(RESERVED) + "".join(RESERVED)))


def test_sentencepieces_own_file_says_the_same_each_time() -> None:
    for vocabulary in VOCABULARIES.values():
        written = vocabulary.model_proto()
        assert written == replace(vocabulary).model_proto()
        library = SentencePieceProcessor(model_proto=written)
        assert [library.id_to_piece(piece) for piece in range(len(RESERVED))] == list(RESERVED)
        assert (library.vocab_size(), library.pad_id(), library.unk_id()) == (vocabulary.size, 0, 1)
        assert (library.bos_id(), library.eos_id()) == (-1, -1)
        assert [library.id_to_piece(piece) for piece in range(vocabulary.size)] == [
            vocabulary.piece(piece) for piece in range(vocabulary.size)
        ]


def test_a_word_is_unknown_if_it_is_made_of_single_characters() -> None:
    known = {
        text: [word.known for word in ENGLISH.words(text)] for text in ("refund", "a", "now", "zzz", "refunds now")
    }
    assert known == {"refund": [True], "a": [True], "now": [False], "zzz": [False], "refunds now": [True, False]}


def test_a_files_content_comes_back(tmp_path: Path) -> None:
    for vocabulary in VOCABULARIES.values():
        vocabulary.write(tmp_path / "vocabulary.json")
        assert Vocabulary.read(tmp_path / "vocabulary.json") == vocabulary


def test_labels_and_length_are_replaced_and_nothing_else_is_read_differently() -> None:
    other = replace(ENGLISH, labels=("x", "y", "z"), sequence_length=4)
    assert other.encode("go to the café") == ENGLISH.encode("go to the café")
    assert other.window == 2


def changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(values)


def first_piece(piece: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(pieces=[piece, *content["pieces"][1:]])


MISTAKES = {
    "another version": (changed(version=1), "version"),
    "another type": (changed(model_type="bpe"), "model_type"),
    "a field too many": (changed(marks=[]), "marks"),
    "no pieces": (changed(pieces=[], scores=[]), "pieces"),
    "scores too few": (lambda content: content["scores"].pop(), "scores"),
    "a score between the steps": (lambda content: content["scores"].__setitem__(0, -1.01), "1/1024"),
    "a score that is none": (lambda content: content["scores"].__setitem__(0, "-1"), "scores"),
    "an endless score": (lambda content: content["scores"].__setitem__(0, float("-inf")), "1/1024"),
    "a piece twice": (lambda content: content["pieces"].__setitem__(0, content["pieces"][1]), "stands twice"),
    "a reserved piece": (first_piece("[CLS]"), "stands twice"),
    "an empty piece": (first_piece(""), "pieces"),
    "a piece with a space": (first_piece("a b"), "never be met"),
    "a piece with NUL": (first_piece("a\0"), "never be met"),
    "a piece with half a character": (first_piece("\ud800"), "never be met"),
    "a piece with a removed character": (first_piece("a\u00ad"), "never be met"),
    "a piece that goes on behind a space": (first_piece("▁a▁b"), "never be met"),
    "a piece on which the library crashes": (first_piece("a" * 5_000), "pieces"),
    "rules in another order": (lambda content: content["rules"].reverse(), "sorted"),
    "a rule twice": (lambda content: content["rules"].insert(0, content["rules"][0]), "sorted"),
    "a rule of three": (lambda content: content["rules"].insert(0, ["a", "b", "c"]), "rules"),
    "a rule for half a character": (lambda content: content["rules"].append(["\ud800", "a"]), "no text holds"),
    "a rule that gives NUL": (lambda content: content["rules"].append(["\U0010fffd", "\0"]), "no text holds"),
    "a rule without end": (lambda content: content["rules"].append(["\U0010fffd", "a" * 999]), "rules"),
    "a label twice": (changed(labels=["a", "a"]), "stands twice"),
    "one label": (changed(labels=["a"]), "labels"),
    "a label of two lines": (changed(labels=["a", "b\nc"]), "one line"),
    "a blank label": (changed(labels=["a", " "]), "one line"),
    "no room for a piece": (changed(sequence_length=2), "sequence_length"),
}


@pytest.mark.parametrize(("change", "rule"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_file_is_named(change: Callable[[dict[str, Any]], Any], rule: str) -> None:
    content = json.loads(json.dumps(VECTORS["vocabularies"]["english"]))
    change(content)
    with pytest.raises(UserError, match=r"^vocabulary\.json: ") as caught:
        Vocabulary.from_json(content, "vocabulary.json")
    assert rule in str(caught.value)


def test_a_label_may_hold_joiners_and_emoji() -> None:
    content = VECTORS["vocabularies"]["english"] | {"labels": ["می\u200cخواهم", "👨\u200d👩\u200d👧"]}
    assert Vocabulary.from_json(content, "x").labels == ("می\u200cخواهم", "👨\u200d👩\u200d👧")
