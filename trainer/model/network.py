"""The Keras models, made from the numbers they hold: `build_model` from canonical weights, `weights_of` back to them.

Each maps framed rows of ids, int32, shape [batch, S], to probabilities, float32, shape [batch, labels].
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.model.weights import Cells, Encoder, Gate, LessonWeights, Lstm, Tables, Weights
from trainer.quiet import quietly

if TYPE_CHECKING:
    import keras

SENTENCE: Final = "sentence"  # the layer that gives the sentence's vector
EXTERNAL: Final = "user_ids"  # the layer before a model that was trained elsewhere


def build_model(weights: Weights | LessonWeights, sequence_length: int) -> "keras.Model":
    """Builds the model that holds some numbers.

    Args:
        weights: Give every size, too.
        sequence_length: Of the rows (S).
    """
    if isinstance(weights, LessonWeights):
        sizes = (len(weights.embedding), weights.embedding.shape[1], len(weights.forward.recurrent))
        dense = [len(bias) for _, bias in weights.dense]
        model = build_lesson(sequence_length, *sizes, dense, activation=weights.activation)
        _set_reader(model, weights)
        for index, arrays in enumerate(weights.dense):
            model.get_layer(_dense_name(index, len(weights.dense))).set_weights(list(arrays))
        return model
    model = _empty(weights, sequence_length)
    tables, encoder, gate = weights.tables, weights.encoder, weights.gate
    sparse = [] if tables.sparse is None else [tables.sparse.labels, tables.sparse.values]
    _set(model, "pieces", dense=tables.dense, **dict(zip(("labels", "values"), sparse, strict=False)))
    if isinstance(tables.bigrams, Cells):
        _set(
            model,
            "bigrams",
            fingerprints=tables.fingerprints,
            labels=tables.bigrams.labels,
            values=tables.bigrams.values,
        )
    else:
        _set(model, "bigrams", fingerprints=tables.fingerprints, values=tables.bigrams)
    _set(model, "tables", bias=tables.bias)
    set_encoder(model, encoder)
    if encoder.logits is not None:
        model.get_layer("sentence_logits").set_weights([encoder.logits])
    _set(model, "gate", kernel=gate.kernel, bias=gate.bias, scale=np.array([gate.scale], np.float32))
    return model


def build_encoder(
    sequence_length: int,
    vocabulary_size: int,
    *,
    steps: int,
    embedding_size: int,
    units: int,
    size: int,
    dropout: float = 0.0,
) -> "keras.Model":
    """Builds an untrained encoder: framed rows to sentence vectors, float32, shape [batch, size].

    Args:
        sequence_length: Of the rows (S).
        vocabulary_size: Ids are below it (V).
        steps: How many pieces the LSTM reads (T), at most S - 2.
        embedding_size: Embedding dimension.
        units: Of each direction of the LSTM.
        size: Of the vector.
        dropout: Share of the LSTM's outputs, and half as much of the embedding's channels, dropped in training.
    """
    import keras

    ids = _input(sequence_length)
    pieces = _pieces(ids)
    vector = _sentence(pieces, vocabulary_size, steps, embedding_size, units, size, dropout)
    return keras.Model(ids, vector, name="encoder")


def build_lesson(
    sequence_length: int,
    vocabulary_size: int,
    embedding_size: int,
    units: int,
    dense: Sequence[int],
    dropout: float = 0.0,
    activation: str = "relu",
) -> "keras.Model":
    """Builds the lesson's untrained model: embedding, bidirectional LSTM, dense layers, softmax.

    Args:
        sequence_length: Of the rows (S); the LSTM reads the S - 2 pieces.
        vocabulary_size: Ids are below it (V).
        embedding_size: Embedding dimension.
        units: Of each direction of the LSTM.
        dense: Units of each dense layer, the last of which gives the logits.
        dropout: Share of the LSTM's outputs, and half as much of the embedding's channels, dropped in training.
        activation: Of the dense layers but the last.
    """
    import keras
    from keras import layers

    ids = _input(sequence_length)
    x = layers.Embedding(vocabulary_size, embedding_size, mask_zero=True, name="embedding")(_pieces(ids))
    if dropout:
        x = layers.SpatialDropout1D(dropout / 2, name="embedding_dropout")(x)
    x = layers.Bidirectional(layers.LSTM(units), name="bidirectional")(x)
    if dropout:
        x = layers.Dropout(dropout, name="output_dropout")(x)
    for index, size in enumerate(dense):
        last = index == len(dense) - 1
        x = layers.Dense(size, None if last else activation, name=_dense_name(index, len(dense)))(x)
    return keras.Model(ids, layers.Softmax(name="probabilities")(x), name="byline")


def is_external(model: "keras.Model") -> bool:
    """Whether a model was trained elsewhere: it has none of the layers that `weights_of` reads."""
    return any(layer.name == EXTERNAL for layer in model.layers)


def weights_of(model: "keras.Model") -> Weights | LessonWeights:
    """Reads the numbers out of a model that `build_model` or `build_lesson` built."""
    names = {layer.name for layer in model.layers}
    if "gate" not in names:
        dense = sorted(name for name in names if name.startswith("dense_"))
        kernels = [tuple(model.get_layer(name).get_weights()) for name in (*dense, "logits")]
        activation = model.get_layer(dense[0]).activation.__name__ if dense else "relu"
        return LessonWeights(*_reader_of(model), tuple((kernel, bias) for kernel, bias in kernels), activation)
    pieces, bigrams, gate = _get(model, "pieces"), _get(model, "bigrams"), _get(model, "gate")
    tables = Tables(
        dense=pieces["dense"],
        sparse=Cells(pieces["labels"], pieces["values"]) if "labels" in pieces else None,
        fingerprints=bigrams["fingerprints"],
        bigrams=Cells(bigrams["labels"], bigrams["values"]) if "labels" in bigrams else bigrams["values"],
        bias=_get(model, "tables")["bias"],
    )
    logits = model.get_layer("sentence_logits").get_weights()[0] if "sentence_logits" in names else None
    return Weights(
        tables=tables,
        encoder=encoder_of(model, logits),
        gate=Gate(gate["kernel"], gate["bias"], float(gate["scale"][0])),
        steps=model.get_layer("steps").output.shape[1],
    )


def encoder_of(model: "keras.Model", logits: Any = None) -> Encoder:
    """Reads the encoder out of a model, with the kernel from its vector to logits if that is given."""
    kernel, bias = model.get_layer(SENTENCE).get_weights()
    return Encoder(*_reader_of(model), kernel=kernel, bias=bias, logits=logits)


def set_encoder(model: "keras.Model", encoder: Encoder) -> None:
    """Writes an encoder's numbers into a model that `build_encoder` or `build_model` built."""
    _set_reader(model, encoder)
    model.get_layer(SENTENCE).set_weights([encoder.kernel, encoder.bias])


