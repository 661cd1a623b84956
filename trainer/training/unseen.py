"""Words that were never learned: the gate counts their fragments, and held-out rows are to have as many as new text.

Such a word falls into fragments: pieces that begin no word. One column of the embedding and one number of the
sentence's vector are kept for their count, so that no runtime has to know.

In cross-validation one vocabulary serves all folds. It knows the words of the rows that are held out, as no vocabulary
knows those of new text: unless they are cut, held-out rows look better known than what people will type.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.model.features import is_piece
from trainer.model.weights import Encoder, Floats, Lstm
from trainer.text.interpreter import Segmenter
from trainer.text.normalization import SPACE
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, UNSPACED, Vocabulary
from trainer.text.windows import split_ids

Rows = NDArray[Any]

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


def cut_unseen(rows: Rows, fitted: Rows, vocabulary: Vocabulary, kept: Collection[str] = ()) -> Rows:
    """Cuts pieces of held-out rows that the rows of training do not have into those that they have.

    Args:
        rows: Held out, framed, shape [rows, S].
        fitted: Learned from, framed, shape [others, S].
        vocabulary: Of both.
        kept: Pieces that the vocabulary has whatever the rows say.

    Returns:
        Framed rows, shape [rows, S]; what no longer fits is left out.
    """
    seen = np.zeros(vocabulary.size, bool)
    seen[np.unique(fitted)] = True
    longer = np.array([False] * len(RESERVED) + [len(piece) > 1 and piece not in kept for piece in vocabulary.pieces])
    unseen = set(np.unique(rows[is_piece(rows)]).tolist()) & set(np.flatnonzero(longer & ~seen).tolist())
    if not unseen:
        return rows
    known = (~longer | seen)[len(RESERVED) :]
    pieces = zip(vocabulary.pieces, vocabulary.scores, known, strict=True)
    segment = Segmenter({piece: score for piece, score, is_known in pieces if is_known})
    ids = {piece: number for number, piece in enumerate(vocabulary.pieces, len(RESERVED))}
    cut = {number: [ids.get(part, UNKNOWN_ID) for part in segment(vocabulary.piece(number))[1]] for number in unseen}
    changed = rows.copy()
    for place in np.flatnonzero(np.isin(rows, list(unseen)).any(axis=1)):
        row = rows[place][is_piece(rows[place])].tolist()
        parts = [part for number in row for part in cut.get(number, [number])]
        changed[place] = split_ids(parts[: vocabulary.window], vocabulary.sequence_length)[0]
    return changed
