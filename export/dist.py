"""Builds a dist directory: beside its place, proved, and moved there whole."""

import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import jinja2

from export import graph, hostile, metadata, parity, tfjs, tflite, web
from export.manifest import FILE, PROOF, read_manifest, write_manifest
from export.settings import Settings
from trainer.errors import UserError
from trainer.files import whole_directory
from trainer.run import RUNS, Run
from trainer.vocabulary import SCHEMA_FILE

PARTS: Final = ("vocabulary", "tfjs", "tflite", "web")


class GateError(Exception):
    """An artefact is out of bounds. Its text has a line for each fault."""


def build(run: Run, output: Path, settings: Settings, parts: Collection[str], say: Callable[[str], None]) -> None:
    """Exports a run.

    Args:
        run: What was trained.
        output: The dist directory. One that is there already is replaced, but for a directory that is no dist.
        settings: Name, description, budgets.
        parts: Which of `PARTS`; with all of them the whole is proved, described and listed.
        say: Takes a line for each step.

    Raises:
        UserError: `output` is in the way or cannot be written, or the page cannot be bundled.
        GateError: An artefact disagrees, is too large, or could not be run by a client. `output` stays as it was.
    """
    check_output(output)
    settings = settings.complete(run.facts)
    metadata.label_list(run.vocabulary.labels)
    whole = set(parts) == set(PARTS)
    with whole_directory(output) as staging:
        _write_parts(run, staging, settings, parts, say)
        sizes = _sizes(staging, settings.name, {"tflite": settings.tflite_budget, "page": settings.page_budget})
        for name, size in sizes.items():
            say(f"budget     {name}: {size['bytes']:,} of {size['budget']:,} bytes")
        faults = _faults(staging, sizes)
        report = None
        if whole:
            say("proof      every test phrase and the hostile strings through every runtime")
            report = parity.prove(run, staging, settings.name)
            say(parity.table(report.rows))
            faults += report.faults
        if faults:
            raise GateError("\n".join(faults))
        if report:
            write_card(staging, run, settings, report)
            write_proof(staging, report)
        write_manifest(staging, run, settings.name, report, sizes)


def check_output(output: Path) -> None:
    """Lets an export replace an earlier export and nothing else.

    Raises:
        UserError: Something else is at `output`.
    """
    replaceable = output.is_dir() and ((output / FILE).is_file() or not any(output.iterdir()))
    if output.exists() and not replaceable:
        raise UserError(f"{output}: is in the way: it is not an earlier export, so it is not replaced")


def _sizes(dist: Path, name: str, budgets: dict[str, int]) -> dict[str, dict[str, int]]:
    """Measures what has a budget, of what is there: the int8 file, and the page compressed with brotli."""
    measured = {}
    if parity.int8_path(dist, name).is_file():
        measured["tflite"] = parity.size_of(parity.int8_path(dist, name))
    if (dist / "web").is_dir():
        measured["page"] = web.brotli_size(dist / "web")
    return {part: {"bytes": size, "budget": budgets[part]} for part, size in measured.items()}


def _faults(dist: Path, sizes: dict[str, dict[str, int]]) -> list[str]:
    """Says what is oversized, and what no client could run."""
    found = [
        f"{name} is {size['bytes']:,} bytes, more than its budget of {size['budget']:,} (--{name}-budget)"
        for name, size in sizes.items()
        if size["bytes"] > size["budget"]
    ]
    for path in sorted(dist.glob("tflite/*.tflite")):
        found += [f"{path.name} holds {fault}" for fault in tflite.faults(path.read_bytes())]
    return found


