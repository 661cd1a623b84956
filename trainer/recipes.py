"""The defaults of training that a recipe chooses, each with its reason."""

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True)
class Recipe:
    """How phrases are made, what is built, and how it is trained. The defaults are the recipe `byline`."""

    name: str = "byline"

    # data
    unit: Literal["words", "line"] = (
        "words"  # of the built-in corpus: lines would make their length, the printer's choice, a label
    )
    longest_window: int = 40  # words; what people type is shorter, and a paragraph is read in parts
    window_passes: int = 5  # each pass cuts the training text at other places
    whole_rows: bool = True  # and once it is learned from as it stands: lines are asked too

    # tokenizer
    sequence_length: int = 16  # the lesson's; longer texts are read in windows
    minimum_count: int = 2  # a word seen once teaches only what it is to be unknown
    maximum_words: int = 12_500  # with the pairs below 350 kB of weights, for four labels: what a page may well load
    punctuation: bool = False  # raw-string mobile clients can read words alone, and people type few marks

    # model
    embedding_size: int = 8  # 32 were no better beside the pairs; a corpus of more labels gets a number a label
    lstm_units: int = 32
    dense_units: tuple[int, ...] = ()  # beside the evidence they were of no use
    dropout: float = 0.5  # of the LSTM's outputs; half as much of the embedding's
    pair_slots: int = 49_999  # of the table of pairs of neighbouring words; 0: no evidence beside the LSTM
    piece_buckets: int = 50_000  # of runs of characters, summed into words while training; 0: none

    # training
    epochs: int = 1  # what counting says is a good start: a second one costs half a point on validation
    least_steps: int = 250  # a small corpus is gone through more often: a few steps teach nothing
    batch_size: int = 1_024  # half a point better than 256: the evidence wants calm steps
    shuffle_buffer: int = 200_000  # holds the corpus: neighbouring lines do not arrive together
    learning_rate: float = 0.003
    falling_rate: bool = True  # to zero along a cosine: the last steps settle what the first ones found
    first_words: bool = False  # a phrase that is longer than the model reads is trained on in all its windows
    word_dropout: float = 1.0  # d: a word that occurs n times is made unknown d/(d + n) of the time, as in new text
    outliers: float = 0.4  # as many phrases spoiled, beside every batch, teach what belongs to no label
    label_smoothing: float = 0.0  # it bends probabilities in a way that no temperature bends back

    def with_punctuation(self) -> "Recipe":
        """The same where marks and capitals count: they are tokens too, a third more in a phrase."""
        return replace(
            self,
            punctuation=True,
            sequence_length=self.sequence_length * 3 // 2,
            maximum_words=self.maximum_words * 6 // 5,
            pair_slots=self.pair_slots * 11 // 10,
        )


RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(),
        Recipe(
            name="tiny",
            window_passes=1,
            whole_rows=False,
            lstm_units=8,
            least_steps=60,
            maximum_words=4_000,
            pair_slots=4_093,
            piece_buckets=0,
        ),
        Recipe(
            name="lesson",
            unit="line",
            minimum_count=1,
            maximum_words=1_000_000,
            embedding_size=64,
            lstm_units=64,
            dense_units=(64, 16),
            dropout=0.0,
            pair_slots=0,
            piece_buckets=0,
            epochs=3,
            least_steps=0,
            batch_size=64,
            shuffle_buffer=50_000,
            learning_rate=0.001,
            falling_rate=False,
            first_words=True,
            word_dropout=0.0,
            outliers=0.0,
        ),
    )
}
