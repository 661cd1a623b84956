"""Trains each recipe on the built-in corpus and prints the table that stands in the README.

    python benchmarks/recipes.py

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
from trainer.recipes import RECIPES


def main() -> None:
    corpus = lesson.load()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lesson", "byline", "tiny"):
            started = time.monotonic()
            run = fit(corpus, RECIPES[name], seed=1, path=Path(folder, name))
            seconds = time.monotonic() - started
            rounded = graph.round_weights(graph.weights_of(run.classifier.model))
            model = tflite.convert(rounded, run.vocabulary.sequence_length, "int8")
            about = metadata.Description("benchmark", "", "", "", "")
            rows.append((run, seconds, len(metadata.add_metadata(model, run.vocabulary, run.vocabulary.labels, about))))
    print(
        "| recipe | first epoch | train | validation | test | macro F1 | majority | word ids | int8 `.tflite` | time |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for run, seconds, size in rows:
        results = run.facts["metrics"]
        accuracies = [results[part]["accuracy"] for part in ("train", "validation", "test")]
        cells = [
            f"`{run.facts['recipe']['name']}`",
            *(f"{value:.1%}" for value in (run.facts["history"]["accuracy"][0], *accuracies)),
            f"{results['test']['macro_f1']:.3f}",
            f"{results['test']['majority']:.1%}",
            f"{run.vocabulary.size:,}",
            f"{size:,} bytes",
            f"{seconds / rows[0][1]:.1f}",
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
