"""The vocabulary as a page downloads it: a third of the bytes, and the same contract.

    the, The, THE  ->  the

Most surface forms follow from a word and from the capitals of its letters. They are left out, the capitals are listed
once, and words whose forms do not follow are listed with them: what a browser knows of Unicode plays no part.
`web/src/engine/compact.js` looks a token up by the same steps as `look_up` here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from trainer.text.vocabulary import APOSTROPHES, RESERVED, Vocabulary

FORMAT: Final = "byline-vocabulary-compact"
_STRAIGHT, _CURLY = APOSTROPHES


def compact(vocabulary: Vocabulary) -> dict[str, Any]:
    """Folds a vocabulary.

    Returns:
        What `vocabulary.json` holds, with `words` as one string, `capitals` for the forms that follow, and `forms`
        for those that do not, by position.
    """
    words = [forms[0] for forms in vocabulary.words]
    letters = sorted({character.lower() for word in words for character in word})
    # One capital for one letter, or the way back would be lost: ß and ς are not among them.
    capitals = {letter: letter.upper() for letter in letters if letter != letter.upper() and _is_one_to_one(letter)}
    forms: dict[str, list[str]] = {}
    folded = vocabulary.to_json() | {"format": FORMAT, "words": " ".join(words), "capitals": capitals, "forms": forms}
    while differing := _differing(folded, vocabulary):  # a word that is listed may free another's form
        forms |= {str(position): list(vocabulary.words[position][1:]) for position in differing}
    return folded


def look_up(folded: Mapping[str, Any]) -> Callable[[str], int | None]:
    """Gives the function from a token to its word id."""
    words, capitals, forms = folded["words"].split(), folded["capitals"], folded["forms"]
    small = {capital: letter for letter, capital in capitals.items()}
    start = len(RESERVED)
    ids: dict[str, int] = {}
    for position, word in enumerate(words):
        ids.setdefault(word, start + position)
    for position, listed in forms.items():
        for form in listed:
            ids.setdefault(form, start + int(position))
    for position, word in enumerate(words):
        if str(position) not in forms:
            ids.setdefault(_mapped(word, small), start + position)

    def id_of(token: str) -> int | None:
        if token in ids:
            return ids[token]
        if _CURLY in token and _STRAIGHT in token:
            return None
        straight = token.replace(_CURLY, _STRAIGHT)
        lower = _mapped(straight, small)
        word_id = ids.get(straight, ids.get(lower))
        if word_id is None or str(word_id - start) in forms:
            return None
        return word_id if straight in (straight if straight in ids else lower, *_cased(lower, capitals)) else None

    return id_of


def _is_one_to_one(letter: str) -> bool:
    capital = letter.upper()
    return len(capital) == 1 and capital.lower() == letter


def _differing(folded: Mapping[str, Any], vocabulary: Vocabulary) -> set[int]:
    """The positions of the words for which a token is looked up wrongly and whose forms are not listed yet."""
    id_of = look_up(folded)
    small = {capital: letter for letter, capital in folded["capitals"].items()}
    following = (form for forms in vocabulary.words for form in _following(forms[0], folded["capitals"], small))
    wrong = {
        word_id - len(RESERVED)
        for form in {*vocabulary.ids, *following}
        for word_id in (id_of(form), vocabulary.ids.get(form))
        if id_of(form) != vocabulary.ids.get(form) and word_id is not None
    }
    return {position for position in wrong if str(position) not in folded["forms"]}


def _following(word: str, capitals: Mapping[str, str], small: Mapping[str, str]) -> Iterable[str]:
    lower = _mapped(word, small)
    for form in (word, lower, *_cased(lower, capitals)):
        yield from (form, form.replace(_STRAIGHT, _CURLY))


def _mapped(word: str, letters: Mapping[str, str]) -> str:
    return "".join(letters.get(character, character) for character in word)


def _cased(lower: str, capitals: Mapping[str, str]) -> tuple[str, str]:
    """A lower-case word in capitals, and with its first letter a capital."""
    first = next((index for index, character in enumerate(lower) if character != _STRAIGHT), 0)
    return _mapped(lower, capitals), lower[:first] + _mapped(lower[first : first + 1], capitals) + lower[first + 1 :]
