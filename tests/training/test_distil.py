"""The distillation of a teacher, by one that is made up: its vectors are means of its words'."""

import dataclasses
import json
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.model.encoder import encoder_vectors
from trainer.model.network import build_encoder, set_encoder
from trainer.model.weights import Encoder
from trainer.teacher.distil import Distillation, encoder
from trainer.teacher.encoder import Teacher
from trainer.text.pieces import learn
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import first_rows

SETTINGS = Distillation(
    steps=6, embedding_size=6, units=5, size=4, texts=30, variants=90, common=5, epochs=20, batch_size=8, dropout=0.0
)
WORDS = ["river", "stone", "cloud", "house", "lamp", "tree", "bird", "road", "glass", "wheel"]


class MadeUp(Teacher):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        def vector(word: str) -> NDArray[np.float64]:
            return np.random.default_rng(zlib.crc32(word.encode())).normal(size=8)

        means = np.array([np.mean([vector(word) for word in text.split() or [""]], axis=0) for text in texts])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    path = tmp_path_factory.mktemp("teacher") / "tokenizer.json"
    path.write_text(json.dumps({"model": {"vocab": {word: place for place, word in enumerate(WORDS)}}}))
    return MadeUp("made up", "CC0-1.0", "", path, path)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    generator = np.random.default_rng(1)
    return [" ".join(generator.choice(WORDS, 2 + place % 5)) for place in range(40)]


@pytest.fixture(scope="module")
def vocabulary(texts: list[str]) -> Vocabulary:
    return learn(texts, ["a", "b"], sequence_length=18, maximum_pieces=100, extra_words=WORDS)


@pytest.fixture(scope="module")
def student(teacher: Teacher, texts: list[str], vocabulary: Vocabulary) -> Encoder:
    return encoder(teacher, texts, vocabulary, SETTINGS, seed=1)


@pytest.mark.slow
def test_the_sizes_are_those_of_the_settings(student: Encoder, vocabulary: Vocabulary) -> None:
    assert student.embedding.shape == (vocabulary.size, 6)
    assert student.forward.kernel.shape == student.backward.kernel.shape == (6, 20)
    assert student.forward.recurrent.shape == (5, 20)
    assert student.forward.bias.shape == (20,)
    assert student.kernel.shape == (2 * 5 + 6, 4)
    assert student.bias.shape == (4,)
    assert student.logits is None


def test_keras_gives_the_same_vectors(student: Encoder, texts: list[str], vocabulary: Vocabulary) -> None:
    rows = first_rows([*texts, "", "river " * 30], vocabulary)
    ours = encoder_vectors(student, rows, SETTINGS.steps)
    assert ours.dtype == np.float32
    keras_model = build_encoder(18, vocabulary.size, steps=6, embedding_size=6, units=5, size=4)
    set_encoder(keras_model, student)
    assert np.allclose(ours, keras_model(rows).numpy(), atol=1e-5)


def test_the_student_comes_near_the_teacher(
    student: Encoder, teacher: Teacher, texts: list[str], vocabulary: Vocabulary
) -> None:
    vectors = encoder_vectors(student, first_rows(texts, vocabulary), SETTINGS.steps)
    assert 0.3 < np.linalg.norm(vectors, axis=1).mean() < 1.3
    wanted = teacher.encode(texts)
    wanted = wanted - wanted.mean(axis=0)
    alike = [_cosines(each)[np.triu_indices(len(texts), 1)] for each in (vectors, wanted)]
    assert np.corrcoef(alike)[0, 1] > 0.7


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(
    student: Encoder, teacher: Teacher, texts: list[str], vocabulary: Vocabulary
) -> None:
    again = encoder(teacher, texts, vocabulary, SETTINGS, seed=1)
    for field in ("embedding", "kernel", "bias"):
        assert np.array_equal(getattr(again, field), getattr(student, field))
    assert np.array_equal(again.forward.kernel, student.forward.kernel)
    other = encoder(teacher, texts, vocabulary, dataclasses.replace(SETTINGS, epochs=1), seed=2)
    assert not np.array_equal(other.kernel, student.kernel)


def test_no_rows_have_no_vectors(student: Encoder) -> None:
    assert encoder_vectors(student, np.zeros((0, 18), np.int32), SETTINGS.steps).shape == (0, 4)


@pytest.mark.slow
def test_more_dimensions_than_the_teacher_has_are_zero(
    teacher: Teacher, texts: list[str], vocabulary: Vocabulary
) -> None:
    settings = dataclasses.replace(SETTINGS, size=12, embedding_size=12, epochs=1)
    student = encoder(teacher, texts, vocabulary, settings, seed=1)
    assert np.isfinite(encoder_vectors(student, first_rows(texts, vocabulary), SETTINGS.steps)).all()


def _cosines(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T)
