"""Builds a dist directory: beside its place, proved, and moved there whole."""

import logging
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from export import graph, sbom
from export.artefacts import artefacts_of
from export.manifest import FILE, PROOF, write_manifest
from export.mobile.files import write_mobile
from export.proof import fuzz_strings, parity, variants
from export.proof.known_answer import known_answer
from export.settings import Settings
from export.targets import metadata, node, npm, onnx, tflite, web
from export.targets.display_names import read_display_names
from export.targets.strings import read_strings
from trainer.errors import ExportCheckFailed, UserError
from trainer.evaluation.advice import advice_of
from trainer.evaluation.measuring import measure
from trainer.evaluation.wording import advice_text
from trainer.files import is_there
from trainer.locks import check_free
from trainer.model.classifier import Classifier
from trainer.run import Run
from trainer.templates import environment
from trainer.text.language import language_of
from trainer.text.vocabulary import SCHEMA_FILE
from trainer.whole import whole_directory

logger = logging.getLogger(__name__)

PARTS: Final = ("vocabulary", "tfjs", "tflite", "web", "npm", "mobile")
ONNX: Final = "onnx"  # a part by itself: it wants an extra
NOT_STATED: Final = "not stated"


@dataclass(frozen=True)
class Export:
    """One run on its way into a dist directory.

    Attributes:
        run: What was trained.
        rounded: The Keras model with the rounded numbers, which all artefacts carry.
        metrics: The rounded model's, for the parts "validation" and "test"; or, of a run that was cross-validated,
            what that measured, as "cross_validated".
        settings: Names, descriptions and budgets, complete.
    """

    run: Run
    rounded: Classifier
    metrics: dict[str, dict[str, Any]]
    settings: Settings

    @property
    def test(self) -> dict[str, Any]:
        """The metrics of phrases that were not learned from."""
        return self.metrics.get("cross_validated") or self.metrics["test"]

    @cached_property
    def known(self) -> dict[str, Any]:
        """The known-answer phrase, and what the rounded model says of it."""
        return known_answer(self.rounded, self.run.phrases("validation"))


def build(run: Run, output: Path, settings: Settings, parts: Collection[str]) -> parity.Report | None:
    """Exports a run.

    Args:
        run: What was trained.
        output: The dist directory. An earlier export there is replaced.
        settings: Names, descriptions and budgets; what is empty is filled from the run.
        parts: Which of `PARTS`; with all of them the whole is proved and described. `ONNX` is proved by itself.

    Returns:
        What was proved; None where only parts were exported.

    Raises:
        UserError: `output` is in the way or cannot be written, the run is damaged, or the JavaScript cannot be bundled.
        ExportCheckFailed: An artefact disagrees, is too large, or could not be run by a client. `output` stays as it
            was.
    """
    check_output(output)
    if run.external and settings.rows != "int8":
        raise UserError(f"--rows: {run.path} was trained elsewhere, and has no tables: all its numbers are float16")
    metadata.label_list(run.vocabulary.labels)
    read_display_names(settings.display_names, run.vocabulary.labels)
    with whole_directory(output) as staging:
        rounded = graph.rounded_classifier(run.classifier, settings.rows)
        metrics = _measured(run, rounded)
        export = Export(run, rounded, metrics, settings.complete(run.facts))
        _write_parts(export, staging, parts)
        sizes = sizes_of(staging, settings.name, {"tflite": settings.tflite_budget, "page": settings.page_budget})
        for name, size in sizes.items():
            logger.info(f"budget     {name}: {size['bytes']:,} of {size['budget']:,} bytes")
        faults = faults_of(staging, sizes)
        report = None
        whole = set(parts) == set(PARTS)
        if ONNX in parts:
            report = parity.prove_onnx(run, staging, settings.name, settings.rows)
            faults += report.faults
        if whole:
            logger.info("proof      every test phrase and the fuzz strings through every runtime")
            report = parity.prove(run, staging, settings.name, settings.rows)
            faults += report.faults
        if faults:
            raise ExportCheckFailed("\n".join(faults))
        if report and whole:
            _write_card(export, staging, report)
            _write_proof(staging, report, run)
        proved = report.to_json() if report and whole else None
        write_manifest(staging, run, settings.name, settings.rows, metrics, proved, sizes)
        _check_replaceable(output)  # it took a while
    return report


def _measured(run: Run, rounded: Classifier) -> dict[str, dict[str, Any]]:
    """Measures the rounded model, where phrases were held out from it; else what was measured of its like stands."""
    if run.cross_validated:
        return {"cross_validated": run.cross_validated}
    parts = ("validation", "test")
    if not run.measured:
        return {part: run.metrics[part] for part in parts}
    return {part: measure(rounded, run.phrases(part), run.threshold, run.majority_label) for part in parts}


def check_output(output: Path) -> None:
    """Lets an export replace an earlier export and nothing else, and no export that is being written.

    Raises:
        UserError: Something else is at `output`, or another process writes there.
    """
    _check_replaceable(output)
    check_free(Path(os.path.realpath(output)))


def _check_replaceable(output: Path) -> None:
    there = is_there(output)
    replaceable = output.is_dir() and ((output / FILE).is_file() or not any(output.iterdir()))
    if there and not replaceable:
        raise UserError(f"{output}: is in the way: it is not an earlier export, so it is not replaced")


