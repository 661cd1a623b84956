"""The audit's report for reading: on a terminal, and as one page without scripts or other files."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from trainer.audit.checks.headline import percent, told
from trainer.audit.checks.shortcuts import WHAT
from trainer.audit.sample import MOST_WORDS
from trainer.templates import environment

if TYPE_CHECKING:
    from markupsafe import Markup

_WIDTHS: Final = (80, 160)  # columns: in fewer no table fits, and lines of more are not read
_OPTION: Final = re.compile("`[^`]*`")
_JOINED: Final = "\x1f"  # stands for a space that a line must not break at; a printable text has none
_BREAKS: Final = re.compile("([_/-])(?=[^<])")  # where a name may go on in the next line
_BAR: Final = 26
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_SUSPECTS: Final = 10  # on a terminal; the page and the JSON have them all
_LABELS: Final = 20  # on a terminal
_PLACE: Final = 36  # columns of a file and row; the end tells more than the beginning
_HARMLESS: Final = "\u00a0\u2009\u202f\u200c\u200d"  # spaces, and what joins letters in Persian or Hindi
_MOST_HEAT: Final = 40  # labels in a heat map: of more, those that the words tell worst
_COLUMN: Final = 24  # characters of a label over a column

Report = Mapping[str, Any]


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
    """Writes a report for a terminal of so many columns, the headline first."""
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


def html(report: Report) -> str:
    """Writes a report as one page of HTML, with its style and pictures inside."""
    templates = environment(Path(__file__).parent / "templates", html=True)
    templates.filters |= {
        "percent": percent,
        "count": _count,
        "printable": printable,
        "name": _breakable,
        "place": place_of,
        "told": told,
    }
    many = len(report["sizes"]["labels"]) > _MOST_HEAT
    labels = _worst_first(report) if many else _largest_first(report)
    recall = report["shortcuts"].get("reference_recall", {})
    heat = sorted(labels, key=lambda label: recall.get(label["label"], 2.0)) if many else labels
    return templates.get_template("audit.html.j2").render(
        report=report,
        labels=labels,
        quality=_quality(report),
        heat=heat[:_MOST_HEAT],
        what=WHAT,
        confusion=_confusion(report, labels),
        columns=cut_apart([label["label"] for label in labels], _COLUMN),
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


def _largest_first(report: Report) -> list[dict[str, Any]]:
    return sorted(report["sizes"]["labels"], key=lambda label: -int(label["phrases"]))


def _worst_first(report: Report) -> list[dict[str, Any]]:
    """Orders the labels by F1 of the cross-validated model; those that were not measured come last."""
    quality = _quality(report)
    return sorted(_largest_first(report), key=lambda label: quality.get(label["label"], {"f1": 2.0})["f1"])


def _quality(report: Report) -> dict[str, dict[str, Any]]:
    """Gives what the suspects say of each label that was measured."""
    return {label["label"]: label for label in report["label_issues"]["labels"] if label["phrases"]}


def cut_apart(labels: Iterable[str], width: int) -> dict[str, str]:
    """Cuts the labels that are longer in their middle, so that both ends are seen and no two become one.

    Of those that have both ends in common the cut is moved to where they differ; if no cut shows that, they are
    numbered.

    Returns:
        Label -> its name, of at most `width` characters.
    """
    halves: dict[str, list[str]] = {}
    for label in labels:
        halves.setdefault(_cut(label, width, (width - 1) // 2), []).append(label)
    names: dict[str, str] = {}
    taken: set[str] = set()
    tails = sorted(range(1, width - 1), key=lambda tail: abs(tail - (width - 1) // 2))
    for alike in sorted(halves.values(), key=lambda alike: len(alike[0]) > width):  # who is whole stays whole
        for tail in tails:
            cuts = [_cut(label, width, tail) for label in alike]
            if len({*cuts}) == len(alike) and taken.isdisjoint(cuts):
                break
        else:
            numbered = (_numbered(alike[0], number, width) for number in itertools.count(1))
            cuts = list(itertools.islice((name for name in numbered if name not in taken), len(alike)))
        names |= zip(alike, cuts, strict=True)
        taken.update(cuts)
    return names


def _cut(label: str, width: int, tail: int) -> str:
    text = printable(label)
    return text if len(text) <= width else text[: width - 1 - tail] + "…" + text[len(text) - tail :]


def _numbered(label: str, number: int, width: int) -> str:
    return printable(label)[: width - 1 - len(str(number))] + f"…{number}"


def _breakable(text: str) -> "Markup":
    """Gives a name for the page: it may go on in the next line after `_`, `/` and `-`."""
    from markupsafe import Markup, escape

    return Markup(_BREAKS.sub(r"\1<wbr>", str(escape(printable(text)))))


def printable(text: str) -> str:
    """Gives a text without what would move a terminal's cursor or turn its direction."""
    return "".join(character if character.isprintable() or character in _HARMLESS else "�" for character in text)


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _clip(text: str, width: int) -> str:
    text = printable(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _bar(share: float, width: int) -> str:
    """A bar of blocks, to an eighth of a column."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip().ljust(width)


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


def _heading(report: Report, on: _Terminal) -> Iterator[str]:
    sizes = report["sizes"]
    what = f"{_count(sizes['phrases'])} phrases under {len(sizes['labels'])} labels"
    if report["sampled_from"] is not None:
        what += f", drawn evenly from {_count(report['sampled_from'])}"
    yield from _paragraph(f"{report['source']}: {what}", on.width)
    if report["skipped"]:
        reasons = ", ".join(f"{_count(count)} {reason}" for reason, count in report["skipped"].items())
        yield from _paragraph(f"Skipped: {reasons}", on.width)
    if report["clipped"]:
        what = f"Of {_count(report['clipped'])} longer phrases the first {MOST_WORDS:,} words were read"
        yield from _paragraph(what, on.width)
    yield ""
    for number, line in enumerate(report["headline"], 1):
        yield from _paragraph(line, on.width, f"{number:2}. ")


def _sizes(report: Report, on: _Terminal) -> Iterator[str]:
    sizes, quality = report["sizes"], _quality(report)
    most = max(label["phrases"] for label in sizes["labels"])
    every = len(sizes["labels"]) <= _LABELS
    shown = _largest_first(report) if every else _worst_first(report)[:_LABELS]
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
        line = f"  {on.names[label['label']]:{name}} {_count(label['phrases']):>8} "
        line += f"{_bar(label['phrases'] / most, bar)} " if bar >= 6 else ""
        line += f"{_count(label['words']):>9} " if words else ""
        line += f"{_count(label['distinct_words']):>8}  {_spread(label['lengths']):{spread}} "
        f1, doubted = ("–", "–") if measured is None else (f"{measured['f1']:.2f}", _count(measured["doubted"]))
        yield line + f"{f1:>5} {doubted:>7}"
    of = f"{len(shown)} of {len(sizes['labels'])} labels"
    if quality:
        legend = "F1 and doubted labels are those of the cross-validated model that names the suspects"
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
    yield f"  accuracy on {_count(shortcuts['validation'])} validation phrases of a model that sees only …"
    bars = [("all words and pairs of words", shortcuts["reference"], "the real model")]
    for view in shortcuts["partial_inputs"]:
        share = "" if view["share"] is None else f"{percent(max(view['share'], 0.0))} of the way"
        bars.append((WHAT[view["name"]], view["accuracy"], share + ("  <- close" if view["close"] else "")))
    bars.append(("nothing", shortcuts["majority"], "the majority baseline"))
    for name, accuracy, note in bars:
        yield f"  {name:38} {percent(accuracy):>5} {_bar(accuracy, bar)} {note}".rstrip()
    for view in shortcuts["partial_inputs"]:
        if view["tells"]:
            what = WHAT[view["name"]].split(",")[0]
            named = "; ".join(map(told, view["tells"][:_LABELS]))
            yield from _paragraph(f"{what.capitalize()} alone tells {named} from all other labels.", on.width, "  ")


def _label_ngrams(report: Report, on: _Terminal) -> Iterator[str]:
    if not report["label_ngrams"]:
        return
    name = max(len("label"), *(len(on.names[found["label"]]) for found in report["label_ngrams"]))
    ngram = min(34, on.width - 21 - name)
    yield "WHAT GIVES A LABEL AWAY"
    yield f"  {'n-gram':{ngram}} {'label':{name}} {'purity':>7} {'phrases':>9}"
    for found in report["label_ngrams"]:
        yield (
            f"  {_clip(found['text'], ngram):{ngram}} {on.names[found['label']]:{name}} "
            f"{percent(found['purity']):>7} {_count(found['count']):>9}"
        )


def _pollution(report: Report, on: _Terminal) -> Iterator[str]:
    yield "POLLUTION"
    if not report["pollution"]:
        yield "  None found."
    for finding in report["pollution"]:
        labels = list(finding["by_label"].items())
        where = ", ".join(f"{on.long_names[label]} {_count(count)}" for label, count in labels[:4])
        more = f" and {len(labels) - 4} more labels" if len(labels) > 4 else ""
        title = f"{_count(finding['count']):>7}  {finding['title']} ({where}{more})"
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


def _label_issues(report: Report, on: _Terminal) -> Iterator[str]:
    issues = report["label_issues"]
    yield "LABEL ISSUES"
    if not issues["phrases"]:
        yield from _paragraph(issues.get("skipped", "None: no label is doubted."), on.width, "  ")
        return
    shown, count = issues["phrases"][:_SUSPECTS], _count(issues["issues"])
    yield from _paragraph(
        f"The labels that a cross-validated model doubts most: {len(shown)} of {len(issues['phrases'])}. "
        f"Confident learning holds {count} of {_count(issues['looked_at'])} labels for doubtful.",
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
