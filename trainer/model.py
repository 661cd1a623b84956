"""The Keras bidirectional LSTM, and beside it what single words and pairs of words speak for."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.evidence import InitialWeights
from trainer.pair_table import prime_up_to
from trainer.recipes import Recipe

if TYPE_CHECKING:
    import keras

MOST_PAIR_NUMBERS: Final = 8  # of many labels: a pair tells a few of them from the rest
MOST_WORD_NUMBERS: Final = 32
LOGIT_LAYERS: Final = ("logits", "word_evidence", "pair_evidence")  # what they give is added, where they are there


def embedding_size(label_count: int, recipe: Recipe) -> int:
    """Gives the numbers a word: the recipe's, or with evidence for many labels as many as there are labels."""
    return max(recipe.embedding_size, min(label_count, MOST_WORD_NUMBERS) if recipe.pair_slots else 0)


def pair_table_size(label_count: int, recipe: Recipe) -> tuple[int, int]:
    """Gives the slots of the table of pairs and the numbers a pair; log-odds of n labels have n - 1 free numbers."""
    return prime_up_to(recipe.pair_slots), min(label_count - 1, MOST_PAIR_NUMBERS)


def build_model(
    vocabulary_size: int, label_count: int, recipe: Recipe, pieces: NDArray[np.int32] | None = None
) -> "keras.Model":
    """Builds the untrained model: embedding, bidirectional LSTM, dense layers, evidence, softmax.

    Args:
        vocabulary_size: How many word ids there are, with padding and unknown.
        label_count: How many labels there are.
        recipe: Gives the sequence length, the layers' sizes and the dropout.
        pieces: For training: what each word is made of, as `trainer.pieces` numbers it; `without_pieces` folds it.

    Returns:
        A model from int32 word ids, shape [batch, sequence_length], to float32 probabilities, shape [batch, labels].
        Positions that hold id 0 are masked: what is padded does not count.
    """
    import keras
    from keras import layers

    ids = keras.Input((recipe.sequence_length,), dtype="int32", name="ids")
    words = _embedding(vocabulary_size, label_count, recipe, pieces)(ids)
    x = layers.SpatialDropout1D(recipe.dropout / 2)(words)
    x = layers.Bidirectional(layers.LSTM(recipe.lstm_units), name="bidirectional")(x)
    read = x = layers.Dropout(recipe.dropout)(x)
    for index, units in enumerate(recipe.dense_units):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    logits = layers.Dense(label_count, name="logits")(x)
    if recipe.pair_slots:
        logits = _with_evidence(logits, ids, words, read, vocabulary_size, recipe)
    return keras.Model(ids, layers.Softmax(name="probabilities")(logits), name="byline")


def _embedding(vocabulary_size: int, label_count: int, recipe: Recipe, pieces: NDArray[np.int32] | None) -> Any:
    from keras import initializers, layers

    options: dict[str, Any] = {"mask_zero": True, "name": "embedding"}
    if recipe.pair_slots:  # the numbers that the evidence leaves free are of its size
        options["embeddings_initializer"] = initializers.RandomUniform(-0.5, 0.5)
    size = embedding_size(label_count, recipe)
    if pieces is None:
        return layers.Embedding(vocabulary_size, size, **options)
    from trainer.layers import PiecewiseEmbedding

    return PiecewiseEmbedding(pieces, recipe.piece_buckets, size, **options)


def _with_evidence(logits: Any, ids: Any, words: Any, read: Any, vocabulary_size: int, recipe: Recipe) -> Any:
    """Adds what words and pairs speak for, and lets the LSTM say how much all of it counts.

    What it has read, and how many pairs it knows, show whether a phrase is of the kind that was learned from at all.
    """
    from keras import initializers, layers

    from trainer.layers import PairSum, WordSum

    label_count = logits.shape[-1]
    slots, size = pair_table_size(label_count, recipe)
    pair_sum, known = PairSum(vocabulary_size, slots, size, name="pairs")(ids)
    sums = {"word_evidence": WordSum(name="words")(words), "pair_evidence": pair_sum}
    evidence = [layers.Dense(label_count, use_bias=False, name=name)(x) for name, x in sums.items()]
    bias = initializers.Constant(2.0)  # most phrases are to be trusted
    trust = layers.Dense(1, activation="sigmoid", bias_initializer=bias, name="trust")(
        layers.Concatenate(name="grounds")([read, known])
    )
    return layers.Multiply(name="trusted")([layers.Add(name="sum")([logits, *evidence]), trust])


def start_from(model: "keras.Model", initial: InitialWeights) -> None:
    """Lets training begin at what counting says."""
    embedding = model.get_layer("embedding").embeddings
    rows = embedding.numpy()
    known = np.abs(initial.kernel).sum(axis=1) > 0
    rows[:, known] = initial.vectors[:, known]
    rows[0] = 0
    embedding.assign(rows)
    kernel = model.get_layer("word_evidence").get_weights()[0] * 0
    kernel[known] = initial.kernel[known]
    model.get_layer("word_evidence").set_weights([kernel])
    model.get_layer("pairs").set_weights([initial.pairs, initial.owners])
    model.get_layer("pair_evidence").set_weights([initial.pair_kernel])


def without_pieces(trained: "keras.Model", recipe: Recipe) -> "keras.Model":
    """Gives the same model with a plain embedding: a word's pieces depend on the word alone and go into its row."""
    embedding = trained.get_layer("embedding")
    plain = build_model(embedding.input_dim, trained.output_shape[1], recipe)
    embedding_of_plain = plain.get_layer("embedding")
    for layer in plain.layers:
        if layer.weights and layer is not embedding_of_plain:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    embedding_of_plain.set_weights([embedding.folded()])
    return plain
