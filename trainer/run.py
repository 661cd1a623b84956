"""The run directory: what was trained, from what, with which result.

run.json           corpus, recipe, seed, split, threshold, metrics, versions, SHA-256 of the model and of its file
model.keras        the trained model
vocabulary.json    the tokenizer contract
vocabulary.model   the same, as SentencePiece's own file
validation.jsonl   the held-out phrases with their labels, so that an evaluation can be repeated
test.jsonl
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data.corpus import Phrase
from trainer.errors import UserError
from trainer.evaluation.prediction import Prediction, predictions
from trainer.files import is_there, read_json, sha256
from trainer.model.classifier import Classifier
from trainer.model.network import EXTERNAL
from trainer.quiet import quietly
from trainer.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    import keras

FORMAT = "byline-run-6"  # 6: abstention and bigrams under these names
RUNS = Path("runs")
ROWS = "rows"  # the file of all phrases, of a cross-validated run
_PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "sentencepiece")
_DIGESTS = ("model_sha256", "model_file_sha256")
_NEEDED = (
    "created",
    "corpus",
    "recipe",
    "seed",
    "split",
    "abstention",
    "metrics",
    "majority_label",
    "versions",
    *_DIGESTS,
)


@dataclass(frozen=True)
class Run:
    """One run directory that has been read and checked.

    Attributes:
        path: The directory.
        facts: What `run.json` holds.
        vocabulary: The tokenizer contract.
    """

    path: Path
    facts: dict[str, Any]
    vocabulary: Vocabulary

    @classmethod
    def read(cls, path: Path) -> "Run":
        """Reads a run directory.

        Raises:
            UserError: It is missing, or a file in it is missing or damaged.
        """
        if not (path / "run.json").is_file():
            raise UserError(f"{path}: is not a run directory (it has no run.json); `python -m trainer fit` makes one")
        facts = read_json(path / "run.json")
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise UserError(
                f"{path / 'run.json'}: the format is not {FORMAT}; `python -m trainer fit` makes a run of this version"
            )
        missing = [key for key in _NEEDED if key not in facts]
        if missing:
            raise UserError(f"{path / 'run.json'}: has no {missing[0]}")
        return cls(path, facts, Vocabulary.read(path / "vocabulary.json"))

    @property
    def threshold(self) -> float:
        """The probability below which an answer is "not sure"."""
        return float(self.facts["abstention"]["threshold"])

    @property
    def cross_validated(self) -> dict[str, Any] | None:
        """What cross-validation measured, with its number of `folds`; None where a test part was held out."""
        found: dict[str, Any] | None = self.facts["metrics"].get("cross_validated")
        return found

    @property
    def results(self) -> dict[str, Any]:
        """The metrics of phrases that were not learned from: of cross-validation, or of the test part."""
        found: dict[str, Any] = self.cross_validated or self.facts["metrics"]["test"]
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        """Part of the split, or "cross_validated" -> what was measured of it."""
        found: dict[str, Any] = self.facts["metrics"]
        return found

    @property
    def external(self) -> bool:
        """Whether the model was trained elsewhere."""
        return "external" in self.facts

    @property
    def measured(self) -> bool:
        """Whether there are phrases to measure it on; an external model may come without."""
        return bool(self.results["phrases"])

    @property
    def reads(self) -> int:
        """How many pieces or words the model reads at once."""
        return int(self.facts["external"]["length"]) if self.external else self.vocabulary.window

    @property
    def knows(self) -> int:
        """How many pieces or words the model knows."""
        return int(self.facts["external"]["words"]) if self.external else len(self.vocabulary.pieces)

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the model's outputs."""
        return self.vocabulary.labels

    @property
    def majority_label(self) -> str:
        """The label that most training phrases have."""
        return str(self.facts["majority_label"])

    @cached_property
    def classifier(self) -> Classifier:
        """The trained model, loaded.

        Raises:
            UserError: The model file is not the one that was trained, or holds code.
        """
        path = self.path / "model.keras"
        try:
            damaged = sha256(path.read_bytes()) != self.facts["model_file_sha256"]
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from error
        if damaged:
            raise UserError(f"{path}: is damaged: its SHA-256 is not the one in run.json")
        with quietly():
            import keras

            import trainer.external.layers
            import trainer.model.layers  # noqa: F401 (registers them with Keras)

        try:
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                f"{path}: is no model that Byline saved ({next(iter(str(error).splitlines()), type(error).__name__)})"
            ) from error
        expected = (self.vocabulary.sequence_length, self.vocabulary.size, len(self.vocabulary.labels))
        rows = len(model.get_layer(EXTERNAL).table) if self.external else model.get_layer("embedding").input_dim
        if (model.input_shape[1], rows, model.output_shape[1]) != expected:
            raise UserError(f"{self.path / 'vocabulary.json'}: does not belong to the model beside it")
        return Classifier(model, self.vocabulary)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Classifies texts of any length with the trained model.

        Raises:
            TypeError: `texts` is a string, and not a sequence of them.
            UserError: The model file is not the one that was trained.
        """
        if isinstance(texts, str):
            raise TypeError(f"`texts` must be a sequence of strings. Received: {texts!r}")
        texts = list(texts)
        return predictions(texts, self.classifier.probabilities(texts), self.vocabulary, self.threshold)

    def _repr_html_(self) -> str:
        """What a notebook shows: where the run is, its labels, and its metrics, a row a part."""
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(part)}</td><td>{of_part['phrases']:,}</td><td>{of_part['accuracy']:.1%}</td>"
            f"<td>{of_part['macro_f1']:.1%}</td><td>{of_part['majority']:.1%}</td></tr>"
            for part, of_part in self.metrics.items()
        )
        head = "".join(f"<th>{name}</th>" for name in ("part", "phrases", "accuracy", "macro F1", "majority baseline"))
        labels = ", ".join(map(escape, self.labels[:20])) + (", …" if len(self.labels) > 20 else "")
        return (
            f"<p><b>{escape(str(self.path))}</b>: {len(self.labels)} labels ({labels})</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def phrases(self, part: str) -> list[Phrase]:
        """Gives the phrases of the part "validation" or "test".

        Of a cross-validated run either is all phrases: each was held out in turn, and the model has learned from it.

        Raises:
            UserError: The file is missing, or a row of it is damaged.
        """
        path = self.path / f"{ROWS if self.cross_validated else part}.jsonl"
        try:
            rows = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: cannot be read ({error})") from error
        phrases = []
        for number, row in enumerate(rows, 1):
            try:
                phrase = Phrase(**json.loads(row))
                if not isinstance(phrase.text, str):
                    raise TypeError("`text` must be a string")
            except (ValueError, TypeError) as error:
                raise UserError(f"{path}: row {number}: is not a phrase with its label") from error
            if phrase.label not in self.vocabulary.labels:
                raise UserError(f"{path}: row {number}: {phrase.label!r} is none of the model's labels")
            phrases.append(phrase)
        if not phrases:
            raise UserError(f"{path}: holds no phrase")
        return phrases


def check_replaceable(path: Path) -> None:
    """Refuses to write a run in the place of anything but an earlier run or an empty directory.

    Raises:
        UserError: There is something else.
    """
    if is_there(path) and not (path / "run.json").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: exists and is not a run; refusing to overwrite it (choose another --run)")


def write_phrases(path: Path, phrases: Sequence[Phrase]) -> None:
    """Writes phrases as JSON lines."""
    # Every character beyond ASCII is escaped: no line separator of any kind can break a row.
    path.write_text("".join(json.dumps(vars(phrase)) + "\n" for phrase in phrases), encoding="utf-8")


def versions() -> dict[str, str]:
    """Gives the versions of the packages that a model depends on."""
    return {name: version(name) for name in _PACKAGES}


def digest_of(model: "keras.Model") -> str:
    """Gives the SHA-256 of a model's numbers, in their order: equal for equal ones.

    That of its file holds the names of layers as well, which Keras numbers anew for each model of a process.
    """
    digest = hashlib.sha256()
    for weights in model.get_weights():
        digest.update(f"{weights.dtype.str} {weights.shape}\n".encode() + weights.tobytes())
    return digest.hexdigest()


def find(path: Path | None, runs: Path = RUNS) -> Run:
    """Reads the run at `path`, or the newest one in `runs`.

    Raises:
        UserError: There is none, or it is damaged.
    """
    if path is not None:
        return Run.read(path)
    newest = newest_path(runs)
    if newest is None:
        raise UserError(f"{runs}/ holds no run; `python -m trainer fit` makes one")
    return Run.read(newest)


def newest_path(runs: Path = RUNS) -> Path | None:
    """Gives the run directory that was made last, if there is one."""
    made = [path.parent for path in runs.glob("[!.]*/run.json")]
    return max(made, key=_age, default=None)


def _age(path: Path) -> tuple[str, str]:
    facts = read_json(path / "run.json")
    created = facts.get("created") if isinstance(facts, dict) else None
    if not isinstance(created, str):
        raise UserError(f"{path / 'run.json'}: does not say when the run was created")
    return created, path.name
