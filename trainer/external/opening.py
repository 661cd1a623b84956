"""Opens a `.keras` file of another's, safely, and makes a model of it that reads framed rows."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.external.contract import Tokenizer
from trainer.external.reading import Rows, by_keras, tokenizer_of
from trainer.external.vectorization import read_vectorization
from trainer.files import sha256
from trainer.model.classifier import Classifier
from trainer.model.network import EXTERNAL
from trainer.quiet import quietly
from trainer.text.normalization import clean
from trainer.text.vocabulary import RESERVED

if TYPE_CHECKING:
    import keras

LONGEST: Final = 512  # ids that a model reads
_RECURRENT: Final = ("LSTM", "GRU", "SimpleRNN", "RNN")
_PROBES: Final = 64  # rows of random ids that the outputs are looked at with
_CLOSE: Final = 1e-3  # of a sum of probabilities to 1


@dataclass(frozen=True)
class External:
    """A model that was trained elsewhere, as Byline exports it.

    Attributes:
        classifier: The model behind the contract: framed rows to probabilities.
        tokenizer: The contract, and the model's own ids.
        given: The model as it is in the file: strings or ids to what it gives.
        outputs: "probabilities", "logits", "probability" or "logit".
        own_rows: The model's own ids of texts, by the library that its tokenizer comes from.
        facts: Name, digest and layers, for `run.json`.
    """

    classifier: Classifier
    tokenizer: Tokenizer
    given: "keras.Model"
    outputs: str
    own_rows: Rows
    facts: dict[str, Any]

    def read_ids(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Gives the model's own ids of framed rows: int32, shape [rows, length]."""
        return np.asarray(self.classifier.model.get_layer(EXTERNAL)(rows), np.int32)


def open_external(path: Path, vocabulary: Path | None, labels: Sequence[str], options: dict[str, Any]) -> External:
    """Opens a model.

    Args:
        path: A `.keras` file. No code in it is run.
        vocabulary: A word list or a SentencePiece model; None where the model reads strings.
        labels: In the order of the model's outputs.
        options: `standardize` and `length`, where they were given.

    Raises:
        UserError: It is no such file, holds code, or is no classifier of int32 ids or strings with these labels.
    """
    model = _load(path)
    layer = _vectorization(model)
    if layer is not None and layer not in model.layers:
        raise UserError(f"{path}: its TextVectorization layer is in a model inside the model: put it before that")
    _check_ends(model, path, labels)
    if layer is not None:
        if vocabulary is not None:
            raise UserError(f"--vocabulary: {path} has a TextVectorization layer with a vocabulary of its own")
        if refused := next((name for name in ("standardize", "length") if options.get(name)), ""):
            raise UserError(f"--{refused}: {path} has a TextVectorization layer, which says it")
        words, length = read_vectorization(layer, str(path))
        tokenizer, own_rows = words.tokenizer(labels, _checked_length(length, path)), by_keras(words, length)
    else:
        if vocabulary is None:
            raise UserError(f"--vocabulary: {path} reads ids: the file is needed that says which words they are")
        length = _checked_length(_length(model, path, options.get("length")), path)
        tokenizer, own_rows = tokenizer_of(vocabulary, labels, length, options.get("standardize") or "")
    _check_table(model, path, tokenizer)
    inner = _unrolled(model, length, path)
    outputs = _kind_of(np.asarray(inner(_probes(tokenizer))), path)
    framed = _framed(inner, tokenizer, outputs)
    facts = {
        "file": path.name,
        "sha256": sha256(path.read_bytes()),
        "layers": [type(each).__name__ for each in model.layers if type(each).__name__ != "InputLayer"],
        "parameters": int(model.count_params()),
        "outputs": outputs,
        "length": length,
        "words": sum(own >= 0 for own in tokenizer.table[len(RESERVED) :]),
    }
    return External(Classifier(framed, tokenizer.vocabulary), tokenizer, model, outputs, own_rows, facts)


def _load(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"{path}: is not there, or is no file")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise UserError(f"{path}: is no .keras file: model.save('{path.stem}.keras') writes one")
    with quietly():
        import keras

        import trainer.external.layers
        import trainer.model.layers  # noqa: F401 (registers them with Keras)
    try:
        with quietly():
            return keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, zipfile.BadZipFile) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path}: cannot be opened without running code of its own, or is damaged ({why})") from error


def _flat(model: Any) -> list[Any]:
    """Gives the layers, those of models inside the model among them."""
    found = []
    for layer in getattr(model, "layers", []):
        found += [layer, *_flat(layer)]
    return found


def _vectorization(model: Any) -> Any:
    return next((layer for layer in _flat(model) if type(layer).__name__ == "TextVectorization"), None)


def _check_ends(model: Any, path: Path, labels: Sequence[str]) -> None:
    for what, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors) != 1:
            raise UserError(f"{path}: has {len(tensors)} {what}s; a classifier of text has one")
    shape = model.outputs[0].shape
    if len(shape) != 2 or shape[1] is None:
        raise UserError(f"{path}: gives {tuple(shape)}; a classifier gives a number for each label")
    if shape[1] != len(labels) and not (shape[1] == 1 and len(labels) == 2):
        raise UserError(f"--labels: {len(labels)} labels, and {path} has {shape[1]} outputs")
    if model.inputs[0].dtype == "string" and _vectorization(model) is None:
        raise UserError(f"{path}: reads strings by another layer than TextVectorization, which no phone has")
    if model.inputs[0].dtype != "string" and len(model.inputs[0].shape) != 2:
        raise UserError(f"{path}: reads {tuple(model.inputs[0].shape)}; a classifier of text reads (batch, ids)")


