"""A plain interpreter of the tokenizer contract: what JavaScript does too, line by line.

The `sentencepiece` library encodes; this finds where words stand in the text, and reads what is too long for float32.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from trainer.text.normalization import SPACE, Rules

UNKNOWN_PENALTY: Final = 10.0  # SentencePiece's own: below the least score, for each unknown character

Spelled = tuple[str, int, int]  # a normalized character, and the span of text that it stands for


def aligner(rules: Rules) -> Callable[[str], list[list[Spelled]]]:
    """Gives the function that normalizes a text and finds where each character comes from.

    Every character that a rule gives has the span of what the rule replaced. What a rule removes belongs to the
    character before it, so that an emoji keeps its variation selector.

    Returns:
        The text's words, each a list of characters with start and end; spaces are no part of them.
    """
    table = dict(rules)
    longest = max(map(len, table), default=1)

    def align(text: str) -> list[list[Spelled]]:
        words: list[list[Spelled]] = [[]]
        at = 0
        while at < len(text):
            sizes = range(min(longest, len(text) - at), 0, -1)
            size = next((size for size in sizes if text[at : at + size] in table), 0)
            out = table[text[at : at + size]] if size else text[at]
            end = at + (size or 1)
            if not out and words[-1]:
                character, start, _ = words[-1][-1]
                words[-1][-1] = (character, start, end)
            for character in out:
                if character != " ":
                    words[-1].append((character, at, end))
                elif words[-1]:
                    words.append([])
            at = end
        return [word for word in words if word]

    return align


class Segmenter:
    """The most likely pieces of a word, by their scores; of equal ones those whose last piece starts first."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self._scores = scores
        self._longest = max(map(len, scores), default=1)
        self._unknown = min(scores.values(), default=0.0) - UNKNOWN_PENALTY

    def __call__(self, word: str) -> tuple[float, list[str]]:
        """Cuts a word into pieces.

        Args:
            word: A word in normalized text, with its ▁.

        Returns:
            The sum of the scores, and the pieces: a run of characters that are no piece is one of them.
        """
        best: list[tuple[float, int, bool]] = [(0.0, 0, True)] + [(-float("inf"), 0, False)] * len(word)
        for start in range(len(word)):
            here = best[start][0]
            for end in range(start + 1, min(start + self._longest, len(word)) + 1):
                score = self._scores.get(word[start:end])
                if score is not None and here + score > best[end][0]:
                    best[end] = (here + score, start, True)
            if word[start] not in self._scores and here + self._unknown > best[start + 1][0]:
                best[start + 1] = (here + self._unknown, start, False)
        return best[-1][0], list(_joined(word, best))[::-1]


def _joined(word: str, best: list[tuple[float, int, bool]]) -> Iterator[str]:
    """Gives the pieces from the last to the first."""
    end = len(word)
    while end:
        _, start, known = best[end]
        while not known and start and not best[start][2]:
            start = best[start][1]
        yield word[start:end]
        end = start


def spelling(word: list[Spelled]) -> str:
    """Gives a word of the aligner as the segmenter reads it."""
    return SPACE + "".join(character for character, _, _ in word)
