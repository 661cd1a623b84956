"""Measures what a recipe's artefacts are made of, beside the alternatives' files: python benchmarks/size.py [--write]

Each recipe is trained on the built-in corpus and exported without a proof. With --write the numbers go to
benchmarks/results/size.json, and the README's tables and docs/size.svg are made of them.
"""

import argparse
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

import chart
import ours
import tables
import texts
from alternatives import built

from export.metadata import LABELS_FILE
from export.parity import size_of
from export.web import brotli_size
from trainer.quiet import quietly
from trainer.run import Run

_ROWS: Final = "embedding rows"
_OTHERS: Final = "other weights"
_GRAPH: Final = "graph"
_VOCABULARY: Final = "vocabulary"
_ABOUT: Final = "other metadata"


def parts_of(model: bytes) -> dict[str, int]:
    """Gives what a `.tflite` file's bytes are.

    The rows are the int8 numbers with their scales, the graph what no number and no metadata takes; the vocabulary has
    every surface form. Behind the flatbuffer stands a zip file with what the metadata names.
    """
    with quietly():
        from tensorflow.lite.python import schema_py_generated as schema

    parsed = schema.Model.GetRootAs(model)
    graph = parsed.Subgraphs(0)
    tensors = {tensor.Buffer(): tensor for tensor in map(graph.Tensors, range(graph.TensorsLength()))}
    bytes_of = {buffer: parsed.Buffers(buffer).DataLength() for buffer in range(parsed.BuffersLength())}
    int8 = {buffer for buffer, tensor in tensors.items() if tensor.Type() == schema.TensorType.INT8}
    tables_of_rows = [tensors[buffer].Shape(0) for buffer in int8 if bytes_of[buffer]]
    scales = {buffer for buffer, tensor in tensors.items() if _is_list_of(tensor, tables_of_rows)}
    rows = sum(bytes_of[buffer] for buffer in int8 | scales)
    others = sum(bytes_of[buffer] for buffer in tensors.keys() - int8 - scales)
    with zipfile.ZipFile(BytesIO(model)) as attached:
        # Named otherwise where marks are tokens: what is attached beside the labels.
        vocabulary = sum(file.compress_size for file in attached.infolist() if file.filename != LABELS_FILE)
        flatbuffer = min(entry.header_offset for entry in attached.infolist())
    described = sum(size for buffer, size in bytes_of.items() if buffer not in tensors)
    return {
        _ROWS: rows,
        _OTHERS: others,
        _GRAPH: flatbuffer - rows - others - described,
        _VOCABULARY: vocabulary,
        _ABOUT: len(model) - flatbuffer - vocabulary + described,
    }


def _is_list_of(tensor: Any, lengths: Sequence[int]) -> bool:
    return tensor.ShapeLength() == 1 and tensor.Shape(0) in lengths


def measured(run: Run, folder: Path) -> dict[str, Any]:
    """Exports a run and gives its artefacts' bytes."""
    dist = ours.exported(run, folder, ("tfjs", "tflite", "web"))
    model = ours.int8_file(dist).read_bytes()
    return {
        "words": run.vocabulary.size,
        "forms": len(run.vocabulary.ids),
        "parts": parts_of(model),
        "tflite": len(model),
        "tfjs": size_of(dist / "tfjs"),
        "page": brotli_size(dist / "web"),
    }


def numbers(corpus_name: str, only: str) -> dict[str, Any]:
    corpus = texts.load(corpus_name)
    recipes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, recipe) in enumerate(ours.variants().items()):
            run = ours.trained(recipe, corpus, 1, Path(folder, f"run-{number}"))
            recipes[name] = measured(run, Path(folder, f"dist-{number}"))
        others = {system.name: system.size for system in built(texts.training(corpus, 1), Path(folder), only)}
    return {"corpus": corpus.name, "recipes": recipes, "alternatives": others}


def report(result: dict[str, Any]) -> str:
    """Draws the tables."""
    recipes = result["recipes"]
    names = list(next(iter(recipes.values()))["parts"])
    head = ["bytes", "words", "surface forms", *names, "int8 `.tflite`", "`tfjs/`", "page, brotli"]
    rows = []
    for name, of in recipes.items():
        counts = [of["words"], of["forms"], *of["parts"].values(), of["tflite"], of["tfjs"], of["page"]]
        rows.append([name, *(f"{count:,}" for count in counts)])
    others = [[name, f"{size:,}"] for name, size in result["alternatives"].items() if size]
    return f"{tables.table(head, rows)}\n\n{tables.table(['alternative', 'bytes'], others)}"


def write(result: dict[str, Any]) -> None:
    chart.sizes({name: of["parts"] for name, of in result["recipes"].items()})
    tables.put("size", f"{report(result)}\n\n![The bytes of each recipe's int8 .tflite](docs/size.svg)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=list(texts.CORPORA), default="lesson", help="[lesson]")
    parser.add_argument("--only", default="", metavar="REGEX", help="alternatives to measure, by function [all]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the README's tables and picture")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write them from the numbers kept")
    given = parser.parse_args()
    result = tables.kept("size") if given.from_json else numbers(given.corpus, given.only)
    if result is None:
        parser.error("--from-json: benchmarks/results has no size.json; --write makes it")
    print(report(result))
    if given.write:
        tables.keep("size", result)
    if given.write or given.from_json:
        write(result)


if __name__ == "__main__":
    main()
