"""Rounds all numbers once, before any converter sees them.

Rows become int8, each with a scale that float16 can hold; the rows of bigrams share one scale; every other weight is
rounded to float16. All artefacts carry these numbers exactly, and every runtime computes with them in float32.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from export.graph.constants import Constants, constants_of, weights_from
from trainer.errors import UserError
from trainer.model.bigram_table import EMPTY
from trainer.model.classifier import Classifier
from trainer.model.network import build_model, is_external, weights_of
from trainer.model.weights import Floats

IN_8_BITS: Final = (
    "embedding_rows",
    "piece_rows",
    "sparse_values",
    "bigram_fingerprints",
    "bigram_rows",
    "bigram_values",
)
_LARGEST: Final = float(np.finfo(np.float16).max)
LABELS: Final = ("sparse_labels", "bigram_labels")


def in_8_bits(name: str) -> bool:
    """Whether a constant is stored as whole numbers, which fill their type from end to end."""
    return name in IN_8_BITS or name in LABELS


def round_constants(constants: Constants) -> Constants:
    """Rounds the numbers of a model.

    A row's scale is a float16 of few bits, at most 3 % above its largest number divided by 127. TF.js's affine 8-bit
    storage is exact where both ends of the type are there: the row of `<pad>`, which the mask never lets through, holds
    them, two slots of the table of bigrams that are nobody's, and a row behind the sparse ones.
    """
    rounded = {name: _to_half(array) for name, array in constants.items()}
    rows, scales = _round_rows(constants["embedding_rows"])
    rounded |= {"embedding_rows": _with_ends(rows), "embedding_scales": scales}
    scales[0] = 1
    if "piece_rows" not in constants:
        return rounded
    rows, scales = _round_rows(constants["piece_rows"])
    scales[0] = 1
    rounded |= {"piece_rows": _with_ends(rows), "piece_scales": scales}
    if "sparse_values" in constants:
        values, of_values = _round_rows(constants["sparse_values"])
        rounded["sparse_values"] = _with_ends(np.pad(values, ((0, 1), (0, 0))), row=-1)
        rounded["sparse_labels"] = _label_ends(np.pad(constants["sparse_labels"], ((0, 1), (0, 0))), [-1], [-1])
        rounded["piece_scales"] = np.concatenate([scales, of_values])
    return rounded | _round_bigrams(constants)


def _round_bigrams(constants: Constants) -> Constants:
    name = "bigram_rows" if "bigram_rows" in constants else "bigram_values"
    fingerprints = constants["bigram_fingerprints"].copy()
    nobody = np.flatnonzero(np.abs(fingerprints) >= EMPTY)
    one, other = nobody[:2]
    rows = constants[name].copy()
    rows[nobody] = 0
    scale = _to_half(np.maximum(np.abs(rows).max(keepdims=True).reshape(1) / 127, np.finfo(np.float16).tiny))
    rows = np.clip(np.rint(rows / scale), -127, 127).astype(np.float32)
    rows[one], rows[other] = -128, 127
    fingerprints[one] = -128
    rounded = {"bigram_fingerprints": fingerprints, name: rows, "bigram_scale": scale}
    if name == "bigram_values":
        rounded["bigram_labels"] = _label_ends(constants["bigram_labels"].copy(), [one], [other])
    return rounded


def _round_rows(rows: Floats) -> tuple[Floats, Floats]:
    scales = _row_scales(rows)
    return np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.float32), scales


def _with_ends(rows: Floats, row: int = 0) -> Floats:
    rows[row], rows[row, 0] = -128, 127
    return rows


def _label_ends(labels: Floats, one: list[int], other: list[int]) -> Floats:
    """Lets stored labels reach from end to end of their type; where both rows are one, each end has a cell."""
    most = 127 if labels.min() >= -128 else 32_767
    labels[one] = -most - 1
    labels[other, 0] = most
    return labels


def _row_scales(rows: Floats) -> Floats:
    """Gives each row a scale with 5 bits behind the point of its float16, rounded up.

    A row loses 3 % of its resolution at most. Compressed, 11,600 of them are 8.8 kB, with all 10 bits 17.8; the rows,
    whose largest numbers are then not all 127, grow by 2.4.
    """
    scales = _few_bits(_least_scales(rows))
    # A row whose largest number was rounded down may fit the next smaller scale: then rounding twice is rounding once.
    return _few_bits(_least_scales(np.rint(rows / scales[:, None]) * scales[:, None]))


def _least_scales(rows: Floats) -> Floats:
    least: Floats = np.maximum(np.abs(rows).max(axis=1) / 127, np.finfo(np.float16).tiny)
    return least


def _few_bits(scales: Floats) -> Floats:
    """Rounds positive numbers up to the next float16 whose last 5 bits are zero."""
    bits = scales.astype(np.float16).view(np.uint16)
    return ((bits + np.uint16(31)) & np.uint16(0xFFE0)).view(np.float16).astype(np.float32)


def _to_half(array: Floats) -> Floats:
    return array.astype(np.float16).astype(np.float32)


def rounded_classifier(classifier: Classifier) -> Classifier:
    """Gives the Keras model with its numbers rounded: what every artefact has to agree with.

    Of a model that was trained elsewhere every number is rounded to float16.

    Raises:
        UserError: A number of it is larger than float16 holds.
    """
    if is_external(classifier.model):
        return replace(classifier, model=_halved(classifier.model))
    weights = weights_of(classifier.model)
    rounded = weights_from(round_constants(constants_of(weights)), weights)
    return replace(classifier, model=build_model(rounded, classifier.vocabulary.sequence_length))


def _halved(model: Any) -> Any:
    import keras

    numbers = model.get_weights()
    if any(np.abs(array).max(initial=0) > _LARGEST for array in numbers if array.dtype.kind == "f"):
        raise UserError(f"the model has a weight beyond {_LARGEST:,.0f}, which float16 does not hold")
    copy = keras.models.clone_model(model)
    copy.set_weights([_to_half(array) if array.dtype.kind == "f" else array for array in numbers])
    return copy
