"""A corpus: for each label its lines, in the order in which they stand in the source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Corpus:
    """Labelled text, before it is split or cut.

    Attributes:
        name: What the corpus calls itself, for the model card.
        title: The question that the model answers, for the page's heading.
        description: One sentence on what it is and where it comes from.
        license: Under which terms the text may be used.
        lines: Label -> lines of running text, in order, none of them blank.
    """

    name: str
    title: str
    description: str
    license: str
    lines: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Phrase:
    """One labelled phrase, as the model is trained or tested on it."""

    text: str
    label: str
