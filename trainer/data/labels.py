"""Labels: how they are written alike, what they are called, and which have too few rows."""

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from trainer.data.corpus import Corpus, Row
from trainer.data.profile import MOST_LABELS, check_label, wrong
from trainer.errors import UserError

logger = logging.getLogger(__name__)

OTHER: Final = "other"  # what rare labels become where they are merged
_MOST_COUNTED: Final = 100 * MOST_LABELS  # more are texts or numbers, and not labels of which some are rare
_NAMED: Final = 10  # in a line
_SPACES: Final = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_EDGES: Final = "\ufeff\u200b"  # nobody sees them


def label_of(value: Any) -> str:
    """Gives a label or a group as text, the same whatever kind of file it comes from; empty for none.

    Whole numbers have no point, truth values are `true` and `false`, and a text is composed (NFC), with plain spaces.

    Raises:
        TypeError: It is no text, number or truth value.
    """
    if value is None or value != value:  # not a number
        return ""
    if not isinstance(value, str | int | float):
        raise TypeError
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _composed(str(value))


@lru_cache(10 * MOST_LABELS)
def _composed(label: str) -> str:
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", label)).strip().strip(_EDGES).strip()
    return text.lower() if text.lower() in ("true", "false") else text


def names_from(written: Sequence[str]) -> dict[str, str]:
    """Reads `0=ham,1=spam`: label -> its name.

    Raises:
        UserError: It is not written so, or a label is named twice.
    """
    names: dict[str, str] = {}
    for pair in (pair for text in written for pair in text.split(",")):
        label, equals, name = (label_of(part) for part in pair.partition("="))
        if not (label and equals and name):
            raise UserError(f"--label-names: must be LABEL=NAME,LABEL=NAME; received {pair!r}")
        if names.setdefault(label, name) != name:
            raise UserError(f"--label-names: {label!r} is both {names[label]!r} and {name!r}")
    return names


def renamed(corpus: Corpus, names: Mapping[str, str], met: set[str]) -> Corpus:
    """Gives labels their names; a label without one keeps its own. What was met of `names` is added to `met`."""
    if not names:
        return corpus

    def named(rows: Iterator[Row], _: Counter[str]) -> Iterator[Row]:
        for row in rows:
            if row.label in names:
                met.add(row.label)
                yield replace(row, label=names[row.label])
            else:
                yield row

    expected = {names.get(label, label): at for label, at in corpus.expected.items()}
    return replace(corpus.through(named), expected=expected)


def alike(labels: Collection[str]) -> list[list[str]]:
    """Gives the labels that differ only in capitals, blanks or Unicode form, those of one kind together."""
    kinds: dict[str, list[str]] = {}
    for label in labels:
        kinds.setdefault("".join(unicodedata.normalize("NFKC", label).casefold().split()), []).append(label)
    return [sorted(kind) for kind in kinds.values() if len(kind) > 1]


def without_rare(corpus: Corpus, least: int, *, merge: bool, known: Collection[str]) -> Corpus:
    """Leaves out the labels that have too few rows to learn from, and names those that are nearly the same.

    Args:
        corpus: Is read once to count.
        least: A label with fewer rows is rare.
        merge: Whether the rare ones become the one label `OTHER`; if that is rare too, it is left out.
        known: Labels that stay however rare they are.

    Raises:
        UserError: The corpus cannot be read; a label is none; fewer than two labels would be left.
    """
    counts: Counter[str] = Counter()
    for row in corpus.rows():
        if row.label not in counts:
            check_label(row)
            if len(counts) == _MOST_COUNTED:
                rule = f"{row.label!r:.60} is label {len(counts) + 1}; a classifier has from 2 to {MOST_LABELS}"
                raise wrong(row, rule)
        counts[row.label] += 1
    for kind in alike(counts)[:_NAMED]:
        most = max(kind, key=lambda label: counts[label])
        option = ",".join(f"{label}={most}" for label in kind if label != most)
        listed = _listed(kind, counts)
        logger.info(
            f"{corpus.place}: labels that are all but the same: {listed}; --label-names '{option}' makes them one"
        )
    rare = {label for label, count in counts.items() if count < least and label not in known}
    if not rare or len(counts) < 2:
        return corpus
    listed = _listed(sorted(rare, key=lambda label: (-counts[label], label)), counts)
    what = f"{len(rare)} {'label' if len(rare) == 1 else 'labels'} with fewer than {least} rows"
    in_all = sum(counts[label] for label in rare) + counts[OTHER] * (OTHER not in rare)
    merged = merge and (in_all >= least or bool(known))
    left = counts.keys() - rare | ({OTHER} if merged else set())
    if len(left) < 2 and not known:
        raise UserError(
            f"{corpus.place}: {len(rare)} of {len(counts)} labels have fewer than {least} rows ({listed}); at least "
            f"two labels need {least} each: add rows, or ask for fewer with --least-rows"
        )
    if merged:
        logger.info(f"merged into {OTHER!r}: {what}: {listed}")
    else:
        logger.info(f"left out: {what}: {listed} (--least-rows 1 keeps them, --rare other merges them)")

    def common(rows: Iterator[Row], skipped: Counter[str]) -> Iterator[Row]:
        for row in rows:
            if row.label not in rare:
                yield row
            elif merged:
                yield replace(row, label=OTHER)
            else:
                skipped[f"of labels with fewer than {least} rows"] += 1

    expected = {label: at for label, at in corpus.expected.items() if label not in rare}
    became = OTHER if merged else ""
    return replace(corpus.through(common), expected=expected, rare=dict.fromkeys(sorted(rare - {became}), became))


def _listed(labels: Sequence[str], counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{label!r} {counts[label]:,}" for label in labels[:_NAMED])
    return shown + (f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else "")
