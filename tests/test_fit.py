"""Training: repeatable, on training text alone; and what the run directory says of it."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainer import encoding
from trainer import fit as fitting
from trainer import train as training
from trainer.corpus import Corpus, Phrase, of_lines
from trainer.data import Unit
from trainer.encoding import Encoded, encode
from trainer.evaluate import metrics, tally, truth_of
from trainer.training.fit import fit, split_by
from trainer.model import build_model
from trainer.options import FitOptions
from trainer.model.recipe import RECIPES
from trainer.run import Run, digest_of
from trainer.split import Split
from trainer.survey import survey
from trainer.text.vocabulary import Vocabulary

FILES = {"run.json", "model.keras", "vocabulary.json", "validation.jsonl", "test.jsonl"}
RECIPE = dataclasses.replace(
    RECIPES["tiny"],
    longest_window=8,
    sequence_length=8,
    epochs=4,
    batch_size=16,
    shuffle_buffer=64,
    learning_rate=0.02,
)


def made_corpus() -> Corpus:
    """Two labels that two thirds of the words tell apart; every ten lines share a word that no other line has."""
    generator = np.random.default_rng(5)
    kinds = {"cats": ["purr", "whisker", "paw", "meow", "fur"], "dogs": ["bark", "fetch", "bone", "woof", "tail"]}
    return of_lines(
        name="Pets",
        title="Which pet?",
        description="Made for a test.",
        license="CC0-1.0",
        lines={
            label: tuple(
                " ".join([*generator.choice([*words, "the", "and", "a"], 7), f"{label}{line // 10}block"])
                for line in range(400)
            )
            for label, words in kinds.items()
        },
    )


CORPUS = made_corpus()


def fitted(path: Path, seed: int = 1) -> Run:
    return fit(CORPUS, RECIPE, FitOptions(seed=seed, path=path))


def split_again(seed: int = 1) -> Split:
    return split_by(CORPUS, survey(CORPUS), RECIPE, FitOptions(seed=seed))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fitted(tmp_path_factory.mktemp("runs") / "first")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same once more, over a run that was there already."""
    path = tmp_path_factory.mktemp("runs") / "again"
    path.mkdir()
    (path / "run.json").write_text("{}")
    (path / "left-over.txt").write_text("from the old run")
    return fitted(path)


def weights(of_run: Run) -> list[np.ndarray[Any, Any]]:
    return [np.asarray(weight) for weight in of_run.classifier.model.get_weights()]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Training.


def test_the_model_learns(run: Run) -> None:
    results = run.facts["metrics"]
    assert results["test"]["accuracy"] > 0.85 > results["test"]["majority"] + 0.2
    assert run.facts["history"]["loss"][-1] < run.facts["history"]["loss"][0]
    assert len(run.facts["history"]["accuracy"]) == RECIPE.epochs


def test_an_equal_seed_gives_equal_weights_and_metrics(run: Run, again: Run) -> None:
    assert all(np.array_equal(one, other) for one, other in zip(weights(run), weights(again), strict=True))
    for fact in ("split", "history", "not_sure", "metrics", "recipe", "corpus", "seed", "versions", "model_sha256"):
        assert run.facts[fact] == again.facts[fact]
    assert run.vocabulary == again.vocabulary


def test_a_models_digest_is_of_its_weights_whenever_they_are_saved(run: Run, tmp_path: Path) -> None:
    import keras

    digests = []
    for name in ("one", "two"):
        run.classifier.model.save(tmp_path / f"{name}.keras")
        digests.append(digest_of(keras.models.load_model(tmp_path / f"{name}.keras", compile=False)))
    assert digests == [run.facts["model_sha256"]] * 2
    model = keras.models.load_model(tmp_path / "two.keras", compile=False)
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([kernel, np.nextafter(bias, 1)])
    assert digest_of(model) != digests[0]


def test_another_seed_gives_another_split_and_other_first_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: SimpleNamespace(history={"loss": [1.0]}))  # saves time
    monkeypatch.setattr(fitting, "tally_of", lambda *_: tally(np.zeros((0, 2)), np.zeros(0, np.int64)))
    one, two = (fitted(tmp_path / str(seed), seed) for seed in (1, 2))
    assert (one.facts["seed"], two.facts["seed"]) == (1, 2)
    assert one.facts["split"]["sha256"] != two.facts["split"]["sha256"]
    assert one.phrases("test") != two.phrases("test")
    shape_of_lstm = weights(one)[1].shape
    assert weights(two)[1].shape == shape_of_lstm
    assert not np.allclose(weights(one)[1], weights(two)[1])


