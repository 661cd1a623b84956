"""Made corpora whose audit is known, and what is read out of its report."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trainer.audit import audit_rows
from trainer.data.corpus import Row


def listed(words: str) -> list[str]:
    return words.split()


SUBJECTS = listed("sailor widow lawyer baker soldier painter doctor gardener miller captain weaver priest")
VERBS = listed("saw found left carried broke sold praised washed hid wanted painted followed")
PLACES = listed("harbour kitchen meadow office market garden forest church station cellar bridge valley")
THINGS = listed("lamp letter ladder basket mirror coat kettle hammer ribbon barrel candle saddle")
ADJECTIVES = listed("old green heavy small broken quiet bitter golden narrow wooden empty crooked")
# Each label has words of its own, as a style has; all else is shared.
OWN = {
    "sea": listed("anchor tide sail wave storm keel reef gull mast deck rope gale"),
    "town": listed("street tram lamp-post tower square shop gate roof brick lane clock fountain"),
}


def sentence(label: str, generator: np.random.Generator) -> str:
    """A sentence of shared words with two of the label's own, of a length that tells nothing."""

    def one(words: Sequence[str]) -> str:
        return str(generator.choice(list(words)))

    words = [*(one(PLACES + THINGS + ADJECTIVES) for _ in range(int(generator.integers(3, 8))))]
    words += [one(OWN[label]), one(OWN[label]), one(SUBJECTS), one(VERBS)]
    order = generator.permutation(len(words))
    text = " ".join(words[place] for place in order)
    return text[0].upper() + text[1:] + "."


def clean(count: int = 400, seed: int = 5) -> list[Row]:
    generator = np.random.default_rng(seed)
    return [
        Row(sentence(label, generator), label, file=f"{label}.txt", number=number)
        for label in OWN
        for number in range(1, count + 1)
    ]


def parts_of(rows: Sequence[Row]) -> list[str]:
    """A fifth each to validation and to test."""
    return [("validation", "test", "train", "train", "train")[place % 5] for place in range(len(rows))]


def audited(rows: Sequence[Row], parts: Sequence[str] | None = None, words_mode: bool = False) -> dict[str, Any]:
    return audit_rows(
        rows,
        parts or parts_of(rows),
        source="planted",
        words_mode=words_mode,
        sampled_from=None,
        split="blocks",
        seed=3,
        skipped={"empty": 2},
    )


def finding(report: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [found for found in report["pollution"] if found["name"] == name]
    return dict(found)


def headline(report: dict[str, Any]) -> str:
    return "\n".join(report["headline"])


def changed(rows: Sequence[Row], places: Sequence[int], change: Callable[[str], str]) -> list[Row]:
    chosen = set(places)
    return [replace(row, text=change(row.text)) if place in chosen else row for place, row in enumerate(rows)]


def option_of(found: dict[str, Any]) -> str:
    """The regular expression in an option, as a shell passes it on."""
    return str(found["option"]).split("'")[1]


def with_licence(rows: Sequence[Row], licence: str, files: int = 20) -> list[Row]:
    """The rows spread over files, each with a licence at its end."""
    spread = [replace(row, file=f"{row.label}/{row.number % files}.txt") for row in rows]
    names = sorted({(row.file, row.label) for row in spread})
    return [*spread, *(Row(licence, label, file=file, number=999) for file, label in names)]
