"""The first lines of a report: what stands out, the worst first, each with what to do about it."""

from collections.abc import Mapping
from typing import Any, Final

from trainer.audit.checks.shortcuts import WHAT

NOTHING: Final = "Nothing stood out: no shortcut comes close to the real model, and the text is clean."
MARKS: Final = r"""[][.,;:!?…()"“”«»—–-]"""  # no apostrophe, and no vowel sign: cut out, they would break words

# From which share of all phrases a finding is worth a first line. What is not listed stands further down only.
_WORTH: Final = {
    "alike_labels": 0.0,
    "conflicting_labels": 0.005,
    "boilerplate": 0.005,
    "speaker_names": 0.001,
    "speaker_prefixes": 0.001,
    "duplicates": 0.05,
    "near_duplicates": 0.05,
    "near_duplicates_across": 0.01,
    "tags": 0.005,
    "entities": 0.005,
    "links": 0.01,
    "addresses": 0.05,
    "brackets": 0.01,
    "emphasis": 0.05,
    "encoding": 0.002,
    "lost_characters": 0.002,
    "languages": 0.01,
    "scripts": 0.01,
    "mixed_words": 0.01,
    "long_phrases": 0.01,
}
_LEFT_OUT: Final = "Byline's split leaves such phrases out of the parts that measure, while half of a label's stay;"
_KEPT: Final = {
    "given": "The split is your own, and Byline keeps it as it is: its accuracy is optimistic.",
    "random": "A split by row keeps them: its accuracy is optimistic. Leave out `--split random`.",
}
_CAPITALS: Final = {"CYRILLIC": "А-ЯЁ", "GREEK": "Α-Ω"}
_FEWEST: Final = 3  # phrases: fewer are strays
_NAMED: Final = 3  # labels in a sentence
_LEAKED: Final = 0.02  # of the test phrases
_IMBALANCE: Final = 10


def write_headline(report: Mapping[str, Any], words_mode: bool, running: bool = True) -> list[str]:
    """Gives the first lines, as plain sentences with options between backticks.

    Shortcuts come first, then leakage, pollution and imbalance; of each kind the worst. Where nothing is worth a line,
    one says so.
    """
    lines = [
        *_learning(report["shortcuts"]),
        *_shortcuts(report["shortcuts"], words_mode, report["languages"]["script"], running),
        *_leakage(report["leakage"], report["split"]),
        *_pollution(report["pollution"]),
        *_imbalance(report["sizes"]),
    ]
    if lines:
        return lines
    if report["shortcuts"]["partial_inputs"]:
        return [NOTHING]
    return [f"No pollution {'stood out' if report['pollution'] else 'found'}; too few phrases to look for shortcuts."]


def percent(share: float) -> str:
    """Gives a share for reading: "7 %", "0.4 %"."""
    return (f"{share:.0%}" if share >= 0.01 or share == 0 else f"{share:.1%}").replace("%", "\N{NO-BREAK SPACE}%")


def _learning(shortcuts: Mapping[str, Any]) -> list[str]:
    if not shortcuts["partial_inputs"] or shortcuts["learns"]:
        return []
    answers = f"{percent(shortcuts['reference'])}, the most frequent label {percent(shortcuts['majority'])}"
    return [
        f"The words do not predict the labels: reading them answers {answers}. "
        "There are too few phrases, or labels that do not depend on the text."
    ]


def _shortcuts(shortcuts: Mapping[str, Any], words_mode: bool, script: str, running: bool) -> list[str]:
    lines = []
    for baseline in shortcuts["partial_inputs"]:
        if baseline["close"]:
            what = WHAT[baseline["name"]].split(",")[0]
            against = f"reading the words {percent(shortcuts['reference'])}"
            do = remedy(baseline["name"], words_mode, script, running)
            right = f"{percent(baseline['accuracy'])} of the validation phrases correctly"
            lines.append(
                f"Shortcut: a model that sees only {what} answers {right}; "
                f"{against}, the majority baseline {percent(shortcuts['majority'])}. {do}"
            )
        elif baseline["separates"]:
            named = "; ".join(map(named_with_recall, baseline["separates"][:_NAMED]))
            more = f"; and {len(baseline['separates']) - _NAMED} more" if len(baseline["separates"]) > _NAMED else ""
            what = WHAT[baseline["name"]].split(",")[0]
            lines.append(
                f"Shortcut: {what} alone separates {named}{more} from all other labels. "
                + remedy(baseline["name"], words_mode, script, running)
            )
    return lines


