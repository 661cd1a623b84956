"""The vocabulary as a page downloads it: a third of the bytes, and the same contract once it is unfolded.

    the, The, THE  ->  the

Most surface forms follow from a word and from the capitals of its letters. They are left out, the capitals are listed
once, and words whose forms do not follow are listed with them: what a browser knows of Unicode plays no part.
`web/src/engine/compact.js` unfolds it, by the same steps as `unfold` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trainer.vocabulary import APOSTROPHES, Vocabulary

FORMAT: Final = "byline-vocabulary-compact"
_STRAIGHT, _CURLY = APOSTROPHES


def compact(vocabulary: Vocabulary) -> dict[str, Any]:
    """Folds a vocabulary.

    Returns:
        What `vocabulary.json` holds, with `words` as one string, `capitals` for the forms that follow, and `forms`
        for those that do not, by position.
    """
    words = [forms[0] for forms in vocabulary.words]
    letters = sorted({character for word in words for character in word if character.upper() != character})
    capitals = {letter: letter.upper() for letter in letters}
    forms: dict[str, list[str]] = {}
    while others := _differing(
        unfold(words, capitals, forms), vocabulary
    ):  # one that is listed may free another's form
        forms |= others
    return vocabulary.to_json() | {"format": FORMAT, "words": " ".join(words), "capitals": capitals, "forms": forms}


def _differing(unfolded: Sequence[Sequence[str]], vocabulary: Vocabulary) -> dict[str, list[str]]:
    """The forms, without the word itself, of the words that unfold to others, by position."""
    pairs = enumerate(zip(unfolded, vocabulary.words, strict=True))
    return {str(position): list(forms[1:]) for position, (derived, forms) in pairs if set(derived) != set(forms)}


def unfold(words: Sequence[str], capitals: Mapping[str, str], forms: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Gives the surface forms of each word, the word first.

    A word's own writing is its own, whatever follows from another word; where two words give one form, it is the
    first's.
    """
    own = {shape for word in words for shape in _shapes(word)}
    small = {capital: letter for letter, capital in capitals.items()}
    taken: set[str] = set()
    unfolded = []
    for position, word in enumerate(words):
        if (listed := forms.get(str(position))) is not None:
            unfolded.append([word, *listed])
            taken.update(listed)
            continue
        mine = _shapes(word)
        lower = "".join(small.get(character, character) for character in word)
        if lower == word or lower not in own:
            following = [shape for form in _cased(lower, capitals) for shape in _shapes(form)]
            mine += [form for form in following if form not in own and form not in taken and form not in mine]
        taken.update(mine)
        unfolded.append(list(dict.fromkeys(mine)))
    return unfolded


def _shapes(form: str) -> list[str]:
    """The form with either apostrophe."""
    return list(dict.fromkeys((form, form.replace(_STRAIGHT, _CURLY), form.replace(_CURLY, _STRAIGHT))))


def _cased(word: str, capitals: Mapping[str, str]) -> list[str]:
    """A lower-case word, the same in capitals, and with its first letter a capital."""
    first = next((index for index, character in enumerate(word) if character not in APOSTROPHES), 0)
    titled = [*word[:first], *(capitals.get(character, character) for character in word[first : first + 1])]
    return [
        word,
        "".join(capitals.get(character, character) for character in word),
        "".join(titled) + word[first + 1 :],
    ]
