"""Proves a dist directory again: its files first, then its runtimes. Nothing in it is written.

Beside the run that it came from, every runtime is asked, the page and the package among them. Where that run is not
there, as with a folder from somebody else, no code of the folder is run: its models are, by Byline's own code, and held
against one another and against the known answers in `mobile/vectors.json`.
"""

import logging
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from export.dist import faults_of, sizes_of
from export.graph import ROWS, Rows
from export.manifest import FILE, read_manifest
from export.proof import fuzz_strings, parity, runtimes
from export.proof.runtimes import Answers
from export.proof.variants import NAMES
from export.targets.tfjs import is_stock
from trainer.errors import UserError
from trainer.files import read_json
from trainer.run import RUNS, Run
from trainer.text.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

VECTORS: Final = "mobile/vectors.json"
_WITHOUT_RUN: Final = (
    "the run is not here (--run): no code of the folder was run, its models were held against "
    f"one another and {VECTORS}"
)


def verify(dist: Path, run_path: Path | None) -> tuple[parity.Report, list[str]]:
    """Proves a dist directory.

    Args:
        dist: What was exported.
        run_path: The run that it came from; None: the one in `runs/` that it names, if it is there.

    Returns:
        The report, and a line for each fault.

    Raises:
        UserError: The directory is not as it was exported, or `run_path` is not the run that it came from.
    """
    manifest = read_manifest(dist)
    try:
        whole, seed = manifest["parity"] is not None, int(manifest["seed"])
        rows = rows_of(manifest)
        exported = {key: str(manifest["run"][key]) for key in ("name", "model_sha256")}
        budgets = {part: int(size["budget"]) for part, size in manifest["sizes"].items()}
        sizes = sizes_of(dist, manifest["name"], budgets)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{dist / FILE}: is no manifest that Byline wrote ({error!r})") from error
    if not whole:
        raise UserError(f"{dist}: holds one part alone; `python -m export all` makes a whole that can be proved")
    vocabulary = Vocabulary.read(dist / "vocabulary.json")
    if list(vocabulary.labels) != manifest["labels"]:
        raise UserError(f"{dist / 'vocabulary.json'}: has other labels than the manifest")
    faults = faults_of(dist, sizes)
    run = _run_of(exported, run_path)
    if run is None:
        logger.info(f"note       {_WITHOUT_RUN}")
        report = prove_models(dist, manifest["name"], seed, rows)
    else:
        report = parity.prove(run, dist, manifest["name"], rows)
    return report, faults + report.faults


def rows_of(manifest: dict[str, Any]) -> Rows:
    """Gives how the tables' rows are stored; an export of an earlier version does not say, and has int8.

    Raises:
        ValueError: The manifest names another way.
    """
    named = manifest.get("rows", "int8")
    found: Rows | None = next((kind for kind in ROWS if kind == named), None)
    if found is None:
        raise ValueError(f"rows: {named!r}")
    return found


def _run_of(exported: dict[str, str], run_path: Path | None) -> Run | None:
    path = run_path or RUNS / Path(exported["name"]).name
    if not (path / "run.json").is_file():
        if run_path is None:
            return None
        raise UserError(f"{path}: the run that was exported is not there")
    run = Run.read(path)
    if run.facts["model_sha256"] == exported["model_sha256"]:
        return run
    if run_path is None:
        return None
    raise UserError(f"{path}: is not the run that was exported: its model has another SHA-256")


def prove_models(dist: Path, name: str, seed: int, kind: Rows = "int8") -> parity.Report:
    """Asks the models of a dist directory the strings of its known answers and the fuzz strings.

    Args:
        dist: The artefacts.
        name: What the `.tflite` files are called.
        seed: Of the fuzz strings.
        kind: Of the rows of the `.tflite` file.

    Returns:
        A row a runtime. NumPy is held against the known answers, the others against NumPy; of a model that was trained
        elsewhere TF.js is in NumPy's place.

    Raises:
        UserError: The known answers cannot be read.
    """
    known, truth = _known_answers(dist / VECTORS)
    texts = [text for text, _, _ in known]
    expected = Answers(
        "known answers", "byline-vectors", [ids for _, ids, _ in known], np.array([answer for _, _, answer in known])
    )
    tfjs, small = parity.size_of(dist / "tfjs"), parity.int8_path(dist, name)
    own = not is_stock(dist / "tfjs")
    ask = runtimes.ask_numpy if own else runtimes.ask_tfjs
    rows = [parity.compare(ask(dist, texts), expected, truth, tfjs)]
    texts += fuzz_strings.strings(Vocabulary.read(dist / "vocabulary.json"), seed)
    reference = ask(dist, texts)
    for other in (runtimes.ask_tfjs, runtimes.ask_own) if own else ():
        rows.append(parity.compare(other(dist, texts), reference, truth, tfjs))
    rows += [
        parity.compare(
            runtimes.ask_interpreter(small, texts),
            reference,
            truth,
            parity.size_of(small),
            note=NAMES[kind if own else "float16"],
        ),
    ]
    return parity.Report(tuple(rows))


def _known_answers(path: Path) -> tuple[list[tuple[str, list[int], list[float]]], NDArray[np.int64]]:
    """Reads strings with their ids and probabilities, and the index of each one's best label."""
    try:
        known = [(_text_of(entry), entry["ids"], entry["probabilities"]) for entry in read_json(path)["texts"]]
        return known, np.array([answer for _, _, answer in known], np.float64).argmax(axis=1)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{path}: holds no known answers") from error


def _text_of(entry: dict[str, Any]) -> str:
    if "text" in entry:
        return str(entry["text"])
    return np.array(entry["utf16"], "<u2").tobytes().decode("utf-16-le", "surrogatepass")
