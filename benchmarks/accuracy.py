"""Measures Byline's recipes beside what a user would pick instead: python benchmarks/accuracy.py [--seeds 3]

The text is `../shared/data/iliad` where it is there, else the built-in corpus, without blank lines and speaker names.
The last tenth of each label is for the test, the tenth before it for validation. All systems learn from the same lines.

lines     the test's lines as they are printed, without those that stand in training too, or nearly, and repeated ones
windows   the test as running text, cut into windows of 6 to 14 words, with the same lengths for each label
typed     the windows in lower case without punctuation, as people type

It takes about six minutes a seed on two cores.
"""

import argparse
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from export import graph, metadata, tflite
from trainer import lesson
from trainer.corpus import Corpus, Phrase, Row, filtered
from trainer.data import Source, Unit, load
from trainer.fit import fit
from trainer.leakage import leaked
from trainer.options import FitOptions
from trainer.recipes import RECIPES
from trainer.run import Run
from trainer.vocabulary import canonical, normalize, word_spans, words_of
from trainer.windows import cut

ILIAD = Path(__file__).parent.parent.parent / "shared" / "data" / "iliad"
SPEAKER = r"^[A-Z][\w'’.-]*( [\w'’.-]+){0,3}:$"
LENGTHS = ((3, 3), (4, 6), (7, 10), (11, 16), (17, 40))  # words

Answer = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class System:
    """What is measured: its name, what it answers to texts, and how many bytes it takes."""

    name: str
    answer: Answer
    size: int


def divided(corpus: Corpus) -> Corpus:
    """Marks the last tenth of each label's rows as the test, and the tenth before it as validation."""
    totals = Counter(row.label for row in corpus.rows())

    def read(_: Counter[str]) -> Iterator[Row]:
        seen: Counter[str] = Counter()
        for row in corpus.rows():
            place = seen[row.label] / totals[row.label]
            seen[row.label] += 1
            part = "train" if place < 0.8 else "validation" if place < 0.9 else "test"
            yield replace(row, part=part)

    return replace(corpus, read=read)


def windows(rows: Sequence[Row], shortest: int, longest: int, seed: int) -> list[Phrase]:
    """Cuts each label's rows, as running text, into windows; those of fewer than `shortest` words are left out."""
    generator = np.random.default_rng(seed)
    phrases = []
    for label, of_label in groupby(rows, key=lambda row: row.label):
        text = normalize(" ".join(row.text for row in of_label))
        pieces = cut(text, word_spans(text), longest, generator)
        phrases += [Phrase(piece, label) for piece in pieces if len(words_of(piece)) >= shortest]
    return phrases


def typed(text: str) -> str:
    return " ".join(canonical(word) for word in words_of(text))


def test_lines(corpus: Corpus) -> list[Phrase]:
    test = [row for row in corpus.rows() if row.part == "test"]
    training = (row for row in corpus.rows() if row.part == "train")
    known = leaked(enumerate(row.text for row in test), training, corpus.running)
    once = {typed(row.text): Phrase(row.text, row.label) for place, row in enumerate(test) if place not in known}
    return list(once.values())


