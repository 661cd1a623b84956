"""The audit: what a corpus would teach a model, told before an hour is spent on training.

python -m trainer audit --data PATH
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trainer.data.corpus import Row


def _silent(step: str) -> None:
    pass


def audit(
    rows: Sequence[Row],
    parts: Sequence[str],
    *,
    source: str,
    words_mode: bool,
    sampled_from: int | None,
    split: str,
    seed: int,
    skipped: Mapping[str, int],
    running: bool = True,
    progress: Callable[[str], None] = _silent,
) -> dict[str, Any]:
    """Looks through labelled phrases for what a model should not learn.

    Args:
        rows: In the order of the source; of a large corpus a sample.
        parts: For each row "train", "validation" or "test", before near-duplicates across parts are left out.
        source: What was read, for the report.
        words_mode: Whether the rows are windows that were cut from running text.
        sampled_from: How many rows there are where `rows` are a sample; else None.
        split: How the parts were made: "blocks", "groups", "given" or "random".
        seed: Draws the folds that the suspects are held out in.
        skipped: Reason -> rows that the reader passed over.
        running: Whether the rows follow one another as running text, which windows can be cut from.
        progress: Is told each step as it begins.

    Returns:
        The report, of plain data for JSON: "headline", "sizes", "languages", "pollution", "shortcuts", "giveaways",
        "leakage", "suspects", and what was audited.

    Raises:
        ValueError: There is no row, or not one part for each row.
    """
    from trainer.audit.checks.duplicates import find_duplicates
    from trainer.audit.checks.headline import write_headline
    from trainer.audit.checks.label_issues import find_suspects
    from trainer.audit.checks.label_ngrams import find_giveaways
    from trainer.audit.checks.languages import find_tongues
    from trainer.audit.checks.leakage import measure_leakage
    from trainer.audit.checks.pollution import find_pollution
    from trainer.audit.checks.shortcuts import bench_of, measure_shortcuts, reference_of
    from trainer.audit.checks.sizes import measure_sizes
    from trainer.audit.sample import make_sample

    progress("sizes")
    sample = make_sample(rows, parts)
    report: dict[str, Any] = {
        "format": "byline-audit",
        "version": 1,
        "source": source,
        "rows": len(rows),
        "sampled_from": sampled_from,
        "clipped": sample.clipped,
        "words_mode": words_mode,
        "split": split,
        "seed": seed,
        "skipped": dict(skipped),
        "headline": [],
        "sizes": measure_sizes(sample),
    }
    progress("near-duplicates")
    duplicates = find_duplicates(sample)
    progress("languages and scripts")
    tongues = find_tongues(sample)
    report["languages"] = {"main": tongues.language, "script": tongues.script, "by_label": tongues.by_label}
    report["pollution"] = find_pollution(sample, duplicates, tongues, progress)
    progress("the reference model")
    bench = bench_of(sample)
    if isinstance(bench, str):
        report["shortcuts"] = {"skipped": bench, "views": []}
        report["leakage"] = measure_leakage(sample, duplicates, None)
    else:
        reference = reference_of(sample, bench)
        report["shortcuts"] = measure_shortcuts(sample, bench, reference, progress)
        report["leakage"] = measure_leakage(sample, duplicates, reference)
    progress("n-grams")
    report["giveaways"] = find_giveaways(sample)
    progress("suspects")
    report["suspects"] = find_suspects(sample, seed)
    report["headline"] = write_headline(report, words_mode, running)
    return report


__all__ = ["audit"]
