"""Pieces: the runs of characters that a word is made of, numbered."""

import zlib

from trainer.pieces import pieces_of
from trainer.text.vocabulary import Vocabulary, count

BUCKETS = 50_000


def vocabulary_of(*words: str) -> Vocabulary:
    return Vocabulary("abcdefghijklmnopqrstuvwxyz", tuple((word, word.upper()) for word in words), ("a", "b"), 8)


def numbers_of(*words: str, buckets: int = BUCKETS) -> list[list[int]]:
    """Of each word its pieces' numbers, without the zeros behind them."""
    rows = pieces_of(vocabulary_of(*words), buckets)[2:].tolist()
    return [[number for number in row if number] for row in rows]


def number(piece: str) -> int:
    return zlib.crc32(piece.encode()) % BUCKETS + 1


def test_a_words_pieces_are_its_runs_of_three_to_five_characters_with_its_ends_marked() -> None:
    runs = ["<ca", "cat", "at>", "<cat", "cat>", "<cat>"]
    assert numbers_of("cat") == [[number(run) for run in runs]]


def test_a_single_letter_is_one_piece() -> None:
    assert numbers_of("a") == [[number("<a>")]]


def test_a_run_that_occurs_twice_is_one_piece() -> None:
    assert numbers_of("nanana")[0].count(number("ana")) == 1


def test_words_share_the_pieces_that_they_share() -> None:
    cat, cats = map(set, numbers_of("cat", "cats"))
    assert cat & cats == {number(run) for run in ("<ca", "cat", "<cat")}
    assert cat != cats


def test_a_long_word_has_24_pieces_the_shorter_ones_first() -> None:
    word = "antidisestablishment"
    rows = pieces_of(vocabulary_of(word), BUCKETS)
    marked = f"<{word}>"
    runs = [marked[start : start + length] for length in (3, 4) for start in range(len(marked) + 1 - length)]
    assert rows.shape == (3, 24)
    assert rows[2].tolist() == [number(run) for run in runs[:24]]


def test_padding_and_unknown_have_no_pieces_and_no_piece_has_the_number_of_nothing() -> None:
    rows = pieces_of(vocabulary_of("one", "two", "threescore"), 7)
    assert not rows[:2].any()
    assert set(rows[2:].ravel().tolist()) <= set(range(8))
    assert all(row[0] for row in rows[2:])


def test_a_counted_vocabularys_words_are_read_in_their_first_form_and_marks_too() -> None:
    vocabulary = count(["Cat cat, CAT, dog."] * 3, ("a", "b"), 8, 1, 100, punctuation=False)
    rows = pieces_of(vocabulary, BUCKETS)
    assert rows[vocabulary.ids["CAT"]].tolist()[:6] == numbers_of("cat")[0]
    marked = count(["Cat cat, CAT, dog."] * 3, ("a", "b"), 8, 1, 100, punctuation=True)
    assert pieces_of(marked, BUCKETS)[marked.ids[","]].tolist()[:2] == [number("<,>"), 0]
