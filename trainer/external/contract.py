"""What a vocabulary file becomes: the tokenizer contract, and the ids that a model was trained with."""

from dataclasses import dataclass

from trainer.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Tokenizer:
    """The tokenizer contract of a model that was trained with other ids.

    Attributes:
        vocabulary: The contract.
        table: Contract id -> the model's id; -1: the model is not given it.
        length: How many ids the model reads.
        padding: The model's id of padding.
        holes: Whether pieces between others have no id.
    """

    vocabulary: Vocabulary
    table: tuple[int, ...]
    length: int
    padding: int
    holes: bool
