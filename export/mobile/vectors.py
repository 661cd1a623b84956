"""`vectors.json`: strings with the ids, words and answers that an app's code has to give."""

import json
import unicodedata
from pathlib import Path
from typing import Any, Final

import numpy as np

from export.proof import fuzz_strings
from export.proof.parity import TOLERANCE
from export.targets import node
from trainer.errors import ExportCheckFailed
from trainer.model.classifier import Classifier
from trainer.run import Run

COUNT: Final = 200  # strings
_NUMBERS: Final = 10_000  # probabilities of all strings, where labels are many
_LEAST: Final = 40  # strings
_LONGEST: Final = 400  # characters of a string
_PHRASES: Final = 0.4  # share of test phrases; the others are fuzz strings
_EXPLAINED: Final = 8  # phrases whose words are left out one by one
_ANSWERS: Final = 1_000  # of such phrases, times labels
_BEGINNING: Final = 24  # characters of a phrase, where all phrases are long
_WORDS: Final = 10  # pieces or fewer that such a phrase has
_EMOJI: Final = range(0x1F300, 0x1F650)  # symbols since Unicode 6 and 7


def vectors_of(run: Run, rounded: Classifier, dist: Path) -> dict[str, Any]:
    """Asks the page's code in Node, and holds its ids and probabilities against the model's own.

    Args:
        run: What was trained.
        rounded: The model that all artefacts carry.
        dist: Where `tfjs/` and `vocabulary.json` are.

    Raises:
        UserError: Node cannot be run.
        ExportCheckFailed: It answers otherwise than the model.
    """
    vocabulary = run.vocabulary
    texts = _texts(run)
    ids = vocabulary.encode_all(texts)
    short = [at for at, of_text in enumerate(ids) if 2 <= len(of_text) <= _WORDS]
    most = max(2, min(_EXPLAINED, _ANSWERS // len(vocabulary.labels)))
    explained = [at for at in short if classes_are_old(texts[at])][:most]
    program = [str(node.WEB / "node" / "vectors.mjs"), "--model", str(dist / "tfjs")]
    if run.external:
        program += ["--engine", "tfjs", "--modules", str(node.modules())]
    program += ["--vocabulary", str(dist / "vocabulary.json"), "--threshold", repr(run.threshold)]
    request = {"texts": texts, "explained": explained}
    found = json.loads(node.run(["node", *program], stdin=json.dumps(request)))
    answers = found["answers"]
    if [answer["ids"] for answer in answers] != ids:
        raise ExportCheckFailed("the page's tokenizer in Node reads other ids than the vocabulary")
    given = np.array([answer["probabilities"] for answer in answers])
    if not np.abs(given - rounded.probabilities(texts)).max() <= TOLERANCE:
        raise ExportCheckFailed("the page's code in Node gives other probabilities than the model")
    without = dict(zip(explained, found["without"], strict=True))
    return {
        "format": "byline-vectors",
        "version": 1,
        "labels": list(vocabulary.labels),
        "threshold": run.threshold,
        "tolerance": TOLERANCE,
        "texts": [
            _vector(text, answer, without.get(at)) for at, (text, answer) in enumerate(zip(texts, answers, strict=True))
        ],
        "rows": [[_trimmed(row), _rounded(probabilities)] for row, probabilities in found["rows"]],
    }


def _texts(run: Run) -> list[str]:
    """Gives test phrases, the beginnings of some, and fuzz strings; one at least is longer than the model reads."""
    vocabulary = run.vocabulary
    count = max(_LEAST, min(COUNT, _NUMBERS // len(vocabulary.labels)))
    wanted = int(_PHRASES * count)
    phrases = [phrase.text for phrase in run.phrases("test") if len(phrase.text) <= _LONGEST]
    phrases = phrases[:: max(1, len(phrases) // wanted)][:wanted]  # of all labels, which may stand one after the other
    hostile = fuzz_strings.strings(vocabulary, int(run.facts["seed"]), 4 * count)
    sizes = map(len, vocabulary.encode_all(hostile))
    long = min((text for text, size in zip(hostile, sizes, strict=True) if size > vocabulary.window), key=len)
    texts = [*phrases, *(phrase[:_BEGINNING] for phrase in phrases[:_EXPLAINED]), long]
    return [*texts, *[text for text in hostile if len(text) <= _LONGEST][: count - len(texts)]]


def _vector(text: str, answer: dict[str, Any], without: list[list[float]] | None) -> dict[str, Any]:
    written: dict[str, Any] = {"text": text}
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
        written = {"utf16": units.tolist()}  # Swift's parser refuses it as a string
    written |= {"ids": answer["ids"], "probabilities": _rounded(answer["probabilities"])}
    if classes_are_old(text):
        written |= {"words": answer["words"], "sure": answer["sure"]}
    if without is not None:
        written["without"] = [_rounded(probabilities) for probabilities in without]
    return written


def classes_are_old(text: str) -> bool:
    """Whether the classes of its characters are those of Unicode 3.2, on which every device agrees."""
    return all(
        ord(character) in _EMOJI
        or unicodedata.ucd_3_2_0.category(character)[0] == unicodedata.category(character)[0] != "C"
        or character in "\n\r\t\0"
        for character in text
    )


def _trimmed(row: list[int]) -> list[int]:
    """Leaves the zeros at its end out."""
    return row[: max(at for at, each in enumerate(row) if each) + 1]


def _rounded(probabilities: list[float]) -> list[float]:
    """Keeps significant digits, not decimals: windows are averaged by their logarithms."""
    return [float(f"{probability:.6g}") for probability in probabilities]