def _empty(weights: Weights, sequence_length: int) -> "keras.Model":
    """Builds the model of tables, encoder and gate, without its numbers."""
    import keras
    from keras import layers

    from trainer.model.layers import BigramRows, Gate, PieceRows, TableLogits

    tables, encoder = weights.tables, weights.encoder
    vocabulary_size, embedding_size = encoder.embedding.shape
    label_count = len(tables.bias)
    ids = _input(sequence_length)
    pieces = _pieces(ids)
    cells = 0 if tables.sparse is None else tables.sparse.values.shape[1]
    piece_sum = PieceRows(vocabulary_size, label_count, len(tables.dense), cells, name="pieces")(pieces)
    cells = tables.bigrams.values.shape[1] if isinstance(tables.bigrams, Cells) else 0
    bigram_sum, known = BigramRows(vocabulary_size, label_count, len(tables.fingerprints), cells, name="bigrams")(ids)
    logits = TableLogits(name="tables")([piece_sum, bigram_sum, pieces])
    units, size = len(encoder.forward.recurrent), len(encoder.bias)
    sentence = _sentence(pieces, vocabulary_size, weights.steps, embedding_size, units, size, 0.0)
    if encoder.logits is not None:
        own = layers.Dense(label_count, use_bias=False, name="sentence_logits")(sentence)
        logits = layers.Add(name="sum")([logits, own])
    gated = Gate(name="gate")([sentence, known, pieces, logits])
    return keras.Model(ids, layers.Softmax(name="probabilities")(gated), name="byline")


def _sentence(
    pieces: Any, vocabulary_size: int, steps: int, embedding_size: int, units: int, size: int, dropout: float
) -> Any:
    from keras import layers

    from trainer.model.layers import First, Pool

    first = First(steps, name="steps")(pieces)
    read = layers.Embedding(vocabulary_size, embedding_size, mask_zero=True, name="embedding")(first)
    if dropout:
        read = layers.SpatialDropout1D(dropout / 2, name="embedding_dropout")(read)
    outputs = layers.Bidirectional(layers.LSTM(units, return_sequences=True), name="bidirectional")(read)
    if dropout:
        outputs = layers.Dropout(dropout, name="output_dropout")(outputs)
    return layers.Dense(size, name=SENTENCE)(Pool(name="pool")([outputs, read, first]))


def _input(sequence_length: int) -> Any:
    with quietly():
        import keras

    return keras.Input((sequence_length,), dtype="int32", name="ids")


def _pieces(ids: Any) -> Any:
    from trainer.model.layers import Reader

    return Reader(name="reader")(ids)


def _dense_name(index: int, count: int) -> str:
    return "logits" if index == count - 1 else f"dense_{index}"


def _reader_of(model: "keras.Model") -> tuple[Any, Lstm, Lstm]:
    """Gives embedding, forward and backward LSTM."""
    numbers = model.get_layer("bidirectional").get_weights()
    return model.get_layer("embedding").get_weights()[0], Lstm(*numbers[:3]), Lstm(*numbers[3:])


def _set_reader(model: "keras.Model", weights: Encoder | LessonWeights) -> None:
    model.get_layer("embedding").set_weights([weights.embedding])
    both = (weights.forward, weights.backward)
    numbers = [array for one in both for array in (one.kernel, one.recurrent, one.bias)]
    model.get_layer("bidirectional").set_weights(numbers)


def _get(model: "keras.Model", name: str) -> dict[str, Any]:
    return {weight.name: weight.numpy() for weight in model.get_layer(name).weights}


def _set(model: "keras.Model", name: str, **arrays: Any) -> None:
    for weight in model.get_layer(name).weights:
        weight.assign(arrays[weight.name])
