"""Training: repeatable, on training text alone; and what the run directory says of it."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.corpora.pets import CORPUS, RECIPE, fitted, split_again
from trainer.data.corpus import Corpus, Phrase, Row, of_lines
from trainer.data.profile import profile_of
from trainer.data.sources import Unit
from trainer.encoding import encode as encoding
from trainer.encoding.encode import LENGTHS, Encoded, encode, length_for
from trainer.evaluation.measuring import truth_of
from trainer.evaluation.metrics import metrics, tally
from trainer.model.network import build_lesson, build_model, weights_of
from trainer.model.recipe import RECIPES, beyond_budget, bytes_beside_bigrams, sizes_for, within_budget
from trainer.model.weights import Weights
from trainer.run import Run, digest_of
from trainer.splitting.options import split_by
from trainer.teacher.distil import Distillation
from trainer.teacher.encoder import Teacher
from trainer.text.vocabulary import Vocabulary
from trainer.text.windows import split_ids
from trainer.training import fit as fitting
from trainer.training.fit import fit
from trainer.training.learn import class_weights
from trainer.training.options import FitOptions

FILES = {"run.json", "model.keras", "vocabulary.json", "vocabulary.model", "validation.jsonl", "test.jsonl"}


@pytest.fixture(scope="module")
def run(pets_run: Run) -> Run:
    return pets_run


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same once more, over a run that was there already."""
    path = tmp_path_factory.mktemp("runs") / "again"
    path.mkdir()
    (path / "run.json").write_text("{}")
    (path / "left-over.txt").write_text("from the old run")
    return fitted(path)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fitted(tmp_path_factory.mktemp("runs") / "other", seed=2)


def weights(of_run: Run) -> list[np.ndarray[Any, Any]]:
    return [np.asarray(weight) for weight in of_run.classifier.model.get_weights()]


def encoded_again(run: Run, folder: Path, seed: int = 1, **options: Any) -> Encoded:
    folder.mkdir(exist_ok=True)
    given = {"sequence_length": 18, "first_window": False, "misspelt_weight": 0.0} | options
    return encode(split_again(), run.vocabulary, folder, seed=seed, **given)


def texts(phrases: list[Phrase]) -> list[str]:
    return [phrase.text for phrase in phrases]


# Training.


def test_the_model_learns(run: Run) -> None:
    results = run.facts["metrics"]
    assert results["test"]["accuracy"] > 0.85 > results["test"]["majority"] + 0.2
    assert results["validation"]["accuracy"] > 0.85


def test_an_equal_seed_gives_equal_weights_and_metrics(run: Run, again: Run) -> None:
    assert all(np.array_equal(one, other) for one, other in zip(weights(run), weights(again), strict=True))
    for fact in ("split", "training", "abstention", "metrics", "recipe", "corpus", "seed", "versions", "model_sha256"):
        assert run.facts[fact] == again.facts[fact]
    assert run.vocabulary == again.vocabulary


def test_another_seed_gives_another_split_and_other_weights(run: Run, other: Run) -> None:
    assert (run.facts["seed"], other.facts["seed"]) == (1, 2)
    assert run.facts["split"]["sha256"] != other.facts["split"]["sha256"]
    assert run.phrases("test") != other.phrases("test")
    kernels = [of_run.classifier.model.get_layer("bidirectional").get_weights()[0] for of_run in (run, other)]
    assert kernels[0].shape == kernels[1].shape
    assert not np.allclose(kernels[0], kernels[1])


def test_a_models_digest_is_of_its_weights_whenever_they_are_saved(run: Run, tmp_path: Path) -> None:
    import keras

    digests = []
    for name in ("one", "two"):
        run.classifier.model.save(tmp_path / f"{name}.keras")
        digests.append(digest_of(keras.models.load_model(tmp_path / f"{name}.keras", compile=False)))
    assert digests == [run.facts["model_sha256"]] * 2
    model = keras.models.load_model(tmp_path / "two.keras", compile=False)
    (bias,) = model.get_layer("tables").get_weights()
    model.get_layer("tables").set_weights([np.nextafter(bias, 1)])
    assert digest_of(model) != digests[0]


def test_the_vocabulary_knows_training_text_alone(run: Run) -> None:
    in_training = {word for text in split_again().training_text() for word in text.split()}
    held_out = {word for row in CORPUS.rows() for word in row.text.split()} - in_training
    assert len(held_out) == 16  # the words of their own that two tenths of 2 x 40 blocks have
    pieces = {piece.strip("▁") for piece in run.vocabulary.pieces}
    assert not held_out & pieces
    assert in_training <= pieces  # where rows are few, every word that was seen is a piece


