"""Rounds all numbers once, before any converter sees them.

Rows become int8, each with a scale that float16 can hold; the rows of bigrams share one scale; every other weight is
rounded to float16. All artefacts carry these numbers exactly, and every runtime computes with them in float32.

Of int4 the rows of bigrams and what few labels a piece keeps are whole numbers from -7 to 7. A `.tflite` file packs two
of them into a byte; the others store each in a byte, as before, which compresses to as little. The whole rows of pieces
stay int8: in 4 bits they alone cost more of the accuracy than all others together.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, get_args

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
IN_4_BITS: Final = ("sparse_values", "bigram_rows", "bigram_values")  # where int4 is asked for
_MOST_HALF: Final = float(np.finfo(np.float16).max)
LABELS: Final = ("sparse_labels", "bigram_labels")
Rows = Literal["int8", "int4"]
ROWS: Final = get_args(Rows)
_LARGEST: Final[dict[Rows, int]] = {"int8": 127, "int4": 7}
# What a scale may be of the one that spares the largest number: of 4 bits it pays to cut that off. The first is 1, so
# that rounding twice is rounding once.
_OF_ROWS: Final = tuple(np.linspace(1, 0.35, 27))
_OF_TABLE: Final = tuple(np.linspace(1, 0.05, 96))


def in_8_bits(name: str) -> bool:
    """Whether a constant is stored as whole numbers, which fill their type from end to end."""
    return name in IN_8_BITS or name in LABELS


def in_4_bits(name: str) -> bool:
    """Whether a constant is stored in 4 bits where int4 is asked for."""
    return name in IN_4_BITS


def round_constants(constants: Constants, kind: Rows = "int8") -> Constants:
    """Rounds the numbers of a model.

    A row's scale is a float16 of few bits, at most 3 % above its largest number divided by 127. TF.js's affine 8-bit
    storage is exact where both ends of the type are there: the row of `<pad>`, which the mask never lets through, holds
    them, two slots of the table of bigrams that are nobody's, and a row behind the sparse ones.

    Args:
        constants: As trained.
        kind: Of the rows that may be int4; all others are int8.
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
        values, of_values = _round_rows(constants["sparse_values"], kind)
        rounded["sparse_values"] = _with_ends(np.pad(values, ((0, 1), (0, 0))), row=-1)
        rounded["sparse_labels"] = _label_ends(np.pad(constants["sparse_labels"], ((0, 1), (0, 0))), [-1], [-1])
        rounded["piece_scales"] = np.concatenate([scales, of_values])
    return rounded | _round_bigrams(constants, kind)


def _round_bigrams(constants: Constants, kind: Rows) -> Constants:
    name = "bigram_rows" if "bigram_rows" in constants else "bigram_values"
    fingerprints = constants["bigram_fingerprints"].copy()
    nobody = np.flatnonzero(np.abs(fingerprints) >= EMPTY)
    one, other = nobody[:2]
    rows = constants[name].copy()
    rows[nobody] = 0
    largest = _LARGEST[kind]
    scale = _to_half(np.maximum(np.abs(rows).max(keepdims=True).reshape(1) / largest, np.finfo(np.float16).tiny))
    if kind == "int4":
        scale = _to_half(scale * _fractions(rows.reshape(1, -1), scale, largest, _OF_TABLE))
    rows = _whole(rows, scale, largest)
    rows[one], rows[other] = -128, 127
    fingerprints[one] = -128
    rounded = {"bigram_fingerprints": fingerprints, name: rows, "bigram_scale": scale}
    if name == "bigram_values":
        rounded["bigram_labels"] = _label_ends(constants["bigram_labels"].copy(), [one], [other])
    return rounded


def _round_rows(rows: Floats, kind: Rows = "int8") -> tuple[Floats, Floats]:
    largest = _LARGEST[kind]
    scales = _row_scales(rows, largest)
    if kind == "int4":
        scales = _few_bits(scales * _fractions(rows, scales, largest, _OF_ROWS))
    return _whole(rows, scales[:, None], largest), scales


def _whole(rows: Floats, scales: Floats, largest: int) -> Floats:
    return np.asarray(np.clip(np.rint(rows / scales), -largest, largest), np.float32)


def _fractions(rows: Floats, scales: Floats, largest: int, tried: Sequence[float]) -> Floats:
    """Gives for each row the fraction of its scale with which rounding changes it least, by squares."""
    errors = np.stack(
        [
            np.square(_whole(rows, of_rows, largest) * of_rows - rows).sum(axis=1)
            for of_rows in (_few_bits(scales * np.float32(fraction))[:, None] for fraction in tried)
        ]
    )
    return np.asarray(np.array(tried, np.float32)[errors.argmin(axis=0)], np.float32)


def _with_ends(rows: Floats, row: int = 0) -> Floats:
    rows[row], rows[row, 0] = -128, 127
    return rows


def _label_ends(labels: Floats, one: list[int], other: list[int]) -> Floats:
    """Lets stored labels reach from end to end of their type; where both rows are one, each end has a cell."""
    most = 127 if labels.min() >= -128 else 32_767
    labels[one] = -most - 1
    labels[other, 0] = most
    return labels


def _row_scales(rows: Floats, largest: int) -> Floats:
    """Gives each row a scale with 5 bits behind the point of its float16, rounded up.

    A row loses 3 % of its resolution at most. Compressed, 11,600 of them are 8.8 kB, with all 10 bits 17.8; the rows,
    whose largest numbers are then not all 127, grow by 2.4.
    """
    scales = _few_bits(_least_scales(rows, largest))
    # A row whose largest number was rounded down may fit the next smaller scale: then rounding twice is rounding once.
    return _few_bits(_least_scales(np.rint(rows / scales[:, None]) * scales[:, None], largest))


def _least_scales(rows: Floats, largest: int) -> Floats:
    least: Floats = np.maximum(np.abs(rows).max(axis=1) / largest, np.finfo(np.float16).tiny)
    return least


def _few_bits(scales: Floats) -> Floats:
    """Rounds positive numbers up to the next float16 whose last 5 bits are zero."""
    bits = scales.astype(np.float16).view(np.uint16)
    return ((bits + np.uint16(31)) & np.uint16(0xFFE0)).view(np.float16).astype(np.float32)


def _to_half(array: Floats) -> Floats:
    return array.astype(np.float16).astype(np.float32)


def rounded_classifier(classifier: Classifier, kind: Rows = "int8") -> Classifier:
    """Gives the Keras model with its numbers rounded: what every artefact has to agree with.

    Of a model that was trained elsewhere every number is rounded to float16.

    Raises:
        UserError: A number of it is larger than float16 holds.
    """
    if is_external(classifier.model):
        return replace(classifier, model=_halved(classifier.model))
    weights = weights_of(classifier.model)
    rounded = weights_from(round_constants(constants_of(weights), kind), weights)
    return replace(classifier, model=build_model(rounded, classifier.vocabulary.sequence_length))


def _halved(model: Any) -> Any:
    import keras

    numbers = model.get_weights()
    if any(np.abs(array).max(initial=0) > _MOST_HALF for array in numbers if array.dtype.kind == "f"):
        raise UserError(f"the model has a weight beyond {_MOST_HALF:,.0f}, which float16 does not hold")
    copy = keras.models.clone_model(model)
    copy.set_weights([_to_half(array) if array.dtype.kind == "f" else array for array in numbers])
    return copy
