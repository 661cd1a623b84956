"""The benchmarks' pictures, drawn from the numbers kept: python benchmarks/accuracy.py --from-json"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import tables

DOCS: Final = tables.ROOT / "docs"
LARGEST: Final = 150_000  # bytes
_OURS, _OTHERS, _PALE = "#b3261e", "#3b5b92", "#767676"
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
    figure, axes = pyplot.subplots(figsize=(8, 4.8))
    for system in result["systems"]:
        mean = 100 * float(np.mean(system["accuracy"]["typed"]))
        low, high = (100 * bound for bound in system["interval"]["typed"])
        colour = _OURS if system["byline"] else _OTHERS
        if not system["bytes"]:
            axes.axhline(mean, color=_PALE, linewidth=0.8, linestyle=":")
            axes.annotate(
                system["name"],
                (1, mean),
                (-2, 2),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                color=_PALE,
                ha="right",
            )
            continue
        error = [[max(0, mean - low)], [max(0, high - mean)]]
        axes.errorbar(system["bytes"], mean, error, fmt="o", color=colour, markersize=5, elinewidth=1)
        axes.annotate(system["name"], (system["bytes"], mean), (6, 4), textcoords="offset points", color=colour)
    axes.set_xscale("log")
    axes.set_xlim(1e5, 3e9)  # room for the names on the right
    axes.set_xlabel("bytes on a disk")
    axes.set_ylabel(f"accuracy on typed windows, {result['part']}, %")
    return _save(figure, "accuracy.svg")


def sizes(parts: dict[str, dict[str, int]]) -> Path:
    """Draws what the bytes of each int8 `.tflite` are.

    Args:
        parts: Recipe -> part -> bytes.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(8, 0.8 + 0.5 * len(parts)))
    names = list(parts)[::-1]
    left = np.zeros(len(names))
    colours = ("#b3261e", "#e0866d", "#8a8a8a", "#3b5b92", "#9fb3d9")
    for colour, part in zip(colours, next(iter(parts.values())), strict=False):
        widths = np.array([parts[name][part] / 1000 for name in names])
        axes.barh(names, widths, left=left, color=colour, label=part)
        left += widths
    axes.set_xlabel("kB in the int8 .tflite")
    axes.legend(frameon=False, loc="lower right")
    return _save(figure, "size.svg")


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
