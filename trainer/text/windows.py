"""Windows: how running text is cut into phrases to train on, and how a text too long for the model is read."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.text.vocabulary import CLS_ID, SEP_ID, Vocabulary

BORDERS: Final = 2  # [CLS] and [SEP] stand in every row
SHORTEST: Final = 3  # words; two words of running text rarely have a label
FLOOR: Final = 1e-7  # a probability's least value under a logarithm, as in Keras


def cut(
    text: str,
    spans: Sequence[tuple[int, int]],
    longest: int,
    generator: np.random.Generator,
    *,
    whole: bool = False,
) -> Iterator[str]:
    """Cuts running text into consecutive windows of `SHORTEST` to `longest` words.

    Lengths are drawn evenly by their logarithm: what people type is short, and from short windows more is learned. A
    remainder shorter than the length drawn is dropped, so that the lengths are independent of the text's label.

    Args:
        text: Running text.
        spans: Start and end of each of its words, in characters.
        longest: The most words a window holds.
        generator: Where the lengths are drawn from.
        whole: Whether the remainder is a phrase too, as it has to be of a text that stands alone: of fewer than
            `SHORTEST` words it stays with the window before it.

    Returns:
        The windows as they stand in the text, with the punctuation that follows their last word.
    """
    position = 0
    while (end := position + _length(longest, generator)) <= len(spans):
        if whole and len(spans) - end < SHORTEST:
            end = len(spans)
        stop = spans[end][0] if end < len(spans) else len(text)
        window, last_word = text[spans[position][0] : stop], spans[end - 1][1] - spans[position][0]
        yield window[:last_word] + window[last_word:].split(" ")[0]
        position = end
    if whole and position < len(spans):
        yield text[spans[position][0] :] if position else text


def _length(longest: int, generator: np.random.Generator) -> int:
    return int(SHORTEST * ((longest + 1) / SHORTEST) ** generator.random())


def split_ids(ids: Sequence[int], sequence_length: int) -> NDArray[np.int32]:
    """Gives a text's piece ids as rows for the model: `[CLS]`, the pieces, `[SEP]`, zeros.

    Up to `sequence_length` - 2 pieces make one row. More make consecutive full rows; if some pieces are left over, the
    last row holds the text's last `sequence_length` - 2 pieces, so that no row is a scrap.

    Args:
        ids: The piece ids of a whole text, without `[CLS]` and `[SEP]`.
        sequence_length: Positions of a row, at least 3.

    Returns:
        int32, shape [windows, sequence_length], at least one row.
    """
    room = sequence_length - BORDERS
    starts = list(range(0, len(ids) - room + 1, room)) or [0]
    if len(ids) > room and len(ids) % room:
        starts.append(len(ids) - room)
    rows = np.zeros((len(starts), sequence_length), np.int32)
    rows[:, 0] = CLS_ID
    for row, start in zip(rows, starts, strict=True):
        window = ids[start : start + room]
        row[1 : len(window) + 1] = window
        row[len(window) + 1] = SEP_ID
    return rows


def first_rows(texts: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.int32]:
    """Gives each text's first window.

    Args:
        texts: Of any length.
        vocabulary: Gives their ids, and the sequence length (S).

    Returns:
        Framed rows, int32, shape [texts, S].
    """
    length = vocabulary.sequence_length
    rows = [split_ids(ids[: length - BORDERS], length)[0] for ids in vocabulary.encode_all(texts)]
    return np.stack(rows) if rows else np.zeros((0, length), np.int32)


def piece_counts(rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Counts the pieces of each row, the unknown ones among them, without `[CLS]`, `[SEP]` and padding.

    Args:
        rows: int32, shape [rows, sequence_length].

    Returns:
        int32, shape [rows].
    """
    inner = rows[:, 1:-1]
    return np.asarray(((inner == 1) | (inner > SEP_ID)).sum(axis=1), np.int32)


def average(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Averages the windows' log-probabilities.

    Args:
        probabilities: float32, shape [windows, labels].

    Returns:
        float64, shape [labels]. A single window's probabilities are given as they are.
    """
    if len(probabilities) == 1:
        return np.asarray(probabilities[0], np.float64)
    mean = np.log(np.maximum(probabilities.astype(np.float64), FLOOR)).mean(axis=0)
    scores: NDArray[np.float64] = np.exp(mean - mean.max())
    scores /= scores.sum()
    return scores
