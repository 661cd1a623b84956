"""Measures the `.tflite` in its variants: python benchmarks/variants.py [--write]

Of the default recipe on the built-in corpus: int8 rows, float16 and float32; sequence lengths for 16, 32 and the
default's 64 pieces; the recipe `tiny`. Bytes by part, accuracy on the test phrases, agreement of the first label with
the Keras model as trained, and latency: one row, one thread, the median of 1,000 phrases in TensorFlow Lite's
interpreter. The table stands in docs/mobile.md.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from reports import tables

from export import graph
from export.graph import Constants, in_8_bits, inference
from export.proof import runtimes
from export.targets import metadata, tflite
from trainer.data import built_in
from trainer.evaluation.measuring import truth_of
from trainer.model.network import weights_of
from trainer.model.recipe import RECIPES, Recipe
from trainer.model.weights import steps_of
from trainer.quiet import set_environment
from trainer.run import Run
from trainer.text.vocabulary import CLS_ID, SEP_ID
from trainer.text.windows import average, split_ids
from trainer.training.fit import fit
from trainer.training.options import FitOptions

set_environment()

NAME: Final = "variants"
PAGE: Final = tables.ROOT / "docs" / "mobile.md"
FIRST: Final = "default"
PHRASES: Final = 1_000  # that are timed, each once
_LENGTHS: Final = (18, 34)  # [CLS], [SEP], and 16 or 32 pieces; the default reads 64 of this corpus
_TABLES: Final = ("piece_", "sparse_", "bigram_", "bias")  # what the constants of the linear part are called


def recipes() -> dict[str, Recipe]:
    """Gives what is trained, by name; `FIRST` is exported in each of the kinds of numbers."""
    byline, tiny = RECIPES["byline"], RECIPES["tiny"]
    found = {FIRST: byline}
    found |= {f"default, {length - 2} pieces": replace(byline, sequence_length=length) for length in _LENGTHS}
    return found | {f"tiny, {length - 2} pieces": replace(tiny, sequence_length=length) for length in _LENGTHS}


def models(run: Run, every: bool) -> dict[str, tuple[bytes, Mapping[str, int]]]:
    """Converts a run.

    Args:
        run: What was trained.
        every: Whether to floats, too; else to int8 rows alone.

    Returns:
        By the kind of numbers the file and the bytes of its parts.
    """
    weights, vocabulary = weights_of(run.classifier.model), run.vocabulary
    length, steps = vocabulary.sequence_length, steps_of(weights, vocabulary.window)
    trained = graph.constants_of(weights)
    rounded = graph.round_constants(trained)
    bare = {"int8 rows": (tflite.convert(rounded, length, steps, "int8"), rounded)}
    if every:
        half = tflite.convert_function(inference(trained, steps, "float32"), length, half=True)
        bare["float16"] = (half, trained)
        bare["float32"] = (tflite.convert(trained, length, steps, "float32"), trained)
    about = metadata.Description("byline", "", "", "", "")
    whole = {
        kind: metadata.add_metadata(model, vocabulary, vocabulary.labels, about, run.threshold)
        for kind, (model, _) in bare.items()
    }
    tokenizer = len(vocabulary.model_proto())
    return {kind: (model, parts_of(len(model), tokenizer, bare[kind][1], kind)) for kind, model in whole.items()}


def parts_of(size: int, tokenizer: int, constants: Constants, kind: str) -> dict[str, int]:
    """Tells the bytes of a file by what they are for; what is no number and no tokenizer is the graph's description."""
    widest = max(abs(constants["bigram_labels"]).max() if "bigram_labels" in constants else 0, 128)

    def bytes_of(name: str) -> int:
        if kind == "int8 rows" and in_8_bits(name):
            return 1 if "labels" not in name or widest <= 128 else 2
        return 4 if kind == "float32" else 2

    linear = {name for name in constants if name.startswith(_TABLES)}
    numbers = {name: array.size * bytes_of(name) for name, array in constants.items()}
    of_tables = sum(numbers[name] for name in linear)
    encoder = sum(numbers.values()) - of_tables
    return {
        "whole": size,
        "tokenizer": tokenizer,
        "tables": of_tables,
        "encoder": encoder,
        "graph": size - tokenizer - of_tables - encoder,
    }


