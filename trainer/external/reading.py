"""Reads the vocabulary file of a model that was trained elsewhere, whatever kind it is."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.external.contract import Tokenizer
from trainer.external.pieces import is_sentencepiece, read_sentencepiece
from trainer.external.words import STANDARDIZE, WordList, read_word_list
from trainer.text.normalization import clean

Rows = Callable[[Sequence[str]], NDArray[np.int32]]  # texts -> the model's own ids, shape [texts, length]


def tokenizer_of(path: Path, labels: Sequence[str], length: int, standardize: str) -> tuple[Tokenizer, Rows]:
    """Reads a vocabulary file.

    Args:
        path: A SentencePiece model, or a word list.
        labels: In the order of the model's outputs.
        length: How many ids the model reads.
        standardize: What is done to a text before words are looked up; empty: what `TextVectorization` does.

    Returns:
        The contract, and the same tokenizer by the library that it comes from: SentencePiece, or Keras.

    Raises:
        UserError: It is none of these, or damaged, or says what not every runtime can honour.
    """
    if not path.is_file():
        raise UserError(f"--vocabulary: {path}: is not there, or is no file")
    if is_sentencepiece(path):
        if standardize:
            raise UserError(f"--standardize: {path} is a SentencePiece model, which has rules of its own")
        tokenizer = read_sentencepiece(path, labels, length)
        return tokenizer, _by_sentencepiece(path, tokenizer)
    words = read_word_list(path, standardize or STANDARDIZE[0])
    return words.tokenizer(labels, length), by_keras(words, length)


def by_keras(words: WordList, length: int) -> Rows:
    """Gives the tokenizer of a word list as Keras has it: the layer `TextVectorization`."""
    import keras
    import tensorflow as tf

    layer = keras.layers.TextVectorization(
        standardize=None if words.standardize == "none" else words.standardize,
        output_sequence_length=length,
        vocabulary=list(words.words),
    )
    return lambda texts: np.asarray(layer(tf.constant([clean(text) for text in texts])), np.int32)


def _by_sentencepiece(path: Path, tokenizer: Tokenizer) -> Rows:
    def rows(texts: Sequence[str]) -> NDArray[np.int32]:
        import sentencepiece

        library: Any = sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
        found = np.full((len(texts), tokenizer.length), tokenizer.padding, np.int32)
        for row, text in zip(found, texts, strict=True):
            ids = library.encode(clean(text))[: tokenizer.length]
            row[: len(ids)] = ids
        return found

    return rows