def _write_parts(export: Export, staging: Path, parts: Collection[str]) -> None:
    vocabulary, name = export.run.vocabulary, export.settings.name
    packages: list[node.Package] = []
    artefacts = artefacts_of(export.run, export.rounded, export.settings.rows)
    if {"vocabulary", "web", "mobile", ONNX} & set(parts):
        vocabulary.write(staging / "vocabulary.json")
        (staging / "vocabulary.model").write_bytes(metadata.read_back(vocabulary))
        shutil.copyfile(SCHEMA_FILE, staging / SCHEMA_FILE.name)
        logger.info(f"vocabulary {len(vocabulary.pieces):,} pieces, {len(vocabulary.rules):,} rules")
    if {"tfjs", "web", "npm", "mobile"} & set(parts):
        artefacts.write_tfjs(staging / "tfjs")
        logger.info(f"tfjs       {parity.size_of(staging / 'tfjs'):,} bytes")
    if "tflite" in parts:
        (staging / "tflite").mkdir()
        small, float32 = parity.int8_path(staging, name), parity.float32_path(staging, name)
        _write_tflite(export, small, artefacts.small())
        _write_tflite(export, float32, artefacts.float32())
        logger.info(f"tflite     {parity.size_of(small):,} bytes with everything inside")
    if ONNX in parts:
        path = onnx.onnx_path(staging, name)
        artefacts.write_onnx(path)
        logger.info(f"onnx       {parity.size_of(path):,} bytes, opset {onnx.OPSET}")
    if "web" in parts:
        packages += web.write_web(export.run, export.known, export.test, staging, export.settings)
        single = parity.size_of(staging / f"{name}.html")
        logger.info(f"web        {parity.size_of(staging / 'web'):,} bytes; as one file {single:,}")
        if untranslated := read_strings(export.settings.strings).untranslated:
            logger.info(
                f"note       {export.settings.strings} leaves {len(untranslated)} strings out: they are said in English"
            )
    if "npm" in parts:
        packages += npm.write_npm(export.run, export.known, export.test, staging, export.settings)
        logger.info(f"npm        {parity.size_of(staging / 'npm'):,} bytes")
    if "mobile" in parts:
        write_mobile(export.run, export.rounded, staging, export.settings)
        logger.info(f"mobile     {parity.size_of(staging / 'mobile'):,} bytes")
    sbom.write_sbom(export.run, export.settings, packages, staging)


def _write_tflite(export: Export, path: Path, model: bytes) -> None:
    """Writes a model with its metadata inside."""
    settings, run = export.settings, export.run
    about = metadata.Description(
        name=settings.name,
        description=f"{settings.title} {settings.description}",
        author=settings.author or NOT_STATED,
        license=settings.license or NOT_STATED,
        version=f"{run.path.name} {run.facts['model_sha256'][:16]}",
    )
    labels = run.vocabulary.labels
    names = read_display_names(settings.display_names, labels)
    path.write_bytes(metadata.add_metadata(model, run.vocabulary, labels, about, run.threshold, names))


def sizes_of(dist: Path, name: str, budgets: dict[str, int]) -> dict[str, dict[str, int]]:
    """Measures what has a budget, of what is there: the int8 file, and the page compressed with brotli."""
    measured = {}
    if parity.int8_path(dist, name).is_file():
        measured["tflite"] = parity.size_of(parity.int8_path(dist, name))
    if (dist / "web").is_dir():
        measured["page"] = web.brotli_size(dist / "web")
    return {part: {"bytes": size, "budget": budgets[part]} for part, size in measured.items()}


def faults_of(dist: Path, sizes: dict[str, dict[str, int]]) -> list[str]:
    """Says what is oversized, and what no client could run."""
    found = [
        f"{name} is {size['bytes']:,} bytes, more than its budget of {size['budget']:,} (--{name}-budget)"
        for name, size in sizes.items()
        if size["bytes"] > size["budget"]
    ]
    for path in sorted(dist.glob("tflite/*.tflite")):
        found += [f"{path.name} holds {fault}" for fault in tflite.faults(path.read_bytes())]
    return found


def _write_card(export: Export, dist: Path, report: parity.Report) -> None:
    labels = export.run.vocabulary.labels
    templates = environment(Path(__file__).parent / "templates", html=False)
    card = templates.get_template("MODEL_CARD.md.j2").render(
        settings=export.settings,
        language=export.settings.language or language_of([phrase.text for phrase in export.run.phrases("test")]),
        not_stated=NOT_STATED,
        run=export.run.facts,
        run_name=export.run.path.name,
        labels=labels,
        vocabulary_size=export.run.knows,
        window=export.run.reads,
        test=export.test,
        folds=export.test.get("folds", 0),
        advice=_advice(export),
        fuzz=fuzz_strings.COUNT,
        proof=proof_text(report, export.run),
        variants=variants.table(report.variants, timed=False) if report.variants else "",
    )
    (dist / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _advice(export: Export) -> list[str]:
    if not export.run.measured:
        return []
    labels = export.run.facts["corpus"]["labels"]
    return list(advice_text(advice_of(export.test, export.run.labels, labels), export.test))


def proof_text(report: parity.Report, run: Run) -> str:
    """Gives the table; of some phrases its accuracy is no measure of the model, and that is said."""
    if run.cross_validated:
        of_what = "phrases that were learned from"
    elif not run.measured:
        of_what = "made texts, whose right label is what the model as trained says"
    else:
        return parity.table(report.rows)
    note = f"The accuracy here is on {of_what}: it compares runtimes and measures no model."
    return f"{parity.table(report.rows)}\n\n{note}"


def _write_proof(dist: Path, report: parity.Report, run: Run) -> None:
    (dist / PROOF).write_text(proof_text(report, run) + "\n", encoding="utf-8")
