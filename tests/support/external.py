"""Models that a stranger would train with plain Keras, and their vocabularies."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.support.corpora.pets import CORPUS
from trainer.data.corpus import Phrase

LENGTH: Final = 6  # ids that they read
LABELS: Final = ("cats", "dogs")
PHRASES: Final = [Phrase(row.text, row.label) for row in CORPUS.rows()]
TEXTS: Final = [phrase.text for phrase in PHRASES]


def vectorization(**settings: Any) -> Any:
    import keras

    layer = keras.layers.TextVectorization(**{"output_sequence_length": LENGTH, "max_tokens": 60} | settings)
    layer.adapt(TEXTS)
    return layer


def convolution() -> Any:
    """Reads strings by a `TextVectorization` layer."""
    import keras
    from keras import layers

    given = keras.Input((1,), dtype="string")
    vector = vectorization()
    x = layers.Embedding(vector.vocabulary_size(), 8)(vector(given))
    x = layers.Conv1D(8, 3, padding="same", activation="relu")(x)
    x = layers.Concatenate()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])
    x = layers.Dense(8, activation="tanh")(layers.Dropout(0.2)(x))  # which TensorFlow fuses with its product
    return keras.Model(given, layers.Dense(len(LABELS), activation="softmax")(x))


def stacked_gru(size: int) -> Any:
    """Reads ids as floats, as `Input` has them by default, and gives logits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((LENGTH,)),
            layers.Embedding(size, 8, mask_zero=True),
            layers.Bidirectional(layers.GRU(6, return_sequences=True)),
            layers.GRU(6),
            layers.Dense(len(LABELS)),
        ]
    )


def average(size: int) -> Any:
    """Averages embeddings, and gives one probability, the second label's."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            layers.Embedding(size, 8, mask_zero=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def attention(size: int) -> Any:
    """One head over rows without a mask."""
    import keras
    from keras import layers

    ids = keras.Input((LENGTH,), dtype="int64")
    x = layers.Embedding(size, 8)(ids)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(ids, layers.Dense(len(LABELS), activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def trained(model: Any, inputs: Any) -> Any:
    """Trains it on the made phrases until it tells them apart."""
    import tensorflow as tf

    truth = np.array([LABELS.index(phrase.label) for phrase in PHRASES])
    probability = model.outputs[0].shape[1] == 1
    loss = "binary_crossentropy" if probability else "sparse_categorical_crossentropy"
    if model.layers[-1].get_config()["activation"] == "linear":
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(tf.constant(inputs), tf.constant(truth), epochs=12, verbose=0)
    return model


def sentencepiece_model(path: Path, **settings: Any) -> None:
    """Trains a SentencePiece model with the library's own defaults."""
    import sentencepiece

    (source := path.with_suffix(".txt")).write_text("\n".join(TEXTS), encoding="utf-8")
    defaults = {"vocab_size": 60, "hard_vocab_limit": False, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(
        input=str(source), model_prefix=str(path.with_suffix("")), **defaults | settings
    )


def given(kind: str, folder: Path) -> list[str]:
    """Writes a trained model and what comes with it.

    Args:
        kind: "convolution", "gru", "average" or "attention".
        folder: Where the files go.

    Returns:
        The options of `export all`.
    """
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS), encoding="utf-8")
    options = [f"--model={folder / 'model.keras'}", f"--labels={folder / 'labels.txt'}"]
    layer = vectorization()
    if kind == "convolution":
        trained(convolution(), np.array(TEXTS, object)[:, None]).save(folder / "model.keras")
        return options
    vocabulary = folder / "vocabulary"
    if kind == "average":
        sentencepiece_model(folder / "pieces.model", normalization_rule_name="nmt_nfkc_cf")
        import sentencepiece

        library = sentencepiece.SentencePieceProcessor(model_file=str(folder / "pieces.model"))
        ids = np.zeros((len(TEXTS), LENGTH), np.int32)
        for row, read in zip(ids, library.encode(TEXTS), strict=True):
            row[: min(LENGTH, len(read))] = read[:LENGTH]
        (folder / "pieces.model").rename(vocabulary)
        model, inputs = average(library.get_piece_size()), ids
    else:
        words = layer.get_vocabulary(include_special_tokens=kind == "gru")
        vocabulary.write_text("\n".join(map(str, words)), encoding="utf-8")
        model, inputs = {"gru": stacked_gru, "attention": attention}[kind](layer.vocabulary_size()), layer(TEXTS)
    trained(model, inputs).save(folder / "model.keras")
    return [*options, f"--vocabulary={vocabulary}"]
