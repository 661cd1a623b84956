"""Draws the models out of their Keras graphs: python docs/_build/draw.py

An SVG that is written by hand drifts from the code; these are drawn of the layers and edges of the models that `fit`
builds, and a test draws them again. The colours are the page's where an SVG stands inside one.
"""

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

import numpy as np

from trainer.model.recipe import RECIPES, sizes_for
from trainer.model.weights import Cells, Encoder, Gate, Lstm, Tables, Weights

if TYPE_CHECKING:
    import keras

_LABELS: Final = 4
_ROWS: Final = 30_000  # of training, as the built-in corpus has them
_POSITIONS: Final = 66
_WIDTH: Final = 176  # of a box, and the space around it
_HEIGHT: Final = 50
_COLUMN: Final = 196
_LINE: Final = 82
_LANE: Final = 26  # of an edge that passes a line
_ROUNDS: Final = 8  # of ordering
_SETTLING: Final = 200  # rounds of placing
_STYLE: Final = """
  .drawing { --ink: var(--md-default-fg-color, #222); --quiet: var(--md-default-fg-color--light, #666);
    --box: var(--md-code-bg-color, #f3f3f3); --edge: var(--md-accent-fg-color, #16507a); }
  .drawing rect { fill: var(--box); stroke: var(--quiet); }
  .drawing path { fill: none; stroke: var(--edge); stroke-width: 1.5; }
  .drawing text { fill: var(--ink); font: 13px system-ui, sans-serif; text-anchor: middle; }
  .drawing .quiet { fill: var(--quiet); font-size: 11px; }
  .drawing .head { fill: var(--edge); }
"""


@dataclass(frozen=True)
class Layer:
    """A box of the drawing.

    Attributes:
        name: Of the layer.
        kind: Its class.
        shape: Of its output, without the batch.
        inputs: Names of the layers that it reads.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    inputs: tuple[str, ...]


def layers_of(model: "keras.Model") -> list[Layer]:
    """Gives the layers of a functional model, each after those that it reads."""
    names = {layer.name for layer in model.layers}
    found = []
    for layer in model.layers:
        (node,) = layer._inbound_nodes
        read = dict.fromkeys(parent.operation.name for parent in node.parent_nodes)
        inputs = tuple(name for name in read if name in names)  # others compute the mask of padding
        output = layer.output[0] if isinstance(layer.output, list | tuple) else layer.output
        found.append(Layer(layer.name, type(layer).__name__, tuple(output.shape[1:]), inputs))
    return found


def _weights() -> Weights:
    """Gives numbers, all zero, of the sizes that the recipe `byline` has for the built-in corpus without a teacher."""
    sizes = sizes_for(RECIPES["byline"], _LABELS, _ROWS, with_teacher=False)
    vocabulary = sizes.maximum_pieces

    def zeros(*shape: int) -> Any:
        return np.zeros(shape, np.float32)

    units, embedding, size = sizes.lstm_units, sizes.embedding_size, sizes.sentence_size
    lstm = Lstm(zeros(embedding, 4 * units), zeros(units, 4 * units), zeros(4 * units))
    pairs: Any = zeros(sizes.bigram_slots, _LABELS)
    sparse: Cells | None = None
    fingerprints = np.zeros(sizes.bigram_slots, np.int32)
    tables = Tables(zeros(vocabulary, _LABELS), sparse, fingerprints, pairs, zeros(_LABELS))
    encoder = Encoder(
        zeros(vocabulary, embedding),
        lstm,
        lstm,
        kernel=zeros(2 * units + embedding, size),
        bias=zeros(size),
        logits=zeros(size, _LABELS),
    )
    return Weights(tables, encoder, Gate(zeros(size + 3, 1), zeros(1), 1.0), sizes.lstm_steps)


def drawings() -> dict[str, str]:
    """Draws both models: file name -> SVG."""
    from trainer.model.network import build_lesson, build_model

    lesson = RECIPES["lesson"]
    sizes = (lesson.embedding_size, lesson.lstm_units, [*lesson.dense_units, _LABELS])
    return {
        "model.svg": svg(layers_of(build_model(_weights(), _POSITIONS)), "The layers of the recipe byline"),
        "model-lesson.svg": svg(
            layers_of(build_lesson(lesson.sequence_length, 10_000, *sizes)), "The layers of the recipe lesson"
        ),
    }


def _depths(layers: list[Layer]) -> dict[str, int]:
    """Gives each layer's line: right below all that it reads."""
    depth: dict[str, int] = {}
    for layer in layers:
        depth[layer.name] = 1 + max((depth[name] for name in layer.inputs), default=-1)
    return depth


