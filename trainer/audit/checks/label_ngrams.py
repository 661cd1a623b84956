"""Label-indicative n-grams: one to three neighbouring tokens, marks of punctuation among them."""

import itertools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from trainer.audit.checks.partial_inputs import is_mark
from trainer.audit.sample import MOST_FITTED, Sample, canonical_of, evenly
from trainer.text.words import normalize

MOST: Final = 20
_FEWEST = 5  # phrases that have it
_PURE = 0.8  # of the phrases that have it, those of one label


def find_label_ngrams(sample: Sample) -> list[dict[str, Any]]:
    """Ranks n-grams: by how many phrases have them, times how much likelier their label becomes.

    Of an n-gram and a longer one that stands in nearly the same phrases only the first ranked is given.

    Returns:
        At most twenty, each with "text", "label", "purity" (of the phrases that have it, the share with that label)
        and "count" (of phrases with that label).
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    places = evenly(np.arange(len(sample.rows)), MOST_FITTED)
    tokens = [_tokens(sample.rows[place].text, sample.forms[place]) for place in places]
    vectorizer = CountVectorizer(analyzer=_ngrams, binary=True, min_df=_FEWEST)
    try:
        matrix = vectorizer.fit_transform(tokens)
    except ValueError:  # no n-gram stands in so many phrases
        return []
    labels = sample.label_ids[places]
    member = csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))), (len(sample.labels), len(labels)))
    counts = (member @ matrix).toarray() if len(sample.labels) * matrix.shape[1] < 4e7 else None
    if counts is None:  # 200 labels of a rich text: the commonest n-grams are enough
        common = np.argsort(-np.asarray(matrix.sum(axis=0)).ravel())[: int(4e7 / len(sample.labels))]
        names = vectorizer.get_feature_names_out()[common]
        counts = (member @ matrix[:, common]).toarray()
    else:
        names = vectorizer.get_feature_names_out()
    prior = np.bincount(labels, minlength=len(sample.labels)) / len(labels)
    totals = counts.sum(axis=0)
    best = counts.argmax(axis=0)
    of_best = counts[best, np.arange(len(best))]
    purity = of_best / totals
    careful = (of_best + 1) / (totals + 2)  # five of five is less sure than fifty of fifty
    scores = of_best * np.log(np.maximum(careful / np.maximum(prior[best], 1e-9), 1e-9))
    scores[(careful < _PURE) | (purity <= prior[best])] = 0
    chosen: list[dict[str, Any]] = []
    for place in np.argsort(-scores, kind="stable"):
        if len(chosen) == MOST or scores[place] <= 0:
            break
        found = {
            "text": str(names[place]),
            "label": sample.labels[int(best[place])],
            "purity": float(purity[place]),
            "count": int(of_best[place]),
        }
        if not any(_says_the_same(found, other) for other in chosen):
            chosen.append(found)
    return chosen


def _tokens(text: str, forms: Sequence[str]) -> list[str]:
    """A text's words, in their canonical form, and the marks between them."""
    text, start, tokens = normalize(text), 0, list[str]()
    for form in forms:
        place = text.index(form, start)
        tokens += _marks(text[start:place])
        tokens.append(canonical_of(form))
        start = place + len(form)
    return tokens + _marks(text[start:])


def _marks(between: str) -> list[str]:
    return [character for character in between if is_mark(character)]


def _ngrams(tokens: list[str]) -> list[str]:
    pairs = map(" ".join, itertools.pairwise(tokens))
    return [*tokens, *pairs, *map(" ".join, zip(tokens, tokens[1:], tokens[2:], strict=False))]


def _says_the_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    contained = f" {one['text']} " in f" {other['text']} " or f" {other['text']} " in f" {one['text']} "
    less, more = sorted((one["count"], other["count"]))
    return bool(contained and one["label"] == other["label"] and less >= 0.5 * more)