def _length(model: Any, path: Path, given: int | None) -> int:
    length = model.inputs[0].shape[1]
    if length is None and given is None:
        raise UserError(f"{path}: reads rows of any length: --length N says how long they were in training")
    if length is not None and given not in (None, length):
        raise UserError(f"--length: {path} reads rows of {length}, not {given}")
    return int(length or given or 0)


def _checked_length(length: int, path: Path) -> int:
    if not 1 <= length <= LONGEST:
        raise UserError(f"{path}: reads {length} ids; a phone is given from 1 to {LONGEST}")
    return length


def _check_table(model: Any, path: Path, tokenizer: Tokenizer) -> None:
    """Refuses a vocabulary with more ids than the model's embedding has rows: it is another model's."""
    embedding = next((layer for layer in _flat(model) if type(layer).__name__ == "Embedding"), None)
    if embedding is None:
        return
    most = max(tokenizer.table)
    if most >= embedding.input_dim:
        raise UserError(
            f"--vocabulary: has the id {most}, and the embedding of {path} {embedding.input_dim} rows: it is another "
            "model's"
        )


def _unrolled(model: Any, length: int, path: Path) -> Any:
    """Copies a model so that it reads ids and has no control flow, which phones run wrong or not at all.

    Raises:
        UserError: A layer cannot be copied so.
    """
    import keras

    from trainer.external.layers import UnrolledBidirectional

    def copied(layer: Any) -> Any:
        if type(layer).__name__ == "TextVectorization":
            return keras.layers.Identity(name=layer.name)
        config = layer.get_config()
        _unroll({"class_name": type(layer).__name__, "config": config})
        kind = UnrolledBidirectional if type(layer).__name__ == "Bidirectional" else type(layer)
        return kind.from_config(config)

    ids = keras.Input((length,), dtype="int32", name="ids")
    nested = {} if isinstance(model, keras.Sequential) else {"recursive": True}
    try:
        with quietly():
            copy = keras.models.clone_model(model, input_tensors=ids, clone_function=copied, **nested)
    except (ValueError, TypeError, NotImplementedError) as error:  # what Keras raises of a layer or its shapes
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path}: cannot be copied without loops and strings ({why})") from error
    copy.set_weights(model.get_weights())
    return copy


def _unroll(value: Any) -> None:
    if isinstance(value, dict):
        if value.get("class_name") in _RECURRENT and isinstance(value.get("config"), dict):
            value["config"]["unroll"] = True
        for each in value.values():
            _unroll(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _unroll(each)


def _probes(tokenizer: Tokenizer) -> NDArray[np.int32]:
    """Gives rows of random ids, some of which end in padding."""
    generator = np.random.default_rng(0)
    known = np.array([number for number in tokenizer.table if number >= 0], np.int32)
    rows = generator.choice(known, (_PROBES, tokenizer.length)).astype(np.int32)
    for row in rows[::2]:
        row[generator.integers(1, tokenizer.length + 1) :] = tokenizer.padding
    return rows


def _kind_of(outputs: NDArray[np.float32], path: Path) -> str:
    """Tells what the outputs are, by their values.

    Raises:
        UserError: They are no numbers, or probabilities of labels that may hold at once.
    """
    if not np.isfinite(outputs).all():
        raise UserError(f"{path}: gives what is no number for some ids")
    shares = bool((outputs >= 0).all() and (outputs <= 1).all())
    if outputs.shape[1] == 1:
        return "probability" if shares else "logit"
    if not shares:
        return "logits"
    if np.abs(outputs.sum(axis=1) - 1).max() <= _CLOSE:
        return "probabilities"
    raise UserError(f"{path}: its probabilities do not sum to 1: several labels at once are not supported")


def _framed(inner: Any, tokenizer: Tokenizer, outputs: str) -> Any:
    """Sets the model behind the contract: framed rows, [batch, S] -> probabilities, [batch, labels]."""
    import keras

    from trainer.external.layers import Complement, OrUniform, UserIds

    ids = keras.Input((tokenizer.vocabulary.sequence_length,), dtype="int32", name="ids")
    read = UserIds(list(tokenizer.table), tokenizer.length, tokenizer.padding, tokenizer.holes, name=EXTERNAL)(ids)
    x = inner(read)
    if outputs == "logits":
        x = keras.layers.Softmax(name="probabilities")(x)
    elif outputs != "probabilities":
        x = keras.layers.Activation("sigmoid", name="probability")(x) if outputs == "logit" else x
        x = Complement(name="probabilities")(x)
    nothing = np.full((1, tokenizer.length), tokenizer.padding, np.int32)
    if not np.isfinite(np.asarray(inner(nothing))).all():
        x = OrUniform(tokenizer.padding, name="or_uniform")([read, x])
    return keras.Model(ids, x, name="byline")


def given_answers(external: External, texts: Sequence[str]) -> NDArray[np.float64]:
    """Asks the model as it is in the file, with the tokenizer of the library that it comes from, not the contract's.

    Returns:
        Probabilities, float64, shape [texts, labels].
    """
    import tensorflow as tf

    asked: Any = external.own_rows(texts)
    source = external.given.inputs[0]
    if source.dtype == "string":
        asked = tf.reshape(tf.constant([clean(text) for text in texts]), (-1,) if len(source.shape) == 1 else (-1, 1))
    return _probabilities(np.asarray(external.given.predict(asked, verbose=0), np.float64), external.outputs)


def _probabilities(found: NDArray[np.float64], outputs: str) -> NDArray[np.float64]:
    if outputs == "logits":
        powers = np.exp(found - found.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    if outputs == "logit":
        found = 1 / (1 + np.exp(-found))
    return found if outputs == "probabilities" else np.concatenate([1 - found, found], axis=1)
