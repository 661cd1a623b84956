"""Public sets of short texts that nobody here wrote, divided as their authors did: python benchmarks/public.py"""

import csv
import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.data.corpus import Corpus, Phrase, Row, tidy

DATA: Final = Path(__file__).parents[3] / "shared" / "data" / "public"
_SHARE: Final = 0.1  # of each label's rows, for validation where the authors made none
_SLIPS: Final = 0.2  # of the words of a misspelt test: one edit each


@dataclass(frozen=True)
class PublicSet:
    """One set, and which of its rows are learned from.

    Attributes:
        name: What the tables call it.
        folder: Of its CSV files, below the data's.
        language: Its code; of several languages "mul".
        train: The file that is learned from, without its ending.
        most: Rows that are drawn from it; 0: all.
        validation: Whether the authors' validation part is used where there is one. A user with ten rows a label has
            no hundred more to choose by.
        spaced: Whether there are spaces between words: else none can be misspelt.
        source: Owner and repository of who published it.
    """

    name: str
    folder: str
    language: str
    source: str
    train: str = "train"
    most: int = 0
    validation: bool = True
    spaced: bool = True


def _few(name: str, folder: str, source: str, train: str) -> PublicSet:
    return PublicSet(name, folder, "en", source, train, validation=False)


_INTENTS: Final = "jianguoz/Few-Shot-Intent-Detection"
SETS: Final = (
    _few("hwu64, 5 a label", "hwu64", _INTENTS, "train_5"),
    _few("hwu64, 10 a label", "hwu64", _INTENTS, "train_10"),
    _few("banking77, 5 a label", "banking77_fewshot", _INTENTS, "train_5"),
    _few("banking77, 10 a label", "banking77_fewshot", _INTENTS, "train"),
    PublicSet("hwu64", "hwu64", "en", _INTENTS),
    PublicSet("banking77", "banking77", "en", "PolyAI-LDN/task-specific-datasets"),
    PublicSet("clinc150, small", "clinc150_small", "en", "clinc/oos-eval"),
    PublicSet("clinc150", "clinc150", "en", "clinc/oos-eval"),
    PublicSet("snips, 70 a label", "snips", "en", "snipsco/nlu-benchmark", "train_70"),
    PublicSet("snips", "snips", "en", "snipsco/nlu-benchmark"),
    PublicSet("de_germeval2018_fine", "de_germeval2018_fine", "de", "uds-lsv/GermEval-2018-Data"),
    PublicSet("ar_arsarcasm_sentiment", "ar_arsarcasm_sentiment", "ar", "iabufarha/ArSarcasm"),
    PublicSet("langid20_words", "langid20_words", "mul", "pemistahl/lingua-py"),
    PublicSet("langid20_sentences", "langid20_sentences", "mul", "pemistahl/lingua-py", spaced=False),
    PublicSet("zh_waimai10k", "zh_waimai10k", "zh", "SophonPlus/ChineseNlpCorpus", spaced=False),
    PublicSet("ko_3i4k, 15,000 rows", "ko_3i4k", "ko", "warnikchow/3i4k", most=15_000),
    PublicSet("th_wisesight", "th_wisesight", "th", "PyThaiNLP/wisesight-sentiment", spaced=False),
    PublicSet("ar_banking77", "ar_banking77", "ar", "SinaLab/ArBanking77"),
)
QUICK: Final = ("hwu64, 10 a label", "hwu64", "snips, 70 a label", "zh_waimai10k")


