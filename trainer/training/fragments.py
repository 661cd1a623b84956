"""Words that were never learned fall into fragments: pieces that begin no word. The gate is to count them.

One column of the embedding and one number of the sentence's vector are kept for that, so that no runtime has to know.
"""

import re
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.features import is_piece
from trainer.model.weights import Encoder, Floats, Lstm
from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, UNSPACED, Vocabulary

_MARK: Final = 0.25  # what a fragment's column holds: no more than its other columns, which share its scale
_UNSPACED = re.compile(f"[{UNSPACED}]")


def is_fragment(vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """Says which ids are letters inside words, shape [size]; in scripts without spaces none is."""
    pieces = (
        not piece.startswith(SPACE) and piece.isalpha() and not _UNSPACED.search(piece) for piece in vocabulary.pieces
    )
    return np.array([*([False] * len(RESERVED)), *pieces])


def count_fragments(rows: NDArray[Any], fragment: NDArray[np.bool_], steps: int) -> Floats:
    """Counts fragments over the root of the number of pieces, both among those that the LSTM reads, shape [rows].

    Args:
        rows: Framed rows, shape [rows, S].
        fragment: Which ids are fragments.
        steps: Pieces that the LSTM reads, at most.
    """
    read = rows[:, 1:-1][:, :steps]
    number = np.maximum(is_piece(read).sum(axis=1), 1)
    return np.asarray(fragment[read].sum(axis=1) / np.sqrt(number), np.float32)


def with_count(encoder: Encoder, fragment: NDArray[np.bool_]) -> Encoder:
    """Gives the encoder a column more of the embedding, and a last number of the vector: the count of fragments."""
    embedding = np.column_stack([encoder.embedding, np.where(fragment, _MARK, 0)]).astype(np.float32)
    kernel = np.pad(encoder.kernel, ((0, 1), (0, 1)))
    kernel[-1, -1] = 1 / _MARK
    return replace(
        encoder,
        embedding=embedding,
        forward=_blind(encoder.forward),
        backward=_blind(encoder.backward),
        kernel=kernel,
        bias=np.pad(encoder.bias, (0, 1)),
        logits=None if encoder.logits is None else np.pad(encoder.logits, ((0, 1), (0, 0))),
    )


def _blind(lstm: Lstm) -> Lstm:
    """Gives an LSTM that does not see the new column."""
    return replace(lstm, kernel=np.pad(lstm.kernel, ((0, 1), (0, 0))))
