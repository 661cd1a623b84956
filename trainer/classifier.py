"""From raw string to probability with the Keras model: what every other runtime is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import average, split_ids

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Classifier:
    """A Keras model with the vocabulary that it was trained with."""

    model: "keras.Model"
    vocabulary: Vocabulary

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Reads texts of any length; a long one in windows.

        Returns:
            float64, shape [texts, labels].
        """
        if not texts:
            return np.zeros((0, len(self.vocabulary.labels)))
        rows = [split_ids(self.vocabulary.encode(text), self.vocabulary.sequence_length) for text in texts]
        answers = self.model.predict(np.concatenate(rows), batch_size=512, verbose=0)
        bounds = np.cumsum([len(windows) for windows in rows])[:-1]
        return np.stack([average(of_text) for of_text in np.split(answers, bounds)])

    def rank(self, texts: Sequence[str]) -> list[list[dict[str, str | float]]]:
        """Gives for each text `[{"label": …, "score": …}, …]`, best first."""
        labels = self.vocabulary.labels
        return [
            [{"label": labels[index], "score": float(scores[index])} for index in np.argsort(-scores, kind="stable")]
            for scores in self.probabilities(texts)
        ]
