"""What is measured on the public sets: Byline, and what a user would pick instead: python benchmarks/public.py"""

import pickle
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sets.public_sets import Examples

from systems import baselines
from trainer.data.corpus import Phrase, tidy
from trainer.data.sources import Unit
from trainer.model.recipe import RECIPES, Recipe
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """A trained system.

    Attributes:
        labels: In the order of its scores.
        score: Texts in, a score for each label out, shape [texts, labels].
        size: Bytes on a disk; 0: not measured.
        are_probabilities: Whether scores are.
        facts: What else is to be kept.
        vocabulary: Byline's.
    """

    labels: Sequence[str]
    score: Callable[[Sequence[str]], Floats]
    size: int = 0
    are_probabilities: bool = False
    facts: dict[str, Any] | None = None
    vocabulary: Vocabulary | None = None


Builder = Callable[[Examples, int], Answers]


def svm(examples: Examples, seed: int) -> Answers:
    """TF-IDF of words (1-2) and of characters within words (2-5) under a linear SVM, by scikit-learn."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2 if len(examples.train) > 2_000 else 1
        ),
    )
    model = make_pipeline(features, LinearSVC(C=0.5, random_state=seed))
    model.fit(*_columns(examples.train))

    def score(texts: Sequence[str]) -> Floats:
        found = np.asarray(model.decision_function(texts), np.float64)
        return np.stack([-found, found], axis=1) if found.ndim == 1 else found

    return Answers([str(label) for label in model.classes_], score, len(pickle.dumps(model)))


_FAST_TEXT: Final = tuple(
    {"epoch": epoch, "lr": 0.5, "dim": 50, "wordNgrams": pairs, "minn": shortest, "maxn": longest, "bucket": 200_000}
    for epoch in (10, 40)
    for pairs in (1, 2)
    for shortest, longest in ((0, 0), (2, 5))
)
_chosen: dict[str, dict[str, Any]] = {}  # on the validation part, once for all seeds


def fast_text(examples: Examples, seed: int) -> Answers:
    """fastText, its settings chosen on validation."""
    if examples.of.name not in _chosen:
        train, validation = examples.held_out()
        right = [accuracy_of(_fast_text(train, 1, options), validation) for options in _FAST_TEXT]
        _chosen[examples.of.name] = _FAST_TEXT[int(np.argmax(right))]
    chosen = _chosen[examples.of.name]
    return replace(_fast_text(examples.train, seed, chosen), facts={"settings": chosen})


def _fast_text(phrases: Sequence[Phrase], seed: int, options: dict[str, Any]) -> Answers:
    library = baselines.package("fasttext", "fasttext-community")
    labels = sorted({phrase.label for phrase in phrases})
    index = {label: number for number, label in enumerate(labels)}
    with tempfile.TemporaryDirectory() as folder:
        text, binary = Path(folder, "text"), Path(folder, "model.bin")
        lines = (f"__label__{index[phrase.label]} {_plain(phrase.text)}\n" for phrase in phrases)
        text.write_text("".join(lines), encoding="utf-8")
        model = library.train_supervised(input=str(text), seed=seed, thread=1, loss="softmax", verbose=0, **options)
        model.save_model(str(binary))
        size = binary.stat().st_size

    def score(texts: Sequence[str]) -> Floats:
        scores = np.zeros((len(texts), len(labels)))
        answers, probabilities = model.predict([_plain(text) for text in texts], k=len(labels))
        for row, (of_text, of_labels) in enumerate(zip(answers, probabilities, strict=True)):
            numbers = [int(answer.removeprefix("__label__")) for answer in of_text]
            scores[row, numbers] = of_labels
        return scores

    return Answers(labels, score, size, are_probabilities=True)


def _plain(text: str) -> str:
    return baselines.spaced(text).lower()


def sentence_embeddings(examples: Examples, seed: int) -> Answers:
    """Frozen sentence embeddings (all-MiniLM-L6-v2, int8) under a logistic regression: Byline's teacher itself."""
    from sklearn.linear_model import LogisticRegression

    encoder = baselines.sentence_encoder()
    texts, labels = _columns(examples.train)
    model = LogisticRegression(C=10, max_iter=1_000, random_state=seed).fit(encoder(texts), labels)
    size = sum(path.stat().st_size for path in baselines.sentence_files()) + len(pickle.dumps(model))

    def score(asked: Sequence[str]) -> Floats:
        return np.asarray(model.predict_proba(encoder(list(asked))), np.float64)

    return Answers([str(label) for label in model.classes_], score, size, are_probabilities=True)


def byline(examples: Examples, seed: int) -> Answers:
    """The default recipe without a teacher, with the numbers that every artefact carries."""
    return _byline(examples, seed, "none")


def taught(examples: Examples, seed: int) -> Answers:
    """The default recipe with MiniLM as its teacher."""
    return _byline(examples, seed, "minilm")


def _byline(examples: Examples, seed: int, teacher: str) -> Answers:
    return answers_of(replace(RECIPES["byline"], teacher=teacher), examples, seed, sized=seed == 1)


def answers_of(recipe: Recipe, examples: Examples, seed: int, *, sized: bool) -> Answers:
    """Trains a recipe; it answers with the numbers that every artefact carries.

    Args:
        recipe: What is trained.
        examples: What it learns from.
        seed: Of the training.
        sized: Whether the bytes of the .tflite are wanted.
    """
    from export.graph import rounded_classifier

    with tempfile.TemporaryDirectory() as folder:
        run = fit(examples.corpus(), recipe, FitOptions(seed=seed, unit=Unit("line"), path=Path(folder, "run")))
        classifier = rounded_classifier(run.classifier)
        size = len(tflite_of(run)) if sized else 0
    facts = {"training": run.facts["training"], "threshold": run.threshold, "pieces": run.vocabulary.size}

    def score(texts: Sequence[str]) -> Floats:
        return classifier.probabilities([tidy(text) for text in texts])

    return Answers(run.vocabulary.labels, score, size, True, facts, run.vocabulary)


def tflite_of(run: Run) -> bytes:
    """Gives the int8 .tflite with everything inside."""
    from export import graph
    from export.targets import metadata, tflite
    from trainer.model.network import weights_of
    from trainer.model.weights import steps_of

    weights = weights_of(run.classifier.model)
    constants = graph.round_constants(graph.constants_of(weights))
    steps = steps_of(weights, run.vocabulary.window)
    model = tflite.convert(constants, run.vocabulary.sequence_length, steps, "int8")
    about = metadata.Description("byline", "", "", "", "")
    return metadata.add_metadata(model, run.vocabulary, run.vocabulary.labels, about)


SYSTEMS: Final[dict[str, Builder]] = {
    "svm": svm,
    "fasttext": fast_text,
    "minilm": sentence_embeddings,
    "byline": byline,
    "taught": taught,
}
ENGLISH: Final = frozenset(("minilm", "taught"))  # knows English alone


def _columns(phrases: Sequence[Phrase]) -> tuple[list[str], list[str]]:
    return [phrase.text for phrase in phrases], [phrase.label for phrase in phrases]


def accuracy_of(answers: Answers, phrases: Sequence[Phrase]) -> float:
    best = answers.score([phrase.text for phrase in phrases]).argmax(axis=1)
    return float(np.mean([answers.labels[place] == phrase.label for place, phrase in zip(best, phrases, strict=True)]))
