"""Byline as an estimator of scikit-learn."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks as checks
from sklearn.utils.validation import check_is_fitted

from byline import BylineClassifier, UserError, load_corpus
from tests.support.corpora.tickets import in_python, written

# Of scikit-learn's checks those that fit no table of numbers; `check_estimator` skips all of them for text.
WITHOUT_DATA = [
    checks.check_do_not_raise_errors_in_init_or_set_params,
    checks.check_estimator_cloneable,
    checks.check_estimator_repr,
    checks.check_estimator_tags_renamed,
    checks.check_get_params_invariance,
    checks.check_mixin_order,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_set_params,
    checks.check_valid_tag_types,
]


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    corpus = load_corpus(written(tmp_path_factory.mktemp("tickets") / "tickets.csv"))
    rows = list(corpus.rows())
    return [row.text for row in rows], [row.label for row in rows]


@pytest.fixture(scope="module")
def fitted(tickets: tuple[list[str], list[str]]) -> BylineClassifier:
    """Inside a pipeline, of labels that are numbers."""
    texts, labels = tickets
    names = sorted(set(labels), reverse=True)
    pipeline = make_pipeline(FunctionTransformer(), BylineClassifier("tiny", options={"epochs": 1}))
    found: BylineClassifier = pipeline.fit(texts, [10 * names.index(label) for label in labels])[-1]
    return found


@pytest.mark.parametrize("check", WITHOUT_DATA, ids=lambda check: check.__name__)
def test_scikit_learns_checks_pass(check: Any) -> None:
    check("BylineClassifier", BylineClassifier())


def test_check_estimator_passes_as_far_as_it_tests_text() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        checks.check_estimator(BylineClassifier())


@pytest.mark.slow
def test_it_learns(fitted: BylineClassifier, tickets: tuple[list[str], list[str]]) -> None:
    texts, labels = tickets
    assert fitted.classes_.tolist() == [0, 10, 20]  # refund, login, card
    assert fitted.predict(["my card has not arrived", "password reset"]).tolist() == [20, 10]
    probabilities = fitted.predict_proba(texts)
    assert probabilities.shape == (len(texts), 3)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-6
    assert fitted.score(texts, [{"refund": 0, "login": 10, "card": 20}[label] for label in labels]) > 0.9
    assert fitted.metrics_["cross_validated"]["accuracy"] > 0.5
    assert fitted.predict_proba([]).shape == (0, 3)


@pytest.mark.slow
def test_a_fitted_one_is_pickled_and_needs_no_tensorflow(fitted: BylineClassifier, tmp_path: Path) -> None:
    fitted.predict(["a text"])
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps(fitted))
    code = (
        "import pickle, sys; sys.modules.update(dict.fromkeys(('tensorflow', 'keras'))); "
        "print(pickle.load(open('fitted.pickle', 'rb')).predict(['my card has not arrived'])[0])"
    )
    assert in_python(code, cwd=tmp_path).strip() == "20"


def test_a_clone_is_not_fitted(fitted: BylineClassifier) -> None:
    check_is_fitted(fitted)
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(clone(fitted), method)(["a text"])


@pytest.mark.parametrize(
    ("texts", "labels", "rule"),
    [
        ("a string", [1], "X must be a sequence of strings"),
        ([["a"], ["b"]], [1, 2], "X must be a sequence of strings"),
        ([1, 2], [1, 2], "X must be a sequence of strings"),
        (["a", "b"], [1], "one label for each text"),
        (["a", "b"], ["one", " one"], "written alike"),
        (["a", "b"], ["one", ""], "not blank"),
    ],
)
def test_what_it_cannot_learn_from_is_a_value_error(texts: Any, labels: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        BylineClassifier().fit(texts, labels)


def test_a_parameter_out_of_its_range_is_said_by_fit() -> None:
    with pytest.raises(UserError, match="--recipe: must be one of"):
        BylineClassifier("huge").fit(["a", "b"], [1, 2])