@pytest.mark.slow
def test_the_labels_few_rows_train_and_are_answered(tmp_path: Path) -> None:
    kinds = {
        "parcel": "where is my parcel|the parcel is late|track the parcel|lost parcel|parcel came broken|send parcel",
        "refund": "I want a refund|refund my money|no refund came|how long is a refund|refund twice|refund please",
        "login": "I cannot login|login fails|reset my login|login code missing|two step login|app login locked",
    }
    corpus = of_lines("support", "", "", "", {label: of_label.split("|") for label, of_label in kinds.items()})
    run = fit(
        corpus,
        dataclasses.replace(RECIPES["byline"], steps=5, teacher="none"),
        FitOptions(path=tmp_path / "run", unit=Unit("line")),
    )
    assert sum(run.facts["split"]["phrases"].values()) == 18
    (one, two, three) = run.classifier.rank(["my refund", "parcel lost", "the login"])
    assert [ranking[0]["label"] for ranking in (one, two, three)] == ["refund", "parcel", "login"]
    assert 0 < run.threshold < 0.9


@pytest.mark.slow
def test_a_label_of_a_single_row_is_learned_and_not_measured(tmp_path: Path) -> None:
    rows = [Row(text, label) for label in ("a", "b") for text in (f"{label}{n} word" for n in range(12))]
    rows.append(Row("something else", "c"))
    corpus = Corpus("made", "", "", "", lambda _: iter(rows))
    run = fit(corpus, RECIPE, FitOptions(path=tmp_path / "run", unit=Unit("line")))
    assert run.vocabulary.labels == ("a", "b", "c")
    assert run.cross_validated is not None
    assert [sum(row) for row in run.cross_validated["confusion"]] == [12, 12, 0]


def test_labels_that_weigh_alike() -> None:
    weights = class_weights([0, 0, 0, 1], 2)
    assert weights.tolist() == pytest.approx([2 / 3, 2])


def test_the_lessons_recipe_builds_the_lessons_model() -> None:
    recipe = RECIPES["lesson"]
    model = build_lesson(18, 100, recipe.embedding_size, recipe.lstm_units, (*recipe.dense_units, 4))
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
    assert (recipe.sequence_length, recipe.epochs, recipe.unit, recipe.batch_size) == (18, 3, "line", 64)
    assert (recipe.model_type, recipe.first_window, recipe.learning_rate) == ("word", True, 0.001)


@pytest.mark.parametrize("labels", [2, 10, 11, 77, 150, 1_000])
@pytest.mark.parametrize("rows", [18, 1_000, 1_000_000])
@pytest.mark.parametrize("with_teacher", [False, True])
def test_sizes_by_rule_fit_every_number_of_labels(labels: int, rows: int, with_teacher: bool) -> None:
    sizes = sizes_for(RECIPES["byline"], labels, rows, with_teacher)
    small = sizes_for(dataclasses.replace(RECIPES["byline"], budget_kb=100), labels, rows, with_teacher)
    assert all(value > 0 for name, value in vars(sizes).items() if name != "extra_words")
    assert small.maximum_pieces < sizes.maximum_pieces
    assert small.bigram_slots <= sizes.bigram_slots <= 24 * rows + 100
    assert (sizes.extra_words > 0) == with_teacher


def test_half_of_the_size_with_a_teacher_is_kept() -> None:
    recipe = dataclasses.replace(RECIPES["byline"], budget_kb=331)
    by_rule = sizes_for(recipe, 77, 10_000, True)
    pieces = tuple(f"▁piece{number}" for number in range(by_rule.maximum_pieces + by_rule.extra_words))
    vocabulary = Vocabulary((), pieces, (-1.0,) * len(pieces), tuple(f"label{n}" for n in range(77)), 34)
    sizes = within_budget(by_rule, recipe, vocabulary, True)
    assert beyond_budget(sizes, recipe, vocabulary) == 0


def test_a_budget_that_cannot_be_kept_is_found_out() -> None:
    vocabulary = Vocabulary((), ("▁piece",) * 1_000, (-1.0,) * 1_000, tuple(f"label{n}" for n in range(77)), 34)
    for budget, kept in ((60, False), (200, True), (0, True)):
        recipe = dataclasses.replace(RECIPES["byline"], budget_kb=budget)
        sizes = within_budget(sizes_for(recipe, 77, 10_000, False), recipe, vocabulary, False)
        beyond = beyond_budget(sizes, recipe, vocabulary)
        assert (beyond == 0) == kept, budget
        assert kept or beyond > 1.05 * budget


