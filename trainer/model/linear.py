"""The linear part: a one-vs-rest linear SVM (squared hinge, by liblinear) on pieces, bigrams and character n-grams."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.cluster.workers import ALONE, Workers
from trainer.model import features
from trainer.model.features import Rows
from trainer.model.recipe import Recipe
from trainer.text.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

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
        most_rows: Above as many, whose features take gigabytes, averaged stochastic gradient descent takes the
            solver's place. Of a million rows it is as good in half of the time; of fewer 0.3 points behind.
        passes: Of that descent over the rows; the weights of all but the first are averaged.
        rate: At which it descends. Of 100,000 made rows 0.06 and 0.2 are 0.2 points worse, a rate that falls 0.9.
        chunk: Rows whose features are in memory at once there.
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
    most_rows: int = 500_000
    passes: int = 3
    rate: float = 0.1
    chunk: int = 100_000
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

    def selection(self, originals: int, rows: int) -> features.Selection:
        """Says which features of rows are read, some of which are no copies."""
        few = originals < self.few_rows
        return features.Selection(
            strengths=(1.0, self.bigram_strength, self.ngram_strength),
            longest=self.longest_ngram,
            least=1 if few else 2,
            most_bigrams=self.most_bigrams,
            power=self.few_rows_idf if few else 1.0,
            together=self.chunk if rows > self.most_rows else rows,
        )

    def strength(self, label_count: int) -> float:
        """Gives liblinear's C."""
        return self.regularization or (0.25 if label_count <= _FEW_LABELS else 0.5)


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
    original = originals
    if original is None:
        original = np.ones(len(rows), bool) if row_weights is None else row_weights >= row_weights.max()
    many, label_count = len(rows) > settings.most_rows, len(vocabulary.labels)
    seen = features.learn(rows, original, vocabulary, settings.selection(int(original.sum()), len(rows)))
    if many:

        def part(some: NDArray[np.int64]) -> Any:
            return seen.matrix(rows[some], None if extra is None else extra[some])

        kernel, bias = descend(part, truth, row_weights, label_count, settings, seed)
    else:
        data = seen.matrix(rows, extra)
        kernel, bias = solve(data, truth, row_weights, label_count, settings, seed, workers)
    ends = np.cumsum([0, *(len(weights) for weights in seen.weights)])
    of_pieces, of_bigrams, of_grams = (
        kernel[ends[index] : ends[index + 1]] * weights[:, None] for index, weights in enumerate(seen.weights)
    )
    of_codes = seen.crossing @ of_grams
    of_codes[seen.whole] += of_bigrams
    return Linear(
        pieces=np.asarray(of_pieces + seen.inside @ of_grams, np.float32),
        first=seen.codes // vocabulary.size,
        second=seen.codes % vocabulary.size,
        bigrams=np.asarray(of_codes, np.float32),
        bias=bias.astype(np.float32),
        extra=None if extra is None else np.asarray(kernel[ends[3] :], np.float32),
        piece_times=seen.times[0],
        bigram_times=seen.times[1],
    )


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

        from sklearn.svm import LinearSVC

        tolerance, most = self.settings.tolerance, self.settings.most_passes
        solver = LinearSVC(C=self.strength, tol=tolerance, max_iter=most, random_state=self.seed)
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
    problem = _Problem(data, truth, weights, settings.strength(label_count), settings, seed)
    labels = np.unique(truth)
    if len(labels) == 2 or len(truth) <= settings.most_together:
        return _of_labels(problem.solved(truth), labels, label_count)
    kernel, bias = _unseen(data.shape[1], label_count)
    for label, (column, offset) in zip(labels, workers.map(_one_label, problem, labels.tolist()), strict=True):
        kernel[:, label], bias[label] = column, offset
    return kernel, bias


def descend(
    data: Callable[[NDArray[np.int64]], Any],
    truth: NDArray[np.int32],
    weights: Floats | None,
    label_count: int,
    settings: LinearSettings,
    seed: int,
) -> tuple[Floats, Floats]:
    """Gives what `solve` does, nearly, by averaged stochastic gradient descent: memory does not grow with the rows.

    Args:
        data: Gives the features of rows by their places, sparse, shape [rows, features].
        truth: Labels' indices, shape [rows].
        weights: How much each row counts, shape [rows]; None: all alike.
        label_count: Of labels.
        settings: How.
        seed: Of the order of rows.
    """
    from sklearn.linear_model import SGDClassifier

    labels, generator = np.unique(truth), np.random.default_rng(seed)
    solver = SGDClassifier(
        "squared_hinge",
        alpha=1 / (settings.strength(label_count) * len(truth)),
        learning_rate="constant",
        eta0=settings.rate,
        average=len(truth),  # begins after as many
        random_state=seed,
        n_jobs=-1,  # threads, which share the rows; each label has an order of its own, whatever their number
    )
    for number in range(settings.passes):
        logger.info(f"linear part: pass {number + 1} of {settings.passes} over {len(truth):,} rows")
        order = generator.permutation(len(truth))  # rows often stand label by label
        for start in range(0, len(order), settings.chunk):
            some = np.sort(order[start : start + settings.chunk])
            of_some = None if weights is None else weights[some]
            solver.partial_fit(data(some), truth[some], classes=labels, sample_weight=of_some)
    return _of_labels(solver, labels, label_count)


def _of_labels(solver: Any, labels: NDArray[np.int32], label_count: int) -> tuple[Floats, Floats]:
    """Gives a solver's kernel and bias, with a column for each label."""
    kernel, bias = _unseen(solver.coef_.shape[1], label_count)
    if len(labels) == 2:  # it solved one problem, whose two sides these are
        low, high = labels
        kernel[:, low], kernel[:, high] = -solver.coef_[0], solver.coef_[0]
        bias[low], bias[high] = -solver.intercept_[0], solver.intercept_[0]
    else:
        kernel[:, labels] = solver.coef_.T
        bias[labels] = solver.intercept_
    return kernel, bias


def _unseen(size: int, label_count: int) -> tuple[Floats, Floats]:
    """Gives the kernel and bias of labels without a row: they never win."""
    return np.zeros((size, label_count), np.float32), np.full(label_count, -1.0, np.float32)


def _one_label(problem: _Problem, label: int) -> tuple[Floats, float]:
    """Tells one label from all others: its kernel, shape [features], and its bias."""
    solver = problem.solved(problem.truth == label)
    return solver.coef_[0].astype(np.float32), float(solver.intercept_[0])
