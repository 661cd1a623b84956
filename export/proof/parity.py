"""The proof: the same strings through every runtime, from raw string to probability; a report and a gate."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from export import graph
from export.graph import Rows
from export.proof import chromium, fuzz_strings, runtimes, tables, task_library
from export.proof.runtimes import Answers
from export.proof.variants import NAMES, Variant, latency, layer_weights, parts_of
from export.targets import metadata, onnx
from trainer.errors import UserError
from trainer.evaluation.measuring import truth_of
from trainer.external.record import GIVEN
from trainer.model.classifier import Classifier
from trainer.model.network import weights_of
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import BORDERS, split_ids

logger = logging.getLogger(__name__)

TOLERANCE: Final = 1e-4  # of a probability; answers closer to one another than this are a tie
# What rounding may cost, by the rows: of int8 0.2 points of accuracy and one answer in two hundred, of int4 0.3 points
# and one in thirty-three.
ROUNDING_ACCURACY: Final[dict[Rows, float]] = {"int8": 0.002, "int4": 0.003}
ROUNDING_KEPT: Final[dict[Rows, float]] = {"int8": 0.995, "int4": 0.97}


@dataclass(frozen=True)
class Row:
    """One runtime beside the model that it has to agree with.

    Attributes:
        runtime: Its name, and which file it read.
        version: Its version.
        against: The model that it is held against.
        strings: How many it answered: all test phrases and the fuzz strings.
        mismatches: In how many of them it read other ids.
        agreement: Share of equal best labels, ties aside.
        difference: The largest difference of a probability.
        accuracy: On the test phrases.
        size: Bytes of what it loads.
        faults: What is out of bounds; an empty list is well.
    """

    runtime: str
    version: str
    against: str
    strings: int
    mismatches: int
    agreement: float
    difference: float
    accuracy: float
    size: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All rows of one proof.

    Attributes:
        rows: A runtime each.
        failures: A line for each runtime that gave no answers.
        variants: The `.tflite` files beside one another.
    """

    rows: tuple[Row, ...]
    failures: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()

    @property
    def faults(self) -> list[str]:
        return [*(f"{row.runtime}: {fault}" for row in self.rows for fault in row.faults), *self.failures]

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(row) for row in self.rows]


def texts_of(run: Run, fuzz: int = fuzz_strings.COUNT) -> tuple[list[str], NDArray[np.int64]]:
    """Gives what is asked: the test phrases, then `fuzz` strings; and the right labels' indices of the former."""
    phrases = run.phrases("test")
    texts = [phrase.text for phrase in phrases] + fuzz_strings.strings(run.vocabulary, int(run.facts["seed"]), fuzz)
    return texts, truth_of(phrases, run.vocabulary.labels)


def prove_onnx(run: Run, dist: Path, name: str, kind: Rows = "int8") -> Report:
    """Asks ONNX Runtime every string; `prove` says of what."""
    path = onnx.onnx_path(dist, name)
    texts, truth = texts_of(run)
    reference = runtimes.ask_keras("rounded", graph.rounded_classifier(run.classifier, kind), texts)
    return Report(
        (
            compare(
                runtimes.ask_onnx(path, Vocabulary.read(dist / "vocabulary.json"), texts),
                reference,
                truth,
                size_of(path),
            ),
        )
    )


