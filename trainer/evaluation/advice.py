"""What a result does not show, and what would help: said by `fit`, on the model card and on the page."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from trainer.evaluation.metrics import wilson

WIDEST: Final = 0.2  # of an interval that needs no warning
_MOST_PAIRS: Final = 3
_MOST_PHRASES: Final = 200  # that an interval of `WIDEST` takes, at the most uncertain accuracy, and room
_LEAST_MEASURED: Final = 0.05  # of the rows: windows of running text are no rows


def advice_of(results: Mapping[str, Any], labels: Sequence[str], rows: Mapping[str, int]) -> dict[str, Any] | None:
    """Judges what was measured.

    Args:
        results: The `metrics`.
        labels: Their names, in order.
        rows: Label -> rows of the source.

    Returns:
        None where there is nothing to warn of. Else `no_better` (the interval of the accuracy reaches down to the
        majority baseline), `width` (of the interval, from 0 to 1, where it is wider than `WIDEST`, else None),
        `rows_a_label` (that would help; None where all labels have as many), `fewest` (the label with the fewest rows,
        and their number), and `confused` (the pairs most often confused: truth, answer, count).
    """
    low, high = results["intervals"]["accuracy"]
    no_better, wide = low <= results["majority"], high - low > WIDEST
    if not no_better and not wide:
        return None
    fewest = min(labels, key=lambda label: rows.get(label, 0))
    have = rows.get(fewest, 0)
    wanted = max(2 * have if no_better else 0, _rows_for(results, len(labels), rows) if wide else 0)
    return {
        "no_better": no_better,
        "width": high - low if wide else None,
        "rows_a_label": wanted if wanted > have else None,
        "fewest": [fewest, have],
        "confused": _confused(results["confusion"], labels),
    }


def _rows_for(results: Mapping[str, Any], label_count: int, rows: Mapping[str, int]) -> int:
    """Gives the rows a label of which as many are measured as an interval of `WIDEST` takes, at this accuracy."""
    # The interval's middle is the accuracy, drawn to a half: a few phrases that are all right do not show 100 %.
    share = sum(results["intervals"]["accuracy"]) / 2
    for phrases in range(1, _MOST_PHRASES):
        low, high = wilson(round(share * phrases), phrases)
        if high - low <= WIDEST:
            break
    measured = float(results["phrases"]) / max(sum(rows.values()), 1)  # of all rows: in cross-validation all of them
    return ceil(phrases / max(measured, _LEAST_MEASURED) / label_count)


def _confused(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> list[list[Any]]:
    counts = np.array(confusion, np.int64)
    np.fill_diagonal(counts, 0)
    worst = np.argsort(-counts, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [divmod(int(place), len(labels)) for place in worst]
    return [[labels[row], labels[column], int(counts[row, column])] for row, column in pairs if counts[row, column]]
