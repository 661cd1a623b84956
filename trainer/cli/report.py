"""The audit's report on a terminal, the headline first."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

from trainer.audit.checks.headline import named_with_recall, percent
from trainer.audit.checks.shortcuts import WHAT
from trainer.audit.report import (
    Report,
    count_of,
    cut_apart,
    largest_first,
    place_of,
    quality_of,
    worst_first,
)
from trainer.audit.sample import MOST_WORDS
from trainer.text.printable import printable

_WIDTHS: Final = (80, 160)  # columns: in fewer no table fits, and lines of more are not read
_OPTION: Final = re.compile("`[^`]*`")
_JOINED: Final = "\x1f"  # stands for a space that a line must not break at; a printable text has none
_BAR: Final = 26
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_ISSUES: Final = 10  # the page and the JSON have them all
_LABELS: Final = 20
_PLACE: Final = 36  # columns of a file and row; the end says more than the beginning


@dataclass(frozen=True)
class _Terminal:
    """What a report is written for.

    Attributes:
        width: Columns.
        names: Label -> what a table calls it, of at most half a line.
        long_names: Label -> what a sentence calls it, of at most a line.
    """

    width: int
    names: Mapping[str, str]
    long_names: Mapping[str, str]


def terminal(report: Report, width: int = 100) -> str:
    """Writes a report for a terminal.

    Args:
        report: See `trainer.audit.audit_rows`.
        width: Columns of the terminal, of which 80 to 160 are used.
    """
    width = max(_WIDTHS[0], min(width, _WIDTHS[1]))
    labels = [label["label"] for label in report["sizes"]["labels"]]
    on = _Terminal(width, cut_apart(labels, width // 2 - 10), cut_apart(labels, width - 20))
    sections = [
        _heading(report, on),
        _sizes(report, on),
        _shortcuts(report, on),
        _label_ngrams(report, on),
        _pollution(report, on),
        _leakage(report),
        _label_issues(report, on),
    ]
    return "\n\n".join("\n".join(section) for section in map(list, sections) if section)


def _heading(report: Report, on: _Terminal) -> Iterator[str]:
    sizes = report["sizes"]
    what = f"{count_of(sizes['phrases'])} phrases under {len(sizes['labels'])} labels"
    if report["sampled_from"] is not None:
        what += f", drawn evenly from {count_of(report['sampled_from'])}"
    yield from _paragraph(f"{report['source']}: {what}", on.width)
    if report["skipped"]:
        reasons = ", ".join(f"{count_of(count)} {reason}" for reason, count in report["skipped"].items())
        yield from _paragraph(f"Skipped: {reasons}", on.width)
    if report["clipped"]:
        what = f"Of {count_of(report['clipped'])} longer phrases the first {MOST_WORDS:,} words were read"
        yield from _paragraph(what, on.width)
    yield ""
    for number, line in enumerate(report["headline"], 1):
        yield from _paragraph(line, on.width, f"{number:2}. ")


def _sizes(report: Report, on: _Terminal) -> Iterator[str]:
    sizes, quality = report["sizes"], quality_of(report)
    most = max(label["phrases"] for label in sizes["labels"])
    every = len(sizes["labels"]) <= _LABELS
    shown = largest_first(report) if every else worst_first(report)[:_LABELS]
    name = max(len("label"), *(len(on.names[label["label"]]) for label in shown))
    spread = max(len("words a phrase"), *(len(_spread(label["lengths"])) for label in shown))
    left = on.width - 36 - spread - name
    words, bar = left >= 10, min(_BAR // 2, left - 11)
    yield "SIZES"
    heading = f"  {'label':{name}} {'phrases':>8} " + (f"{'':{bar}} " if bar >= 6 else "")
    heading += (
        f"{'words':>9} " if words else ""
    ) + f"{'distinct':>8}  {'words a phrase':{spread}} {'F1':>5} {'doubted':>7}"
    yield heading
    for label in shown:
        measured = quality.get(label["label"])
        line = f"  {on.names[label['label']]:{name}} {count_of(label['phrases']):>8} "
        line += f"{_bar(label['phrases'] / most, bar)} " if bar >= 6 else ""
        line += f"{count_of(label['words']):>9} " if words else ""
        line += f"{count_of(label['distinct_words']):>8}  {_spread(label['lengths']):{spread}} "
        f1, doubted = ("–", "–") if measured is None else (f"{measured['f1']:.2f}", count_of(measured["doubted"]))
        yield line + f"{f1:>5} {doubted:>7}"
    of = f"{len(shown)} of {len(sizes['labels'])} labels"
    if quality:
        legend = "F1 and doubted labels are those of the cross-validated model that finds label issues"
        yield from _paragraph(f"{legend}{'' if every else f'; these {of} have the lowest F1'}.", on.width, "  ")
    elif not every:
        yield f"  These {of} have the most phrases."
    known = [
        f"{percent(share)} of the words in {part}" for part, share in sizes["known_words"].items() if share is not None
    ]
    if known:
        yield from _paragraph(f"Known from training: {', '.join(known)}.", on.width, "  ")
    majority = [f"{percent(share)} on {part}" for part, share in sizes["majority"].items() if share is not None]
    if majority:
        yield from _paragraph(
            f'Majority baseline, always "{sizes["majority_label"]}": {", ".join(majority)}. '
            f"The largest label has {sizes['imbalance']:.1f} times the phrases of the smallest.",
            on.width,
            "  ",
        )


def _spread(lengths: Mapping[str, float]) -> str:
    return f"{lengths['0.5']:.0f} ({lengths['0.05']:.0f} to {lengths['0.95']:.0f})"


def _shortcuts(report: Report, on: _Terminal) -> Iterator[str]:
    shortcuts = report["shortcuts"]
    bar = max(6, min(_BAR, on.width - 72))
    yield "SHORTCUTS"
    if not shortcuts["partial_inputs"]:
        yield f"  Not measured. {shortcuts['skipped']}"
        return
    yield f"  accuracy on {count_of(shortcuts['validation'])} validation phrases of a model that sees only …"
    bars = [("all words and bigrams", shortcuts["reference"], "the real model")]
    for baseline in shortcuts["partial_inputs"]:
        share = "" if baseline["share"] is None else f"{percent(max(baseline['share'], 0.0))} of the way"
        bars.append((WHAT[baseline["name"]], baseline["accuracy"], share + ("  <- close" if baseline["close"] else "")))
    bars.append(("nothing", shortcuts["majority"], "the majority baseline"))
    for name, accuracy, note in bars:
        yield f"  {name:38} {percent(accuracy):>5} {_bar(accuracy, bar)} {note}".rstrip()
    for baseline in shortcuts["partial_inputs"]:
        if baseline["separates"]:
            what = WHAT[baseline["name"]].split(",")[0]
            named = "; ".join(map(named_with_recall, baseline["separates"][:_LABELS]))
            yield from _paragraph(f"{what.capitalize()} alone separates {named} from all other labels.", on.width, "  ")


def _label_ngrams(report: Report, on: _Terminal) -> Iterator[str]:
    if not report["label_ngrams"]:
        return
    name = max(len("label"), *(len(on.names[found["label"]]) for found in report["label_ngrams"]))
    ngram = min(34, on.width - 21 - name)
    yield "LABEL-INDICATIVE N-GRAMS"
    yield f"  {'n-gram':{ngram}} {'label':{name}} {'purity':>7} {'phrases':>9}"
    for found in report["label_ngrams"]:
        yield (
            f"  {_clip(found['text'], ngram):{ngram}} {on.names[found['label']]:{name}} "
            f"{percent(found['purity']):>7} {count_of(found['count']):>9}"
        )


def _pollution(report: Report, on: _Terminal) -> Iterator[str]:
    yield "POLLUTION"
    if not report["pollution"]:
        yield "  None found."
    for finding in report["pollution"]:
        labels = list(finding["by_label"].items())
        where = ", ".join(f"{on.long_names[label]} {count_of(count)}" for label, count in labels[:4])
        more = f" and {len(labels) - 4} more labels" if len(labels) > 4 else ""
        title = f"{count_of(finding['count']):>7}  {finding['title']} ({where}{more})"
        yield from _paragraph(title, on.width, "  ", " " * 11)
        yield from _paragraph(finding["advice"], on.width, " " * 11)
        if finding["option"]:
            yield " " * 11 + finding["option"]  # in one line, to be copied
        for example in finding["examples"][:2]:
            place, text = _place(example), printable(example["text"])
            if "pairs" in finding:  # of two labels: which has which
                label = on.long_names[example["label"]]
                yield from _paragraph(f"{place}, {label}: {text}", on.width, " " * 11, " " * 15)
            else:
                yield f"{'':11}{place}: {_clip(text, on.width - 13 - len(place))}"


def _place(example: Mapping[str, Any]) -> str:
    place = place_of(example)
    return place if len(place) <= _PLACE else "…" + place[1 - _PLACE :]


def _leakage(report: Report) -> Iterator[str]:
    leakage = report["leakage"]
    yield "LEAKAGE"
    if not leakage["test"]:
        yield "  There is no test part."
        return
    share = percent(leakage["leaked"] / leakage["test"])
    leaked, test = count_of(leakage["leaked"]), count_of(leakage["test"])
    yield f"  {leaked} of {test} test phrases ({share}) have a near-duplicate in training."
    if leakage["accuracy"] is not None:
        without = leakage["accuracy_without"]
        rest = "" if without is None else f", {percent(without)} without them"
        yield f"  The real model's accuracy on the test part is {percent(leakage['accuracy'])}{rest}."


def _label_issues(report: Report, on: _Terminal) -> Iterator[str]:
    issues = report["label_issues"]
    yield "LABEL ISSUES"
    if not issues["phrases"]:
        yield from _paragraph(issues.get("skipped", "None: no label is doubted."), on.width, "  ")
        return
    shown, count = issues["phrases"][:_ISSUES], count_of(issues["issues"])
    yield from _paragraph(
        f"The labels that a cross-validated model doubts most: {len(shown)} of {len(issues['phrases'])}. "
        f"Confident learning holds {count} of {count_of(issues['looked_at'])} labels for doubtful.",
        on.width,
        "  ",
    )
    if issues["left_out"]:
        names = [on.long_names[label] for label in issues["left_out"][:_LABELS]]
        more = len(issues["left_out"]) - len(names)
        rest = f" and {more} more" if more else ""
        yield from _paragraph(f"Left out, with too few phrases: {', '.join(names)}{rest}.", on.width, "  ")
    for phrase in shown:
        label, would_be = (on.long_names[phrase[key]] for key in ("label", "would_be"))
        yield f"  {_clip(phrase['text'], on.width - 2)}"
        answer = f"{label} -> {would_be} {percent(phrase['would_be_probability'])}, {_place(phrase)}"
        yield from _paragraph(answer, on.width, " " * 6)


def _paragraph(text: str, width: int, first: str = "", later: str | None = None) -> list[str]:
    indent = " " * len(first) if later is None else later
    whole = _OPTION.sub(lambda option: option[0].replace(" ", _JOINED), printable(text))  # to be copied
    lines = wrap(
        whole,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_JOINED, " ") for line in lines]


def _clip(text: str, width: int) -> str:
    text = printable(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _bar(share: float, width: int) -> str:
    """A bar of blocks, to an eighth of a column."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip().ljust(width)
