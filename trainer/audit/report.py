"""The audit's report as one page of HTML without scripts or other files, and what it shares with that on a terminal."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trainer.audit.checks.headline import named_with_recall, percent
from trainer.audit.checks.shortcuts import WHAT
from trainer.audit.sample import MOST_WORDS
from trainer.templates import environment
from trainer.text.printable import printable

if TYPE_CHECKING:
    from markupsafe import Markup

_BREAKS: Final = re.compile("([_/-])(?=[^<])")  # where a name may go on in the next line
_MOST_CONFUSED: Final = 20  # labels in a confusion matrix
_MOST_HEAT: Final = 40  # labels in a heat map: of more, those of the lowest recall
_COLUMN: Final = 24  # characters of a label over a column

Report = Mapping[str, Any]


def html(report: Report) -> str:
    """Writes a report as one page of HTML, with its style and pictures inside.

    Args:
        report: See `trainer.audit.audit_rows`.
    """
    templates = environment(Path(__file__).parent / "templates", html=True)
    templates.filters |= {
        "percent": percent,
        "count": count_of,
        "printable": printable,
        "name": _breakable,
        "place": place_of,
        "named_with_recall": named_with_recall,
    }
    many = len(report["sizes"]["labels"]) > _MOST_HEAT
    labels = worst_first(report) if many else largest_first(report)
    recall = report["shortcuts"].get("reference_recall", {})
    heat = sorted(labels, key=lambda label: recall.get(label["label"], 2.0)) if many else labels
    return templates.get_template("audit.html.j2").render(
        report=report,
        labels=labels,
        quality=quality_of(report),
        heat=heat[:_MOST_HEAT],
        what=WHAT,
        confusion=_confusion(report, labels),
        columns=cut_apart([label["label"] for label in labels], _COLUMN),
        most_words=MOST_WORDS,
    )


def _confusion(report: Report, labels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gives the reference model's answers as shares of each label's phrases, for up to twenty labels."""
    if "confusion" not in report["shortcuts"] or len(labels) > _MOST_CONFUSED:
        return []
    rows = []
    for label, counts in zip(report["sizes"]["labels"], report["shortcuts"]["confusion"], strict=True):
        total = sum(counts)
        rows.append({"label": label["label"], "shares": [count / total if total else None for count in counts]})
    return rows


def largest_first(report: Report) -> list[dict[str, Any]]:
    """Orders the labels by their number of phrases."""
    return sorted(report["sizes"]["labels"], key=lambda label: -int(label["phrases"]))


def worst_first(report: Report) -> list[dict[str, Any]]:
    """Orders the labels by F1 of the cross-validated model; those that were not measured come last."""
    quality = quality_of(report)
    return sorted(largest_first(report), key=lambda label: quality.get(label["label"], {"f1": 2.0})["f1"])


def quality_of(report: Report) -> dict[str, dict[str, Any]]:
    """Gives how well the cross-validated model does on each label: label -> `phrases`, `f1`, `doubted`."""
    return {label["label"]: label for label in report["label_issues"]["labels"] if label["phrases"]}


def cut_apart(labels: Iterable[str], width: int) -> dict[str, str]:
    """Cuts the labels that are longer in their middle, so that both ends are seen and no two become one.

    Of those that have both ends in common the cut is moved to where they differ; if no cut shows that, they are
    numbered.

    Args:
        labels: All that stand beside one another.
        width: Characters.

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


def count_of(number: float) -> str:
    """Gives a count for reading: "12,345"."""
    return f"{number:,.0f}"


def place_of(example: Mapping[str, Any]) -> str:
    """Gives an example's file, with the folder it is in, and its row."""
    file = "/".join(Path(example["file"]).parts[-2:])
    return f"{printable(file or example['label'])}:{example['row']}"
