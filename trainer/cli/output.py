"""What the commands print of a run: results, rankings, and what to do next."""

import json
import shlex
from typing import TYPE_CHECKING, Any

from trainer.evaluation.wording import accuracy_text, advice_text, confusion_table, measures_text, result_text
from trainer.text.printable import printable

if TYPE_CHECKING:
    from trainer.run import Run

_BAR = 30  # columns


def print_fit(run: "Run", *, by_row: bool) -> None:
    """Prints how good a new run is.

    Args:
        run: Of `fit`.
        by_row: Whether it was split by row, which makes the accuracy optimistic.
    """
    of_part, crossed, results = run.facts["metrics"], run.cross_validated, run.results
    if crossed:
        accuracy = f"{result_text(crossed)}; train {accuracy_text(of_part['train'])}"
    else:
        accuracy = ", ".join(f"{part} {accuracy_text(measured)}" for part, measured in of_part.items())
    where = "held-out phrases" if crossed else "test"
    print(f"accuracy   {accuracy}" + (", split by row: optimistic" if by_row else ""))
    print(measures_text(results, "phrases" if crossed else "test phrases"))
    print(f"majority   {where} {results['majority']:.1%}, the accuracy of always answering {run.majority_label}")
    print(f"confusion  {where}, rows the truth, columns the answers")
    print(confusion_table(results["confusion"], run.vocabulary.labels))
    for line in advice_text(run.facts["advice"], results):
        print(f"advice     {line}")
    example = shlex.quote(printable(run.phrases("validation")[0].text[:100]))
    print(f"{run.path}: next, python -m trainer predict {example}, or python -m export all")


def print_evaluation(run: "Run", results: dict[str, Any], what: str, *, as_json: bool) -> None:
    """Prints what was measured.

    Args:
        run: Which was measured.
        results: Its metrics.
        what: Of what, "test phrases" for instance.
        as_json: Whether one JSON object is wanted.
    """
    if as_json:
        print(json.dumps({"run": run.path.name, "labels": run.vocabulary.labels, **results}))
        return
    print(f"{run.path}: {results['phrases']:,} {what}")
    accuracy = result_text(results) if "folds" in results else accuracy_text(results)
    print(f"accuracy   {accuracy}, majority {results['majority']:.1%}")
    print(measures_text(results, what))
    print(confusion_table(results["confusion"], run.vocabulary.labels))


def print_ranking(ranking: list[dict[str, Any]]) -> None:
    """Prints labels with their probabilities, best first, a bar each."""
    width = max(len(entry["label"]) for entry in ranking)
    for entry in ranking:
        bar = "█" * round(_BAR * entry["score"])
        print(f"  {entry['label']:<{width}}  {entry['score']:6.1%}  {bar}".rstrip())
