"""What is done to phrases so that the model meets what people type: misspelt words."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from trainer.text.vocabulary import Vocabulary

MISSPELT: Final = 0.2  # of the words: one edit each
_LETTERS: Final = 60  # of a script, the most frequent: a letter that nobody types is no slip
_SHORTEST: Final = 3  # characters of a word that is misspelt: of shorter ones too little is left
_STRETCH: Final = 6  # characters: a run of a script without spaces is cut into stretches of as many
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Speller:
    """Misspells text of any script, with letters of the training text.

    Attributes:
        letters: Script -> its letters, the most frequent first.
    """

    letters: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Speller":
        """Takes the letters from the pieces of one character, which stand in order of frequency."""
        return cls.of_letters(piece for piece in vocabulary.pieces if len(piece) == 1)

    @classmethod
    def of_letters(cls, letters: Iterable[str]) -> "Speller":
        """Sorts letters by script; what is none is left out."""
        of_script: dict[str, list[str]] = {}
        for letter in letters:
            if letter.isalpha():
                of_script.setdefault(_script(letter), []).append(letter)
        return cls({script: tuple(found[:_LETTERS]) for script, found in of_script.items()})

    def misspell(self, text: str, generator: np.random.Generator) -> str:
        """Gives the text with one edit in about a fifth of its words."""
        return _WORD.sub(lambda match: self._word(match.group(), generator), text)

    def _word(self, word: str, generator: np.random.Generator) -> str:
        if len(word) > 2 * _STRETCH:
            parts = [word[start : start + _STRETCH] for start in range(0, len(word), _STRETCH)]
            return "".join(self._word(part, generator) for part in parts)
        if len(word) < _SHORTEST or generator.random() >= MISSPELT:
            return word
        kind, place = int(generator.integers(4)), int(generator.integers(len(word)))
        if kind == 0:  # a letter is left out
            return word[:place] + word[place + 1 :]
        if kind == 1 and place:  # two letters change places
            return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
        letters = self.letters.get(_script(word[place])) or (word[place],)
        letter = letters[int(generator.integers(len(letters)))]
        return word[:place] + letter + word[place + (kind == 2) :]  # one for another, or one too many


@cache
def _script(letter: str) -> str:
    """Gives the first word of a letter's name, LATIN for instance."""
    return unicodedata.name(letter, "").partition(" ")[0]
