"""Label issues: phrases whose label a cross-validated model doubts most. Confident learning, by `cleanlab`.

Northcutt, Jiang and Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels (2021).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.models import fitted, reference_matrix
from trainer.audit.sample import MOST_FITTED, Sample, evenly
from trainer.evaluation.metrics import wilson

MOST: Final = 50
_FEWEST = 5  # phrases of a label that can be held out


def find_label_issues(sample: Sample, seed: int) -> dict[str, Any]:
    """Ranks the phrases by how little their own label agrees with a model that was not trained on them.

    Returns:
        "phrases": at most fifty, the worst first, with the label that the model would give and both probabilities;
        "issues": how many phrases confident learning holds for mislabelled; "left_out": labels with too few phrases to
        be held out; "labels": of each other label the F1 of that model's answers and how many of its phrases are held
        for mislabelled; or "skipped": a sentence that says why there are none.
    """
    places = _unique(sample, evenly(np.arange(len(sample.rows)), MOST_FITTED))
    counts = np.bincount(sample.label_ids[places], minlength=len(sample.labels))
    left_out = [label for label, count in zip(sample.labels, counts, strict=True) if count < _FEWEST]
    places = places[counts[sample.label_ids[places]] >= _FEWEST]
    names, labels = np.unique(sample.label_ids[places], return_inverse=True)
    if len(names) < 2:
        reason = f"Fewer than two labels have {_FEWEST} phrases, which are needed to hold some out."
        return {"skipped": reason, "phrases": [], "issues": 0, "left_out": left_out, "labels": []}
    folds = 5 if len(places) < 20_000 else 3
    probabilities = _held_out(sample, places, labels, folds, seed)
    if (weak := _too_weak(labels, probabilities)) is not None:
        return {"skipped": weak, "phrases": [], "issues": 0, "left_out": left_out, "labels": []}
    scores, issues = _doubts(labels, probabilities)
    worst = np.argsort(scores, kind="stable")[:MOST]
    best = probabilities.argmax(axis=1)
    phrases = [
        sample.example(int(places[place]))
        | {
            "would_be": sample.labels[int(names[best[place]])],
            "probability": float(probabilities[place, labels[place]]),
            "would_be_probability": float(probabilities[place, best[place]]),
        }
        for place in worst
        if best[place] != labels[place]
    ]
    return {
        "phrases": phrases,
        "issues": int(issues.sum()),
        "folds": folds,
        "looked_at": len(places),
        "left_out": left_out,
        "labels": [
            {"label": sample.labels[int(name)]} | of_label
            for name, of_label in zip(names, _by_label(labels, probabilities, issues), strict=True)
        ],
    }


def _unique(sample: Sample, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """One row of each text and label, and none without words: copies would fill the list."""
    seen: set[tuple[str, int]] = set()
    kept = []
    for place in places.tolist():
        key = sample.keys[place], int(sample.label_ids[place])
        if key[0] and key not in seen:
            seen.add(key)
            kept.append(place)
    return np.array(kept, np.int64)


def _held_out(
    sample: Sample, places: NDArray[np.int64], labels: NDArray[np.int64], folds: int, seed: int
) -> NDArray[np.float64]:
    """Gives each row's probabilities by a model that was trained on other folds, and on no row of its group."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    matrix = reference_matrix(sample, places)[places]
    groups = _groups(sample, places, labels, folds)
    if groups is None:
        cuts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(matrix, labels)
    else:
        cuts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(matrix, labels, groups)
    count = int(labels.max()) + 1
    probabilities = np.full((len(places), count), 1 / count)
    for train, held_out in cuts:
        present = np.unique(labels[train])
        if len(present) < count:
            continue  # a label that this fold's model has not met: its answers would accuse all of its phrases
        probabilities[held_out] = fitted(matrix[train], labels[train]).predict_proba(matrix[held_out])
    return probabilities


def _too_weak(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> str | None:
    """Says why a model that is no better than the majority baseline accuses no label; None where it is better."""
    right = int((probabilities.argmax(axis=1) == labels).sum())
    majority = np.bincount(labels).max() / len(labels)
    if wilson(right, len(labels))[0] > majority:
        return None
    answered = f"The cross-validated model answers {right:,} of {len(labels):,} phrases right"
    return f"Not measured. {answered}: not reliably better than always the most frequent label ({majority:.0%})."


def _groups(
    sample: Sample, places: NDArray[np.int64], labels: NDArray[np.int64], folds: int
) -> NDArray[np.int64] | None:
    """Numbers the rows' groups, where every label has enough of them to be held out by group."""
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(sample.rows[place].group, len(numbers)) for place in places], np.int64)
    if "" in numbers:
        return None
    pairs = np.unique(np.stack([labels, groups]), axis=1)
    return groups if np.bincount(pairs[0]).min() >= folds else None


def _by_label(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], issues: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Measures each label: "phrases" that were answered, "f1", and "doubted", how many are held for mislabelled.

    Args:
        labels: Shape [rows].
        probabilities: Of a model that was not trained on the row, shape [rows, labels].
        issues: Shape [rows].
    """
    answered = np.ptp(probabilities, axis=1) > 0
    truth, answers = labels[answered], probabilities[answered].argmax(axis=1)
    count = probabilities.shape[1]
    phrases, right = np.bincount(truth, minlength=count), np.bincount(truth[truth == answers], minlength=count)
    f1 = 2 * right / np.maximum(phrases + np.bincount(answers, minlength=count), 1)
    doubted = np.bincount(labels[issues], minlength=count)
    return [
        {"phrases": int(phrases[label]), "f1": float(f1[label]), "doubted": int(doubted[label])}
        for label in range(count)
    ]


def _doubts(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Gives each row's score, the lower the more doubtful, and whether it is held for mislabelled; shape [rows]."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    scores = np.asarray(get_label_quality_scores(labels, probabilities, method="normalized_margin"), np.float64)
    issues = find_label_issues(labels, probabilities, filter_by="both", n_jobs=1)
    return scores, np.asarray(issues, np.bool_)
