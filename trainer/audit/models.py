"""The audit's models: features weighed by how rare they are, under a linear classifier. All by scikit-learn."""

import itertools
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.audit.sample import Sample

# Logistic regression takes seconds up to here; beyond, multinomial naive Bayes takes one. (rows times labels)
_LOGISTIC_UP_TO = 1_200_000
_LEAST = 2  # a feature that one phrase has teaches nothing


def word_features(words: Sequence[str]) -> list[str]:
    """Gives a phrase's words and bigrams."""
    return [*words, *(f"{one} {other}" for one, other in itertools.pairwise(words))]


def weighted(features: Iterable[Sequence[str]], train: NDArray[np.int64]) -> Any:
    """Weighs features by TF-IDF. What is known, and how rare it is, is learned from the training rows alone.

    Args:
        features: For each row its features.
        train: The places of the training rows.

    Returns:
        A sparse matrix, float64, shape [rows, features].
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = list(features)
    least = _LEAST if len(train) > 500 else 1
    vectorizer = TfidfVectorizer(analyzer=_as_it_is, min_df=least, sublinear_tf=True)
    try:
        vectorizer.fit([rows[place] for place in train])
    except ValueError:  # no feature is left, as where a script knows no capitals: every row looks the same
        from scipy.sparse import csr_matrix

        return csr_matrix((len(rows), 1))
    return vectorizer.transform(rows)


def _as_it_is(features: Sequence[str]) -> Sequence[str]:
    return features


def fitted(matrix: Any, labels: NDArray[np.int64], balanced: bool = False) -> Any:
    """Fits a linear classifier with probabilities.

    Args:
        matrix: Sparse, shape [rows, features].
        labels: int64, shape [rows], of two kinds or more.
        balanced: Whether each label weighs the same, however rare.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB
    from threadpoolctl import threadpool_limits

    if len(labels) * len(np.unique(labels)) > _LOGISTIC_UP_TO:
        return MultinomialNB(alpha=0.05, fit_prior=not balanced).fit(matrix, labels)
    # Other threads would wait for one another longer than they work: the sparse products are not theirs.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a few per mille of accuracy are not worth a minute
        weight = "balanced" if balanced else None
        return LogisticRegression(C=10.0, max_iter=60, tol=3e-4, class_weight=weight).fit(matrix, labels)


def reference_matrix(sample: Sample, train: NDArray[np.int64]) -> Any:
    """Gives the reference model's features of all rows: words and bigrams."""
    return weighted((word_features(words) for words in sample.words), train)
