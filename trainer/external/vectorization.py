"""A model's `TextVectorization` layer, read out: its words, and what it does to a text."""

from typing import Any, Final

from trainer.errors import UserError
from trainer.external.words import STANDARDIZE, WordList

_OUTPUT: Final = "output_sequence_length"
_ALONE: Final = {  # the one value of a setting that every runtime can honour
    "split": "whitespace",
    "ngrams": None,
    "output_mode": "int",
    "ragged": False,
    "sparse": False,
    "encoding": "utf-8",
}


def read_vectorization(layer: Any, source: str) -> tuple[WordList, int]:
    """Reads a layer out.

    Args:
        layer: A Keras `TextVectorization`.
        source: What a mistake names.

    Returns:
        The words, and the length of the rows that it gives.

    Raises:
        UserError: It has a setting that no other runtime can honour.
    """
    settings = layer.get_config()
    for name, value in _ALONE.items():
        if settings.get(name, value) != value:
            raise UserError(
                f"{source}: the TextVectorization layer has {name}={_shown(settings[name])}; only {name}={value!r} "
                "means the same in a browser and on a phone"
            )
    standardize = "none" if settings["standardize"] is None else settings["standardize"]
    if standardize not in STANDARDIZE:
        raise UserError(
            f"{source}: the TextVectorization layer has standardize={_shown(standardize)}, code of its own; only "
            f"{', '.join(STANDARDIZE[:-1])} and None mean the same in a browser and on a phone"
        )
    length = settings[_OUTPUT]
    if length is None:
        raise UserError(f"{source}: the TextVectorization layer has {_OUTPUT}=None; a phone reads rows of one length")
    words = [str(word) for word in layer.get_vocabulary(include_special_tokens=False)]
    if not words:
        raise UserError(f"{source}: the TextVectorization layer has no vocabulary; adapt() gives it one")
    return WordList(tuple(words), standardize, f"{source}: TextVectorization"), int(length)


def _shown(value: Any) -> str:
    """Gives a setting as a user wrote it, a function by its name."""
    if isinstance(value, dict):
        inner = value.get("config", value)
        return str(inner if isinstance(inner, str) else value.get("class_name", "a function"))
    return getattr(value, "__name__", None) or repr(value)
