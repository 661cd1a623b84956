"""Measures what was trained: on each part of the split, or by cross-validation."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.encoding.encode import Encoded
from trainer.evaluation.abstention import Abstention, threshold_of
from trainer.evaluation.measuring import tally_of
from trainer.evaluation.metrics import metrics
from trainer.model.classifier import Classifier
from trainer.model.network import build_model
from trainer.training.learn import Trained

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """A trained model, and how well it does.

    Attributes:
        classifier: Of the model's final numbers.
        abstention: When its answer is "not sure".
        metrics: Part of the split, or "cross_validated" -> what was measured of it.
    """

    classifier: Classifier
    abstention: Abstention
    metrics: dict[str, dict[str, Any]]

    @property
    def results(self) -> dict[str, Any]:
        """The metrics of phrases that were not learned from: of cross-validation, or of the test part."""
        return self.metrics.get("cross_validated") or self.metrics["test"]


def measure(trained: Trained, encoded: Encoded) -> Measured:
    """Builds the model, asks it about every part of the split, and chooses the threshold of "not sure".

    The validation phrases are put to the numbers that have not learned from them. In cross-validation no part is held
    out: the answers to the phrases held out in turn are counted already.

    Args:
        trained: Gives the numbers.
        encoded: Gives the phrases.

    Returns:
        The model and its metrics.
    """
    vocabulary = encoded.vocabulary
    classifier = chosen = Classifier(build_model(trained.final, vocabulary.sequence_length), vocabulary)
    logger.info("measuring the answers")
    if trained.chosen is not trained.final:
        chosen = Classifier(build_model(trained.chosen, vocabulary.sequence_length), vocabulary)
    asked = {"train": (classifier, encoded.sample)}
    if not encoded.folds:
        asked |= {"validation": (chosen, encoded.validation), "test": (classifier, encoded.test)}
    tallies = {part: tally_of(model, phrases) for part, (model, phrases) in asked.items()}
    if encoded.folds:
        assert trained.held_out is not None
        tallies["cross_validated"] = trained.held_out
    abstention = threshold_of(trained.held_out or tallies["validation"])
    commonest = vocabulary.labels.index(encoded.majority_label)
    measured = {part: metrics(tally, abstention.threshold, commonest) for part, tally in tallies.items()}
    if encoded.folds:
        measured["cross_validated"]["folds"] = len(np.unique(encoded.folds.fold))
    return Measured(classifier, abstention, measured)
