"""Sizes: how much text each label has, how long its phrases are, and how much of the words is known from training."""

from collections import Counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.audit.sample import PARTS, Sample

QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_BINS = 24


def measure_sizes(sample: Sample) -> dict[str, Any]:
    """Counts phrases, words and lengths, in all and by label; lengths are in words."""
    lengths = np.array([len(words) for words in sample.words], np.int64)
    edges = _edges(lengths)
    counts = np.bincount(sample.label_ids, minlength=len(sample.labels))
    distinct: list[set[str]] = [set() for _ in sample.labels]
    for words, label_id in zip(sample.words, sample.label_ids, strict=True):
        distinct[label_id].update(words)
    labels = []
    for place, label in enumerate(sample.labels):
        own = lengths[sample.label_ids == place]
        histogram, _ = np.histogram(np.minimum(own, edges[-1]), edges)
        labels.append(
            {
                "label": label,
                "phrases": int(counts[place]),
                "words": int(own.sum()),
                "distinct_words": len(distinct[place]),
                "lengths": _quantiles(own),
                "histogram": histogram.tolist(),
                "parts": {part: int((sample.label_ids[sample.part(part)] == place).sum()) for part in PARTS},
            }
        )
    train = sample.label_ids[sample.part("train")]
    commonest = int(np.bincount(train, minlength=len(sample.labels)).argmax()) if len(train) else int(counts.argmax())
    return {
        "phrases": len(sample.rows),
        "words": int(lengths.sum()),
        "distinct_words": len(set().union(*distinct)),
        "lengths": _quantiles(lengths),
        "histogram_edges": edges.tolist(),
        "labels": labels,
        "parts": {part: len(sample.part(part)) for part in PARTS},
        "known_words": {part: _known(sample, part) for part in PARTS[1:]},
        "imbalance": float(counts.max() / counts.min()),
        "majority": {
            part: float((sample.label_ids[sample.part(part)] == commonest).mean()) if len(sample.part(part)) else None
            for part in PARTS[1:]
        },
        "majority_label": sample.labels[commonest],
    }


def _edges(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Gives bounds of bins of equal width; the few longest phrases fall into the last one."""
    longest = int(np.quantile(lengths, 0.99))
    width = max(1, -(-(longest + 1) // _BINS))
    return np.arange(0, longest + width + 1, width, dtype=np.int64)


def _quantiles(lengths: NDArray[np.int64]) -> dict[str, float]:
    values = np.quantile(lengths, QUANTILES) if len(lengths) else np.zeros(len(QUANTILES))
    return {f"{quantile:g}": float(value) for quantile, value in zip(QUANTILES, values, strict=True)}


def _known(sample: Sample, part: str) -> float | None:
    """Gives the share of a part's running words that the training part has."""
    known: set[str] = set()
    for place in sample.part("train"):
        known.update(sample.words[place])
    seen = Counter(word in known for place in sample.part(part) for word in sample.words[place])
    return seen[True] / seen.total() if seen else None
