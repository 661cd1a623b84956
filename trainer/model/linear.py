"""The linear part: a one-vs-rest linear SVM (squared hinge, by liblinear) on pieces, bigrams and character n-grams."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.cluster.workers import ALONE, Workers
from trainer.model import features
from trainer.model.features import Rows
from trainer.model.recipe import Recipe
from trainer.text.vocabulary import Vocabulary

FEW_ROWS: Final = 2_500
_FEW_LABELS: Final = 10

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LinearSettings:
    """How the linear part is trained.

    Attributes:
        regularization: liblinear's C; 0: half for many labels, where a row in many speaks for each, else a quarter.
        bigram_strength: Of bigrams beside pieces; on eight sets a point better than 1 where rows are few, else as good.
        ngram_strength: Of character n-grams beside pieces.
        longest_ngram: Characters of the longest n-grams.
        few_rows: Below as many rows, features that occur once are kept.
        few_rows_idf: The power of the inverse document frequencies there: few rows say little of rarity, and
            with it answers are 0.9 points better.
        tolerance: At which the solver stops.
        most_passes: Over the rows, if it has not stopped before: noisy labels take hundreds that change no answer.
        most_together: Above as many rows, each label's problem is solved for itself: the same for any workers.
        most_rows: Above as many, stochastic gradient descent takes the solver's place.
        most_bigrams: Of more, those that stand most often are read.
    """

    regularization: float = 0.0
    bigram_strength: float = 0.7
    ngram_strength: float = 1.0
    longest_ngram: int = 5
    few_rows: int = FEW_ROWS
    few_rows_idf: float = 0.5
    tolerance: float = 1e-2
    most_passes: int = 100
    most_together: int = 250_000
    most_rows: int = 2_000_000
    most_bigrams: int = 250_000

    @classmethod
    def of(cls, recipe: Recipe) -> "LinearSettings":
        """Gives what a recipe asks for."""
        return cls(
            regularization=recipe.regularization,
            bigram_strength=recipe.bigram_strength,
            ngram_strength=recipe.ngram_strength,
            longest_ngram=recipe.longest_ngram,
        )


@dataclass(frozen=True)
class Linear:
    """What the SVM learned, folded into rows; logits are (pieces + bigrams) / sqrt(number of pieces) + bias + extra.

    Attributes:
        pieces: A row a piece, shape [vocabulary_size, labels].
        first: Of each bigram, shape [bigrams].
        second: Of each bigram, shape [bigrams].
        bigrams: A row a bigram, shape [bigrams, labels].
        bias: Shape [labels].
        extra: Kernel of the extra features, shape [features, labels]; None without.
        piece_times: How often each piece stands in the rows, shape [vocabulary_size].
        bigram_times: How often each bigram does, shape [bigrams].
    """

    pieces: Floats
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    bigrams: Floats
    bias: Floats
    extra: Floats | None
    piece_times: Floats
    bigram_times: Floats


def train(
    rows: Rows,
    truth: NDArray[np.int32],
    row_weights: Floats | None,
    vocabulary: Vocabulary,
    settings: LinearSettings,
    extra: Floats | None = None,
    seed: int = 1,
    originals: NDArray[np.bool_] | None = None,
    workers: Workers = ALONE,
) -> Linear:
    """Trains the SVM and folds it.

    Args:
        rows: Framed rows, shape [rows, S].
        truth: Their labels' indices, shape [rows].
        row_weights: How much each counts; a row that is an augmented copy counts less than 1. None: all alike.
        vocabulary: Gives the pieces' characters.
        settings: How.
        extra: More features, shape [rows, features].
        seed: Of the solver's order of rows.
        originals: Which rows are no copies, shape [rows]; None: those of the largest weight.
        workers: Solve the labels' problems, where rows are many.
    """
    from scipy import sparse

    size, label_count = vocabulary.size, len(vocabulary.labels)
    original = originals
    if original is None:
        original = np.ones(len(rows), bool) if row_weights is None else row_weights >= row_weights.max()
    few = int(original.sum()) < settings.few_rows
    numbers = features.piece_numbers(rows)
    mean_pieces = float(numbers[original].mean())

    def block(counts: Any, strength: float) -> features.Block:
        return features.weigh(counts, counts[original], mean_pieces, strength, settings.few_rows_idf if few else 1.0)

    least = 1 if few else 2
    codes = _frequent(features.bigram_codes(rows, size)[1], settings.most_bigrams)
    pieces, bigrams = features.piece_counts(rows, size), features.bigram_counts(rows, codes, size)
    inside, crossing = features.ngrams_of(vocabulary, codes, settings.longest_ngram)
    grams = pieces @ inside + bigrams @ crossing
    told = _documents(grams[original]) >= least
    grams, inside, crossing = grams[:, told], inside[:, told], crossing[:, told]
    whole = np.flatnonzero(_documents(bigrams[original]) >= least)
    blocks = [
        block(pieces, 1.0),
        block(bigrams[:, whole], settings.bigram_strength),
        block(grams, settings.ngram_strength),
    ]
    scale = sparse.diags((1 / np.sqrt(numbers)).astype(np.float32))
    parts = [scale @ of_kind.counts @ sparse.diags(of_kind.weights) for of_kind in blocks]
    if extra is not None:
        parts.append(sparse.csr_matrix(extra))
    kernel, bias = solve(sparse.hstack(parts, format="csr"), truth, row_weights, label_count, settings, seed, workers)
    ends = np.cumsum([0, *(part.shape[1] for part in parts)])
    of_pieces, of_bigrams, of_grams = (
        kernel[ends[index] : ends[index + 1]] * of_kind.weights[:, None] for index, of_kind in enumerate(blocks)
    )
    of_codes = crossing @ of_grams
    of_codes[whole] += of_bigrams
    return Linear(
        pieces=np.asarray(of_pieces + inside @ of_grams, np.float32),
        first=codes // size,
        second=codes % size,
        bigrams=np.asarray(of_codes, np.float32),
        bias=bias.astype(np.float32),
        extra=None if extra is None else np.asarray(kernel[ends[3] :], np.float32),
        piece_times=np.asarray(pieces.sum(axis=0), np.float32).ravel(),
        bigram_times=np.asarray(bigrams.sum(axis=0), np.float32).ravel(),
    )


def _frequent(codes: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Gives different codes, sorted; of more than `most` those that stand most often."""
    found, times = np.unique(codes, return_counts=True)
    if len(found) > most:
        found = np.sort(found[np.argsort(-times, kind="stable")[:most]])
    return found


