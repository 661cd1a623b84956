"""A phrase whose answer is known: whoever computes another one must not answer at all."""

from collections.abc import Sequence
from typing import Any

from trainer.data.corpus import Phrase
from trainer.model.classifier import Classifier


def known_answer(rounded: Classifier, phrases: Sequence[Phrase]) -> dict[str, Any]:
    """Gives the first of some phrases with its probabilities, as `web/src/engine/known-answer.js` reads it."""
    text = phrases[0].text
    return {"text": text, "probabilities": [round(float(p), 6) for p in rounded.probabilities([text])[0]]}
