"""The wording of what was measured: lines of text for a terminal and the model card."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

_WIDEST_TABLE: Final = 12  # labels that a terminal holds side by side


def accuracy_text(results: dict[str, Any]) -> str:
    """Gives the accuracy of `metrics` with its interval, for a line of text."""
    return _with_interval(results["accuracy"], results["intervals"]["accuracy"])


def result_text(results: dict[str, Any]) -> str:
    """Gives the accuracy of a run's `results` with how it was measured, for a line of text."""
    phrases = f"{results['phrases']:,} phrases"
    if "folds" in results:
        return f"{accuracy_text(results)} in {results['folds']}-fold cross-validation of {phrases}"
    return f"{accuracy_text(results)} of {phrases} held out for the test"


def measures_text(results: dict[str, Any], what: str) -> str:
    """Gives what `metrics` holds beside the accuracy, a line each.

    Args:
        results: What `metrics` gave.
        what: Of what it was measured, "test phrases" for instance.
    """
    macro, error = f"{results['macro_f1']:.3f}", 100 * results["calibration_error"]
    bootstrap = results["intervals"]["macro_f1"]
    if bootstrap:
        macro += f" ({bootstrap[0]:.3f} to {bootstrap[1]:.3f}, bootstrap)"
    lines = [
        "           in brackets: 95 % confidence interval (Wilson)",
        f"macro F1   {macro}",
        f"expected calibration error {error:.1f} %",
        f"not sure   {_abstention_text(results['abstention'], what)}",
    ]
    return "\n".join(lines)


def _abstention_text(facts: dict[str, Any], what: str) -> str:
    if not facts["threshold"]:
        return "never: the threshold is 0"
    right = _with_interval(facts["precision"], facts["precision_interval"])
    return f"below {facts['threshold']:.1%}: {facts['abstention_rate']:.1%} of the {what}; {right} of the others right"


def _with_interval(share: float, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{share:.1%} ({low:.1%} to {high:.1%})"


def confusion_table(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Draws a confusion matrix as text: rows the truth, columns the answers; of many labels the worst confusions."""
    if len(labels) > _WIDEST_TABLE:
        counts = np.array(confusion) * (1 - np.eye(len(labels), dtype=np.int64))
        worst = np.argsort(-counts, axis=None, kind="stable")[:_WIDEST_TABLE]
        pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in worst]
        return "\n".join(
            f"{counts[row, column]:>7,} of {labels[row]} answered {labels[column]}"
            for row, column in pairs
            if counts[row, column]
        )
    width = max(6, *(len(label) for label in labels), *(len(str(count)) for row in confusion for count in row)) + 1
    head = " " * width + "".join(f"{label:>{width}}" for label in labels)
    rows = [
        f"{label:<{width}}" + "".join(f"{count:>{width}}" for count in row)
        for label, row in zip(labels, confusion, strict=True)
    ]
    return "\n".join([head, *rows])


def advice_text(advice: Mapping[str, Any] | None, results: Mapping[str, Any]) -> Iterator[str]:
    """Says the advice, a sentence a line.

    Args:
        advice: What `advice_of` gave.
        results: The `metrics` of which.
    """
    if advice is None:
        return
    if advice["no_better"]:
        majority = f"{results['majority']:.1%}"
        yield f"The result is not reliably better than always answering the most frequent label ({majority})."
    if advice["width"] is not None:
        points = f"{100 * advice['width']:.0f} points"
        yield f"The confidence interval is {points} wide: {results['phrases']:,} phrases are few to measure on."
    if advice["rows_a_label"] is not None:
        label, count = advice["fewest"]
        yield f"About {advice['rows_a_label']:,} rows a label would help; the fewest are {count:,}, of {label}."
    if advice["confused"]:
        pairs = ", ".join(f"{truth} answered {answer} ({count:,})" for truth, answer, count in advice["confused"])
        yield f"Confused most often: {pairs}."
