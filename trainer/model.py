"""The Keras bidirectional LSTM."""

from typing import TYPE_CHECKING

from trainer.recipes import Recipe

if TYPE_CHECKING:
    import keras


def build_model(vocabulary_size: int, label_count: int, recipe: Recipe) -> "keras.Model":
    """Builds the untrained model: embedding, bidirectional LSTM, dense layers, softmax.

    Args:
        vocabulary_size: How many word ids there are, with padding and unknown.
        label_count: How many labels there are.
        recipe: Gives the sequence length, the layers' sizes and the dropout.

    Returns:
        A model from int32 word ids, shape [batch, sequence_length], to float32 probabilities, shape [batch, labels].
        Positions that hold id 0 are masked: what is padded does not count.
    """
    import keras
    from keras import layers

    ids = keras.Input((recipe.sequence_length,), dtype="int32", name="ids")
    x = layers.Embedding(vocabulary_size, recipe.embedding_size, mask_zero=True, name="embedding")(ids)
    x = layers.SpatialDropout1D(recipe.dropout / 2)(x)
    x = layers.Bidirectional(layers.LSTM(recipe.lstm_units), name="bidirectional")(x)
    x = layers.Dropout(recipe.dropout)(x)
    for index, units in enumerate(recipe.dense_units):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    probabilities = layers.Dense(label_count, activation="softmax", name="probabilities")(x)
    return keras.Model(ids, probabilities, name="byline")