def _placed(layers: list[Layer]) -> tuple[list[list[str]], list[list[str]]]:
    """Orders layers in lines (Sugiyama's method): long edges pass through places of their own, means order each line.

    Returns:
        The names in each line, and each edge as the names that it passes.
    """
    depth = _depths(layers)
    lines: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    edges = []
    for layer in layers:
        lines[depth[layer.name]].append(layer.name)
        for name in layer.inputs:
            between = [f"{name}>{layer.name}@{line}" for line in range(depth[name] + 1, depth[layer.name])]
            for place in between:
                lines[int(place.rpartition("@")[2])].append(place)
            edges.append([name, *between, layer.name])
    for turn in range(_ROUNDS):
        order = range(1, len(lines)) if turn % 2 == 0 else range(len(lines) - 2, -1, -1)
        for line in order:
            beside = lines[line - 1 if turn % 2 == 0 else line + 1]
            ranks = {name: number / max(len(beside) - 1, 1) for number, name in enumerate(beside)}

            def mean(name: str, ranks: dict[str, float] = ranks) -> float:
                near = [ranks[other] for edge in edges for other in _neighbours(edge, name) if other in ranks]
                return sum(near) / len(near) if near else 0.5

            lines[line].sort(key=mean)
    return lines, edges


def _neighbours(edge: list[str], name: str) -> list[str]:
    if name not in edge:
        return []
    at = edge.index(name)
    return [*edge[max(at - 1, 0) : at], *edge[at + 1 : at + 2]]


def svg(layers: list[Layer], title: str) -> str:
    """Draws layers as boxes and what they read as arrows."""
    lines, edges = _placed(layers)
    boxes = {layer.name for layer in layers}
    widths = {name: _COLUMN if name in boxes else _LANE for line in lines for name in line}
    across = _across(lines, edges, widths)
    left = min(across[name] - width / 2 for name, width in widths.items())
    whole = max(across[name] + width / 2 for name, width in widths.items()) - left
    place = {
        name: (round(across[name] - left, 1), number * _LINE + _HEIGHT / 2 + 8)
        for number, line in enumerate(lines)
        for name in line
    }
    drawn = [_arrow([place[name] for name in edge], [name in boxes for name in edge]) for edge in edges]
    for layer in layers:
        x, y = place[layer.name]
        shape = " × ".join(map(str, layer.shape))
        drawn.append(
            f'<rect x="{x - _WIDTH / 2:g}" y="{y - _HEIGHT / 2:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
            f'<text x="{x:g}" y="{y - 4:g}">{escape(layer.name)}</text>'
            f'<text class="quiet" x="{x:g}" y="{y + 14:g}">{escape(layer.kind)} · {shape}</text>'
        )
    height = len(lines) * _LINE - _LINE + _HEIGHT + 16
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {whole:.0f} {height:g}" '
    head += f'width="{whole:.0f}" height="{height:g}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", *drawn, "</svg>\n"])


def _across(lines: list[list[str]], edges: list[list[str]], widths: dict[str, int]) -> dict[str, float]:
    """Gives each name its place in its line: as near to its neighbours' mean as the others of the line let it."""
    across = {name: 0.0 for line in lines for name in line}
    near = {name: [other for edge in edges for other in _neighbours(edge, name)] for name in across}
    for _ in range(_SETTLING):
        for line in lines:
            wanted = [sum(across[other] for other in near[name]) / len(near[name]) for name in line]
            placed: list[float] = []
            for number, (name, x) in enumerate(zip(line, wanted, strict=True)):
                least = (widths[line[number - 1]] + widths[name]) / 2 if number else 0.0
                placed.append(max(x, placed[-1] + least) if placed else x)
            shift = sum(x - at for x, at in zip(wanted, placed, strict=True)) / len(line)
            across |= {name: at + shift for name, at in zip(line, placed, strict=True)}
    return across


def _arrow(points: list[tuple[float, float]], is_box: list[bool]) -> str:
    """Draws an edge as curves from line to line, with a head."""
    half = _HEIGHT / 2
    x, y = points[0]
    path = f"M{x:g} {y + half:g}"
    y += half
    for (to_x, middle), box in zip(points[1:], is_box[1:], strict=True):
        to_y = middle - half - (7 if box else 0)
        bend = (to_y - y) / 2
        path += f"C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
        x, y = to_x, to_y
        if not box:
            y = middle + half
            path += f"V{y:g}"
    return f'<path d="{path}"/><path class="head" d="M{x - 4:g} {y:g}h8l-4 7z"/>'


if __name__ == "__main__":
    from trainer.quiet import set_environment

    set_environment()
    for file, drawn in drawings().items():
        (ROOT / "docs" / file).write_text(drawn, encoding="utf-8")