def measured(run: Run, model: bytes) -> dict[str, Any]:
    """Asks the interpreter every test phrase."""
    phrases = run.phrases("test")
    ids = run.vocabulary.encode_all([phrase.text for phrase in phrases])
    rows = [split_ids(of_text, run.vocabulary.sequence_length) for of_text in ids]
    answer = runtimes.interpreter(model)
    best = np.array([average(np.stack([answer(row) for row in of_text])).argmax() for of_text in rows])
    trained = run.classifier.probabilities([phrase.text for phrase in phrases]).argmax(axis=1)
    timed = [of_text[0] for of_text in rows[:PHRASES]]
    microseconds = []
    for row in timed:
        started = time.perf_counter()
        answer(row)
        microseconds.append(1e6 * (time.perf_counter() - started))
    read = np.array([(row > SEP_ID).sum() + (row == CLS_ID - 1).sum() for row in timed])
    return {
        "accuracy": float((best == truth_of(phrases, run.vocabulary.labels)).mean()),
        "agreement": float((best == trained).mean()),
        "microseconds": median(microseconds),
        "timed": len(timed),
        "pieces_read": float(np.median(read)),
        "windows": float(np.mean([len(of_text) for of_text in rows])),
    }


def numbers(folder: Path) -> dict[str, Any]:
    """Trains what is not there yet, and measures all.

    Args:
        folder: Of the runs, one a recipe; an interrupted benchmark goes on with what it finds there.

    Raises:
        ValueError: A run there is another recipe's.
    """
    corpus = built_in.load()
    found: dict[str, Any] = {}
    for name, recipe in recipes().items():
        path = folder / name.replace(", ", "-").replace(" ", "-")
        run = Run.read(path) if path.is_dir() else fit(corpus, recipe, FitOptions(path=path))
        if any(run.facts["recipe"][key] != value for key, value in asdict(recipe).items() if key != "dense_units"):
            raise ValueError(f"{path} must be a run of its recipe.")
        for kind, (model, parts) in models(run, every=name == FIRST).items():
            facts = {"sequence_length": run.vocabulary.sequence_length, "bytes": parts} | measured(run, model)
            found[f"{name}, {kind}"] = facts
            print(f"{name}, {kind}: {facts}", file=sys.stderr)
    return {"corpus": corpus.name, "variants": found}


def report(result: dict[str, Any]) -> str:
    """Draws the table."""
    head = ["variant", "pieces", "bytes", "tokenizer", "tables", "encoder", "graph", "accuracy", "agreement", "latency"]
    rows = [
        [
            name,
            str(of["sequence_length"] - 2),
            *(f"{size:,}" for size in of["bytes"].values()),
            f"{of['accuracy']:.2%}",
            f"{of['agreement']:.2%}",
            f"{of['microseconds']:.0f} µs",
        ]
        for name, of in result["variants"].items()
    ]
    made = result.get("machine") or tables.machine()
    versions = " · ".join(f"{name} {value}" for name, value in made.items() if name != "cores")
    return f"{tables.table(head, rows)}\n\n{result['corpus']}; {made['cores']} cores · {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, metavar="DIR", help="keeps the runs, and finds them again [none]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table into docs/mobile.md")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write it from the numbers kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = tables.kept(NAME) if given.from_json else numbers(given.runs or Path(folder))
    if result is None:
        parser.error("--from-json: benchmarks/results has no variants.json; --write makes it")
    print(report(result))
    if given.write:
        tables.keep(NAME, result)
    if given.write or given.from_json:
        tables.put(NAME, report(result), PAGE)


if __name__ == "__main__":
    main()
