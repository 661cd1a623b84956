"""The only door to tflite-support: asks the Task Library's `BertNLClassifier`.

tflite-support links libusb, which a fresh machine does not have, and clashes with TensorFlow unless TensorFlow is
imported first: `tflite_support` takes care of both.
"""

import ctypes
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.quiet import quietly
from trainer.text.normalization import clean

AVAILABLE: Final = sys.platform == "linux" and platform.machine() == "x86_64"
NOT_AVAILABLE: Final = "tflite-support has a wheel for Linux x86-64 alone: BertNLClassifier was not asked"
LOWER_CASE: Final = (
    "clients that take raw strings lower-case A to Z before they read, and this vocabulary keeps case: "
    "BertNLClassifier was not asked; give such an app's interpreter ids by vocabulary.model"
)


def bert_probabilities(path: Path, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Asks the Task Library's `BertNLClassifier`, which reads raw strings, their first window alone.

    Args:
        path: A `.tflite` file with metadata.
        texts: Raw; NUL and lone surrogates are taken out, which its Python binding cannot be given.
        labels: The labels in the order of the columns wanted.

    Returns:
        float64, shape [texts, labels].
    """
    support = tflite_support()
    with quietly():
        classifier = support.bert_nl_classifier.BertNLClassifier.create_from_file(str(path))
    column = {label: index for index, label in enumerate(labels)}
    answers = np.zeros((len(texts), len(labels)))
    for row, text in zip(answers, texts, strict=True):
        for category in classifier.classify(clean(text)).classifications[0].categories:
            row[column[category.category_name]] = category.score
    return answers


@dataclass(frozen=True)
class Support:
    """Modules of tflite-support."""

    writer: Any
    info: Any
    utils: Any
    metadata: Any
    bert_nl_classifier: Any


def tflite_support() -> Support:
    with quietly():
        import libusb_package
        import tensorflow  # noqa: F401  before tflite-support, or its types clash

        ctypes.CDLL(str(libusb_package.get_library_path()))
        from tensorflow_lite_support.metadata.python import metadata
        from tensorflow_lite_support.metadata.python.metadata_writers import (
            bert_nl_classifier,
            metadata_info,
            writer_utils,
        )
        from tensorflow_lite_support.python.task.text import bert_nl_classifier as task
    return Support(bert_nl_classifier, metadata_info, writer_utils, metadata, task)