def linear(name: str, phrases: Sequence[Phrase], third_typed: bool) -> System:
    """TF-IDF of words, marks and character n-grams under a linear model, by scikit-learn."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    chosen = np.random.default_rng(1).random(len(phrases)) < (1 / 3 if third_typed else 0)
    texts = [typed(phrase.text) if low else phrase.text for phrase, low in zip(phrases, chosen, strict=True)]
    by_word: dict[str, Any] = {"token_pattern": r"[\w'’]+|[^\w\s]", "ngram_range": (1, 2), "min_df": 2}
    by_character: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3}
    features = make_union(
        *(TfidfVectorizer(lowercase=False, sublinear_tf=True, **how) for how in (by_word, by_character))
    )
    model = make_pipeline(features, LinearSVC(C=0.3)).fit(texts, [phrase.label for phrase in phrases])
    return System(name, lambda asked: list(model.predict(asked)), len(pickle.dumps(model)))


def length_alone(phrases: Sequence[Phrase]) -> System:
    """Answers the commonest label of the phrases with as many words."""
    counts: dict[int, Counter[str]] = {}
    for phrase in phrases:
        counts.setdefault(len(words_of(phrase.text)), Counter())[phrase.label] += 1
    commonest = Counter(phrase.label for phrase in phrases).most_common(1)[0][0]
    best = {length: labels.most_common(1)[0][0] for length, labels in counts.items()}
    return System("number of words", lambda asked: [best.get(len(words_of(text)), commonest) for text in asked], 0)


def recipe(name: str, corpus: Corpus, seed: int, folder: Path) -> System:
    run = fit(corpus, RECIPES[name], FitOptions(seed=seed, path=folder / f"{name}-{seed}"))

    def answer(asked: Sequence[str]) -> list[str]:
        answers = run.classifier.probabilities(asked).argmax(axis=1)
        return [run.vocabulary.labels[int(place)] for place in answers]

    return System(f"Byline, `{name}`", answer, _tflite_size(run))


def _tflite_size(run: Run) -> int:
    rounded = graph.round_weights(graph.weights_of(run.classifier.model))
    model = tflite.convert(rounded, run.vocabulary.sequence_length, "int8")
    about = metadata.Description("benchmark", "", "", "", "")
    return len(metadata.add_metadata(model, run.vocabulary, run.vocabulary.labels, about))


def accuracy(system: System, phrases: Sequence[Phrase], change: Callable[[str], str] = str) -> float:
    answers = system.answer([change(phrase.text) for phrase in phrases])
    return 100 * float(np.mean([answer == phrase.label for answer, phrase in zip(answers, phrases, strict=True)]))


def systems(corpus: Corpus, seed: int, folder: Path) -> Iterator[System]:
    train = [row for row in corpus.rows() if row.part == "train"]
    lines = [Phrase(row.text, row.label) for row in train]
    cut_up = [*lines, *windows(train, 3, 16, seed), *windows(train, 3, 16, seed + 1)]
    commonest = Counter(row.label for row in train).most_common(1)[0][0]
    yield System("most frequent label", lambda asked: [commonest] * len(asked), 0)
    yield length_alone(lines)
    yield linear("word and character TF-IDF, linear, on lines", lines, third_typed=False)
    yield linear("the same, on lines and windows, a third typed", cut_up, third_typed=True)
    for name in ("lesson", "tiny", "byline"):
        yield recipe(name, corpus, seed, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, help="of which the mean is printed [1]")
    seeds = range(1, parser.parse_args().seeds + 1)
    corpus = load(Source(str(ILIAD), unit=Unit("line"), drop=(SPEAKER,)), print) if ILIAD.is_dir() else lesson.load()
    corpus = divided(filtered(corpus))
    test = [row for row in corpus.rows() if row.part == "test"]
    lines, pieces = test_lines(corpus), windows(test, 6, 14, 0)
    every_length = {(low, high): windows(test, low, high, 0) for low, high in LENGTHS}
    results: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for system in systems(corpus, seed, Path(folder)):
                row = [accuracy(system, lines), accuracy(system, pieces), accuracy(system, pieces, typed)]
                row += [accuracy(system, phrases, typed) for phrases in every_length.values()]
                results.setdefault(system.name, []).append([*row, float(system.size)])
                print(system.name, row, file=sys.stderr, flush=True)
    lengths = [f"typed, {low}{'' if low == high else f' to {high}'} words" for low, high in every_length]
    print(
        f"test accuracy in per cent on {corpus.name}: {len(lines):,} lines, {len(pieces):,} windows; {len(seeds)} seeds"
    )
    print(f"| system | lines | windows | typed | {' | '.join(lengths)} | bytes |")
    print(f"|---|{'---:|' * (len(lengths) + 4)}")
    for name, rows in results.items():
        *shares, size = np.mean(rows, axis=0)
        print(f"| {name} | {' | '.join(f'{share:.1f}' for share in shares)} | {size:,.0f} |")


if __name__ == "__main__":
    main()
