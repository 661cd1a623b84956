"""Held-out rows are read as new text is: words that only they have are cut."""

import numpy as np

from trainer.text.pieces import learn
from trainer.text.vocabulary import CLS_ID, SEP_ID, Vocabulary
from trainer.text.windows import split_ids
from trainer.training.unseen import Rows, cut_unseen

SEEN = ("my cat sleeps", "a cat purrs")
HELD = ("my kitten sleeps", "a cat sleeps", "")


def read(vocabulary: Vocabulary, *texts: str) -> Rows:
    length = vocabulary.sequence_length
    return np.stack([split_ids(ids[: length - 2], length)[0] for ids in vocabulary.encode_all(texts)])


def pieces_of(vocabulary: Vocabulary, row: Rows) -> list[str]:
    return [vocabulary.piece(int(number)) for number in row if number > SEP_ID]


def test_a_word_of_held_out_rows_alone_is_cut() -> None:
    vocabulary = learn([*SEEN, *HELD], ("a", "b"), sequence_length=18, maximum_pieces=100)
    rows, fitted = read(vocabulary, *HELD), read(vocabulary, *SEEN)
    assert pieces_of(vocabulary, rows[0]) == ["▁my", "▁kitten", "▁sleeps"]
    cut = cut_unseen(rows, fitted, vocabulary)
    pieces = pieces_of(vocabulary, cut[0])
    assert (pieces[0], pieces[-1]) == ("▁my", "▁sleeps")
    assert "".join(pieces) == "▁my▁kitten▁sleeps"
    assert len(pieces) > 3
    assert (cut[1:] == rows[1:]).all()
    assert cut.shape == rows.shape


def test_what_the_vocabulary_has_anyway_stays() -> None:
    vocabulary = learn([*SEEN, *HELD], ("a", "b"), sequence_length=18, maximum_pieces=100)
    rows, fitted = read(vocabulary, *HELD), read(vocabulary, *SEEN)
    assert (cut_unseen(rows, fitted, vocabulary, kept=("▁kitten",)) == rows).all()
    assert (cut_unseen(rows, rows, vocabulary) == rows).all()


def test_a_row_that_grows_too_long_is_cut_short() -> None:
    vocabulary = learn([*SEEN, *HELD], ("a", "b"), sequence_length=5, maximum_pieces=100)
    (row,) = cut_unseen(read(vocabulary, HELD[0]), read(vocabulary, *SEEN), vocabulary)
    assert row[0] == CLS_ID
    assert row[-1] == SEP_ID
    assert len(pieces_of(vocabulary, row)) == 3
