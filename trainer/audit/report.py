"""The audit's report for reading: on a terminal, and as one page without scripts or other files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from trainer.audit.headline import percent, told
from trainer.audit.sample import MOST_WORDS
from trainer.audit.shortcuts import WHAT

_WIDTH: Final = 100
_OPTION: Final = re.compile("`[^`]*`")
_JOINED: Final = "\x1f"  # stands for a space that a line must not break at; a printable text has none
_BAR: Final = 26
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_NAME: Final = 22  # columns of a label
_SUSPECTS: Final = 10  # on a terminal; the page and the JSON have them all
_LABELS: Final = 20  # on a terminal
_PLACE: Final = 36  # columns of a file and row; the end tells more than the beginning
_HARMLESS: Final = "\u00a0\u2009\u202f\u200c\u200d"  # spaces, and what joins letters in Persian or Hindi
_MOST_HEAT: Final = 40  # labels in a heat map: of more, those with the most phrases

Report = Mapping[str, Any]


def terminal(report: Report) -> str:
    """Writes a report for a terminal of 100 columns, the headline first."""
    sections = [
        _heading(report),
        _sizes(report),
        _shortcuts(report),
        _giveaways(report),
        _pollution(report),
        _leakage(report),
        _suspects(report),
    ]
    return "\n\n".join("\n".join(section) for section in map(list, sections) if section)


def html(report: Report) -> str:
    """Writes a report as one page of HTML, with its style and pictures inside."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "percent": percent,
        "count": _count,
        "printable": printable,
        "place": place_of,
        "told": told,
    }
    labels = sorted(report["sizes"]["labels"], key=lambda label: -label["phrases"])
    return environment.get_template("audit.html.j2").render(
        report=report,
        labels=labels,
        heat=labels[:_MOST_HEAT],
        what=WHAT,
        confusion=_confusion(report, labels),
        most_words=MOST_WORDS,
    )


