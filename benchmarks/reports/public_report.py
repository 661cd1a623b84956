"""The tables of the public sets: python benchmarks/public.py --from-json"""

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
from sets.public_sets import SETS, PublicSet

from reports.tables import README, put, table

Numbers = dict[str, dict[str, Any]]  # "set | system | seed" -> what was measured
NAMES: Final = {
    "svm": "SVM",
    "fasttext": "fastText",
    "minilm": "MiniLM, frozen",
    "byline": "Byline",
    "taught": "Byline, taught",
}
_HERE: Final = Path(__file__).parents[1] / "README.md"
_ALL: Final = "mean of all sets"
_ENGLISH: Final = "of the English ones"
# What the project's README shows: few rows and many, the sets that are missed by most, and the means.
_BRIEF: Final = ("banking77, 10 a label", "banking77", "hwu64", "langid20_words", _ALL, _ENGLISH)
_PAPER: Final = (  # CLINC150, full: Larson et al. (2019), table 2
    ("SVM, in the paper", 88.2, 18.0),
    ("fastText, in the paper", 88.6, 28.3),
    ("CNN, in the paper", 90.9, 30.9),
    ("MLP on USE, in the paper", 93.4, 49.1),
    ("BERT, in the paper", 96.2, 52.3),
)


def values(numbers: Numbers, of: PublicSet, system: str, measure: str) -> list[float]:
    """Gives a measure of every seed that there is."""
    pattern = re.compile(re.escape(f"{of.name} | {system} | ") + r"\d+")
    found = (row.get(measure) for key, row in numbers.items() if pattern.fullmatch(key))
    return [float(value) for value in found if value is not None]


def accuracy(numbers: Numbers, measure: str = "accuracy", only: Collection[str] = ()) -> str:
    """Draws sets and systems, all or some: means over seeds, with the standard deviation where there are several."""
    found = {(of.name, name): values(numbers, of, name, measure) for of in SETS for name in NAMES}
    systems = [name for name in NAMES if any(found[of.name, name] for of in SETS)]
    sets = [of for of in SETS if any(found[of.name, name] for name in NAMES)]
    rows = [[of.name, *(_mean(found[of.name, name]) for name in systems)] for of in sets]
    for title, some in (
        (_ALL, sets),
        (_ENGLISH, [of for of in sets if of.language == "en"]),
    ):
        means = [[found[of.name, name] for of in some] for name in systems]
        rows.append([title, *(_plain([float(np.mean(of)) for of in each]) if all(each) else "" for each in means)])
    return table(["set", *(NAMES[name] for name in systems)], [row for row in rows if not only or row[0] in only])


def _mean(found: list[float]) -> str:
    if not found:
        return ""
    spread = f" ±{100 * np.std(found, ddof=1):.1f}" if np.ptp(found) > 0 else ""
    return f"{100 * np.mean(found):.1f}{spread}"


def sizes(numbers: Numbers) -> str:
    """Draws Byline's bytes, seconds and calibration."""
    rows = []
    for of in SETS:
        for system in ("byline", "taught"):
            if values(numbers, of, system, "accuracy"):
                kilobytes = values(numbers, of, system, "bytes")
                rows.append(
                    [
                        of.name,
                        NAMES[system],
                        f"{kilobytes[0] / 1_000:.0f} kB" if kilobytes else "",
                        f"{np.mean(values(numbers, of, system, 'seconds')):.0f} s",
                        _plain(values(numbers, of, system, "calibration_error")),
                        _plain(values(numbers, of, system, "macro_f1")),
                    ]
                )
    return table(["set", "", "`.tflite`", "from rows to model", "calibration error", "macro F1"], rows, text_columns=2)


def _plain(found: list[float]) -> str:
    return f"{100 * np.mean(found):.1f}" if found else ""


def abstention(numbers: Numbers) -> str:
    """Draws how well the best score tells what is out of scope."""
    measures = ("auroc", "rejected", "in_scope_accuracy", "out_of_scope_recall")
    rows = []
    for of in (of for of in SETS if of.folder.startswith("clinc150")):
        for system, name in NAMES.items():
            found = [
                row["abstention"]
                for key, row in numbers.items()
                if key.startswith(f"{of.name} | {system} | ") and "abstention" in row
            ]
            if found:
                means = (_plain([of_seed[measure] for of_seed in found]) for measure in measures)
                rows.append([f"{of.name}: {name}", *means])
    rows += [[f"clinc150: {name}", "", "", f"{inside}", f"{recall}"] for name, inside, recall in _PAPER]
    head = ["", "AUROC", "rejected, 95 % kept", "in-scope accuracy, threshold", "out-of-scope recall, threshold"]
    return table(head, rows)


def full(numbers: Numbers) -> str:
    """Draws all tables."""
    parts: list[tuple[str, Callable[[Numbers], str]]] = [
        ("Test accuracy in per cent (three seeds where a deviation stands; else one)", accuracy),
        ("Misspelt test: one edit in a fifth of the words", lambda found: accuracy(found, "misspelt")),
        ("Byline's bytes with everything inside, time, and calibration", sizes),
        ("Out of scope", abstention),
    ]
    return "\n\n".join(f"{title}:\n\n{draw(numbers)}" for title, draw in parts)


def write(numbers: Numbers) -> None:
    """Puts the tables into both documents."""
    put("public", accuracy(numbers, only=_BRIEF), README)
    put("public", full(numbers), _HERE)
