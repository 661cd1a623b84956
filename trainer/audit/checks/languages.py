"""Languages and scripts: which there are, and where another than the corpus' own stands. By `py3langid`."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

from trainer.audit.checks.patterns import scripts_of
from trainer.audit.sample import Sample

RUN: Final = 20  # phrases that are read at once: one alone is too short to identify
_MOST_RUNS = 3_000
_FEWEST_LETTERS = 120  # less text identifies no language
_CERTAIN = 0.95
_FEWEST_RUNS = 2  # of another language: one is a stray
_FOREIGN_SHARE = 0.01
_LOOK_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK"})


@dataclass(frozen=True)
class Tongues:
    """The languages and scripts of a sample.

    Attributes:
        language: The corpus' own, as ISO 639 names it; "" where it cannot be told.
        by_label: For each label the runs of each language, the most first; "" where it cannot be told.
        foreign_runs: Runs that are clearly in another language, if they are more than strays: the place of the first
            row, and the language.
        script: The corpus' own, as Unicode names it; "" for a corpus without letters.
        foreign_script: Places of rows of whose letters half or more are of another script.
        mixed_words: Places of rows with a word of two scripts, as a Latin "a" in Cyrillic.
    """

    language: str
    by_label: dict[str, dict[str, int]]
    foreign_runs: list[tuple[int, str]]
    script: str
    foreign_script: list[int]
    mixed_words: list[int]


def find_tongues(sample: Sample) -> Tongues:
    """Identifies languages by runs of phrases of one label, and scripts by letters."""
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    found = _identified(sample)
    for place, language in found:
        by_label[sample.rows[place].label][language] += 1
    certain = Counter(language for _, language in found if language)
    main = certain.most_common(1)[0][0] if certain else ""
    if certain[main] < len(found) / 4:  # no language of the corpus: what it is made of are names, or codes
        main, certain = "", Counter()
    least = max(_FEWEST_RUNS, _FOREIGN_SHARE * len(found))
    others = {language for language, count in certain.items() if language != main and count >= least}
    return Tongues(
        main,
        {label: dict(counts.most_common(5)) for label, counts in sorted(by_label.items())},
        [(place, language) for place, language in found if language in others],
        *_scripts(sample),
    )


def _identified(sample: Sample) -> list[tuple[int, str]]:
    """Gives the place of each run's first row, and its language; "" where it is not clear."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    runs = _runs(sample)
    found = []
    for places in runs[:: max(1, -(-len(runs) // _MOST_RUNS))]:
        text = " ".join(sample.rows[place].text for place in places)
        if len(text) >= _FEWEST_LETTERS:
            language, probability = identifier.classify(text)
            found.append((places[0], str(language) if probability >= _CERTAIN else ""))
    return found


def _runs(sample: Sample) -> list[list[int]]:
    """Cuts each label's rows, in order, into runs."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(sample.rows):
        by_label[row.label].append(place)
    return [places[start : start + RUN] for places in by_label.values() for start in range(0, len(places), RUN)]


def _scripts(sample: Sample) -> tuple[str, list[int], list[int]]:
    totals: Counter[str] = Counter()
    by_row = []
    for row in sample.rows:
        letters = Counter({"LATIN": sum(map(str.isalpha, row.text))} if row.text.isascii() else scripts_of(row.text))
        del letters[""]
        by_row.append(letters)
        totals.update(letters)
    main = totals.most_common(1)[0][0] if totals else ""
    foreign = [place for place, letters in enumerate(by_row) if letters[main] * 2 <= letters.total() > 0]
    mixed = [
        place
        for place, letters in enumerate(by_row)
        if len(_LOOK_ALIKE & set(letters)) > 1 and any(map(_is_mixed, sample.forms[place]))
    ]
    return main, foreign, mixed


def _is_mixed(form: str) -> bool:
    return not form.isascii() and len(_LOOK_ALIKE & set(scripts_of(form))) > 1
