"""Variants of texts for a teacher to encode: what is alike, and what is somewhat like, the text to learn.

They name no language. In scripts without spaces a character is what a word is elsewhere.
"""

import random
import re
from collections.abc import Sequence
from typing import Final

from trainer.text.vocabulary import UNSPACED

_UNIT = re.compile(rf"[{UNSPACED}]|[^\s{UNSPACED}]+")
_TIGHT = re.compile(rf"(?<=[{UNSPACED}]) (?=[{UNSPACED}])")
_OWN_WEIGHT: Final = 3  # how often each of the texts' own words stands beside the common ones to be drawn


def variants(texts: Sequence[str], common: Sequence[str], count: int, seed: int) -> list[str]:
    """Makes variants by turns: words left out, words replaced, halves of two texts joined, words left out and replaced.

    Args:
        texts: Of which they are variants.
        common: Words that a replacement is drawn from beside those of the texts.
        count: How many.
        seed: Of all chance.

    Returns:
        Different from each other and from the texts; fewer than `count` where no more are found.
    """
    generator = random.Random(seed)
    split = [units for text in texts if (units := _UNIT.findall(text))]
    if not split:
        return []
    own = [unit for units in split for unit in units]
    pool = [*common, *own * _OWN_WEIGHT]
    found = dict.fromkeys(texts)
    given = len(found)
    for turn in range(4 * count):
        if len(found) >= given + count:
            break
        units = generator.choice(split)
        if turn % 4 == 0:
            new = _thinned(units, 0.2, generator)
        elif turn % 4 == 1:
            new = _replaced(units, pool, 0.25, generator)
        elif turn % 4 == 2:
            new = _joined(units, generator.choice(split), generator)
        else:
            new = _replaced(_thinned(units, 0.1, generator), pool, 0.15, generator)
        found.setdefault(_TIGHT.sub("", " ".join(new)))
    return list(found)[given:]


def _thinned(units: Sequence[str], share: float, generator: random.Random) -> Sequence[str]:
    return [unit for unit in units if generator.random() >= share] or units


def _replaced(units: Sequence[str], pool: Sequence[str], share: float, generator: random.Random) -> Sequence[str]:
    return [generator.choice(pool) if generator.random() < share else unit for unit in units]


def _joined(first: Sequence[str], second: Sequence[str], generator: random.Random) -> Sequence[str]:
    return [*first[: generator.randint(1, len(first))], *second[generator.randrange(len(second)) :]]
