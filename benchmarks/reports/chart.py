"""The benchmarks' pictures, drawn from the numbers kept: python benchmarks/accuracy.py --from-json"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from reports import tables

DOCS: Final = tables.ROOT / "docs"
LARGEST: Final = 150_000  # bytes
_OURS, _OTHERS, _PALE = "#b3261e", "#3b5b92", "#767676"
_LEAST, _MOST = 1e5, 1e8  # bytes
_GAP: Final = 2.6  # points of accuracy from a name to the next
_STYLE: Final = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "byline",  # the same numbers give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def accuracy(result: dict[str, Any]) -> Path:
    """Draws the accuracy on typed windows against bytes, with intervals."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(6.5, 4.8))
    ranked = sorted(result["systems"], key=lambda system: -float(np.mean(system["accuracy"]["typed"])))
    names_at = spread([100 * float(np.mean(system["accuracy"]["typed"])) for system in ranked], _GAP)
    for system, name_at in zip(ranked, names_at, strict=True):
        mean = 100 * float(np.mean(system["accuracy"]["typed"]))
        low, high = (100 * bound for bound in system["interval"]["typed"])
        colour = _OURS if system["byline"] else _OTHERS if system["bytes"] else _PALE
        place = system["bytes"] or _LEAST  # what has none is at the left edge
        error = [[max(0, mean - low)], [max(0, high - mean)]]
        axes.errorbar(place, mean, error, fmt="o", color=colour, markersize=5, elinewidth=1)
        axes.plot([place, _MOST], [mean, name_at], color=colour, linewidth=0.4, alpha=0.5)
        text = f"{mean:.1f}  {system['name'].replace('`', '')}"
        axes.annotate(text, (_MOST, name_at), (4, -3), textcoords="offset points", color=colour, annotation_clip=False)
    axes.set_xscale("log")
    axes.set_xlim(_LEAST, _MOST)
    axes.set_xlabel("bytes on a disk")
    axes.set_ylabel(f"accuracy on typed windows, {result['part']}, %")
    return _save(figure, "accuracy.svg")


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Moves falling heights down where they are closer than `gap`, so that names beside them can be read."""
    moved: list[float] = []
    for height in heights:
        moved.append(min(height, moved[-1] - gap) if moved else height)
    return moved


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(_STYLE)
    from matplotlib import pyplot

    return pyplot


def _save(figure: Any, name: str) -> Path:
    DOCS.mkdir(exist_ok=True)
    path = DOCS / name
    # White behind it: the text is dark, and a page that shows the picture may be too.
    figure.savefig(path, bbox_inches="tight", facecolor="white", metadata={"Date": None})
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name}: {path.stat().st_size:,} bytes, more than {LARGEST:,}")
    return path
