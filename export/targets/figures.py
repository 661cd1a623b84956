"""What the page's model card shows beside its text: the facts of a run, and what its figures are drawn of."""

import math
import unicodedata
from typing import Any, Final

import numpy as np

from trainer.evaluation.advice import advice_of
from trainer.run import Run

WIDEST: Final = 12  # labels that a matrix can have and still be read on a page; of more the worst confusions are listed
WORST: Final = 12  # of those
LABEL_ROOM: Final = 15  # characters of a label's name beside a matrix
_WIDE: Final = frozenset("mwMW@%&—…")
_PAGE_TEXT: Final = 10_000  # bytes of the page's own text, compressed: it is not there yet when it says its size


def card_facts(run: Run, test: dict[str, Any], files_bytes: int) -> dict[str, Any]:
    """Gives the card's facts as plain data; `page.card` in the templates.

    Args:
        run: What was trained.
        test: The metrics of the model that the page has, on the test phrases.
        files_bytes: The files that the page loads, compressed.
    """
    corpus, split, labels = run.facts["corpus"], run.facts["split"], run.vocabulary.labels
    return {
        "corpus": {key: corpus.get(key) or "" for key in ("name", "description", "license")},
        "phrases": split["phrases"],
        "method": split["method"],
        "window": split.get("window", 0),
        "whole_rows": bool(split.get("whole_rows")),
        "near_duplicates_left_out": split.get("near_duplicates_left_out", 0),
        "near_duplicates_kept": sum(
            sum(of_label.values()) for of_label in split.get("near_duplicates_kept", {}).values()
        ),
        "created": "" if run.external else run.facts["created"][:10],
        "model": run.facts["model_sha256"][:12],
        "page_bytes": math.ceil((files_bytes + _PAGE_TEXT) / 10_000) * 10_000,
        "advice": advice_of(test, labels, corpus.get("labels") or {}) if test["phrases"] else None,
        "calibration_error": test["calibration_error"],
        "reliability": reliability(test["reliability"]),
        "chosen": {key: run.facts["abstention"].get(key) for key in ("target_precision", "largest_rate")},
        "labels": of_labels(labels, corpus.get("labels") or {}, test["confusion"]),
        "worst": worst(labels, test["confusion"]),
        "matrix": matrix(labels, test["confusion"]) if len(labels) <= WIDEST else None,
    }


def of_labels(labels: tuple[str, ...], rows: dict[str, int], confusion: list[list[int]]) -> list[dict[str, Any]]:
    """Gives of each label how many rows the source has of it, if that is known, and its test phrases: how many there
    are, and of how many it was the nearest label.
    """
    return [
        {"label": label, "rows": rows.get(label), "tested": sum(counts), "right": counts[number]}
        for number, (label, counts) in enumerate(zip(labels, confusion, strict=True))
    ]


def worst(labels: tuple[str, ...], confusion: list[list[int]]) -> list[dict[str, Any]]:
    """Gives the pairs of labels that are taken for each other most often, worst first."""
    counts = np.array(confusion, np.int64)
    of_truth = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    pairs = [divmod(int(place), len(labels)) for place in np.argsort(-counts, axis=None, kind="stable")[:WORST]]
    return [
        {
            "truth": labels[row],
            "nearest": labels[column],
            "count": int(counts[row, column]),
            "share": float(counts[row, column] / of_truth[row]),
        }
        for row, column in pairs
        if counts[row, column]
    ]


def matrix(labels: tuple[str, ...], confusion: list[list[int]]) -> dict[str, Any]:
    """Gives a confusion matrix as it is drawn: the labels' names cut to what there is room for, the width of the
    longest, the digits of the largest number, and of each cell the count and its share of the row.
    """
    names = [short(label, LABEL_ROOM) for label in labels]
    return {
        "names": names,
        "width": max(width_of(name) for name in names),
        "digits": len(f"{max(map(max, confusion)):,}"),
        "rows": [[{"count": count, "share": count / (sum(row) or 1)} for count in row] for row in confusion],
    }


def reliability(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives the bins that hold a phrase, each with its `size` beside the largest: a point's radius from 0 to 1."""
    largest = max((of_bin["phrases"] for of_bin in bins), default=0)
    return [of_bin | {"size": math.sqrt(of_bin["phrases"] / largest)} for of_bin in bins if of_bin["phrases"]]


def width_of(text: str) -> float:
    """Gives about how wide a text is, in characters of common width."""
    return sum(map(_width, text))


def short(text: str, room: float) -> str:
    """Cuts a text that is wider than `room` characters."""
    if width_of(text) <= room:
        return text
    kept, left = "", room - 1
    for character in text:
        left -= _width(character)
        if left < 0:
            break
        kept += character
    return f"{kept.rstrip()}…"


def _width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0  # stands on the one before it, or is not seen
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 1.4 if character in _WIDE else 1.2 if character.isupper() else 1