@pytest.mark.parametrize("budget", [0, 200, 400])
def test_pairs_get_what_is_left_of_the_budget(budget: int) -> None:
    recipe = dataclasses.replace(RECIPES["byline"], budget_kb=budget)
    pieces = tuple(f"▁piece{number}" for number in range(2_000))
    vocabulary = Vocabulary((), pieces, (-1.0,) * 2_000, tuple(f"label{n}" for n in range(77)), 34)
    sizes = within_budget(sizes_for(recipe, 77, 10_000, False), recipe, vocabulary, False)
    assert bytes_beside_bigrams(sizes, vocabulary) + 9 * sizes.bigram_slots <= 1_000 * (budget or 297) or budget == 200
    assert sizes.bigram_slots >= 997
    assert sizes.lstm_steps == 16


@pytest.mark.slow
def test_a_taught_vector_is_a_feature_where_it_pays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The teacher is made up: it knows what the labels are about, and the words that only the held-out phrases have."""
    meanings = {"parcel": ["box", "crate", "post", "mail", "ship"], "refund": ["money", "cash", "coins", "bill", "pay"]}

    class MadeUp(Teacher):
        def encode(self, texts: Sequence[str]) -> Any:
            found = np.zeros((len(texts), 4), np.float32)
            for vector, text in zip(found, texts, strict=True):
                for place, words in enumerate(meanings.values()):
                    vector[place] = sum(word in text for word in words)
                vector[2:] = 0.3, 0.1 * (len(text) % 3)
            return found / np.linalg.norm(found, axis=1, keepdims=True)

    words = [word for of_label in meanings.values() for word in of_label]
    vocabulary = {word: place for place, word in enumerate(words)}
    (path := tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    monkeypatch.setattr(fitting, "open_teacher", lambda *_: MadeUp("made up", "CC0-1.0", "", path, path))
    monkeypatch.setattr(Distillation, "variants", 100)
    texts = {
        label: [f"about the {word} of {n}" for n in range(8) for word in words] for label, words in meanings.items()
    }
    recipe = dataclasses.replace(RECIPE, teacher="minilm", epochs=2, extra_words=50)
    run = fit(of_lines("taught", "", "", "", texts), recipe, FitOptions(path=tmp_path / "run", unit=Unit("line")))
    assert run.facts["teacher"]["name"] == "made up"
    found = weights_of(run.classifier.model)
    assert isinstance(found, Weights)
    assert (found.encoder.logits is not None) == (run.facts["training"]["sentence_strength"] > 0)
    assert run.results["accuracy"] > 0.9


# What is trained on.


def test_the_split_can_be_made_again_and_its_fingerprint_is_the_same(run: Run, other: Run, tmp_path: Path) -> None:
    encoded = encoded_again(run, tmp_path)
    assert encoded.sha256 == run.facts["split"]["sha256"] != other.facts["split"]["sha256"]
    assert encoded.counts == run.facts["split"]["phrases"]


def test_training_rows_are_on_disk_as_the_clients_write_them(run: Run, tmp_path: Path) -> None:
    encoded = encoded_again(run, tmp_path)
    phrases = [phrase for part, phrase in split_again().phrases() if part == "train"]
    assert (tmp_path / "rows.bin").stat().st_size == encoded.rows.nbytes
    expected = [row.tolist() for text in texts(phrases) for row in split_ids(run.vocabulary.encode(text), 18)]
    assert encoded.rows.tolist() == expected
    assert encoded.truth.tolist() == truth_of(phrases, run.vocabulary.labels).tolist()
    assert (encoded.weights == 1).all()


def test_misspelt_copies_stand_beside_the_rows_and_weigh_less(run: Run, tmp_path: Path) -> None:
    plain = encoded_again(run, tmp_path / "plain")
    copies = encoded_again(run, tmp_path / "copies", misspelt_weight=0.3)
    original = copies.weights == 1
    assert np.array_equal(copies.rows[original], plain.rows)
    assert set(copies.weights[~original]) == {np.float32(0.3 / 3)}  # of few rows there are four
    assert 2.4 < (~original).sum() / original.sum() < 4  # a few copies have no slip, and are left out
    same, third = (encoded_again(run, tmp_path / str(seed), seed, misspelt_weight=0.3) for seed in (1, 2))
    assert np.array_equal(same.rows, copies.rows)
    assert not np.array_equal(same.rows[same.weights < 1], third.rows[third.weights < 1])


def test_copies_without_punctuation_stand_beside_what_has_some(run: Run, tmp_path: Path) -> None:
    lines = {"cats": ("The paw, the fur!", "the paw the fur", "...") * 40, "dogs": ("Bark; fetch?",) * 120}
    corpus = of_lines("c", "", "", "", lines)
    parts = split_by(corpus, profile_of(corpus), RECIPE, FitOptions(unit=Unit("line")))
    printed = [phrase.text for part, phrase in parts.phrases() if part == "train"]
    options: dict[str, Any] = {"sequence_length": 18, "first_window": False, "misspelt_weight": 0.0, "seed": 1}
    encoded = encode(parts, run.vocabulary, tmp_path, unpunctuated_weight=0.6, **options)
    copies = encoded.rows[encoded.weights == np.float32(0.6)].tolist()
    expected = [text for text in printed if "," in text or ";" in text]
    assert len(expected) > 20
    typed = {"The paw, the fur!": "the paw the fur", "Bark; fetch?": "bark fetch"}
    assert copies == [split_ids(run.vocabulary.encode(typed[text]), 18)[0].tolist() for text in expected]


def test_running_text_alone_has_copies_without_punctuation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StopError(Exception):
        pass

    given: list[float] = []

    def spy(*_: Any, unpunctuated_weight: float, **__: Any) -> None:
        given.append(unpunctuated_weight)
        raise StopError

    monkeypatch.setattr(fitting, "encode", spy)
    recipe = dataclasses.replace(RECIPE, unpunctuated_weight=0.5)
    for unit in (Unit("words", 8), Unit("line")):
        with pytest.raises(StopError):
            fit(CORPUS, recipe, FitOptions(unit=unit, path=tmp_path / "r"))
    assert given == [0.5, 0.0]


def test_a_long_phrase_is_trained_on_in_all_its_windows_or_by_its_first(run: Run, tmp_path: Path) -> None:
    parts = split_by(CORPUS, profile_of(CORPUS), RECIPE, FitOptions(unit=Unit("words", 20)))
    phrases = [phrase for part, phrase in parts.phrases() if part == "train"]
    lengths = [len(run.vocabulary.encode(text)) for text in texts(phrases)]
    assert max(lengths) > 16
    for first, rows in ((True, len(phrases)), (False, sum(max(1, -(-length // 16)) for length in lengths))):
        options: dict[str, Any] = {"sequence_length": 18, "first_window": first, "misspelt_weight": 0.0, "seed": 1}
        encoded = encode(parts, run.vocabulary, tmp_path, **options)
        assert encoded.rows.shape == (rows, 18)
        assert len(encoded.truth) == len(encoded.weights) == rows


def test_the_length_of_a_row_holds_nearly_all_phrases() -> None:
    for longest, length in ((3, 18), (16, 18), (17, 34), (32, 34), (64, 66), (65, 130), (5_000, 130)):
        assert length_for(np.array([longest] * 100)) == length
    assert length_for(np.array([5] * 995 + [100] * 5)) == LENGTHS[0]
    assert length_for(np.array([5] * 900 + [100] * 100)) == 130


def test_the_accuracy_in_training_is_measured_on_a_sample(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "SAMPLE", 50)
    one, again, other = (encoded_again(run, tmp_path, seed) for seed in (1, 1, 2))
    training = [phrase for part, phrase in split_again().phrases() if part == "train"]
    places = sorted(training.index(phrase) for phrase in one.sample)
    assert len(places) == len(one.sample) == 50
    assert set(one.sample) <= set(training)
    assert places[0] < len(training) / 4 < len(training) * 3 / 4 < places[-1]
    assert one.sample == again.sample != other.sample


# The run directory.


def test_the_run_directory_holds_its_files_and_replaces_an_old_run_whole(run: Run, again: Run) -> None:
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
    assert {"byline", "tensorflow", "keras", "numpy", "sentencepiece", "scikit-learn"} <= set(facts["versions"])


def test_the_test_phrases_are_kept_and_give_the_metrics_again(run: Run) -> None:
    for part in ("validation", "test"):
        assert run.phrases(part) == [phrase for of_part, phrase in split_again().phrases() if of_part == part]
    phrases = run.phrases("test")
    answers = run.classifier.probabilities(texts(phrases))
    counted = tally(answers, truth_of(phrases, run.vocabulary.labels))
    commonest = run.vocabulary.labels.index(run.majority_label)
    assert metrics(counted, run.threshold, commonest) == run.facts["metrics"]["test"]


def test_stock_keras_loads_the_model_and_its_numbers_make_the_same_again(run: Run) -> None:
    import keras

    model = keras.models.load_model(run.path / "model.keras")
    ids = np.stack([split_ids(run.vocabulary.encode(text), 18)[0] for text in ("purr paw", "woof", "", "the new one")])
    expected = run.classifier.model(ids).numpy()
    assert np.array_equal(model(ids).numpy(), expected)
    rebuilt = build_model(weights_of(model), 18)
    assert np.array_equal(rebuilt(ids).numpy(), expected)


def test_a_long_text_is_read_in_windows_and_an_empty_one_answered(run: Run) -> None:
    answers = run.classifier.probabilities(["purr meow paw " * 20, "", "woof", "bark fetch bone " * 20])
    assert answers.shape == (4, 2)
    assert answers.dtype == np.float64
    assert answers.sum(axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-6)
    assert answers[0, 0] > 0.7
    assert answers[3, 1] > 0.7
    assert run.classifier.probabilities([]).shape == (0, 2)
