"""Held-out rows as a model meets new text: words that only they have are cut into pieces that training saw.

In cross-validation one vocabulary serves all folds. It knows the words of the rows that are held out, as no vocabulary
knows those of new text: without this, held-out rows look better known than what people will type.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.model.features import is_piece
from trainer.text.interpreter import Segmenter
from trainer.text.vocabulary import RESERVED, UNKNOWN_ID, Vocabulary
from trainer.text.windows import split_ids

Rows = NDArray[Any]


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
