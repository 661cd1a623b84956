"""The frontiers as SVG, drawn by matplotlib, with the colours of the page that shows them."""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from trainer.tuning.record import Result, complete
from trainer.tuning.results import frontier, interval

# Colours that stand in for the page's own, which are put in their place: a picture is light or dark as the page is.
_COLOURS: Final = {
    "#111111": "var(--ink)",
    "#222222": "var(--soft)",
    "#333333": "var(--blue)",
    "#444444": "var(--pale)",
    "#555555": "var(--amber)",
}
_INK, _SOFT, _BLUE, _PALE, _AMBER = _COLOURS
_MARKERS: Final = {"tables": "o", "taught": "s", "network": "^"}
_MARKED: Final = ("byline", "tiny", "lesson")  # by their names: what the search started from
_STYLE: Final = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "byline",  # the same numbers give the same picture
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": _INK,
    "axes.labelcolor": _SOFT,
    "axes.edgecolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_ROOM: Final = 0.06  # of the heights, above and below
LOWEST: Final = 6.0  # points of accuracy below the best: what is lower stands at the edge


def draw(results: Sequence[Result], cost: Callable[[Result], float], label: str, measured: str) -> str:
    """Draws accuracy against a cost: all trials that are done, their frontier with intervals, and the starting recipes.

    Args:
        results: Of the search.
        cost: Of a trial.
        label: Of the axis, with the unit.
        measured: What the accuracy was counted on.

    Returns:
        An SVG element for a page that has the colours.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    done = complete(results)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 3.6))
        canvas = FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        least = 100 * done[0].accuracy - LOWEST
        for family, marker in _MARKERS.items():
            some = [each for each in done if each.family == family]
            heights = [max(100 * each.accuracy, least) for each in some]
            if some:
                axes.scatter([cost(each) for each in some], heights, s=26, c=_PALE, marker=marker, linewidths=0)
        front = [each for each in frontier(done, cost) if 100 * each.accuracy >= least]
        heights = [100 * each.accuracy for each in front]
        bounds = [interval(each) for each in front]
        errors = [
            [max(0.0, height - 100 * low) for height, (low, _) in zip(heights, bounds, strict=True)],
            [max(0.0, 100 * high - height) for height, (_, high) in zip(heights, bounds, strict=True)],
        ]
        costs = [cost(each) for each in front]
        axes.step(costs, heights, where="post", color=_BLUE, linewidth=1.5)
        axes.errorbar(costs, heights, errors, fmt="none", ecolor=_BLUE, elinewidth=0.7, alpha=0.6)
        for each in front:
            axes.scatter([cost(each)], [100 * each.accuracy], s=36, c=_BLUE, marker=_MARKERS[each.family], linewidths=0)
        _mark(axes, [each for each in done if each.name in _MARKED], cost, least)
        axes.set_xscale("log")
        axes.margins(x=0.12, y=_ROOM)
        axes.minorticks_off()
        ticks = _ticks([cost(each) for each in done])
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.set_xlabel(label)
        axes.set_ylabel(f"accuracy, %, {measured}")
        written = io.StringIO()
        figure.savefig(written, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
        del canvas
    return _element(written.getvalue())


def _mark(axes: Any, results: Sequence[Result], cost: Callable[[Result], float], least: float) -> None:
    for each in results:
        place = (cost(each), max(100 * each.accuracy, least))
        axes.scatter([place[0]], [place[1]], s=44, c=_AMBER, marker=_MARKERS[each.family], linewidths=0, zorder=3)
        below = "" if 100 * each.accuracy >= least else f" {each.accuracy:.1%}"
        axes.annotate(
            each.name + below, place, (0, 8 if below else -15), textcoords="offset points", color=_AMBER, ha="center"
        )


def _ticks(costs: Sequence[float]) -> list[float]:
    """Gives round numbers within the costs' range."""
    low, high = min(costs) * 0.9, max(costs) * 1.1
    rounds = [factor * 10**power for power in range(7) for factor in (1, 1.5, 2, 3, 4, 5, 7)]
    inside = [float(each) for each in rounds if low <= each <= high]
    return inside[:: -(-len(inside) // 7)] if inside else [float(costs[0])]


def _element(svg: str) -> str:
    """Takes the element out of a document, and gives it the page's colours."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r' (?:width|height)="[\d.]+pt"', "", element, count=2)
    for colour, of_page in _COLOURS.items():
        element = element.replace(colour, of_page)
    return "\n".join(line.rstrip() for line in element.splitlines())
