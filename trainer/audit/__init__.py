"""The audit: what a corpus would teach a model, before an hour is spent on training.

python -m trainer audit --data PATH
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.data.corpus import Corpus, Row
from trainer.data.sources import Unit

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AuditOptions:
    """How a corpus is cut and divided where it is audited.

    Attributes:
        seed: Of the split, and of the sample of a large corpus.
        unit: What a phrase is; None: windows of words, as of the built-in corpus.
        random: Whether to split by row.
    """

    seed: int = 1
    unit: Unit | None = None
    random: bool = False


def audit(corpus: Corpus, options: AuditOptions) -> dict[str, Any]:
    """Audits a corpus as it would be cut and divided, or an even sample of a large one.

    Args:
        corpus: What is looked at.
        options: How it is cut and divided.

    Returns:
        The report, see `audit_rows`.

    Raises:
        UserError: The corpus cannot be read or split.
    """
    import numpy as np

    from trainer.audit.sample import MOST_ROWS, clip
    from trainer.data.profile import profile_of
    from trainer.model.recipe import Recipe
    from trainer.splitting.split import split

    seen = profile_of(corpus)
    unit = options.unit or Unit("words")
    window = (unit.longest or Recipe.longest_window) if unit.kind == "words" else 0
    divided = split(corpus, seen, options.seed, window=window, random=options.random, with_leaks=True)
    total = sum(seen.labels.values()) if not window else sum(1 for _ in divided.rows())
    chosen = None
    if total > MOST_ROWS:
        chosen = set(np.random.default_rng(options.seed).choice(total, MOST_ROWS, replace=False).tolist())
    # Twice what is looked at: memory is bounded, and the audit still sees that a text was longer.
    kept = [
        (part, clip(row, times=2))
        for number, (part, row) in enumerate(divided.rows())
        if chosen is None or number in chosen
    ]
    return audit_rows(
        [row for _, row in kept],
        [part for part, _ in kept],
        source=corpus.place,
        words_mode=bool(window),
        sampled_from=None if chosen is None else total,
        split=divided.method,
        seed=options.seed,
        skipped=seen.skipped,
        running=corpus.running,
    )


def audit_rows(
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
) -> dict[str, Any]:
    """Looks through labelled phrases for what a model should not learn.

    Args:
        rows: In the order of the source; of a large corpus a sample.
        parts: For each row "train", "validation" or "test", before near-duplicates across parts are left out.
        source: What was read, for the report.
        words_mode: Whether the rows are windows that were cut from running text.
        sampled_from: How many rows there are where `rows` are a sample; else None.
        split: How the parts were made: "blocks", "groups", "given" or "random".
        seed: Draws the folds by which label issues are found.
        skipped: Reason -> rows that the reader passed over.
        running: Whether the rows follow one another as running text, which windows can be cut from.

    Returns:
        The report, of plain data for JSON: "headline", "sizes", "languages", "pollution", "shortcuts", "label_ngrams",
        "leakage", "label_issues", and what was audited.

    Raises:
        ValueError: There is no row, or not one part for each row.
    """
    from trainer.audit.checks.duplicates import find_duplicates, measure_leakage
    from trainer.audit.checks.headline import write_headline
    from trainer.audit.checks.label_issues import find_label_issues
    from trainer.audit.checks.label_ngrams import find_label_ngrams
    from trainer.audit.checks.languages import find_tongues
    from trainer.audit.checks.pollution import find_pollution
    from trainer.audit.checks.shortcuts import bench_of, measure_shortcuts, reference_of
    from trainer.audit.checks.sizes import measure_sizes
    from trainer.audit.sample import make_sample

    logger.info("sizes")
    sample = make_sample(rows, parts)
    report: dict[str, Any] = {
        "format": "byline-audit",
        "version": 2,
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
    logger.info("near-duplicates")
    duplicates = find_duplicates(sample)
    logger.info("languages and scripts")
    tongues = find_tongues(sample)
    report["languages"] = {"main": tongues.language, "script": tongues.script, "by_label": tongues.by_label}
    report["pollution"] = find_pollution(sample, duplicates, tongues)
    logger.info("the reference model")
    bench = bench_of(sample)
    if isinstance(bench, str):
        report["shortcuts"] = {"skipped": bench, "partial_inputs": []}
        report["leakage"] = measure_leakage(sample, duplicates, None)
    else:
        reference = reference_of(sample, bench)
        report["shortcuts"] = measure_shortcuts(sample, bench, reference)
        report["leakage"] = measure_leakage(sample, duplicates, reference)
    logger.info("n-grams")
    report["label_ngrams"] = find_label_ngrams(sample)
    logger.info("label issues")
    report["label_issues"] = find_label_issues(sample, seed)
    report["headline"] = write_headline(report, words_mode, running)
    return report


__all__ = ["AuditOptions", "audit", "audit_rows"]
