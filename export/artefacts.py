"""What is made of a run's numbers: a graph for each runtime, of Byline's model or of one that was trained elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from export import graph
from export.graph import Constants, Rows
from export.targets import onnx, tfjs, tflite
from trainer.errors import UserError
from trainer.model.classifier import Classifier
from trainer.model.network import weights_of
from trainer.model.weights import steps_of
from trainer.run import Run


class Artefacts(Protocol):
    """A model on its way to the runtimes. `rounded` numbers go to all but the float32 file."""

    def write_tfjs(self, folder: Path) -> None:
        """Writes the TensorFlow.js graph model."""

    def write_onnx(self, path: Path) -> None:
        """Writes the ONNX model."""

    def small(self) -> bytes:
        """Gives the `.tflite` file that apps get, without metadata."""

    def float32(self) -> bytes:
        """Gives the `.tflite` file with the numbers as trained, without metadata."""


def artefacts_of(run: Run, rounded: Classifier, kind: Rows = "int8") -> Artefacts:
    """Gives what makes a run's artefacts.

    Args:
        run: What was trained.
        rounded: Its model, rounded.
        kind: How the tables' rows are stored; a model that was trained elsewhere has none.
    """
    if run.external:
        return _External(run.classifier.model, rounded.model, run.vocabulary.sequence_length)
    vocabulary, weights = run.vocabulary, weights_of(run.classifier.model)
    return _Own(graph.constants_of(weights), vocabulary.sequence_length, steps_of(weights, vocabulary.window), kind)


@dataclass(frozen=True)
class _Own:
    """Byline's model: tables, encoder and gate, or the lesson's layers."""

    trained: Constants
    length: int
    steps: int
    kind: Rows

    @cached_property
    def rounded(self) -> Constants:
        return graph.round_constants(self.trained, self.kind)

    def write_tfjs(self, folder: Path) -> None:
        tfjs.write_tfjs(self.rounded, self.length, self.steps, folder)

    def write_onnx(self, path: Path) -> None:
        onnx.write_onnx(graph.inference(self.rounded, self.steps, "int8"), self.length, path)

    def small(self) -> bytes:
        return tflite.convert(self.rounded, self.length, self.steps, self.kind)

    def float32(self) -> bytes:
        return tflite.convert(self.trained, self.length, self.steps, "float32")


@dataclass(frozen=True)
class _External:
    """A Keras model that was trained elsewhere, behind the tokenizer contract."""

    trained: Any
    rounded: Any
    length: int

    def write_tfjs(self, folder: Path) -> None:
        with _converting("TensorFlow.js"):
            tfjs.write_external(_function(self.rounded), self.length, folder)

    def write_onnx(self, path: Path) -> None:
        with _converting("ONNX"):
            onnx.write_onnx(_function(self.rounded), self.length, path)

    def small(self) -> bytes:
        with _converting("TensorFlow Lite"):
            return tflite.convert_function(_function(self.rounded), self.length, half=True)

    def float32(self) -> bytes:
        with _converting("TensorFlow Lite"):
            return tflite.convert_function(_function(self.trained), self.length, half=False)


@contextmanager
def _converting(target: str) -> Iterator[None]:
    """Says in a line what a converter does not take; each has exceptions of its own.

    Raises:
        UserError: A layer of the model cannot be converted.
    """
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise UserError(f"the model has a layer that {target}'s converter does not take ({lines[0][:200]})") from error


def _function(model: Any) -> Any:
    """Gives a model's answers as a function of ids, to be traced."""

    def probabilities(ids: Any) -> Any:
        return model(ids, training=False)

    probabilities.variables = model.variables  # type: ignore[attr-defined]
    return probabilities
