"""Byline among scikit-learn's estimators: X is a sequence of texts.

BylineClassifier(recipe="tiny").fit(texts, labels).predict(["my card has not arrived"])
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from byline.api import on_cpu
from export.runtime import Classifier, Network
from trainer.data.corpus import Corpus, Row, filtered, tidy
from trainer.data.sources import Unit
from trainer.training.options import FitOptions, check_seed, recipe_with

_NAME: Final = "X"  # what messages call the texts


class BylineClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A short-text classifier. What is fitted needs no TensorFlow, and can be pickled.

    Args:
        recipe: "byline", "tiny" or "lesson".
        seed: Equal seeds give equal models on the same machine.
        options: Of the recipe, as those of `byline.fit`: `{"budget_kb": 300, "teacher": "none"}`; None: its defaults.

    Attributes:
        classes_: The distinct labels, sorted.
        classifier_: What answers, as `byline.load` gives it; the numbers are not rounded.
        metrics_: What was measured while it was fitted, as `Run.metrics`.
    """

    def __init__(self, recipe: str = "byline", seed: int = 1, options: Mapping[str, Any] | None = None) -> None:
        self.recipe = recipe
        self.seed = seed
        self.options = options

    def fit(self, X: Iterable[str], y: Iterable[Any]) -> "BylineClassifier":  # noqa: N803 (scikit-learn's name)
        """Trains on texts.

        Args:
            X: Texts; those without a word are left out.
            y: Of each its label: strings or numbers.

        Raises:
            ValueError: X holds what is no string, y has another length, or two labels are written alike.
            UserError: A parameter is out of its range, or there is too little to learn from.
        """
        recipe = recipe_with(self.recipe, self.options or {})
        texts, labels = _texts(X), np.asarray(list(y))
        if labels.shape != (len(texts),):
            raise ValueError(f"y must have one label for each text of X. Received: {labels.shape} for {len(texts)}")
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        names = [tidy(str(each)) for each in self.classes_]
        if len(set(names)) < len(names) or not all(names):
            raise ValueError(f"y must hold labels that are not blank and not written alike. Received: {names}")

        def read(_: Counter[str]) -> Iterator[Row]:
            for number, (text, label) in enumerate(zip(texts, numbers, strict=True), 1):
                yield Row(tidy(text), names[label], file=_NAME, number=number)

        corpus = filtered(Corpus(_NAME, "", "", "", read))
        with on_cpu(), tempfile.TemporaryDirectory() as folder:
            from export.graph import constants_of
            from trainer.model.network import weights_of
            from trainer.model.weights import steps_of
            from trainer.training.fit import fit

            run = fit(corpus, recipe, FitOptions(check_seed(self.seed), Unit("line"), path=Path(folder, "run")))
            weights = weights_of(run.classifier.model)
            network = Network(constants_of(weights), steps_of(weights, run.vocabulary.window))
        self.classifier_ = Classifier(network, run.vocabulary, run.threshold)
        self.metrics_ = run.metrics
        self._columns = [names.index(label) for label in run.vocabulary.labels]
        return self

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """Gives the probabilities of texts, float64, shape [texts, classes], in the order of `classes_`."""
        check_is_fitted(self)
        probabilities = np.zeros((len(texts := _texts(X)), len(self.classes_)))
        probabilities[:, self._columns] = self.classifier_.probabilities(texts)
        return probabilities

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803
        """Gives the most likely label of each text, shape [texts]."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags


def _texts(given: Iterable[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    if isinstance(given, str) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"X must be a sequence of strings. Received: {texts[:1]!r:.100}")
    return texts
