"""What the reader of an accuracy has to know of the split that it was measured on, in words."""

from collections.abc import Iterator

from trainer.splitting.split import Split


def warnings_of(parts: Split) -> Iterator[str]:
    """Says what a reader of the accuracy has to know, a line each."""
    if parts.method == "folds":
        yield "split: no part is held out: all rows are learned from, and measured by cross-validation"
    if parts.method == "random":
        yield "split: by row, as the lesson does: neighbours are in training, the accuracy is optimistic"
    if parts.dropped:
        yield f"split: {len(parts.dropped):,} rows held out stand in training too, or nearly, and were left out"
    for part, share in parts.unread.items():
        yield f"split: of the {part} rows {1 - share:.1%} are read, drawn evenly: all of them are too many for memory"
    for part, of_label in parts.optimistic.items():
        labels = ", ".join(of_label) if len(of_label) < 5 else f"{len(of_label)} labels"
        count = f"{sum(of_label.values()):,} {part} rows of {labels}"
        yield f"split: {count} stand in training too, or nearly, and are kept: the accuracy is optimistic"