def _write_parts(
    run: Run, staging: Path, settings: Settings, parts: Collection[str], say: Callable[[str], None]
) -> None:
    trained = graph.weights_of(run.classifier.model)
    rounded = graph.round_weights(trained)
    if {"vocabulary", "web"} & set(parts):
        run.vocabulary.write(staging / "vocabulary.json")
        shutil.copyfile(SCHEMA_FILE, staging / SCHEMA_FILE.name)
        say(f"vocabulary {run.vocabulary.size:,} word ids, {len(run.vocabulary.ids):,} surface forms")
    if {"tfjs", "web"} & set(parts):
        tfjs.write_tfjs(rounded, run.vocabulary.sequence_length, staging / "tfjs")
        say(f"tfjs       {parity.size_of(staging / 'tfjs'):,} bytes")
    if "tflite" in parts:
        _write_tflite(run, staging, settings, trained, rounded)
        say(f"tflite     {parity.size_of(parity.int8_path(staging, settings.name)):,} bytes with everything inside")
        if not metadata.AVAILABLE:
            say(f"note       {metadata.NOT_AVAILABLE}")
    if "web" in parts:
        web.write_web(run, graph.rounded_classifier(run.classifier, rounded), staging, settings)
        single = staging / f"{settings.name}.html"
        say(f"web        {parity.size_of(staging / 'web'):,} bytes; as one file {parity.size_of(single):,}")


def _write_tflite(run: Run, staging: Path, settings: Settings, trained: graph.Weights, rounded: graph.Weights) -> None:
    about = metadata.Description(
        name=settings.name,
        description=f"{settings.title} {settings.description}",
        author=settings.author,
        license=settings.license,
        version=f"{run.path.name} {run.facts['model_sha256'][:16]}",
    )
    length = run.vocabulary.sequence_length
    (staging / "tflite").mkdir()
    for path, model in (
        (parity.int8_path(staging, settings.name), tflite.convert(rounded, length, "int8")),
        (parity.float32_path(staging, settings.name), tflite.convert(trained, length, "float32")),
    ):
        if metadata.AVAILABLE:
            model = metadata.add_metadata(model, run.vocabulary, run.vocabulary.labels, about)
        path.write_bytes(model)


def write_card(dist: Path, run: Run, settings: Settings, report: parity.Report) -> None:
    """Writes the model card."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    )
    environment.filters["cell"] = lambda text: text.replace("|", "\\|")  # or it would end the table's cell
    card = environment.get_template("MODEL_CARD.md.j2").render(
        settings=settings,
        run=run.facts,
        run_name=run.path.name,
        labels=run.vocabulary.labels,
        vocabulary_size=run.vocabulary.size,
        test=run.facts["metrics"]["test"],
        hostile=hostile.COUNT,
        proof=parity.table(report.rows),
    )
    (dist / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def write_proof(dist: Path, report: parity.Report) -> None:
    (dist / PROOF).write_text(parity.table(report.rows) + "\n", encoding="utf-8")


def verify(dist: Path, run_path: Path | None) -> tuple[parity.Report, list[str]]:
    """Proves a dist directory again, and writes the table into it.

    Returns:
        The report, and a line for each fault.

    Raises:
        UserError: The directory is not as it was exported, or the run that it came from is not found.
    """
    manifest = read_manifest(dist)
    run = _run_of(manifest["run"], run_path)
    budgets = {part: size["budget"] for part, size in manifest["sizes"].items()}
    report = parity.prove(run, dist, manifest["name"])
    faults = _faults(dist, _sizes(dist, manifest["name"], budgets)) + report.faults
    try:
        write_proof(dist, report)
    except OSError as error:
        raise UserError(f"{dist / PROOF}: cannot be written ({error.strerror})") from error
    return report, faults


def _run_of(exported: dict[str, str], run_path: Path | None) -> Run:
    path = run_path or RUNS / exported["name"]
    if not (path / "run.json").is_file():
        raise UserError(f"{path}: the run that was exported is not there; say where it is with --run")
    run = Run.read(path)
    if run.facts["model_sha256"] != exported["model_sha256"]:
        raise UserError(f"{path}: is not the run that was exported: its model has another SHA-256")
    return run
