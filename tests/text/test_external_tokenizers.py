"""The vocabularies of models from elsewhere read every string as the library that they come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.proof import fuzz_strings
from tests.support.external import LABELS, TEXTS, sentencepiece_model
from trainer.errors import UserError
from trainer.external.charsmap import rules_from
from trainer.external.contract import Tokenizer
from trainer.external.pieces import read_sentencepiece
from trainer.external.reading import by_keras, tokenizer_of
from trainer.external.words import STANDARDIZE, WordList, read_word_list
from trainer.text.normalization import clean


def own_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Gives the model's own ids of a whole text, without what it is not given."""
    return [own for piece in tokenizer.vocabulary.encode(text) if (own := tokenizer.table[piece]) >= 0]


@pytest.mark.slow
@pytest.mark.parametrize("standardize", STANDARDIZE)
def test_a_word_list_reads_as_keras_does(standardize: str) -> None:
    words = WordList(
        ("the", "purr", "bark's", "Fur", "café", "don", "x-y", "dont", "\u00e9", "7"), standardize, "words"
    )
    tokenizer = words.tokenizer(LABELS, 400)
    texts = [*fuzz_strings.strings(tokenizer.vocabulary, 1, 2_000), *TEXTS[:20]]
    texts += [
        "don't Don\tT",
        "THE\nthe\x0bthe\x0cthe\rthe",
        "the\u00a0the\u2003the",
        "\ue000 ▁ ▁the",
        "x-y X-Y",
        "''",
        "a  b",
    ]
    keras = by_keras(words, 400)(texts)
    for text, row in zip(texts, keras, strict=True):
        found = own_ids(tokenizer, text)[:400]
        assert found == row[: len(found)].tolist(), text
        assert not row[len(found) :].any(), text


@pytest.mark.slow
@pytest.mark.parametrize("normalization", ["nmt_nfkc", "nmt_nfkc_cf", "identity"])
def test_a_sentencepiece_model_reads_as_its_library_does(normalization: str, tmp_path: Path) -> None:
    import sentencepiece

    path = tmp_path / "own.model"
    sentencepiece_model(path, normalization_rule_name=normalization)
    tokenizer = read_sentencepiece(path, LABELS, 20)
    tokenizer.vocabulary.validate(str(path))
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    texts = [*TEXTS[::10], "ﬁne ＦＵＬＬ ½ e\u0301 purr", *fuzz_strings.strings(tokenizer.vocabulary, 1, 1_000)]
    other = [text for text in texts if own_ids(tokenizer, text) != library.encode(clean(text))]
    # Of ways that score alike the library takes either: by the rounding of a sum over the whole text.
    assert len(other) <= 0.005 * len(texts), other[:3]
    assert not set(other) & set(TEXTS)


def test_rules_are_read_out_of_a_charsmap(tmp_path: Path) -> None:
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    (rules := tmp_path / "rules.tsv").write_text("41\t61\n65 301\tE9\n1F600\t\n20 20\t20\n")
    (text := tmp_path / "text").write_text("x\n")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(tmp_path / "m"),
        model_type="char",
        vocab_size=8,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(rules),
        minloglevel=2,
    )
    model = proto.ModelProto()
    model.ParseFromString((tmp_path / "m.model").read_bytes())
    found = rules_from(model.normalizer_spec.precompiled_charsmap)
    assert found == (("  ", " "), ("A", "a"), ("e\u0301", "\u00e9"), ("\U0001f600", ""))
    assert rules_from(b"") == ()
    with pytest.raises(ValueError, match="charsmap"):
        rules_from(b"\xff\xff\xff\x7f")


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"model_type": "bpe"}, "is a BPE or character model"),
        ({"byte_fallback": True, "vocab_size": 400}, "byte_fallback"),
        ({"user_defined_symbols": ["<me>"]}, "user-defined symbols"),
        ({"add_dummy_prefix": False}, "add_dummy_prefix=False"),
        ({"remove_extra_whitespaces": False}, "remove_extra_whitespaces=False"),
        ({"treat_whitespace_as_suffix": True}, "treat_whitespace_as_suffix=True"),
    ],
)
def test_settings_of_sentencepiece_are_refused_by_name(settings: dict[str, Any], rule: str, tmp_path: Path) -> None:
    sentencepiece_model(tmp_path / "own.model", **settings)
    with pytest.raises(UserError, match=rule):
        read_sentencepiece(tmp_path / "own.model", LABELS, 20)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "holds no word"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\ncat\n##s\n", "is a WordPiece vocabulary, which is not read"),
        ("cat\ncat dog\n", "row 2: 'cat dog' is no word"),
        ("cat\n\ndog\n", "row 2: '' is no word"),
        ("[PAD]\n[UNK]\ncat\nCat\n", "row 4: 'Cat' has a capital"),
        ("cat\n[UNK]\n", r"row 2: \[UNK\]: padding and the unknown word are the first two rows"),
    ],
)
def test_a_word_list_is_checked_row_by_row(text: str, rule: str, tmp_path: Path) -> None:
    (path := tmp_path / "words.txt").write_text(text)
    with pytest.raises(UserError, match=rule):
        read_word_list(path, STANDARDIZE[0])


def test_a_word_twice_is_refused_and_capitals_are_kept_where_text_has_them(tmp_path: Path) -> None:
    (path := tmp_path / "words.txt").write_text("cat\nCat\n")
    assert read_word_list(path, "none").words == ("cat", "Cat")
    path.write_text("cat\ncat\n")
    with pytest.raises(UserError, match="'cat' stands twice, as id 2 and id 3"):
        read_word_list(path, "lower").tokenizer(LABELS, 4)
    with pytest.raises(UserError, match="is not there"):
        tokenizer_of(tmp_path / "absent", LABELS, 4, "")


def test_a_vocabulary_says_whether_clients_that_lower_case_read_it_otherwise() -> None:
    words = WordList(("the", "purr"), STANDARDIZE[0], "words")
    assert not words.tokenizer(LABELS, 4).vocabulary.reads_capitals
    assert WordList(("the", "purr"), "none", "words").tokenizer(LABELS, 4).vocabulary.reads_capitals
    assert not WordList(("7", "\u00e9"), "none", "words").tokenizer(LABELS, 4).vocabulary.reads_capitals


def test_words_are_known_and_counted_as_people_do() -> None:
    vocabulary = WordList(("the", "purr"), STANDARDIZE[0], "words").tokenizer(LABELS, 4).vocabulary
    words = vocabulary.words("The purr-r, \t of  THE")
    assert [(word.start, word.end, word.known) for word in words] == [
        (0, 3, True),
        (4, 11, False),
        (14, 16, False),
        (18, 21, True),
    ]
    assert vocabulary.sequence_length == 10
    assert np.isclose(vocabulary.scores, 0).all()