def _confusion(report: Report, labels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gives the reference model's answers as shares of each label's phrases, for up to twenty labels."""
    if "confusion" not in report["shortcuts"] or len(labels) > _LABELS:
        return []
    rows = []
    for label, counts in zip(report["sizes"]["labels"], report["shortcuts"]["confusion"], strict=True):
        total = sum(counts)
        rows.append({"label": label["label"], "shares": [count / total if total else None for count in counts]})
    return rows


def printable(text: str) -> str:
    """Gives a text without what would move a terminal's cursor or turn its direction."""
    return "".join(character if character.isprintable() or character in _HARMLESS else "�" for character in text)


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _clip(text: str, width: int) -> str:
    text = printable(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _bar(share: float, width: int = _BAR) -> str:
    """A bar of blocks, to an eighth of a column."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip().ljust(width)


def _paragraph(text: str, first: str = "", later: str | None = None) -> list[str]:
    indent = " " * len(first) if later is None else later
    whole = _OPTION.sub(lambda option: option[0].replace(" ", _JOINED), printable(text))  # to be copied
    lines = wrap(
        whole,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_JOINED, " ") for line in lines]


def _heading(report: Report) -> Iterator[str]:
    sizes = report["sizes"]
    what = f"{_count(sizes['phrases'])} phrases under {len(sizes['labels'])} labels"
    if report["sampled_from"] is not None:
        what += f", drawn evenly from {_count(report['sampled_from'])}"
    yield from _paragraph(f"{report['source']}: {what}")
    if report["skipped"]:
        reasons = ", ".join(f"{_count(count)} {reason}" for reason, count in report["skipped"].items())
        yield from _paragraph(f"Skipped: {reasons}")
    if report["clipped"]:
        yield from _paragraph(f"Of {_count(report['clipped'])} longer phrases the first {MOST_WORDS:,} words were read")
    yield ""
    for number, line in enumerate(report["headline"], 1):
        yield from _paragraph(line, f"{number:2}. ")


def _sizes(report: Report) -> Iterator[str]:
    sizes = report["sizes"]
    most = max(label["phrases"] for label in sizes["labels"])
    yield "SIZES"
    yield f"  {'label':{_NAME}} {'phrases':>9} {'':{_BAR // 2}} {'words':>11} {'distinct':>9}   words a phrase"
    ordered = sorted(sizes["labels"], key=lambda label: -label["phrases"])
    for label in ordered[:_LABELS]:
        lengths = label["lengths"]
        yield (
            f"  {_clip(label['label'], _NAME):{_NAME}} {_count(label['phrases']):>9} "
            f"{_bar(label['phrases'] / most, _BAR // 2)} {_count(label['words']):>11} "
            f"{_count(label['distinct_words']):>9}   {lengths['0.5']:.0f} "
            f"({lengths['0.05']:.0f} to {lengths['0.95']:.0f})"
        )
    if len(ordered) > _LABELS:
        yield f"  and {len(ordered) - _LABELS} more labels"
    known = [
        f"{percent(share)} of the words in {part}" for part, share in sizes["known_words"].items() if share is not None
    ]
    if known:
        yield f"  Known from training: {', '.join(known)}."
    majority = [f"{percent(share)} on {part}" for part, share in sizes["majority"].items() if share is not None]
    if majority:
        yield from _paragraph(
            f'Majority baseline, always "{sizes["majority_label"]}": {", ".join(majority)}. '
            f"The largest label has {sizes['imbalance']:.1f} times the phrases of the smallest.",
            "  ",
        )


def _shortcuts(report: Report) -> Iterator[str]:
    shortcuts = report["shortcuts"]
    yield "SHORTCUTS"
    if not shortcuts["views"]:
        yield f"  Not measured. {shortcuts['skipped']}"
        return
    yield f"  accuracy on {_count(shortcuts['validation'])} validation phrases of a model that sees only …"
    bars = [("all words and pairs of words", shortcuts["reference"], "the real model")]
    for view in shortcuts["views"]:
        share = "" if view["share"] is None else f"{percent(max(view['share'], 0.0))} of the way"
        bars.append((WHAT[view["name"]], view["accuracy"], share + ("  <- close" if view["close"] else "")))
    bars.append(("nothing", shortcuts["majority"], "the majority baseline"))
    for name, accuracy, note in bars:
        yield f"  {name:38} {percent(accuracy):>5} {_bar(accuracy)} {note}".rstrip()
    for view in shortcuts["views"]:
        if view["tells"]:
            what = WHAT[view["name"]].split(",")[0]
            named = "; ".join(map(told, view["tells"][:_LABELS]))
            yield from _paragraph(f"{what.capitalize()} alone tells {named} from all other labels.", "  ")


def _giveaways(report: Report) -> Iterator[str]:
    if not report["giveaways"]:
        return
    yield "WHAT GIVES A LABEL AWAY"
    yield f"  {'n-gram':34} {'label':{_NAME}} {'purity':>7} {'phrases':>9}"
    for found in report["giveaways"]:
        yield (
            f"  {_clip(found['text'], 34):34} {_clip(found['label'], _NAME):{_NAME}} {percent(found['purity']):>7} "
            f"{_count(found['count']):>9}"
        )


def _pollution(report: Report) -> Iterator[str]:
    yield "POLLUTION"
    if not report["pollution"]:
        yield "  None found."
    for finding in report["pollution"]:
        labels = list(finding["by_label"].items())
        where = ", ".join(f"{_clip(label, _NAME)} {_count(count)}" for label, count in labels[:4])
        more = f" and {len(labels) - 4} more labels" if len(labels) > 4 else ""
        yield from _paragraph(f"{_count(finding['count']):>7}  {finding['title']} ({where}{more})", "  ", " " * 11)
        yield from _paragraph(finding["advice"], " " * 11)
        if finding["option"]:
            yield " " * 11 + finding["option"]  # in one line, to be copied
        for example in finding["examples"][:2]:
            yield f"{'':11}{_place(example)}: {_clip(example['text'], _WIDTH - 13 - _PLACE)}"


def place_of(example: Mapping[str, Any]) -> str:
    """Gives an example's file, with the folder it is in, and its row."""
    file = "/".join(Path(example["file"]).parts[-2:])
    return f"{printable(file or example['label'])}:{example['row']}"


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
    leaked, test = _count(leakage["leaked"]), _count(leakage["test"])
    yield f"  {leaked} of {test} test phrases ({share}) have a near-duplicate in training."
    if leakage["accuracy"] is not None:
        without = leakage["accuracy_without"]
        rest = "" if without is None else f", {percent(without)} without them"
        yield f"  The real model's accuracy on the test part is {percent(leakage['accuracy'])}{rest}."


def _suspects(report: Report) -> Iterator[str]:
    suspects = report["suspects"]
    yield "SUSPECTS"
    if not suspects["phrases"]:
        yield f"  {suspects.get('skipped', 'None: no label is doubted.')}"
        return
    shown, issues = suspects["phrases"][:_SUSPECTS], _count(suspects["issues"])
    yield from _paragraph(
        f"The labels that a cross-validated model doubts most: {len(shown)} of {len(suspects['phrases'])}. "
        f"Confident learning holds {issues} of {_count(suspects['looked_at'])} labels for doubtful.",
        "  ",
    )
    if suspects["left_out"]:
        names = [_clip(label, _NAME) for label in suspects["left_out"][:_LABELS]]
        more = len(suspects["left_out"]) - len(names)
        rest = f" and {more} more" if more else ""
        yield from _paragraph(f"Left out, with too few phrases: {', '.join(names)}{rest}.", "  ")
    for phrase in shown:
        labels = (
            f"{_clip(phrase['label'], 18)} -> {_clip(phrase['would_be'], 18)} {percent(phrase['would_be_probability'])}"
        )
        yield f"  {_place(phrase):{_PLACE}} {labels}"
        yield f"  {'':4}{_clip(phrase['text'], _WIDTH - 6)}"
