"""What a recipe costs where it is used: bytes of the `.tflite`, and the time of a phrase. Both are estimated."""

import itertools
from typing import Final

from trainer.model.recipe import GRAPH_BYTES, Recipe, Sizes, bytes_beside_bigrams, bytes_of_bigrams, spelling_bytes
from trainer.text.vocabulary import Vocabulary

# Microseconds of one phrase in TensorFlow Lite's interpreter, one thread. They are fitted to the medians of
# benchmarks/results/latency.json and variants.json (15 to 93 µs), and are within a tenth of them.
_CALL: Final = 5.0
_STEP: Final = 1.2  # of the LSTM: its operations are many and small
_CELL: Final = 0.013  # of a position for one label: the tables' rows are summed
_PRODUCT: Final = 1.4e-5  # of one multiplication and addition of the LSTM
_STEP_BYTES: Final = 2_000  # of the unrolled LSTM


def bytes_of(recipe: Recipe, sizes: Sizes, vocabulary: Vocabulary, slots: int | None = None) -> int:
    """Estimates the bytes of the `.tflite`.

    Args:
        recipe: Tables, or the lesson's network.
        sizes: Of all that is built.
        vocabulary: As it was learned.
        slots: Of the table of bigrams, where it is built already; None: as many as `sizes` says.
    """
    if recipe.tables:
        taken = sizes.bigram_slots if slots is None else slots
        return bytes_beside_bigrams(sizes, vocabulary) + bytes_of_bigrams(sizes, len(vocabulary.labels), taken)
    size, units = recipe.embedding_size, recipe.lstm_units
    numbers = vocabulary.size * (size + 2) + 16 * units * (size + units + 1)
    widths = (2 * units, *recipe.dense_units, len(vocabulary.labels))
    numbers += sum(2 * (before + 1) * after for before, after in itertools.pairwise(widths))
    return numbers + spelling_bytes(vocabulary) + GRAPH_BYTES + _STEP_BYTES * vocabulary.window


def microseconds(recipe: Recipe, sizes: Sizes, vocabulary: Vocabulary) -> float:
    """Estimates the time of one phrase in the interpreter, a whole window of pieces, in microseconds."""
    if recipe.tables:
        size, units = sizes.embedding_size, sizes.lstm_units
        steps, cells = sizes.lstm_steps, vocabulary.sequence_length * len(vocabulary.labels)
    else:
        size, units = recipe.embedding_size, recipe.lstm_units
        steps, cells = vocabulary.window, 0
    return _CALL + _STEP * steps + _CELL * cells + _PRODUCT * steps * 8 * units * (size + units)
