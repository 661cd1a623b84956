"""The rules of the tokenizer: what gives the same ids as its plain form, and which rules a vocabulary keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.text.normalization import SPACE, all_rules, clean, normalizer, rules_for, squeeze, with_marks_apart
from trainer.text.pieces import Spelling, learn
from trainer.text.vocabulary import UNKNOWN_ID, Vocabulary

TEXTS = (
    "I don't want to go to the café in istanbul",
    "great 😀 really great 🎉",
    "السلام عليكم",
    "tiếng Việt cận",
    "한국 사람",
    "привет ёлка",
    "Å ångström",
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return learn(TEXTS, ("a", "b"), sequence_length=20, maximum_pieces=500)


PLAIN = {
    "soft hyphen": ("want", "wa\u00adnt"),
    "zero width space": ("want", "wa\u200bnt"),
    "word joiner": ("want", "wa\u2060nt"),
    "byte order mark": ("want", "\ufeffwa\ufeffnt"),
    "joiner": ("want", "wa\u200dnt"),
    "non-joiner": ("want", "wa\u200cnt"),
    "NUL": ("want", "wa\0nt"),
    "control": ("want", "wa\x07nt"),
    "variation selector": ("great 😀", "great 😀\ufe0f"),
    "emoji stuck to a word": ("great 😀", "great😀"),
    "NFD": ("café ång", "cafe\u0301 a\u030ang"),
    "NFD capitals": ("café", "CAFE\u0301"),
    "two marks": ("tiếng", "tie\u0302\u0301ng"),
    "half composed": ("tiếng", "tiê\u0301ng"),
    "marks in the other order": ("cận", "câ\u0323n"),
    "Hangul letters": ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    "a sign for a letter": ("å", "\u212b"),
    "acute accent": ("don't", "don´t"),
    "grave accent": ("don't", "don`t"),
    "modifier letter": ("don't", "donʼt"),
    "left quote": ("don't", "don‘t"),
    "right quote": ("don't", "don’t"),
    "no-break space": ("want to", "want\u00a0to"),
    "every space": ("want to go", "\u3000want\u2003\u2028to\t\r\n\x0b\x85go\u1680"),
    "the sign of a space": ("want to", "want\u2581to\u2581"),
    "capitals": ("want", "WANT"),
    "dotted capital": ("istanbul", "İstanbul"),
    "dotted capital in two": ("istanbul", "I\u0307stanbul"),
    "dotted small letter": ("istanbul", "i\u0307stanbul"),
    "tatweel": ("السلام", "الســـلام"),
    "vowel marks": ("السلام", "السَّلَامُ"),
    "final sigma": ("ςσΣ", "σσσ"),
    "an accent that no piece has": ("want", "wänt"),
    "a mark that no piece has": ("want to", "want—to†"),
}


@pytest.mark.parametrize(("plain", "other"), PLAIN.values(), ids=PLAIN)
def test_gives_the_ids_of_its_plain_form(vocabulary: Vocabulary, plain: str, other: str) -> None:
    assert vocabulary.encode(other) == vocabulary.encode(plain)
    assert vocabulary.encode(plain)


def test_emoji_are_pieces_alone_and_stuck_to_words_and_an_unseen_one_spoils_nothing(vocabulary: Vocabulary) -> None:
    def pieces(text: str) -> list[str]:
        return [vocabulary.piece(piece) for piece in vocabulary.encode(text)]

    assert pieces("😀") == ["▁😀"]
    assert pieces("great😀🎉") == ["▁great", "▁😀", "▁🎉"]
    assert pieces("great🦖") == ["▁great", "<unk>"]


def test_case_is_kept_where_it_is_asked_for() -> None:
    kept = learn(["US us Polish polish"], "ab", sequence_length=9, maximum_pieces=99, spelling=Spelling(keep_case=True))
    assert kept.encode("US") != kept.encode("us")
    assert UNKNOWN_ID not in kept.encode("US us Polish polish")
    assert kept.encode("P\u00adolish") == kept.encode("Polish")


@pytest.mark.parametrize(("text", "capitals"), [("καλημέρα", "ΚΑΛΗΜΕΡΑ"), ("école", "ECOLE"), ("ἄνθρωπος", "ΑΝΘΡΩΠΟΣ")])
def test_accents_are_folded_where_it_is_asked_for(text: str, capitals: str) -> None:
    for words in ([text], [capitals]):
        folded = learn(words, "ab", sequence_length=9, maximum_pieces=99, spelling=Spelling(fold_accents=True))
        assert folded.encode(text) == folded.encode(capitals)
        assert len(folded.encode(text)) == 1
        assert UNKNOWN_ID not in folded.encode(text)


def test_english_keeps_few_rules_and_none_of_other_scripts(vocabulary: Vocabulary) -> None:
    english = learn(["The quick brown fox, don't!"], "ab", sequence_length=9, maximum_pieces=99)
    assert len(english.rules) < 900
    assert not [old for old, _ in english.rules if "\u0600" <= old[0] < "\u0700"]
    assert [old for old, _ in vocabulary.rules if "\u0600" <= old[0] < "\u0700"]


def test_rules_are_sorted_and_no_outcome_is_a_character_that_the_rules_remove() -> None:
    rules = all_rules()
    assert list(rules) == sorted(rules)
    removed = {old for old, new in rules if not new}
    assert not [new for _, new in rules if removed.intersection(new)]
    kept = rules_for(set("abc▁"), rules)
    assert ("\u2581", " ") in kept
    assert ("A", "a") in kept
    assert "D" not in dict(kept)


def test_normalizing_twice_changes_nothing() -> None:
    rules = with_marks_apart(all_rules(), set("abc,.!é😀'"))
    plain = normalizer(rules)
    for text in ("Abc, É\u0301! ‘x’ 😀😀", "E\u0301A\u00adB", "İİ ΣΣ ß ẞ ǅ"):
        assert squeeze(plain(squeeze(plain(text)))) == squeeze(plain(text))


@settings(deadline=None)  # the first text waits for a table
@given(st.text(max_size=30), st.text(max_size=30))
def test_texts_beside_each_other_with_a_space_are_normalized_each_for_itself(one: str, other: str) -> None:
    plain = normalizer(all_rules())
    assert plain(f"{one} {other}") == f"{plain(one)} {plain(other)}"


def test_what_no_client_can_be_given_is_taken_out() -> None:
    assert clean("a\0b\ud800c\udfff") == "ab\ufffdc\ufffd"
    assert clean("\ufeffa\ud83d\ude00") == "\ufeffa😀"
    assert SPACE not in normalizer(all_rules())("a\u2581b")
