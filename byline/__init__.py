"""Short-text classifiers for a web page or a phone, with no server: Byline in Python.

    corpus = byline.load_corpus("tickets.csv")
    report = byline.audit(corpus)
    run = byline.fit(corpus, recipe="byline", seed=1)
    run.predict(["my card has not arrived"])
    byline.export(run, "dist", name="tickets")
    classify = byline.load("dist")

`import byline` imports nothing of this: each name is looked up where it is first used (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from byline.api import ExportCheckFailed, Report, audit, export, fit, load_corpus
    from byline.sklearn import BylineClassifier
    from export.runtime import Classifier, load
    from trainer import __version__
    from trainer.data.corpus import Corpus
    from trainer.errors import UserError
    from trainer.evaluation.prediction import Prediction
    from trainer.run import Run

_WHERE = {
    "BylineClassifier": "byline.sklearn",
    "Classifier": "export.runtime",
    "Corpus": "trainer.data.corpus",
    "ExportCheckFailed": "byline.api",
    "Prediction": "trainer.evaluation.prediction",
    "Report": "byline.api",
    "Run": "trainer.run",
    "UserError": "trainer.errors",
    "__version__": "trainer",
    "audit": "byline.api",
    "export": "byline.api",
    "fit": "byline.api",
    "load": "export.runtime",
    "load_corpus": "byline.api",
}

__all__ = [
    "BylineClassifier",
    "Classifier",
    "Corpus",
    "ExportCheckFailed",
    "Prediction",
    "Report",
    "Run",
    "UserError",
    "__version__",
    "audit",
    "export",
    "fit",
    "load",
    "load_corpus",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
