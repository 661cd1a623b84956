"""Measures --fold-accents where capitals drop their accents: python benchmarks/accents.py [--write]

The default recipe tells 20 languages by sentences and by single words (langid20 of the public sets). Of the test's
Greek and French rows each is asked as published and in capitals without accents, as headlines and senders of text
messages write. The script gives Greek away whatever is folded: what the option changes there are the pieces that a
word is cut into, which stand beside the accuracy.
"""

import argparse
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables
from sets.public_sets import DATA, SETS, read
from systems.public_systems import Answers, accuracy_of, answers_of

from trainer.cli.terminal import say
from trainer.data.corpus import Phrase
from trainer.model.recipe import RECIPES

_SETS: Final = ("langid20_sentences", "langid20_words")
_LANGUAGES: Final = {"el": "Greek", "fr": "French"}
_WAYS: Final = ("as published", "capitals")


def capitals(text: str) -> str:
    """Writes a text in capitals without accents."""
    letters = unicodedata.normalize("NFD", text.upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def asked(test: Sequence[Phrase]) -> dict[str, list[Phrase]]:
    """Gives what is asked, by name: the whole test, and each language's rows in both ways."""
    found = {"all languages": list(test)}
    for code, language in _LANGUAGES.items():
        rows = [phrase for phrase in test if phrase.label == code]
        written = (rows, [replace(phrase, text=capitals(phrase.text)) for phrase in rows])
        found |= {f"{language}, {way}": of_way for way, of_way in zip(_WAYS, written, strict=True)}
    return found


def pieces_a_word(answers: Answers, phrases: Sequence[Phrase]) -> float:
    """Gives into how many pieces a word is cut: more where it is not written as in training."""
    assert answers.vocabulary is not None
    texts = [phrase.text for phrase in phrases]
    return sum(map(len, answers.vocabulary.encode_all(texts))) / sum(len(text.split()) for text in texts)


def numbers(data: Path, seed: int) -> dict[str, Any]:
    """Trains without and with the option, and asks."""
    found: dict[str, Any] = {}
    for name in _SETS:
        examples = read(next(of for of in SETS if of.name == name), data)
        for folds in (False, True):
            recipe = replace(RECIPES["byline"], teacher="none", fold_accents=folds)
            answers = answers_of(recipe, examples, seed, sized=False)
            rows = {
                title: {
                    "phrases": len(phrases),
                    "accuracy": accuracy_of(answers, phrases),
                    "pieces_a_word": pieces_a_word(answers, phrases),
                }
                for title, phrases in asked(examples.test).items()
            }
            found[f"{name}, `--fold-accents`" if folds else name] = rows
            say(f"{name}, fold_accents={folds}: {rows}")
    return {"seed": seed, "rows": found}


def report(result: dict[str, Any]) -> str:
    """Draws the table: accuracy, and pieces a word in brackets."""
    rows = result["rows"]
    head = ["trained on", *next(iter(rows.values()))]
    drawn = [
        [title, *(f"{100 * of['accuracy']:.1f} ({of['pieces_a_word']:.2f})" for of in row.values())]
        for title, row in rows.items()
    ]
    return tables.table(head, drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="where the sets are")
    parser.add_argument("--seed", type=int, default=1, help="of the training [1]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table")
    parser.add_argument("--from-json", action="store_true", help="train nothing: write it from the numbers kept")
    given = parser.parse_args()
    try:
        result = tables.kept("accents") if given.from_json else numbers(given.data, given.seed)
    except FileNotFoundError as error:
        parser.error(f"{error.filename} is not there: see `benchmarks/public.py --fetch`")
    if result is None:
        parser.error("--from-json: benchmarks/results has no accents.json; --write makes it")
    print(report(result))
    if given.write:
        tables.keep("accents", result)
    if given.write or given.from_json:
        tables.put("accents", report(result))


if __name__ == "__main__":
    main()