def prove(run: Run, dist: Path, name: str, kind: Rows = "int8") -> Report:
    """Asks every runtime every string.

    Args:
        run: The run that was exported.
        dist: The artefacts.
        name: What the `.tflite` files are called.
        kind: What the tables' rows were rounded to.
    """
    texts, truth = texts_of(run)
    rounded = graph.rounded_classifier(run.classifier, kind)
    trained = runtimes.ask_keras("as trained", run.classifier, texts)
    reference = runtimes.ask_keras("rounded", rounded, texts)
    keras_file, small, float32 = run.path / "model.keras", int8_path(dist, name), float32_path(dist, name)
    rows = [
        *([_given(run, trained, texts, truth)] if run.external else []),
        compare(trained, reference, truth, size_of(keras_file), rounding=kind),
        compare(runtimes.ask_tfjs(dist, texts), reference, truth, size_of(dist / "tfjs")),
    ]
    for ask in () if run.external else (runtimes.ask_own, runtimes.ask_numpy):
        rows.append(compare(ask(dist, texts), reference, truth, size_of(dist / "tfjs")))
    stored = "float16" if run.external else kind
    failures = []
    try:
        package = runtimes.ask_package(dist / "npm", texts)
        rows.append(compare(package, reference, truth, _package_size(dist / "npm")))
    except UserError as error:  # Node is here: it answered above
        failures.append(f"{runtimes.PACKAGE}: {error}")
    single = dist / f"{name}.html"
    for page, path, size in (
        (runtimes.PAGE, dist / "web" / "index.html", size_of(dist / "web")),
        (runtimes.SINGLE_FILE, single, size_of(single)),
    ):
        try:
            of_page = ask_page(page, path, texts)
        except chromium.PageError as error:
            failures.append(f"{page}: {error}")
            continue
        if of_page is None:
            break  # there is no browser
        rows.append(compare(of_page, reference, truth, size))
    of_small, of_float32 = (runtimes.ask_interpreter(path, texts) for path in (small, float32))
    rows += [
        compare(of_small, reference, truth, size_of(small), note=NAMES[stored]),
        compare(of_float32, trained, truth, size_of(float32), note=NAMES["float32"]),
    ]
    files = [
        _variant(run, small, stored, of_small, trained, truth),
        _variant(run, float32, "float32", of_float32, trained, truth),
    ]
    if not task_library.AVAILABLE:
        logger.info(f"note       {task_library.NOT_AVAILABLE}")
    elif run.vocabulary.reads_capitals:
        logger.info(f"note       {task_library.LOWER_CASE}")
    else:
        first = first_window(reference, rounded, run.vocabulary.sequence_length)
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, "probe.tflite")
            runtimes.write_probe(run.vocabulary, metadata.Description("probe", "", "", "", ""), probe)
            answers = runtimes.ask_bert_nl_classifier(small, probe, texts)
        rows.append(compare(answers, first, truth, size_of(small), note=NAMES[stored]))
    return Report(tuple(rows), tuple(failures), tuple(files))


def _variant(run: Run, path: Path, kind: str, answers: Answers, trained: Answers, truth: NDArray[np.int64]) -> Variant:
    """Gives one file's row, of what it said of the test phrases."""
    model, vocabulary, keras_model = path.read_bytes(), run.vocabulary, run.classifier.model
    constants = layer_weights(keras_model) if run.external else graph.constants_of(weights_of(keras_model))
    best, of_trained = (of.probabilities[: len(truth)].argmax(axis=1) for of in (answers, trained))
    return Variant(
        name=NAMES[kind],
        parts=parts_of(len(model), len(vocabulary.model_proto()), constants, kind),
        accuracy=_accuracy(answers.probabilities, truth),
        agreement=float((best == of_trained).mean()),
        microseconds=latency(model, answers.ids[: len(truth)], vocabulary.sequence_length),
    )


def _given(run: Run, trained: Answers, texts: Sequence[str], truth: NDArray[np.int64]) -> Row:
    """Holds a model that was trained elsewhere, as it was given and with its own tokenizer, against the contract's."""
    given, contract, same = runtimes.ask_given(run, trained, texts)
    # Scores of a SentencePiece model are rounded; which of two ways that score alike its library takes is chance.
    rounding: Rows | None = "int8" if run.vocabulary.model_type == "unigram" else None
    return compare(given, contract, truth[same[: len(truth)]], size_of(run.path / GIVEN), rounding=rounding)


def ask_page(name: str, page: Path, texts: Sequence[str]) -> Answers | None:
    """Asks the page in a browser; None, and a line that says so, where none starts."""
    executable = chromium.find_chromium()
    if executable is None:
        logger.info(f"note       {chromium.NOT_HERE}")
        return None
    try:
        return runtimes.ask_page(name, executable, page, texts)
    except chromium.NotStartedError as error:
        logger.info(f"note       {error}")
        return None