def test_batches_come_in_an_order_and_with_words_dropped_that_the_seed_decides() -> None:
    ids = np.arange(2, 322, dtype=np.int32).reshape(40, 8)
    ids[:, 6:] = 0
    forms = tuple((f"w{number}",) for number in range(2, 322))
    vocabulary = Vocabulary("w", forms, tuple(f"label{number}" for number in range(40)), 8)

    def epochs(seed: int) -> list[list[list[int]]]:
        recipe = dataclasses.replace(RECIPE, word_dropout=0.2)
        encoded = Encoded(ids, np.arange(40, dtype=np.int32), 1, [], [], [], {}, "")
        dataset = training._dataset(encoded, vocabulary, recipe, seed)
        assert len(dataset) == 3
        return [[row.tolist() for words, _ in dataset for row in words.numpy()] for _ in range(2)]

    first, again, other = epochs(1), epochs(1), epochs(2)
    assert first == again != other
    assert first[0] != first[1]  # every epoch has its own order and drops other words
    words = np.array(first)
    assert 0.1 < (words[..., :6] == 1).mean() < 0.3
    assert (words[..., 6:] == 0).all()  # padding is not dropped to unknown
    assert {max(row) // 8 for row in first[0]} == {row.max() // 8 for row in ids}  # every phrase, once an epoch


def test_without_word_dropout_even_a_word_that_never_occurs_is_left_as_it_is() -> None:
    ids = np.full((40, 8), 2, np.int32)  # word 3 is of a remainder that no window holds
    encoded = Encoded(ids, np.zeros(40, np.int32), 1, [], [], [], {}, "")
    recipe = dataclasses.replace(RECIPE, word_dropout=0.0, outliers=0.4)
    with np.errstate(invalid="raise"):
        dataset = training._dataset(encoded, Vocabulary("ab", (("a",), ("b",)), ("one", "two"), 8), recipe, 1)
    spoiled = [bool(truth.min()) for _, truths in dataset for truth in truths.numpy()]
    words = [row.tolist() for of_batch, _ in dataset for row in of_batch.numpy()]
    assert {tuple(row) for row, is_spoiled in zip(words, spoiled, strict=True) if not is_spoiled} == {(2,) * 8}
    assert any(spoiled)


def test_the_vocabulary_knows_training_text_alone(run: Run) -> None:
    training = {word for text in split_again().training_text() for word in text.split()}
    held_out = {word for row in CORPUS.rows() for word in row.text.split()} - training
    assert len(held_out) == 16  # the words of their own that two tenths of 2 x 40 blocks have
    assert {run.vocabulary.ids.get(word) for word in held_out} == {None}
    assert training <= set(run.vocabulary.ids)


def test_the_lessons_recipe_builds_the_lessons_model() -> None:
    recipe = RECIPES["lesson"]
    model = build_model(vocabulary_size=100, label_count=4, recipe=recipe)
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    assert list(layers) == ["embedding", "bidirectional", "dense_0", "dense_1", "logits"]  # nothing beside the LSTM
    shapes = {name: [tuple(weight.shape) for weight in layer.weights] for name, layer in layers.items()}
    assert shapes["embedding"] == [(100, 64)]
    assert shapes["bidirectional"] == [(64, 256), (64, 256), (256,)] * 2  # four gates of 64 units, in two directions
    assert shapes["dense_0"] == [(128, 64), (64,)]
    assert shapes["dense_1"] == [(64, 16), (16,)]
    assert shapes["logits"] == [(16, 4), (4,)]
    assert [layers[name].activation.__name__ for name in ("dense_0", "dense_1", "logits")] == [
        "relu",
        "relu",
        "linear",
    ]
    assert [(layer.name, type(layer).__name__) for layer in model.layers[-2:]] == [
        ("logits", "Dense"),
        ("probabilities", "Softmax"),
    ]
    assert (model.input_shape, recipe.epochs, recipe.unit) == ((None, 16), 3, "line")
    assert {layer.rate for layer in model.layers if hasattr(layer, "rate")} <= {0.0}


def test_padding_does_not_count() -> None:
    short_recipe = dataclasses.replace(RECIPE, sequence_length=3)
    padded, short = (build_model(20, 3, recipe) for recipe in (RECIPE, short_recipe))
    short.set_weights(padded.get_weights())
    phrase = np.array([[5, 6, 7]], np.int32)
    expected = short.predict(phrase, verbose=0)
    with_zeros = np.pad(phrase, ((0, 0), (0, RECIPE.sequence_length - 3)))
    assert padded.predict(with_zeros, verbose=0) == pytest.approx(expected, abs=1e-6)
    table = padded.get_layer("embedding")
    values = table.get_weights()[0]
    values[0] = 100
    table.set_weights([values])
    assert padded.predict(with_zeros, verbose=0) == pytest.approx(expected, abs=1e-6)
    values[5] = 100
    table.set_weights([values])
    assert padded.predict(with_zeros, verbose=0) != pytest.approx(expected, abs=1e-3)


# The run directory.


def test_the_run_directory_holds_five_files_and_replaces_an_old_run_whole(run: Run, again: Run) -> None:
    for path in (run.path, again.path):
        assert {file.name for file in path.iterdir()} == FILES
        assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_run_json_says_what_was_trained_from_what_with_which_result(run: Run) -> None:
    facts = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    assert facts["recipe"] == json.loads(json.dumps(dataclasses.asdict(RECIPE)))
    assert facts["corpus"]["title"] == "Which pet?"
    assert facts["corpus"]["labels"] == {"cats": 400, "dogs": 400}
    assert (facts["split"]["method"], facts["split"]["window"]) == ("blocks", 8)
    assert set(facts["metrics"]) == {"train", "validation", "test"}
    assert facts["metrics"]["train"]["phrases"] == facts["split"]["phrases"]["train"]
    assert set(facts["versions"]) == {"byline", "tensorflow", "keras", "numpy"}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_held_out_phrases_are_kept_and_give_the_metrics_again(run: Run, part: str) -> None:
    phrases = run.phrases(part)
    assert phrases == [phrase for of_part, phrase in split_again().phrases() if of_part == part]
    answers = run.classifier.probabilities([phrase.text for phrase in phrases])
    counted = tally(answers, truth_of(phrases, run.vocabulary.labels))
    assert metrics(counted, run.threshold) == run.facts["metrics"][part]


def test_the_split_can_be_made_again_and_its_fingerprint_is_the_same(run: Run, tmp_path: Path) -> None:
    encoded = encode(split_again(), run.vocabulary, tmp_path, RECIPE.first_words, seed=1)
    assert encoded.sha256 == run.facts["split"]["sha256"]
    assert encoded.counts == run.facts["split"]["phrases"]
    assert encode(split_again(2), run.vocabulary, tmp_path, RECIPE.first_words, seed=1).sha256 != encoded.sha256


def test_training_rows_are_on_disk_as_the_vocabulary_reads_the_phrases(run: Run, tmp_path: Path) -> None:
    encoded = encode(split_again(), run.vocabulary, tmp_path, first_words=False, seed=1)
    phrases = [phrase for part, phrase in split_again().phrases() if part == "train"]
    assert (tmp_path / "ids.bin").stat().st_size == encoded.ids.nbytes
    assert encoded.ids.tolist() == [[*ids, *[0] * (8 - len(ids))] for ids in map(run.vocabulary.encode, texts(phrases))]
    assert encoded.truth.tolist() == truth_of(phrases, run.vocabulary.labels).tolist()


def test_a_long_phrase_is_trained_on_in_all_its_windows_or_by_its_first_words(run: Run, tmp_path: Path) -> None:
    parts = split_by(CORPUS, survey(CORPUS), RECIPE, FitOptions(unit=Unit("words", 20)))
    phrases = [phrase for part, phrase in parts.phrases() if part == "train"]
    lengths = [len(run.vocabulary.encode(text)) for text in texts(phrases)]
    assert max(lengths) == 20
    for first_words, rows in ((True, len(phrases)), (False, sum(max(1, -(-length // 8)) for length in lengths))):
        encoded = encode(parts, run.vocabulary, tmp_path, first_words, seed=1)
        assert encoded.ids.shape == (rows, 8) == (len(encoded.truth), 8)


def test_the_accuracy_in_training_is_measured_on_a_sample(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "SAMPLE", 50)
    one, again, other = (encode(split_again(), run.vocabulary, tmp_path, False, seed) for seed in (1, 1, 2))
    training = [phrase for part, phrase in split_again().phrases() if part == "train"]
    places = sorted(training.index(phrase) for phrase in one.sample)
    assert len(places) == len(one.sample) == 50
    assert set(one.sample) <= set(training)
    assert places[0] < len(training) / 4 < len(training) * 3 / 4 < places[-1]
    assert one.sample == again.sample != other.sample


def texts(phrases: list[Phrase]) -> list[str]:
    return [phrase.text for phrase in phrases]


def test_stock_keras_loads_the_model_compiled(run: Run) -> None:
    import keras

    model = keras.models.load_model(run.path / "model.keras")
    ids = np.array([[2, 3, 4, 5, 0, 0, 0, 0]], np.int32)
    assert np.abs(model.predict(ids, verbose=0) - run.classifier.model.predict(ids, verbose=0)).max() < 1e-6
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert np.isfinite(model.evaluate(ids, np.array([[1.0, 0.0]]), verbose=0)).all()


def test_a_long_text_is_read_in_windows_and_an_empty_one_answered(run: Run) -> None:
    answers = run.classifier.probabilities(["purr meow paw " * 20, "", "woof", "bark fetch bone " * 20])
    assert answers.shape == (4, 2)
    assert answers.sum(axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-6)
    assert answers[0, 0] > 0.8
    assert answers[3, 1] > 0.8
    assert run.classifier.probabilities([]).shape == (0, 2)
