"""Measures the `.tflite` in its variants: python benchmarks/variants.py [--write]

Of the default recipe on the built-in corpus: int8 rows, int4 rows, float16 and float32; sequence lengths for 16, 32 and
the default's 64 pieces; the recipe `tiny`. Bytes by part, accuracy on the test phrases, agreement of the first label
with the Keras model as trained, and latency: one row, one thread, the median of 1,000 phrases in TensorFlow Lite's
interpreter. And what a step of the LSTM takes, its directions apart or in one product. The tables stand in
docs/mobile.md.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from reports import tables

from export import graph
from export.graph import inference
from export.proof import runtimes
from export.proof.variants import NAMES, PHRASES, parts_of
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
STEPS: Final = "steps"
_LENGTHS: Final = (18, 34)  # [CLS], [SEP], and 16 or 32 pieces; the default reads 64 of this corpus
_STEPS: Final = (8, 16, 32)  # of the LSTM; the default reads 16 pieces


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
        every: Whether to int4 rows and floats, too; else to int8 rows alone.

    Returns:
        By the kind of numbers the file and the bytes of its parts.
    """
    weights, vocabulary = weights_of(run.classifier.model), run.vocabulary
    length, steps = vocabulary.sequence_length, steps_of(weights, vocabulary.window)
    trained = graph.constants_of(weights)
    bare = {}
    for kind in graph.ROWS if every else graph.ROWS[:1]:
        rounded = graph.round_constants(trained, kind)
        bare[kind] = (tflite.convert(rounded, length, steps, kind), rounded)
    if every:
        half = tflite.convert_function(inference(trained, steps, "float32"), length, half=True)
        bare["float16"] = (half, trained)
        bare["float32"] = (tflite.convert(trained, length, steps, "float32"), trained)
    about = metadata.Description("byline", "", "", "", "")
    tokenizer = len(vocabulary.model_proto())
    found: dict[str, tuple[bytes, Mapping[str, int]]] = {}
    for kind, (model, constants) in bare.items():
        whole = metadata.add_metadata(model, vocabulary, vocabulary.labels, about, run.threshold)
        found[NAMES[kind]] = (whole, parts_of(len(whole), tokenizer, constants, kind))
    return found


def steps_measured(run: Run) -> list[dict[str, Any]]:
    """Measures the int8 graph with an LSTM of several numbers of steps, as it is and with its directions joined.

    The joined graph is the one that TensorFlow.js gets, where any number of rows is read at once: both directions in
    one batched product.
    """
    constants = graph.round_constants(graph.constants_of(weights_of(run.classifier.model)))
    length = run.vocabulary.sequence_length
    ids = run.vocabulary.encode_all([phrase.text for phrase in run.phrases("test")[:PHRASES]])
    rows = [split_ids(of_text, length)[0] for of_text in ids]
    found = []
    for steps in _STEPS:
        files = {
            "apart": tflite.convert(constants, length, steps, "int8"),
            "joined": tflite.convert_function(_of_any_batch(inference(constants, steps, "int8")), length, half=True),
        }
        asked = {name: runtimes.interpreter(file) for name, file in files.items()}
        times = timed(asked, rows)
        found.append(
            {"steps": steps} | {name: {"bytes": len(file), "microseconds": times[name]} for name, file in files.items()}
        )
    return found


def _of_any_batch(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Hides from a function of ids how many rows it is given."""

    def hidden(ids: Any) -> Any:
        import tensorflow as tf

        return function(tf.raw_ops.PlaceholderWithDefault(input=ids, shape=[None, ids.shape[1]]))

    return hidden


def timed(asked: Mapping[str, Callable[[Any], Any]], rows: list[Any]) -> dict[str, float]:
    """Times models in turn on every row, so that other work meets all alike: of each the median, in microseconds."""
    found: dict[str, list[float]] = {name: [] for name in asked}
    for row in rows:
        for name, answer in asked.items():
            started = time.perf_counter()
            answer(row)
            found[name].append(1e6 * (time.perf_counter() - started))
    return {name: median(of_name) for name, of_name in found.items()}


def measured(run: Run, model: bytes) -> dict[str, Any]:
    """Asks the interpreter every test phrase."""
    phrases = run.phrases("test")
    ids = run.vocabulary.encode_all([phrase.text for phrase in phrases])
    rows = [split_ids(of_text, run.vocabulary.sequence_length) for of_text in ids]
    answer = runtimes.interpreter(model)
    best = np.array([average(np.stack([answer(row) for row in of_text])).argmax() for of_text in rows])
    trained = run.classifier.probabilities([phrase.text for phrase in phrases]).argmax(axis=1)
    first = [of_text[0] for of_text in rows[:PHRASES]]
    read = np.array([(row > SEP_ID).sum() + (row == CLS_ID - 1).sum() for row in first])
    return {
        "accuracy": float((best == truth_of(phrases, run.vocabulary.labels)).mean()),
        "agreement": float((best == trained).mean()),
        "timed": len(first),
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
        files = models(run, every=name == FIRST)
        length = run.vocabulary.sequence_length
        ids = run.vocabulary.encode_all([phrase.text for phrase in run.phrases("test")[:PHRASES]])
        times = timed(
            {kind: runtimes.interpreter(model) for kind, (model, _) in files.items()},
            [split_ids(of_text, length)[0] for of_text in ids],
        )
        for kind, (model, parts) in files.items():
            facts = {"sequence_length": length, "bytes": parts, "microseconds": times[kind]} | measured(run, model)
            found[f"{name}, {kind}"] = facts
            print(f"{name}, {kind}: {facts}", file=sys.stderr)
        if name == FIRST:
            steps = steps_measured(run)
    return {"corpus": corpus.name, "variants": found, STEPS: steps}


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
    return f"{tables.table(head, rows)}\n\n{result['corpus']}; {tables.made_with(result)}"


def steps_report(result: dict[str, Any]) -> str:
    """Draws the table of the LSTM's steps."""
    rows = [
        [str(of["steps"]), *(cell for way in ("apart", "joined") for cell in _size_and_time(of[way]))]
        for of in result[STEPS]
    ]
    return tables.table(
        ["steps", "apart, bytes", "apart, latency", "joined, bytes", "joined, latency"], rows, text_columns=0
    )


def _size_and_time(of: Mapping[str, Any]) -> tuple[str, str]:
    return f"{of['bytes']:,}", f"{of['microseconds']:.0f} µs"


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
    print(f"{report(result)}\n\n{steps_report(result)}")
    if given.write:
        tables.keep(NAME, result)
    if given.write or given.from_json:
        tables.put(NAME, report(result), PAGE)
        tables.put(STEPS, steps_report(result), PAGE)


if __name__ == "__main__":
    main()