def int8_path(dist: Path, name: str) -> Path:
    return dist / "tflite" / f"{name}.tflite"


def float32_path(dist: Path, name: str) -> Path:
    return dist / "tflite" / f"{name}-float32.tflite"


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def _package_size(package: Path) -> int:
    """Bytes of what `load()` reads of the npm package: the same stands in it once more for `require()`."""
    return sum(size_of(package / name) for name in ("index.js", "model.js"))


def first_window(answers: Answers, classifier: Classifier, sequence_length: int) -> Answers:
    """What Keras says of each text's first window alone, which is what the raw-string mobile clients read."""
    ids = [of_text[: sequence_length - BORDERS] for of_text in answers.ids]
    rows = np.concatenate([split_ids(of_text, sequence_length) for of_text in ids])
    probabilities = classifier.answers(rows).astype(np.float64)
    return Answers(f"{answers.runtime}, first window", answers.version, ids, probabilities)


def compare(
    answers: Answers,
    reference: Answers,
    truth: NDArray[np.int64],
    size: int,
    note: str = "",
    rounding: Rows | None = None,
) -> Row:
    """Holds one runtime's answers against the model's.

    Args:
        answers: The runtime's.
        reference: What they have to be.
        truth: The right labels' indices of the first `len(truth)` texts.
        size: Bytes of what the runtime loads.
        note: Which file it is, behind the runtime's name.
        rounding: To what numbers or scores were rounded, where the row says what that costs: it has bounds of its own.
    """
    mismatches = sum(mine != theirs for mine, theirs in zip(answers.ids, reference.ids, strict=True))
    difference = float(np.abs(answers.probabilities - reference.probabilities).max())
    kept = _same_best(answers.probabilities, reference.probabilities)
    accuracy, expected = (_accuracy(which.probabilities, truth) for which in (answers, reference))
    faults = []
    if mismatches > ((1 - ROUNDING_KEPT[rounding]) * len(answers.ids) if rounding else 0):
        faults.append(f"{mismatches} strings have token-id mismatches")
    if not np.isfinite(answers.probabilities).all():
        faults.append("a probability is not a number")
    if rounding:
        if accuracy - expected > ROUNDING_ACCURACY[rounding]:
            faults.append(f"rounding costs {100 * (accuracy - expected):.2f} points of accuracy")
        if kept < ROUNDING_KEPT[rounding]:
            faults.append(f"rounding keeps {100 * kept:.2f} % of the answers")
    else:
        if kept < 1:
            faults.append(f"{100 * (1 - kept):.3f} % of the answers are others")
        if not difference <= TOLERANCE:
            faults.append(f"a probability is off by {difference:.1e}")
    return Row(
        runtime=f"{answers.runtime}, {note}" if note else answers.runtime,
        version=answers.version,
        against=reference.runtime,
        strings=len(answers.ids),
        mismatches=mismatches,
        agreement=kept,
        difference=difference,
        accuracy=accuracy,
        size=size,
        faults=tuple(faults),
    )


def _same_best(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Share of equal best labels; where the reference's two best are within the tolerance, either is right."""
    of_mine = np.take_along_axis(theirs, mine.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float((theirs.max(axis=1) - of_mine <= TOLERANCE).mean())


def _accuracy(probabilities: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    return float((probabilities[: len(truth)].argmax(axis=1) == truth).mean())


def table(rows: Sequence[Row]) -> str:
    """Draws the report as a Markdown table, which reads well on a terminal too; the versions stand below it."""
    head = [
        "runtime",
        "held against",
        "strings",
        "token-id mismatches",
        "top-1 agreement",
        "largest difference",
        "accuracy",
        "bytes",
    ]
    cells = [
        [
            row.runtime,
            row.against,
            f"{row.strings:,}",
            str(row.mismatches),
            f"{100 * row.agreement:.2f} %",
            f"{row.difference:.1e}",
            f"{100 * row.accuracy:.2f} %",
            f"{row.size:,}",
        ]
        for row in rows
    ]
    versions = " · ".join(dict.fromkeys(row.version for row in rows))
    return f"{tables.draw(head, cells, text_columns=2)}\n\n{versions}"
