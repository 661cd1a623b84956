"""The README's tables and picture of accuracy, from the numbers kept: python benchmarks/accuracy.py --from-json"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reports import chart, tables

_TESTS = ("lines", "windows", "typed", "printed paragraphs")  # which an interval stands beside


def full(result: dict[str, Any]) -> str:
    """Draws everything that was measured on one corpus."""
    return "\n\n".join((_caption(result), _accuracies(result), _by_length(result), _differences(result)))


def write(corpora: Sequence[str]) -> None:
    """Writes what the README shows of the corpora that were measured, the first of them in full."""
    results = [result for corpus in corpora if (result := tables.kept(f"accuracy-{corpus}"))]
    if not results:
        raise SystemExit("error: benchmarks/results has no accuracy; --part test --write makes it")
    chart.accuracy(results[0])
    tables.put("accuracy", f"{full(results[0])}\n\n![Accuracy on typed windows beside bytes](../docs/accuracy.svg)")
    tables.put("accuracy-corpora", _corpora(results))


def _caption(result: dict[str, Any]) -> str:
    rows, phrases = result["rows"], result["phrases"]
    seeds = "one seed" if result["seeds"] == 1 else f"mean of {result['seeds']} seeds"
    return (
        f"{result['name']}: {rows['train']:,} rows to learn from; {result['part']} accuracy in per cent on "
        f"{phrases['lines']:,} lines and {phrases['windows']:,} windows ({seeds}; in brackets 95 % bootstrap intervals)"
    )


def _accuracies(result: dict[str, Any]) -> str:
    head = ["system", "lines", "windows", "typed windows", "paragraphs", "calibration error", "bytes"]
    rows = []
    for system in result["systems"]:
        errors = system["calibration_error"]
        cells = [_with_interval(system, test) for test in _TESTS]
        rows.append([system["name"], *cells, _points(float(np.mean(errors))) if errors else "", f"{system['bytes']:,}"])
    return tables.table(head, rows)


def _by_length(result: dict[str, Any]) -> str:
    lengths = [test for test in result["phrases"] if test.endswith(" words")]
    head = ["typed windows of", *lengths]
    rows = [
        [system["name"], *(_points(float(np.mean(system["accuracy"][test]))) for test in lengths)]
        for system in result["systems"]
    ]
    return tables.table(head, rows)


def _differences(result: dict[str, Any]) -> str:
    """Byline minus the alternative that is best at each test."""
    tests = [test for test in result["phrases"] if result["phrases"][test]]
    head = ["minus the best alternative, points", *tests]
    rows = [
        [name, *(_difference(of_test[test]) if test in of_test else "" for test in tests)]
        for name, of_test in result["differences"].items()
    ]
    return tables.table(head, rows)


def _corpora(results: Sequence[dict[str, Any]]) -> str:
    """Draws a row a corpus: Byline beside the alternative that is best there on typed windows."""
    ours = [name for name in results[0]["differences"] if "`byline`" in name]
    head = ["corpus", "labels' rows", "seeds", "most frequent label", "best alternative"]
    head += [f"{name}: typed windows, and its difference" for name in ours]
    rows = []
    for result in results:
        systems = {system["name"]: system for system in result["systems"]}
        best = result["differences"][ours[0]]["typed"]["best"]
        of_best = f"{_with_interval(systems[best], 'typed')}, {best}"
        majority = _points(float(np.mean(systems["most frequent label"]["accuracy"]["typed"])))
        cells = [
            f"{_with_interval(systems[name], 'typed')}, {_difference(result['differences'][name]['typed'])}"
            for name in ours
        ]
        size = f"{sum(result['rows'].values()):,}"
        rows.append([result["name"], size, str(result["seeds"]), majority, of_best, *cells])
    return tables.table(head, rows)


def _with_interval(system: dict[str, Any], test: str) -> str:
    low, high = system["interval"][test]
    mean = float(np.mean(system["accuracy"][test]))
    return f"{_points(mean)} ({_points(low)}–{_points(high)})" if mean == mean else ""


def _difference(of_test: dict[str, Any]) -> str:
    low, high = of_test["interval"]
    return f"{100 * of_test['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}" if share == share else ""
