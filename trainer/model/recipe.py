"""The defaults of training that a recipe chooses, each with its reason; and sizes by rule where it chooses none."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from trainer.text.pieces import FEW_ROWS
from trainer.text.vocabulary import Vocabulary

FEW_LABELS: Final = 10  # up to as many, a row of the tables holds all labels
_DENSE_LABELS: Final = 20  # up to as many, a row of all labels is hardly larger than one of the strongest eight
_ALL: Final = 1_000_000
_TAUGHT_LABELS: Final = 77  # of more, their rows take the room of common words
_LEAST_SLOTS: Final = 997
_USUAL_SLOTS: Final = 6_007  # at least, where no budget is asked for: letters of two bytes are not to cost the bigrams
_MOST_SLOTS: Final = 100_000  # bigrams beyond are seen once, and predict nothing
_PIECE_BYTES: Final = 9  # beside its letters: SentencePiece's score and lengths
_RULE_BYTES: Final = 12
_FIXED_KB: Final = 75  # of the .tflite, whatever the tables have
GRAPH_BYTES: Final = 24_000  # operations and metadata
_STEP_BYTES: Final = 2_000  # of the unrolled LSTM


@dataclass(frozen=True)
class Recipe:
    """How phrases are made, what is built, and how it is trained. The defaults are the recipe `byline`.

    A size of 0 is chosen by rule: see `sizes_for`.
    """

    name: str = "byline"

    # data
    unit: Literal["words", "line"] = (
        "words"  # of the built-in corpus: lines would make their length, the printer's choice, a label
    )
    longest_window: int = 40  # words; what people type is shorter, and a paragraph is read in parts
    window_passes: int = 2  # each pass cuts the training text at other places
    whole_rows: bool = True  # and once it is learned from as it stands: lines are asked too

    # tokenizer
    model_type: Literal["unigram", "word"] = "unigram"
    keep_case: bool = False  # people type few capitals
    fold_accents: bool = False  # where accents distinguish words, they are to be read
    maximum_pieces: int = 0
    whole_words: str = "auto"  # chosen on held-out rows: they pay where words come again, not where most are new
    sequence_length: int = 0  # the smallest of 18, 34, 66 and 130 that holds 99 % of the training phrases
    first_window: bool = False  # a phrase that is longer than the model reads is trained on in all its windows
    extra_words: int = 3_000  # with a teacher: the language's most common words, which the training text never had

    # tables
    tables: bool = True
    regularization: float = 0.0  # liblinear's C; 0: 0.5, for up to ten labels 0.25
    dense_rows: int = 0
    cells: int = 8  # labels of a piece beyond the dense rows: 4 cost a point, 16 bring 0.1
    bigram_slots: int = 0
    bigram_cells: int = 0
    bigram_strength: float = 0.7  # of bigrams beside pieces: on eight sets a point better than 1 where rows are few
    ngram_strength: float = 1.0  # of character n-grams beside pieces
    longest_ngram: int = 5  # characters; the shortest has 2
    misspelt_weight: float = 0.3  # of misspelt copies of every phrase, one or of few four: 1 to 5 points on such text
    unpunctuated_weight: float = 0.3  # of running text alone: it is printed, and people type without its marks

    # encoder
    teacher: str = "auto"  # what is installed and fits the language
    embedding_size: int = 0
    lstm_units: int = 0
    lstm_steps: int = 0
    sentence_size: int = 0
    dense_units: tuple[int, ...] = ()  # of the lesson alone
    activation: Literal["relu", "tanh"] = "relu"  # likewise: of these layers; the LSTM's are those of every runtime
    dropout: float = 0.5  # of the LSTM's outputs where it is trained on the labels; half as much of the embedding's
    epochs: int = 0  # 10 with a teacher, over its texts and their variants; else what `steps` asks for
    steps: int = 300  # on the labels: beside the tables more of them only learn the training text by heart
    batch_size: int = 64
    optimizer: Literal["adam", "nadam", "rmsprop", "sgd"] = "adam"  # where the LSTM is trained on the labels
    loss: Literal["crossentropy", "smoothed", "focal"] = "crossentropy"  # likewise; the others want calibration more
    learning_rate: float = 0.002  # falling to zero along a cosine
    falling_rate: bool = True

    # size
    budget_kb: int = 0  # of the .tflite; 0: 500 for few labels, 300 for 11 to 77, 550 for 150, 700 with a teacher


RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(),
        Recipe(
            name="tiny",
            window_passes=1,
            whole_rows=False,
            maximum_pieces=2_000,
            whole_words="yes",
            sequence_length=34,
            bigram_slots=2_003,
            misspelt_weight=0.0,
            unpunctuated_weight=0.0,
            teacher="none",
            embedding_size=8,
            lstm_units=8,
            lstm_steps=8,
            sentence_size=8,
            steps=40,
        ),
        Recipe(
            name="lesson",
            unit="line",
            model_type="word",
            maximum_pieces=1_000_000,
            whole_words="yes",
            sequence_length=18,
            first_window=True,
            tables=False,
            misspelt_weight=0.0,
            unpunctuated_weight=0.0,
            teacher="none",
            embedding_size=64,
            lstm_units=64,
            lstm_steps=16,
            dense_units=(64, 16),
            dropout=0.0,
            epochs=3,
            steps=0,
            batch_size=64,
            learning_rate=0.001,
            falling_rate=False,
        ),
    )
}


@dataclass(frozen=True)
class Sizes:
    """Of everything that is built, for one corpus.

    Attributes:
        maximum_pieces: Of the unigram model.
        whole_words: Whether words that were seen often are pieces, too.
        extra_words: Pieces beside it, with a teacher.
        dense_rows: Ids below have a value for every label.
        cells: Labels of every other piece.
        bigram_slots: Of the table of bigrams.
        bigram_cells: Labels of a bigram.
        embedding_size: Embedding dimension.
        lstm_units: Of each direction.
        lstm_steps: Pieces that the LSTM reads, at most.
        sentence_size: Of the sentence's vector.
    """

    maximum_pieces: int
    whole_words: bool
    extra_words: int
    dense_rows: int
    cells: int
    bigram_slots: int
    bigram_cells: int
    embedding_size: int
    lstm_units: int
    lstm_steps: int
    sentence_size: int


def sizes_for(recipe: Recipe, label_count: int, row_count: int, with_teacher: bool, whole_words: bool = True) -> Sizes:
    """Chooses the sizes that the recipe leaves open.

    Args:
        recipe: What it names is taken.
        label_count: From 2 to 1,000.
        row_count: Of the training part.
        with_teacher: A teacher's encoder is larger, and knows words that the training text never had.
        whole_words: Without them words are cut into few pieces, each of which was seen often.
    """
    few = label_count <= FEW_LABELS
    budget, default = budget_kb_of(recipe, label_count, with_teacher), _default_kb(label_count, with_teacher)
    share = budget / default
    # Of a small budget the graph and the tokenizer's rules take the same as ever: the tables shrink by more.
    scale = share if share >= 1 else max(0.15, (budget - _FIXED_KB) / (default - _FIXED_KB))
    # Rows of few labels are cheap: more pieces fit, and authors' words want them. Intents gain nothing beyond 4,000;
    # with a teacher a piece costs three times the bytes.
    pieces = round((3_000 if with_teacher else 8_000 if few else 4_000) * min(scale, 2.0))
    extra = min(max(2 * share - 1, 0.2), 6.0) * min(1.0, _TAUGHT_LABELS / label_count)
    dense_rows = _ALL if label_count <= _DENSE_LABELS else round(min(604, 90_000 // label_count) * min(scale, 1))
    if not whole_words:
        pieces = min(pieces, 1_000 if row_count < FEW_ROWS else 2_000)
    return Sizes(
        maximum_pieces=recipe.maximum_pieces or pieces,
        whole_words=whole_words,
        extra_words=round(recipe.extra_words * extra) if with_teacher else 0,
        dense_rows=recipe.dense_rows or dense_rows,
        cells=recipe.cells,
        # Bigrams get what is left of the budget, see `within_budget`; few rows have few bigrams.
        bigram_slots=recipe.bigram_slots or min(_MOST_SLOTS, 24 * row_count + 100),
        bigram_cells=recipe.bigram_cells or 4,
        embedding_size=recipe.embedding_size or (_by_share(share, 32, 48, 64) if with_teacher else 8),
        lstm_units=recipe.lstm_units or (_by_share(share, 48, 48, 96) if with_teacher else 16),
        lstm_steps=recipe.lstm_steps or (_by_share(share, 24, 32, 32) if with_teacher else _by_share(share, 8, 16, 16)),
        sentence_size=recipe.sentence_size or (_by_share(share, 96, 128, 128) if with_teacher else 16),
    )


def _by_share(share: float, least: int, usual: int, most: int) -> int:
    """Gives a size of the encoder: what the default budget holds, what a small one does, or of twice as much the best.

    With a teacher the small ones keep a budget of half, for 0.2 and 0.7 points on two test sets (docs/tuning.md).
    """
    return most if share >= 2 else usual if share > 0.6 else least


def within_budget(sizes: Sizes, recipe: Recipe, vocabulary: Vocabulary, with_teacher: bool) -> Sizes:
    """Gives bigrams what the vocabulary and the encoder leave of the budget, and the LSTM no more steps than there are.

    Args:
        sizes: By rule.
        recipe: What it names is taken.
        vocabulary: As it was learned: its words are part of what is shipped.
        with_teacher: Whether the encoder has one.
    """
    label_count = len(vocabulary.labels)
    steps = min(sizes.lstm_steps, vocabulary.sequence_length - 2)
    if recipe.bigram_slots or not recipe.tables:
        return replace(sizes, lstm_steps=steps)
    left = 1_000 * budget_kb_of(recipe, label_count, with_teacher) - bytes_beside_bigrams(sizes, vocabulary)
    least = _LEAST_SLOTS if recipe.budget_kb or with_teacher else _USUAL_SLOTS
    slots = max(least, int(left / bytes_of_bigrams(sizes, label_count, 1)))
    return replace(sizes, lstm_steps=steps, bigram_slots=min(sizes.bigram_slots, slots))


def beyond_budget(sizes: Sizes, recipe: Recipe, vocabulary: Vocabulary) -> int:
    """Gives the kilobytes that the .tflite will have about, where they are clearly more than were asked for; else 0."""
    slots = bytes_of_bigrams(sizes, len(vocabulary.labels), sizes.bigram_slots)
    kilobytes = round((bytes_beside_bigrams(sizes, vocabulary) + slots) / 1_000)
    return kilobytes if recipe.budget_kb and recipe.tables and kilobytes > 1.05 * recipe.budget_kb else 0


def bytes_beside_bigrams(sizes: Sizes, vocabulary: Vocabulary) -> int:
    """Estimates the bytes of the .tflite without bigrams: rows of int8 with float16 scales, float16 elsewhere."""
    label_count, count = len(vocabulary.labels), vocabulary.size
    dense = count if label_count <= FEW_LABELS else min(count, sizes.dense_rows)
    tables = dense * label_count + (count - dense) * _row_bytes(label_count, sizes.cells) + 2 * count
    units, size = sizes.lstm_units, sizes.sentence_size
    encoder = count * (sizes.embedding_size + 2) + 16 * units * (sizes.embedding_size + units + 1)
    encoder += 2 * size * (2 * units + sizes.embedding_size + 1 + label_count)
    steps = min(sizes.lstm_steps, vocabulary.sequence_length - 2)
    return tables + spelling_bytes(vocabulary) + encoder + GRAPH_BYTES + _STEP_BYTES * steps


def bytes_of_bigrams(sizes: Sizes, label_count: int, slots: int) -> int:
    """Gives the bytes of as many slots of the table of bigrams: a fingerprint and a row each."""
    return slots * (1 + _row_bytes(label_count, sizes.bigram_cells))


def spelling_bytes(vocabulary: Vocabulary) -> int:
    """Gives the bytes of the tokenizer: SentencePiece's own file."""
    spelling = sum(len(piece.encode()) + _PIECE_BYTES for piece in vocabulary.pieces)
    return spelling + sum(len("".join(rule).encode()) + _RULE_BYTES for rule in vocabulary.rules)


def _row_bytes(label_count: int, cells: int) -> int:
    """The bytes of one sparse row, or of a dense one where labels are few: a cell is a label and a value."""
    return label_count if label_count <= FEW_LABELS else cells * (2 if label_count <= 256 else 3)


def budget_kb_of(recipe: Recipe, label_count: int, with_teacher: bool) -> int:
    """Gives the kilobytes of the .tflite that a recipe asks for, or the default."""
    return recipe.budget_kb or _default_kb(label_count, with_teacher)


def _default_kb(label_count: int, with_teacher: bool) -> int:
    """Gives the kilobytes of the .tflite where none are asked for."""
    if with_teacher:
        return 690  # 700 at most: the estimate is a per cent short
    return 500 if label_count <= FEW_LABELS else max(297, min(round(3.85 * label_count), 400 + label_count))
