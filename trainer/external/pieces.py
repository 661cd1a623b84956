"""A SentencePiece model as the tokenizer contract."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from trainer.errors import UserError
from trainer.external.charsmap import rules_from
from trainer.external.contract import Tokenizer
from trainer.text.normalization import SPACE, Rules
from trainer.text.vocabulary import FINEST_STEP, RESERVED, Vocabulary

_NORMAL, _UNKNOWN, _CONTROL, _UNUSED = 1, 2, 3, 5  # SentencePiece's own numbers
_KINDS: Final = {4: "user-defined symbols", 6: "pieces of bytes (byte_fallback)"}
_TYPES: Final = {1: "unigram", 3: "word"}
_NORMALIZER: Final = {"add_dummy_prefix": True, "remove_extra_whitespaces": True, "escape_whitespaces": True}
_LONGEST: Final = 100  # characters of a piece


def read_sentencepiece(path: Path, labels: Sequence[str], length: int) -> Tokenizer:
    """Reads a SentencePiece model.

    Args:
        path: What the library wrote.
        labels: In the order of the model's outputs.
        length: How many ids the model reads.

    Raises:
        UserError: It is damaged, or has a setting that not every runtime can honour.
    """
    model = _parsed(path)
    kind = model.trainer_spec.model_type
    if kind not in _TYPES:
        raise UserError(f"{path}: is a BPE or character model; unigram and word models mean the same everywhere")
    _check_settings(model, path)
    rules = _rules_of(model, path)
    numbered = list(_met(model, rules))
    scores = tuple(round(model.pieces[number].score / FINEST_STEP) * FINEST_STEP for number, _ in numbered)
    vocabulary = Vocabulary(
        rules=rules,
        pieces=tuple(piece for _, piece in numbered),
        scores=scores if kind == 1 else (0.0,) * len(scores),
        labels=tuple(labels),
        sequence_length=length + 2,
        model_type="unigram" if kind == 1 else "word",
    )
    unknown = next(number for number, piece in enumerate(model.pieces) if piece.type == _UNKNOWN)
    padding = max(0, int(model.trainer_spec.pad_id))
    table = (-1, unknown, -1, -1, *(number for number, _ in numbered))
    assert len(table) == vocabulary.size == len(numbered) + len(RESERVED)
    return Tokenizer(vocabulary, table, length, padding, holes=False)


def is_sentencepiece(path: Path) -> bool:
    """Whether a file holds a SentencePiece model, and no lines of text."""
    try:
        _parsed(path)
    except UserError:
        return False
    return True


def _parsed(path: Path) -> Any:
    import sentencepiece
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from sentencepiece import sentencepiece_model_pb2 as proto

    try:
        data = path.read_bytes()
        model = proto.ModelProto()
        model.ParseFromString(data)
        if not any(piece.type == _UNKNOWN for piece in model.pieces):
            raise ValueError("no unknown piece")
        sentencepiece.SentencePieceProcessor(model_proto=data)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (DecodeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: is no SentencePiece model, or a damaged one") from error
    return model


def _check_settings(model: Any, path: Path) -> None:
    if model.trainer_spec.treat_whitespace_as_suffix:
        raise UserError(f"{path}: has treat_whitespace_as_suffix=True; only False means the same everywhere")
    for piece in model.pieces:
        if piece.type in _KINDS:
            raise UserError(f"{path}: has {_KINDS[piece.type]}, which tflite-support does not read: train without")
        if piece.type == _NORMAL and SPACE in piece.piece[1:]:
            raise UserError(f"{path}: the piece {piece.piece!r} holds a space within: train with split_by_whitespace")
    for name, wanted in _NORMALIZER.items():
        if getattr(model.normalizer_spec, name) != wanted:
            raise UserError(f"{path}: has {name}={not wanted}; only {name}={wanted} means the same everywhere")


def _rules_of(model: Any, path: Path) -> Rules:
    """Gives the rules whose outcome the pieces know in part at least; of the others the unknown stays unknown."""
    try:
        rules = rules_from(model.normalizer_spec.precompiled_charsmap)
    except ValueError as error:
        raise UserError(f"{path}: its normalization rules are damaged") from error
    known = set("".join(piece.piece for piece in model.pieces if piece.type == _NORMAL)) | {" "}

    def matters(old: str, new: str) -> bool:
        return not new or not known.isdisjoint(old + old.lower() + new)  # clients lower-case A to Z before

    return tuple((old, new) for old, new in rules if "\0" not in old and matters(old, new))


def _met(model: Any, rules: Rules) -> Iterator[tuple[int, str]]:
    """Gives the ids and pieces that text can spell."""
    given = set("".join(new for _, new in rules))
    never = {old for old, _ in rules if len(old) == 1 and old not in given} - {SPACE} | {"\0", " "}
    for number, piece in enumerate(model.pieces):
        if piece.type == _NORMAL and never.isdisjoint(piece.piece) and len(piece.piece) <= _LONGEST:
            yield number, piece.piece
