"""Train, validation and test, split by blocks of neighbouring lines and never by line.

A line's neighbours speak of the same people in the same scene: a split by line tests on what it has all but seen.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trainer.corpus import Corpus, Phrase
from trainer.errors import UserError
from trainer.files import sha256
from trainer.recipes import Recipe
from trainer.vocabulary import normalize, word_characters_of, word_pattern
from trainer.windows import cut

PARTS = ("train", "validation", "test")
BLOCKS = 40  # a label, of which a tenth each go to validation and to test


@dataclass(frozen=True)
class Block:
    """Neighbouring lines of one label."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """The corpus in three parts, as text and as phrases.

    Attributes:
        training_text: The training blocks' lines, on which the vocabulary is counted.
        phrases: For "train", "validation" and "test" the phrases cut from that part's blocks.
    """

    training_text: tuple[str, ...]
    phrases: dict[str, tuple[Phrase, ...]]

    def fingerprint(self) -> str:
        """SHA-256 of all phrases with their labels and parts: equal for equal splits alone."""
        rows = [[part, phrase.label, phrase.text] for part in PARTS for phrase in self.phrases[part]]
        return sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def split(corpus: Corpus, recipe: Recipe, seed: int) -> Split:
    """Splits a corpus and cuts each part into phrases.

    Raises:
        UserError: There are fewer than two labels, or a label's text is too short for three parts.
    """
    if len(corpus.lines) < 2:
        raise UserError(f"{corpus.name}: a classifier needs at least two labels; received {len(corpus.lines)}")
    generator = np.random.default_rng(seed)
    blocks: dict[str, list[Block]] = {part: [] for part in PARTS}
    for label, lines in corpus.lines.items():
        for part, block in _divide(label, lines, generator):
            blocks[part].append(block)
    training_text = tuple(line for block in blocks["train"] for line in block.lines)
    pattern = word_pattern(word_characters_of(training_text))

    def phrases(part: str) -> Iterator[Phrase]:
        for _ in range(recipe.window_passes if part == "train" and recipe.unit == "windows" else 1):
            for block in blocks[part]:
                if recipe.unit == "lines":
                    yield from (Phrase(line, block.label) for line in block.lines)
                    continue
                text = normalize(" ".join(block.lines))
                spans = [match.span() for match in pattern.finditer(text)]
                yield from (
                    Phrase(window, block.label) for window in cut(text, spans, recipe.sequence_length, generator)
                )

    result = Split(training_text, {part: tuple(phrases(part)) for part in PARTS})
    for part in PARTS:
        missing = set(corpus.lines) - {phrase.label for phrase in result.phrases[part]}
        if missing:
            raise UserError(f"{corpus.name}: the label {min(missing)} has too little text for a {part} part")
    return result


def _divide(label: str, lines: tuple[str, ...], generator: np.random.Generator) -> Iterator[tuple[str, Block]]:
    count = min(BLOCKS, len(lines))
    held_out = max(1, count // 10)
    if count < 3 * held_out:
        raise UserError(f"the label {label} has {len(lines)} lines; training, validation and test need one each")
    bounds = np.linspace(0, len(lines), count + 1).astype(int)
    order = generator.permutation(count)
    part_of = {int(block): "test" for block in order[:held_out]}
    part_of |= {int(block): "validation" for block in order[held_out : 2 * held_out]}
    for index in range(count):
        yield part_of.get(index, "train"), Block(label, lines[bounds[index] : bounds[index + 1]])
