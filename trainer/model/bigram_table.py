"""The hash table of bigrams: where one stands is found by arithmetic that every runtime does alike.

A bigram has two slots that its pieces' ids give, and stands in one of them (Pagh and Rodler: Cuckoo Hashing, 2001).
The slot keeps a fingerprint of the bigram, so that of the bigrams that are not in the table 1 in 125 is taken for one
that is. All numbers stay below 2^24 and are exact in float32, which is all that some of TF.js's backends have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import mod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FINGERPRINTS: Final = 251  # a prime, so that remainders fill int8 and leave its ends
EMPTY: Final = 127  # the fingerprint of an empty slot, which no remainder reaches
_EXACT: Final = 1 << 24
_SHARES: Final = ((0.31, 0.57), (0.59, 0.23))  # of the largest multiplier, for the first and the second word

Places = NDArray[np.int64]


@dataclass(frozen=True)
class BigramTable:
    """The arithmetic of one table.

    Attributes:
        vocabulary_size: Word ids are below it.
        slots: Of the table, a prime.
    """

    vocabulary_size: int
    slots: int

    @cached_property
    def multipliers(self) -> tuple[tuple[int, int], ...]:
        """For each of the two places the first word's multiplier and the second's."""
        most = (_EXACT - 1) // self.vocabulary_size
        return tuple((max(1, int(first * most)), max(1, int(second * most))) for first, second in _SHARES)

    def sums(self, first: Any, second: Any) -> list[Any]:
        """Gives the numbers whose remainders by `slots` are a bigram's two places; of arrays or tensors."""
        return [first * of_first + second * of_second for of_first, of_second in self.multipliers]

    def fingerprint(self, first: Any, second: Any, remainder: Callable[[Any, int], Any] = mod) -> Any:
        """Gives what a bigram's slot remembers, -125 to 125; of arrays or tensors of whole numbers."""
        return remainder(first + 2 * second, FINGERPRINTS) - FINGERPRINTS // 2

    def place(self, first: Places, second: Places) -> tuple[Places, Places]:
        """Puts bigrams into the table, as many as go in; those that come first have the first choice.

        Bigrams are edges between their two places. As many edges as places fit into a part that hangs together, so an
        edge is taken unless it would close a second circle. A bigram whose two places are one is left out: it would be
        found twice.

        Returns:
            The indices of the bigrams that are placed, and the slot of each.
        """
        ends = np.stack([total % self.slots for total in self.sums(first, second)], axis=1)
        taken = _without_second_circles(ends.tolist(), self.slots)
        return np.array(taken, np.int64), _oriented(ends[taken], self.slots)


def prime_up_to(number: int) -> int:
    """Gives the largest prime that is not above a number."""
    return next(
        (prime for prime in range(number, 2, -1) if all(prime % divisor for divisor in range(2, int(prime**0.5) + 1))),
        2,
    )


def _without_second_circles(edges: list[list[int]], slots: int) -> list[int]:
    parent, has_circle = list(range(slots)), [False] * slots

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    taken = []
    for number, ends in enumerate(edges):
        one, other = map(root, ends)
        if ends[0] == ends[1] or (has_circle[one] and has_circle[other]):
            continue
        has_circle[one] = has_circle[one] or has_circle[other] or one == other
        parent[other] = one
        taken.append(number)
    return taken


def _oriented(ends: Places, slots: int) -> Places:
    """Gives each edge an end of its own: ends with one edge take it, then edges on circles go around."""
    at: list[list[int]] = [[] for _ in range(slots)]
    for number, of_edge in enumerate(ends.tolist()):
        for place in set(of_edge):
            at[place].append(number)
    left = [len(edges) for edges in at]
    places = np.full(len(ends), -1, np.int64)
    waiting = [place for place in range(slots) if left[place] == 1]
    for start in range(slots + 1):
        while waiting:
            place = waiting.pop()
            free = next((edge for edge in at[place] if places[edge] < 0), None)
            if free is None:
                continue
            places[free] = place
            for end in set(ends[free].tolist()) - {place}:
                left[end] -= 1
                if left[end] == 1:
                    waiting.append(end)
        waiting = [start] if start < slots else []  # circles alone are left by now: opened anywhere, one unrolls
    return places
