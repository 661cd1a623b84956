"""All defaults of training, each with its reason."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Recipe:
    """How phrases are made, what is built, and how it is trained. The defaults are the recipe `byline`."""

    name: str = "byline"

    # data
    unit: Literal["words", "line"] = (
        "words"  # of the built-in corpus: lines would make their length, the printer's choice, a label
    )
    window_passes: int = 4  # each pass cuts the training text at other places

    # tokenizer
    sequence_length: int = 16  # the lesson's; longer texts are read in windows
    minimum_count: int = 2  # a word seen once teaches only what it is to be unknown
    maximum_words: int = 16_000
    punctuation: bool = False  # raw-string mobile clients can read words alone, and people type few marks

    # model
    embedding_size: int = 32  # 64 was no better on validation, and is twice the download
    lstm_units: int = 48
    dense_units: tuple[int, ...] = (64, 16)  # the lesson's
    dropout: float = 0.5  # of the LSTM's outputs; half as much of the embedding's

    # training
    epochs: int = 4  # validation accuracy stands still after three
    least_steps: int = 1_500  # a small corpus is gone through more often: a few steps teach nothing
    batch_size: int = 256  # twice the speed of the lesson's 64
    shuffle_buffer: int = 200_000  # holds the corpus: neighbouring lines do not arrive together
    learning_rate: float = 0.003
    falling_rate: bool = True  # to zero along a cosine: the last steps settle what the first ones found
    first_words: bool = False  # a phrase that is longer than the model reads is trained on in all its windows
    word_dropout: float = 0.25  # of the words become unknown, so that no single word decides
    label_smoothing: float = 0.0  # it bends probabilities in a way that no temperature bends back


RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(),
        Recipe(
            name="tiny",
            window_passes=1,
            embedding_size=8,
            lstm_units=8,
            dense_units=(16,),
            epochs=2,
            least_steps=0,
            maximum_words=4_000,
        ),
        Recipe(
            name="lesson",
            unit="line",
            minimum_count=1,
            maximum_words=1_000_000,
            embedding_size=64,
            lstm_units=64,
            dropout=0.0,
            epochs=3,
            least_steps=0,
            batch_size=64,
            shuffle_buffer=50_000,
            learning_rate=0.001,
            falling_rate=False,
            first_words=True,
            word_dropout=0.0,
        ),
    )
}
