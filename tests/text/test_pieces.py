"""Learning a vocabulary: the same each time, from eighteen rows or a hundred thousand, in any script."""

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.places import ROOT
from trainer.text import pieces as module
from trainer.text.pieces import LONGEST_WORD, learn
from trainer.text.vocabulary import RESERVED, SCORE_STEP, UNKNOWN_ID, Vocabulary

EIGHTEEN = (
    "How do I get a refund?", "I want my money back.", "Refund my last order, please", "money refund now",
    "Where is my order?", "my package never arrived", "the parcel is late", "When will it arrive?",
    "order status", "track my package", "I forgot my password", "cannot log in!", "reset the password",
    "login is broken", "my account is locked", "Change my e-mail address", "two-factor code doesn't come", "password?",
)  # fmt: skip
SAMPLES = {
    "Chinese": ["今天天气很好，我们去吃饭吧。", "这家店的味道很好", "送餐太慢了，不好吃", "味道很好吃"],
    "Thai": ["อาหารอร่อยมาก", "บริการแย่มากค่ะ", "ร้านนี้อาหารอร่อย"],
    "Korean": ["배송이 너무 늦어요", "정말 감사합니다", "환불해 주세요"],
    "Arabic": ["أريد استرداد المال", "متى تصل البطاقة؟", "شكرا جزيلا"],
    "Hindi": ["मुझे पैसे वापस चाहिए", "मेरा ऑर्डर कहाँ है?", "बहुत धन्यवाद"],
    "Russian": ["Где мой заказ?", "Верните деньги!", "Спасибо большое"],
}


def learned(*texts: str, maximum_pieces: int = 1_000, **options: object) -> Vocabulary:
    vocabulary = learn(texts, ("a", "b"), sequence_length=20, maximum_pieces=maximum_pieces, **options)  # type: ignore[arg-type]
    vocabulary.validate("learned")
    return vocabulary


def pieces(vocabulary: Vocabulary, text: str) -> list[str]:
    return [vocabulary.piece(piece) for piece in vocabulary.encode(text)]


def test_of_few_rows_every_word_is_a_piece_and_is_read_as_one() -> None:
    vocabulary = learned(*EIGHTEEN)
    assert pieces(vocabulary, "I FORGOT my password!") == ["▁i", "▁forgot", "▁my", "▁password", "▁!"]
    assert pieces(vocabulary, "(e-mail) doesn’t") == ["▁e", "▁-", "▁mail", "▁doesn't"]
    words = Counter(word for text in EIGHTEEN for word in text.split())
    assert all(len(vocabulary.encode(word.strip("?.,!"))) == 1 for word in words if "-" not in word)


def test_an_unseen_word_is_cut_into_pieces() -> None:
    read = pieces(learned(*EIGHTEEN), "refunded passwords")
    assert read[0] == "▁refund"
    assert "▁password" in read
    assert "<unk>" not in read


def test_pieces_run_by_frequency() -> None:
    vocabulary = learned("b b b a a c", "b a d")
    assert vocabulary.pieces[:2] == ("▁b", "▁a")


@pytest.mark.parametrize("texts", SAMPLES.values(), ids=SAMPLES)
def test_every_script_is_learned_and_wholly_covered(texts: list[str]) -> None:
    vocabulary = learned(*texts)
    assert not [text for text, ids in zip(texts, vocabulary.encode_all(texts), strict=True) if UNKNOWN_ID in ids]
    assert vocabulary.known_words(texts[0]) >= 2
    assert all(word.known for text in texts for word in vocabulary.words(text))


SCRIPT = """
import sys
from trainer.text.pieces import learn
texts = open(sys.argv[1], encoding="utf-8").read().splitlines()
vocabulary = learn(texts, ("a", "b"), sequence_length=20, maximum_pieces=300)
sys.stdout.buffer.write(vocabulary.model_proto() + repr(vocabulary).encode())
"""


@pytest.mark.slow
def test_the_same_text_gives_the_same_bytes_in_every_process(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "texts")  # noqa: PTH118
    texts = [text for sample in SAMPLES.values() for text in sample] + list(EIGHTEEN) * 200
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("\n".join(texts))
    digests = set()
    for seed in ("0", "1"):
        environment = dict(os.environ, PYTHONHASHSEED=seed, PYTHONPATH=str(ROOT))
        done = subprocess.run([sys.executable, "-c", SCRIPT, path], env=environment, capture_output=True, check=True)
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1


def test_where_rows_are_many_rare_words_are_cut_and_common_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW_ROWS", 10)
    vocabulary = learned(*["will you come if it is new"] * 20, "xylophones")
    assert pieces(vocabulary, "will you if new") == ["▁will", "▁you", "▁if", "▁new"]
    assert len(vocabulary.encode("xylophones")) > 1


def test_no_more_pieces_than_asked_for_beside_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOM", 10)
    vocabulary = learned(*(f"word{number} wordy" for number in range(2_000)), maximum_pieces=100)
    assert vocabulary.size <= 100 + len(RESERVED) + 30
    assert set("word0123456789y") <= set(vocabulary.pieces)


def test_extra_words_are_pieces_and_are_read_as_one() -> None:
    vocabulary = learned(*EIGHTEEN, extra_words=("zebra", "Into", "two words", "don’t", "中文", "a" * 99, ""))
    assert pieces(vocabulary, "zebra into don't") == ["▁zebra", "▁into", "▁don't"]
    assert pieces(vocabulary, "refund my order") == ["▁refund", "▁my", "▁order"]
    assert UNKNOWN_ID not in vocabulary.encode("zzz bbb")


TINY = [
    "",
    "a",
    "\0",
    "😀",
    "\ud800",
    "[CLS] <unk> <pad>",
    "▁▁",
    "\u200d",
    "'",
    "e\u0301",
    "🇬🇧",
    "aa " * 999,
    "x" * 20_000,
]


@pytest.mark.parametrize("text", TINY, ids=lambda text: ascii(text)[:12])
@pytest.mark.parametrize("model_type", ["unigram", "word"])
def test_hardly_any_text_gives_a_vocabulary_all_the_same(text: str, model_type: str) -> None:
    vocabulary = learned(text, "a", model_type=model_type)
    assert max(map(len, vocabulary.pieces)) <= LONGEST_WORD + 1
    vocabulary.encode("some other text")
    assert learned(model_type=model_type).encode("a")


def test_whole_words_are_learned_for_the_lesson() -> None:
    vocabulary = learned("The king's men, the queen", "the king", model_type="word", maximum_pieces=3)
    assert vocabulary.pieces[0] == "▁the"
    assert len(vocabulary.pieces) == 3
    assert learned("The king’s", model_type="word").encode("THE, (king's)!") == [5, 4]


def test_scores_are_multiples_of_a_step_and_finite() -> None:
    assert all((score / SCORE_STEP) % 1 == 0 for score in learned(*EIGHTEEN).scores)