def _documents(counts: Any) -> NDArray[np.int64]:
    """Counts the rows that have each feature."""
    return np.asarray((counts > 0).sum(axis=0)).ravel()


@dataclass(frozen=True)
class _Problem:
    """What all labels' problems share.

    Attributes:
        data: Sparse, shape [rows, features].
        truth: Labels' indices, shape [rows].
        weights: How much each row counts, shape [rows]; None: all alike.
        strength: liblinear's C.
        settings: How.
        seed: Of the solver's order of rows.
    """

    data: Any
    truth: NDArray[np.int32]
    weights: Floats | None
    strength: float
    settings: LinearSettings
    seed: int

    def solved(self, truth: NDArray[Any]) -> Any:
        """Gives a solver that has learned some truth of the rows."""
        import warnings

        from sklearn.linear_model import SGDClassifier
        from sklearn.svm import LinearSVC

        settings = self.settings
        if len(truth) > settings.most_rows:
            alpha = 1 / (self.strength * len(truth))
            solver: Any = SGDClassifier("squared_hinge", alpha=alpha, random_state=self.seed, average=True)
        else:
            most = settings.most_passes
            solver = LinearSVC(C=self.strength, tol=settings.tolerance, max_iter=most, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says so where it stops before its tolerance
            solver.fit(self.data, truth, sample_weight=self.weights)
        return solver


def solve(
    data: Any,
    truth: NDArray[np.int32],
    weights: Floats | None,
    label_count: int,
    settings: LinearSettings,
    seed: int,
    workers: Workers = ALONE,
) -> tuple[Floats, Floats]:
    """Gives kernel, shape [features, labels], and bias, shape [labels]; a label without a row never wins."""
    strength = settings.regularization or (0.25 if label_count <= _FEW_LABELS else 0.5)
    problem = _Problem(data, truth, weights, strength, settings, seed)
    kernel = np.zeros((data.shape[1], label_count), np.float32)
    bias = np.full(label_count, -1.0, np.float32)
    labels = np.unique(truth)
    if len(labels) == 2:  # liblinear solves one problem, whose two sides these are
        solver = problem.solved(truth)
        low, high = labels
        kernel[:, low], kernel[:, high] = -solver.coef_[0], solver.coef_[0]
        bias[low], bias[high] = -solver.intercept_[0], solver.intercept_[0]
    elif len(truth) <= settings.most_together:
        solver = problem.solved(truth)
        kernel[:, labels] = solver.coef_.T
        bias[labels] = solver.intercept_
    else:
        for label, (column, offset) in zip(labels, workers.map(_one_label, problem, labels.tolist()), strict=True):
            kernel[:, label], bias[label] = column, offset
    return kernel, bias


def _one_label(problem: _Problem, label: int) -> tuple[Floats, float]:
    """Tells one label from all others: its kernel, shape [features], and its bias."""
    solver = problem.solved(problem.truth == label)
    return solver.coef_[0].astype(np.float32), float(solver.intercept_[0])
