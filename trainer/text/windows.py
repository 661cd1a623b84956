"""Windows: how running text is cut into phrases to train on, and how a text too long for the model is read."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.text.vocabulary import CLS_ID, PADDING_ID, SEP_ID

SHORTEST = 3  # words; two words of running text rarely tell anything
FLOOR = 1e-7  # a probability's least value under a logarithm, as in Keras


def cut(text: str, spans: Sequence[tuple[int, int]], longest: int, generator: np.random.Generator) -> Iterator[str]:
    """Cuts running text into consecutive windows of `SHORTEST` to `longest` words.

    Lengths are drawn evenly by their logarithm: what people type is short, and from short windows more is learned. A
    remainder shorter than the length drawn is dropped, so that the lengths tell nothing about the text's label.

    Args:
        text: Running text.
        spans: Start and end of each of its words, in characters.
        longest: The most words a window holds.
        generator: Where the lengths are drawn from.

    Returns:
        The windows as they stand in the text, with the punctuation that follows their last word.
    """
    position = 0
    while (end := position + _length(longest, generator)) <= len(spans):
        stop = spans[end][0] if end < len(spans) else len(text)
        window, last_word = text[spans[position][0] : stop], spans[end - 1][1] - spans[position][0]
        yield window[:last_word] + window[last_word:].split(" ")[0]
        position = end


def _length(longest: int, generator: np.random.Generator) -> int:
    return int(SHORTEST * ((longest + 1) / SHORTEST) ** generator.random())


def split_ids(ids: Sequence[int], sequence_length: int) -> NDArray[np.int32]:
    """Gives a text's piece ids as rows for the model, as the mobile clients write them: `[CLS]` pieces `[SEP]` 0 …

    Up to `sequence_length` - 2 ids make one row. More make consecutive full rows; if some ids are left over, the last
    row holds the text's last ones, so that no row is a scrap.

    Returns:
        int32, shape [windows, sequence_length], at least one row.
    """
    length = sequence_length - 2
    starts = list(range(0, len(ids) - length + 1, length)) or [0]
    if len(ids) > length and len(ids) % length:
        starts.append(len(ids) - length)
    rows = np.full((len(starts), sequence_length), PADDING_ID, np.int32)
    rows[:, 0] = CLS_ID
    for row, start in zip(rows, starts, strict=True):
        window = ids[start : start + length]
        row[1 : 1 + len(window)] = window
        row[1 + len(window)] = SEP_ID
    return rows


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
