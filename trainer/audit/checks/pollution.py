"""Pollution: what stands in a corpus and is not what a label writes."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from trainer.audit.checks.duplicates import Duplicates, clusters
from trainer.audit.checks.languages import RUN, Tongues
from trainer.audit.checks.patterns import BOILERPLATE_WORDS, LOST, MARKUP, boilerplate, hash_of, is_damaged
from trainer.audit.checks.speakers import find_speakers, names_pattern
from trainer.audit.cleaning import tags_in, unescaped
from trainer.audit.sample import Sample
from trainer.data.labels import alike

logger = logging.getLogger(__name__)

_EXAMPLES: Final = 4
_LONG_WORDS, _LONG_FACTOR = 200, 10
_FIX: Final = "--fix DIR"

# What is said of each finding: its title, what to do, and the option that does it.
_MARKUP: Final = {
    "entities": ("HTML entities", "Turn them into the characters that they stand for.", _FIX),
    "addresses": (
        "web addresses",
        "Cut them out, unless they are what you want to predict labels by.",
        r"--strip '(https?://|www\.)\S+'",
    ),
    "links": ("Markdown links", "Cut out their addresses.", r"--strip '\]\([^()]*\)|\['"),
    "brackets": (
        "lines in brackets, such as headings and stage directions",
        "Leave them out.",
        r"--drop '^[\[{][^\[\]{}]*[\]}]:?$'",
    ),
    "emphasis": (
        "marks of emphasis, such as **bold** or _italics_",
        "Cut the marks out.",
        r"--strip '\*\*|(?<!\w)_|_(?!\w)'",
    ),
}


def find_pollution(sample: Sample, duplicates: Duplicates, tongues: Tongues) -> list[dict[str, Any]]:
    """Looks for everything that pollutes a corpus. A phrase that is boilerplate or a speaker's name is not counted
    again as a duplicate.

    Returns:
        What was found, each with "name", "title", "count" (of phrases), "share", "by_label", "examples", "advice",
        "option" (what to add to the command, or "") and what else belongs to it.
    """
    found = list(_alike(sample))
    shared = _boilerplate(sample)
    named = _speakers(sample, found)
    if shared:
        found.append(
            _finding(
                sample,
                "boilerplate",
                "lines that many files share, such as a licence",
                sorted(shared),
                "Leave them out.",
                _FIX,
                lines=_commonest(sample, shared),
            )
        )
    passed_over = shared | named
    logger.info("duplicates")
    found += _duplicates(sample, duplicates, passed_over)
    logger.info("mark-up and encodings")
    found += _forms(sample)
    found += _tongues(sample, tongues)
    found += _long(sample)
    return sorted(found, key=lambda finding: -finding["count"])


def _finding(
    sample: Sample, name: str, title: str, places: Sequence[int], advice: str, option: str, **more: Any
) -> dict[str, Any]:
    shown = list(dict.fromkeys(places))
    return {
        "name": name,
        "title": title,
        "count": len(shown),
        "share": len(shown) / len(sample.rows),
        "by_label": sample.by_label(shown),
        "examples": [sample.example(place) for place in _different(sample, shown)],
        "advice": advice,
        "option": option,
        **more,
    }


def _different(sample: Sample, places: Sequence[int]) -> list[int]:
    """Chooses a few places of different texts, from all over the list."""
    chosen: dict[str, int] = {}
    for place in [*places[:: max(1, len(places) // (_EXAMPLES * 3))], *places[: _EXAMPLES * 3]]:
        chosen.setdefault(sample.rows[place].text, place)
    return sorted(list(chosen.values())[:_EXAMPLES])


def _alike(sample: Sample) -> Iterator[dict[str, Any]]:
    counts = Counter(row.label for row in sample.rows)
    names = {label: max(kind, key=lambda one: counts[one]) for kind in alike(counts) for label in kind}
    places = [place for place, row in enumerate(sample.rows) if names.get(row.label, row.label) != row.label]
    if places:
        title = "labels that differ from a more frequent one only in capitals, blanks or Unicode form"
        pairs = ",".join(f"{label}={name}" for label, name in names.items() if label != name)
        advice = "Call both by one name."
        yield _finding(sample, "alike_labels", title, places, advice, _quoted("--label-names", pairs))


def _boilerplate(sample: Sample) -> set[int]:
    """Gives the rows whose words stand in many files; where there is one file only, in many groups."""
    files = {row.file for row in sample.rows}
    names = [row.file if len(files) > 1 else row.group for row in sample.rows]
    numbers: dict[str, int] = {}
    places = [place for place, words in enumerate(sample.words) if len(words) >= BOILERPLATE_WORDS]
    hashes = np.array([hash_of(sample.keys[place]) for place in places], np.uint64)
    of_file = [numbers.setdefault(name, len(numbers)) for name in names]  # a file of short lines counts as a file
    shared = boilerplate(hashes, np.array([of_file[place] for place in places], np.int64), len(numbers))
    return set(np.array(places, np.int64)[np.isin(hashes, shared)].tolist())


def _commonest(sample: Sample, places: set[int]) -> list[dict[str, Any]]:
    files: dict[str, set[str]] = {}
    text: dict[str, str] = {}
    for place in places:
        row = sample.rows[place]
        files.setdefault(sample.keys[place], set()).add(row.file + "\0" + row.group)
        text.setdefault(sample.keys[place], sample.example(place)["text"])
    ranked = sorted(files, key=lambda key: (-len(files[key]), key))[:10]
    return [{"text": text[key], "files": len(files[key])} for key in ranked]


def _speakers(sample: Sample, found: list[dict[str, Any]]) -> set[int]:
    """Adds what it finds to `found`, and gives the rows that are a name and nothing else."""
    speakers = find_speakers(row.text for row in sample.rows)
    alone = [place for place, row in enumerate(sample.rows) if speakers.is_alone(row.text)]
    before = [place for place, row in enumerate(sample.rows) if speakers.is_before(row.text)]
    if alone:
        names = Counter(speakers.alone).most_common(12)
        option = _quoted("--drop", f"^{names_pattern(speakers.alone)}{_colon(sample, alone)}$")
        title = "speaker names: lines that are a name and a colon"
        found.append(_finding(sample, "speaker_names", title, alone, "Leave them out.", option, names=names))
    if before:
        names = Counter(speakers.before).most_common(12)
        option = _quoted("--strip", f"^{names_pattern(speakers.before)}{_colon(sample, before)} ")
        title = "speaker names, or other words, before a colon and a text"
        found.append(_finding(sample, "speaker_prefixes", title, before, "Cut them off.", option, names=names))
    return set(alone)


def _colon(sample: Sample, places: Sequence[int]) -> str:
    return "[:：]" if any("：" in sample.rows[place].text for place in places) else ":"


def _quoted(option: str, pattern: str) -> str:
    """Gives an option for a shell: an apostrophe would end its single quotes."""
    safe = pattern.replace("'", r"\x27")
    return f"{option} '{safe}'"


def _duplicates(sample: Sample, duplicates: Duplicates, passed_over: set[int]) -> Iterator[dict[str, Any]]:
    conflicting, repeated = [], []
    conflicting_texts = set()
    for first, rows in duplicates.copies.items():
        rows = [place for place in rows if place not in passed_over]
        if len({int(sample.label_ids[place]) for place in rows}) > 1:
            conflicting += rows
            conflicting_texts.add(first)
        else:
            repeated += rows[1:]
    if conflicting:
        finding = _finding(
            sample,
            "conflicting_labels",
            "the same words under two labels or more",
            conflicting,
            "No model can learn both: leave them out, or correct the labels.",
            _FIX,
            texts=len(conflicting_texts),
            pairs=_pairs(sample, (duplicates.copies[text] for text in conflicting_texts)),
        )
        finding["examples"] = _side_by_side(sample, [duplicates.copies[text] for text in sorted(conflicting_texts)])
        yield finding
    if repeated:
        yield _finding(sample, "duplicates", "exact duplicates within a label", repeated, "Keep one of each.", _FIX)
    yield from _near_duplicates(sample, duplicates, passed_over | set(conflicting))


def _near_duplicates(sample: Sample, duplicates: Duplicates, passed_over: set[int]) -> Iterator[dict[str, Any]]:
    wanted = {int(duplicates.first[place]) for place in range(len(sample.rows)) if place not in passed_over}
    within, across, crossing, linked = [], [], [], []
    for cluster in clusters(duplicates.near, wanted):
        labels = [int(sample.label_ids[place]) for place in cluster]
        if len(set(labels)) > 1:
            across += cluster
            crossing.append(cluster)
            linked.append(_across(sample, duplicates.near, cluster))
        first_of_label = {label: place for place, label in zip(reversed(cluster), reversed(labels), strict=True)}
        within += [place for place in cluster if place not in first_of_label.values()]
    if within:
        title = "near-duplicates within a label, beyond the first of each"
        advice = "Keep one of each."
        yield _finding(sample, "near_duplicates", title, within, advice, _FIX)
    if across:
        title = "near-duplicates under different labels"
        advice = "Look through them: a quotation, or a label that is wrong."
        pairs = _pairs(sample, crossing)
        finding = _finding(sample, "near_duplicates_across", title, across, advice, "", pairs=pairs)
        finding["examples"] = _side_by_side(sample, linked)
        yield finding


def _across(sample: Sample, near: dict[int, list[int]], cluster: list[int]) -> list[int]:
    """Gives two texts of a cluster that are alike themselves, and not only by way of others, under two labels."""
    labels = {place: sample.label_ids[place] for place in cluster}
    return next(
        [place, other]
        for place in cluster
        for other in near.get(place, [])
        if labels.get(other, labels[place]) != labels[place]
    )


def _side_by_side(sample: Sample, texts: list[list[int]]) -> list[dict[str, Any]]:
    """Shows two texts, each under two labels: the longest first."""
    longest = sorted(texts, key=lambda places: -len(sample.words[places[0]]))[: _EXAMPLES // 2]
    shown = []
    for places in longest:
        other = next(place for place in places if sample.label_ids[place] != sample.label_ids[places[0]])
        shown += [sample.example(places[0]), sample.example(other)]
    return shown


def _pairs(sample: Sample, texts: Any) -> list[dict[str, Any]]:
    """Counts for each pair of labels the texts that they share, the most first."""
    counts: Counter[tuple[str, str]] = Counter()
    for rows in texts:
        labels = sorted({sample.rows[place].label for place in rows})[:20]
        counts.update((one, other) for place, one in enumerate(labels) for other in labels[place + 1 :])
    return [{"labels": list(pair), "count": count} for pair, count in counts.most_common(100)]


def _forms(sample: Sample) -> Iterator[dict[str, Any]]:
    yield from _tags(sample)
    for name, pattern in MARKUP.items():
        places = [place for place, row in enumerate(sample.rows) if pattern.search(row.text)]
        if name == "entities":
            places = [place for place in places if unescaped(sample.rows[place].text) != sample.rows[place].text]
        if places:
            title, advice, option = _MARKUP[name]
            yield _finding(sample, name, title, places, advice, option)
    damaged = [place for place, row in enumerate(sample.rows) if is_damaged(row.text)]
    if damaged:
        title = "text in a wrong encoding, or with control characters"
        yield _finding(sample, "encoding", title, damaged, "Repair it.", _FIX)
    lost = [place for place, row in enumerate(sample.rows) if LOST in row.text]
    if lost:
        title = "text with characters that were lost and stand as U+FFFD"
        advice = "Nothing brings them back: read the source anew in its right encoding."
        yield _finding(sample, "lost_characters", title, lost, advice, "")


def _tags(sample: Sample) -> Iterator[dict[str, Any]]:
    by_place = {place: found for place, row in enumerate(sample.rows) if (found := tags_in(row.text))}
    if by_place:
        names = Counter(name for found in by_place.values() for name in found)
        any_of = "|".join(sorted(names.keys() - {"!"}))
        # Of these names only, and with values: "x <y and z> w" is no tag.
        option = rf"--strip '(?i)</?({any_of})(\s+[\w:.-]+=[^<>]*)?\s*/?>'" if any_of else _FIX
        yield _finding(
            sample, "tags", "HTML tags", list(by_place), "Cut them out.", option, names=names.most_common(12)
        )


def _tongues(sample: Sample, tongues: Tongues) -> Iterator[dict[str, Any]]:
    foreign = [place for place, _ in tongues.foreign_runs]
    if foreign:
        title = f"runs of {RUN} phrases in another language than {tongues.language}"
        advice = "See that every label has the same languages, or leave one out: a model learns the language first."
        finding = _finding(sample, "languages", title, foreign, advice, "")
        finding["share"] = min(1.0, finding["share"] * RUN)
        finding["by_language"] = dict(Counter(language for _, language in tongues.foreign_runs).most_common())
        yield finding
    if tongues.foreign_script:
        title = f"phrases in another script than {tongues.script.title()}"
        advice = "See that each label has the same scripts, or leave one out."
        yield _finding(sample, "scripts", title, tongues.foreign_script, advice, "")
    if tongues.mixed_words:
        title = "words that mix look-alike letters of two scripts"
        yield _finding(
            sample, "mixed_words", title, tongues.mixed_words, "Such a word is unknown to a model: mend it.", ""
        )


def _long(sample: Sample) -> Iterator[dict[str, Any]]:
    lengths = np.array([len(words) for words in sample.words])
    limit = min(_LONG_WORDS, _LONG_FACTOR * max(float(np.quantile(lengths, 0.95)), 1))
    places = np.flatnonzero(lengths > limit).tolist()
    if places:
        title = f"phrases of more than {limit:.0f} words"
        advice = "If they are running text, cut them into windows."
        yield _finding(sample, "long_phrases", title, places, advice, "--unit words:16", limit=limit)
