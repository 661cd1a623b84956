"""Whole words as the tokenizer contract: a word list, or the vocabulary of a `TextVectorization` layer.

A word that is not in the list is one `<unk>`. SentencePiece joins neighbouring `<unk>`s, so a separator stands between
any two words, which the model is not given: `UserIds` leaves it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainer.errors import UserError
from trainer.external.contract import Tokenizer
from trainer.text.normalization import SPACE, Rules
from trainer.text.vocabulary import RESERVED, Vocabulary

STANDARDIZE: Final = ("lower_and_strip_punctuation", "lower", "strip_punctuation", "none")
PADDING: Final = ("", "[PAD]", "<pad>", "<PAD>")
UNKNOWN: Final = ("[UNK]", "<unk>", "<UNK>", "<OOV>")
SEPARATOR: Final = "\ue000"  # for private use: no text has a meaning for it
_WHITE: Final = " \t\n\v\f\r"  # that TextVectorization splits at
_PUNCTUATION: Final = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"  # that it strips
_LONGEST_RUN: Final = 8  # spaces that are one separator; of a longer run there are more
_LONGEST: Final = 99  # characters of a word, beside the sign of a space


@dataclass(frozen=True)
class WordList:
    """Words by the ids that a model was trained with.

    Attributes:
        words: Of the ids from 2 on; 0 is padding, and 1 every other word.
        standardize: What is done to the text before, by the names of Keras' `TextVectorization`.
        source: What a mistake names.
    """

    words: tuple[str, ...]
    standardize: str
    source: str

    def tokenizer(self, labels: Sequence[str], length: int) -> Tokenizer:
        """Gives the contract.

        Args:
            labels: In the order of the model's outputs.
            length: How many ids the model reads.

        Raises:
            UserError: A word stands twice.
        """
        rules = rules_of(self.standardize)
        changed = {old for old, new in rules if old != new and len(old) == 1} | {" ", "\0"}
        pieces, ids = [SPACE + SEPARATOR], [-1]
        seen: dict[str, int] = {}
        for number, word in enumerate(self.words, 2):
            if seen.setdefault(word, number) != number:
                raise UserError(f"{self.source}: the word {word!r} stands twice, as id {seen[word]} and id {number}")
            if word and len(word) <= _LONGEST and changed.isdisjoint(word) and word != SEPARATOR:
                pieces.append(SPACE + word)  # no text spells the others
                ids.append(number)
        vocabulary = Vocabulary(
            rules=rules,
            pieces=tuple(pieces),
            scores=(0.0,) * len(pieces),
            labels=tuple(labels),
            sequence_length=2 * length + 2,  # a separator a word, [CLS] and [SEP]
            model_type="word",
        )
        return Tokenizer(vocabulary, (*(-1, 1, -1, -1)[: len(RESERVED)], *ids), length, padding=0, holes=True)


def rules_of(standardize: str) -> Rules:
    """Gives the rules that do what `TextVectorization` does to a text, and set a separator between words."""
    apart = f" {SEPARATOR} "
    rules = dict.fromkeys(_WHITE, apart) | {" " * count: apart for count in range(2, _LONGEST_RUN + 1)}
    rules |= dict.fromkeys((SEPARATOR, SPACE), "\ufffd")
    if "lower" in standardize:
        rules |= {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    if "strip_punctuation" in standardize:
        rules |= dict.fromkeys(_PUNCTUATION, "")
    return tuple(sorted(rules.items()))


def read_word_list(path: Path, standardize: str) -> WordList:
    """Reads a word list: a word a line, the first of which is id 2; or id 0 where padding and `[UNK]` stand first.

    Raises:
        UserError: It cannot be read, is empty, or has words that the text never spells.
    """
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})") from error
    lines = [line.removesuffix("\r") for line in lines]
    if "[CLS]" in lines:
        raise UserError(
            f"{path}: is a WordPiece vocabulary, which is not read; a word list or a SentencePiece model is"
        )
    special = len(lines) > 1 and lines[0] in PADDING and lines[1] in UNKNOWN
    words = tuple(lines[2:] if special else lines)
    if not words or words == ("",):
        raise UserError(f"{path}: holds no word")
    for row, word in enumerate(words, 3 if special else 1):
        if not word or word.split() != [word]:
            raise UserError(f"{path}: row {row}: {word!r} is no word: a row is one word without white space")
        if word in (*PADDING, *UNKNOWN):
            raise UserError(f"{path}: row {row}: {word}: padding and the unknown word are the first two rows, or none")
    capitals = next((row for row, word in enumerate(words) if word != word.lower() and word.isascii()), None)
    if capitals is not None and "lower" in standardize:
        row = capitals + (3 if special else 1)
        raise UserError(
            f"{path}: row {row}: {words[capitals]!r} has a capital, and text is lower-cased before: "
            "--standardize strip_punctuation or none keeps its capitals"
        )
    return WordList(words, standardize, str(path))
