"""Trains each recipe on the built-in corpus and prints the table that stands in the README.

    python benchmarks/recipes.py

The lesson's own split, by line, stands beside ours: its neighbours and twins of training lines make it optimistic.
Time is given as a ratio to the lesson's recipe, in the same run on the same machine: training and measuring together.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from export import graph, metadata, tflite
from trainer import lesson
from trainer.fit import fit
from trainer.options import FitOptions
from trainer.recipes import RECIPES


def main() -> None:
    corpus = lesson.load()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, random in (("lesson", False), ("lesson", True), ("byline", False), ("tiny", False)):
            started = time.monotonic()
            run = fit(corpus, RECIPES[name], FitOptions(random=random, path=Path(folder, f"{name}-{random}")))
            seconds = time.monotonic() - started
            rounded = graph.round_weights(graph.weights_of(run.classifier.model))
            model = tflite.convert(rounded, run.vocabulary.sequence_length, "int8")
            about = metadata.Description("benchmark", "", "", "", "")
            rows.append((run, seconds, len(metadata.add_metadata(model, run.vocabulary, run.vocabulary.labels, about))))
    print("| recipe | split | first epoch | train | validation | test | macro F1 | majority | int8 `.tflite` | time |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for run, seconds, size in rows:
        results = run.facts["metrics"]
        accuracies = [results[part]["accuracy"] for part in ("train", "validation", "test")]
        cells = [
            f"`{run.facts['recipe']['name']}`",
            "by line, optimistic" if run.facts["split"]["method"] == "random" else "by blocks",
            *(f"{value:.1%}" for value in (run.facts["history"]["accuracy"][0], *accuracies)),
            f"{results['test']['macro_f1']:.3f}",
            f"{results['test']['majority']:.1%}",
            f"{size:,} bytes",
            f"{seconds / rows[0][1]:.1f}",
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