def named_with_recall(found: Mapping[str, Any]) -> str:
    """Names the labels that a partial input separates from all others, and its recall of them."""
    labels = [f"“{label}”" for label in found["labels"][:_NAMED]]
    rest = len(found["labels"]) - len(labels)
    names = " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 and not rest else [", ".join(labels)])
    return f"{names}{f' and {rest} more together' if rest else ''} (recall {percent(found['recall'])})"


def remedy(name: str, words_mode: bool, script: str, running: bool = True) -> str:
    """Says what to do about a shortcut, in a corpus of a script as Unicode names it; only running text can be cut."""
    if name == "length":
        if not running:
            return "See whether the labels differ in length where the model will be used, too; if not, collect others."
        if words_mode:
            return "The windows already have the same lengths for each label: look at how long its words are."
        return "Cut running text into windows of the same lengths for each label: `--unit words:16`."
    if name == "punctuation":
        return f"A model may learn an editor's habits. Cut the marks out: `--strip '{MARKS}'`."
    if name == "case":
        return "Byline reads no capitals without `--keep-case`; for any other model, write all text in lower case."
    if name == "first_word":
        if words_mode or not running:
            return "Look at the label-indicative n-grams, and leave out what they come from: `--drop 'REGEX'`."
        return r"Cut running text so that phrases begin anywhere, `--unit words:16`, or cut it off: `--strip '^\S+ '`."
    capitals = _CAPITALS.get(script, "A-Z")
    return (
        rf"A model may learn names and no style. Cut out capitalised words: `--strip '(?<=\s)[{capitals}][\w’\x27-]+'`."
    )


def _leakage(leakage: Mapping[str, Any], method: str) -> list[str]:
    test, leaked = leakage["test"], leakage["leaked"]
    if leaked < _FEWEST or leaked < _LEAKED * test:
        return []
    line = f"Leakage: {leaked:,} of {test:,} test phrases ({percent(leaked / test)}) have a near-duplicate in training."
    all_of_it, without = leakage["accuracy"], leakage["accuracy_without"]
    if all_of_it is not None and without is not None:
        line += f" Accuracy on all of them is {percent(all_of_it)}, without these {percent(without)}."
    return [f"{line} {_KEPT.get(method, _LEFT_OUT)} `--fix DIR` keeps one of each."]


def _pollution(findings: list[dict[str, Any]]) -> list[str]:
    worth = [
        finding
        for finding in findings
        if finding["name"] == "languages"  # runs of twenty phrases, counted as more than strays already
        or (finding["count"] >= _FEWEST and finding["share"] >= _WORTH[finding["name"]])
    ]
    order = list(_WORTH)
    ranked = sorted(worth, key=lambda finding: order.index(finding["name"]))
    return [_sentence(finding) for finding in ranked]


def _sentence(finding: Mapping[str, Any]) -> str:
    labels = finding["by_label"]
    first = next(iter(labels))
    mostly = max(labels.values()) > 0.9 * sum(labels.values())
    where = f", nearly all under {first}" if mostly and finding["count"] > 1 else ""
    title = finding["title"][0].upper() + finding["title"][1:]
    do = finding["advice"] + (f" `{finding['option']}`" if finding["option"] else "")
    return f"{title}: {finding['count']:,}{where}. {do}"


def _imbalance(sizes: Mapping[str, Any]) -> list[str]:
    if sizes["imbalance"] < _IMBALANCE:
        return []
    ordered = sorted(sizes["labels"], key=lambda label: label["phrases"])
    most, least = ordered[-1], ordered[0]
    return [
        f"Imbalance: {most['label']} has {most['phrases']:,} phrases, {least['label']} {least['phrases']:,}. "
        "Judge a model by each label's recall, not by its accuracy alone."
    ]
