"""What cannot be exported of another's model is refused in one line that names it."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export.__main__ import main
from tests.support.external import LENGTH, attention, average, convolution, vectorization
from trainer.errors import UserError
from trainer.external.opening import open_external
from trainer.external.record import read_labels
from trainer.external.vectorization import read_vectorization

pytestmark = pytest.mark.slow

LABELS = ("cats", "dogs")


def saved(model: Any, folder: Path) -> Path:
    model.save(folder / "model.keras")
    return folder / "model.keras"


def words(folder: Path, count: int = 10) -> Path:
    (path := folder / "words.txt").write_text("\n".join(f"word{number}" for number in range(count)))
    return path


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ngrams": 2}, "ngrams=2"),
        ({"split": "character"}, "split='character'"),
        ({"output_mode": "multi_hot", "output_sequence_length": None}, "output_mode='multi_hot'"),
        ({"output_sequence_length": None}, "output_sequence_length=None"),
        ({"ragged": True, "output_sequence_length": None}, "ragged=True"),
        ({"standardize": lambda text: text}, "standardize="),
    ],
)
def test_settings_of_text_vectorization_are_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match="TextVectorization") as caught:
        read_vectorization(vectorization(**settings), "model.keras")
    assert named in str(caught.value)


def test_a_layer_without_words_is_refused() -> None:
    import keras

    with pytest.raises(UserError, match="has no vocabulary"):
        read_vectorization(keras.layers.TextVectorization(output_sequence_length=4), "model.keras")


def two_inputs() -> Any:
    import keras
    from keras import layers

    ids = [keras.Input((LENGTH,), dtype="int32") for _ in range(2)]
    x = layers.Concatenate()([layers.Flatten()(layers.Embedding(20, 4)(each)) for each in ids])
    return keras.Model(ids, layers.Dense(2, activation="softmax")(x))


def of_layers(*more: Any, length: int | None = LENGTH) -> Any:
    import keras
    from keras import layers

    pooled = [layers.Embedding(20, 4), layers.GlobalAveragePooling1D()]
    return keras.Sequential([keras.Input((length,), dtype="int32"), *pooled, *more])


def dense(units: int, activation: str) -> Any:
    import keras

    return keras.layers.Dense(units, activation=activation)


def with_code() -> Any:
    import keras

    return of_layers(keras.layers.Lambda(lambda x: x * 2), dense(2, "softmax"))


def with_strings_inside() -> Any:
    import keras

    return keras.Sequential([keras.Input((1,), dtype="string"), convolution()])


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (two_inputs, "has 2 inputs; a classifier of text has one"),
        (lambda: of_layers(dense(3, "softmax")), "2 labels, and .* has 3 outputs"),
        (lambda: of_layers(dense(2, "sigmoid")), "do not sum to 1"),
        (with_code, "without running code of its own"),
        (lambda: of_layers(dense(2, "softmax"), length=None), "--length N says how long"),
        (with_strings_inside, "is in a model inside the model"),
        (lambda: average(5), "has the id 11, and the embedding of .* 5 rows"),
    ],
)
def test_a_model_that_is_no_such_classifier_is_refused(make: Callable[[], Any], rule: str, tmp_path: Path) -> None:
    path = saved(make(), tmp_path)
    with pytest.raises(UserError, match=rule):
        open_external(path, words(tmp_path), LABELS, {})


def test_a_length_is_taken_where_the_model_reads_any(tmp_path: Path) -> None:
    path = saved(of_layers(dense(2, "softmax"), length=None), tmp_path)
    external = open_external(path, words(tmp_path), LABELS, {"length": 5})
    assert external.tokenizer.length == 5
    with pytest.raises(UserError, match="from 1 to 512"):
        open_external(path, words(tmp_path), LABELS, {"length": 513})


def test_what_is_given_twice_or_missing_is_refused(tmp_path: Path) -> None:
    path = saved(convolution(), tmp_path)
    with pytest.raises(UserError, match="has a TextVectorization layer with a vocabulary of its own"):
        open_external(path, words(tmp_path), LABELS, {})
    with pytest.raises(UserError, match="which says it"):
        open_external(path, None, LABELS, {"standardize": "lower"})
    path = saved(attention(20), tmp_path)
    with pytest.raises(UserError, match="reads ids: the file is needed"):
        open_external(path, None, LABELS, {})
    with pytest.raises(UserError, match="reads rows of 6, not 7"):
        open_external(path, words(tmp_path), LABELS, {"length": 7})


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    for name, content in (("model.h5", b"x"), ("model.keras", b"x"), ("absent.keras", None)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=r"no \.keras file|is not there"):
            open_external(tmp_path / name, None, LABELS, {})
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(UserError, match="is damaged"):
        open_external(tmp_path / "empty.keras", None, LABELS, {})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("cats\n", "holds 1 label"),
        ("cats\n\ndogs\n", "row 2: is blank"),
        ("cats\ncats\n", "row 2: 'cats' stands twice"),
        ("", "holds 0 label"),
    ],
)
def test_labels_are_checked(text: str, rule: str, tmp_path: Path) -> None:
    (path := tmp_path / "labels.txt").write_text(text)
    with pytest.raises(UserError, match=rule):
        read_labels(path)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--vocabulary=v"], "--vocabulary: needs --model, a Keras model of your own"),
        (["--model=m.keras"], "--labels: is needed with --model"),
        (["--model=m.keras", "--run=runs/x"], "--model: makes a new run; leave out --run"),
        (["--model=m.keras", "--seed=3"], "--seed: m.keras was trained already; leave it out"),
        (["--model=m.keras", "--labels=none.txt"], "--labels: none.txt: cannot be read"),
    ],
)
def test_options_that_do_not_fit_are_one_line(
    options: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["all", *options]) == 2
    assert line in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_label_that_the_model_has_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(of_layers(dense(2, "softmax")), tmp_path)
    words(tmp_path)
    (tmp_path / "labels.txt").write_text("cats\ndogs\n")
    (tmp_path / "test.csv").write_text("text,label\na cat,cats\na cow,cows\n")
    options = ["--model=model.keras", "--vocabulary=words.txt", "--labels=labels.txt", "--data=test.csv"]
    assert main(["all", *options]) == 2
    assert "test.csv: row 3: 'cows' is none of the labels in --labels" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())