@dataclass(frozen=True)
class Examples:
    """A set that has been read.

    Attributes:
        of: What it is.
        train: What is learned from.
        validation: The authors' own; empty where they made none or it is not used.
        test: What is asked in the end.
        misspelt: The test with one edit in a fifth of its words; empty where words have no spaces.
        strange: Out of scope, by part: "validation" and "test"; of CLINC150 alone.
    """

    of: PublicSet
    train: list[Phrase]
    validation: list[Phrase]
    test: list[Phrase]
    misspelt: list[Phrase]
    strange: dict[str, list[str]]

    def corpus(self) -> Corpus:
        """Gives what Byline reads; where there is no validation part it makes its own of the training rows."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        known = {phrase.label for phrase in self.train}
        rows = tuple(
            Row(tidy(phrase.text), phrase.label, "", part, self.of.folder, number)
            for part, phrases in parts.items()
            for number, phrase in enumerate(phrases, 1)
            if phrase.label in known and tidy(phrase.text)
        )
        return Corpus(self.of.name, "", f"From {self.of.source}.", "", lambda _: iter(rows))

    def held_out(self) -> tuple[list[Phrase], list[Phrase]]:
        """Gives what others learn from while their settings are chosen, and what they are chosen on."""
        if self.validation:
            return self.train, self.validation
        return divided(self.train)


def read(of: PublicSet, data: Path = DATA) -> Examples:
    """Reads a set.

    Raises:
        FileNotFoundError: It is not there: see `--fetch`.
    """
    folder = data / of.folder
    train = phrases_of(folder / f"{of.train}.csv")
    if of.most and len(train) > of.most:
        train = random.Random(7).sample(train, of.most)
    test = phrases_of(folder / "test.csv")
    own = of.validation and (folder / "val.csv").is_file()
    strange = {}
    for part, name in (("validation", "oos_val"), ("test", "oos_test")):
        if (path := folder / f"{name}.csv").is_file():
            strange[part] = [phrase.text for phrase in phrases_of(path)]
    return Examples(
        of,
        train,
        phrases_of(folder / "val.csv") if own else [],
        test,
        misspelt(test) if of.spaced else [],
        strange,
    )


def phrases_of(path: Path) -> list[Phrase]:
    """Reads a CSV with the columns `text` and `label`."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Phrase(row["text"], row["label"]) for row in csv.DictReader(file)]


def divided(phrases: Sequence[Phrase], seed: int = 1) -> tuple[list[Phrase], list[Phrase]]:
    """Takes a tenth of each label's rows, one at least where there are three."""
    generator = random.Random(seed)
    of_label: dict[str, list[int]] = {}
    for number, phrase in enumerate(phrases):
        of_label.setdefault(phrase.label, []).append(number)
    held = set[int]()
    for numbers in of_label.values():
        generator.shuffle(numbers)
        held.update(numbers[: max(1, round(len(numbers) * _SHARE))] if len(numbers) > 2 else [])
    return [phrase for number, phrase in enumerate(phrases) if number not in held], [phrases[n] for n in sorted(held)]


def misspelt(phrases: Sequence[Phrase], seed: int = 1) -> list[Phrase]:
    """Makes one edit in a fifth of the words: a letter is left out, added, another, or changes places with the next.

    Letters are drawn from the phrases' own, so that they are of their script. Training misspells by other rules
    (trainer/encoding/augment.py): what it knows of slips is not what is asked here.
    """
    letters = sorted({letter for phrase in phrases for letter in phrase.text.lower() if letter.isalpha()})
    ascii_letters = [letter for letter in letters if letter.isascii()]
    generator = np.random.default_rng(seed)
    found = []
    for phrase in phrases:
        words = [_slip(word, letters, ascii_letters, generator) for word in phrase.text.split(" ")]
        found.append(replace(phrase, text=" ".join(words)))
    return found


def _slip(word: str, letters: Sequence[str], ascii_letters: Sequence[str], generator: np.random.Generator) -> str:
    if len(word) < 2 or generator.random() >= _SLIPS:
        return word
    kind, place = int(generator.integers(4)), int(generator.integers(len(word)))
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        place = min(place, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    own = ascii_letters if word.isascii() and ascii_letters else letters
    letter = own[int(generator.integers(len(own)))] if own else ""
    return word[:place] + letter + word[place + (kind == 2) :]


def digest(phrases: Iterable[Phrase]) -> str:
    """Gives the SHA-256 of rows, in whatever order: equal for equal rows alone."""
    rows = sorted(hashlib.sha256(f"{phrase.text}\0{phrase.label}".encode()).digest() for phrase in phrases)
    return hashlib.sha256(b"".join(rows)).hexdigest()


def calibration_error(probabilities: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15) -> float:
    """Gives the expected calibration error over bins of equal width.

    Args:
        probabilities: Of the answers, shape [phrases].
        right: Whether they are right, shape [phrases].
        bins: How many.
    """
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    sums = np.bincount(which, probabilities - right, minlength=bins)
    return float(np.abs(sums).sum() / max(len(right), 1))
