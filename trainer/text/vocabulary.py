"""The tokenizer contract, version 2: a SentencePiece model as plain JSON.

raw string -> without NUL -> rules by longest match -> spaces joined, trimmed, written as ▁ -> pieces -> ids.
`vocabulary.json` holds all of it; every runtime, this one too, is an interpreter of that file.
"""

import io
import json
import math
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from trainer.errors import UserError
from trainer.files import read_json, write_json
from trainer.text.interpreter import UNKNOWN_PENALTY, Segmenter, Spelled, aligner, spelling
from trainer.text.normalization import SPACE, Rules, clean

if TYPE_CHECKING:
    import sentencepiece

PADDING_ID: Final = 0
UNKNOWN_ID: Final = 1
CLS_ID: Final = 2
SEP_ID: Final = 3
RESERVED: Final = ("<pad>", "<unk>", "[CLS]", "[SEP]")  # ids 0 to 3; no text can spell them
SCORE_STEP: Final = 1 / 32  # learned scores are multiples of it: their sums are exact in float32
FINEST_STEP: Final = 1 / 1024  # and so are those of a SentencePiece model from elsewhere, up to a shorter text
SCHEMA_FILE: Final = Path(__file__).parent / "vocabulary.schema.json"
UNSPACED: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han, kana
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff"  # Thai, Lao, Tibetan, Myanmar, Khmer
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_TYPES: Final = {"unigram": 1, "word": 3}  # SentencePiece's own numbers


@dataclass(frozen=True)
class Word:
    """What a reader would count: pieces up to the next space, or in a script without spaces one piece.

    Attributes:
        start: Where it starts in the text, in characters.
        end: One past its last.
        ids: Of its pieces.
        known: Whether any of its pieces is longer than a character and not `<unk>`, or it is one known piece.
    """

    start: int
    end: int
    ids: tuple[int, ...]
    known: bool


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer contract of one model.

    Attributes:
        rules: From code points to code points, applied once, by longest match; sorted.
        pieces: Of id 4, of 5, and so on; the most frequent first.
        scores: Of the pieces, multiples of 1/32, or of 1/1024 where they were learned elsewhere.
        labels: In the order of the model's outputs.
        sequence_length: Positions that the model reads at once, `[CLS]` and `[SEP]` among them.
        model_type: "unigram", or "word" where a word that is no piece is unknown as a whole.
    """

    rules: Rules
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    labels: tuple[str, ...]
    sequence_length: int
    model_type: Literal["unigram", "word"] = "unigram"

    @property
    def size(self) -> int:
        """How many ids there are, with the four reserved ones."""
        return len(self.pieces) + len(RESERVED)

    @property
    def window(self) -> int:
        """How many pieces the model reads at once."""
        return self.sequence_length - 2

    @property
    def reads_capitals(self) -> bool:
        """Whether A to Z are read otherwise than a to z: clients that take raw strings lower-case before they read."""
        outcomes, known = dict(self.rules), set("".join(self.pieces))
        both = (
            (outcomes.get(letter, letter), outcomes.get(letter.lower(), letter.lower())) for letter in ascii_uppercase
        )
        return any(upper != lower and not known.isdisjoint(upper + lower) for upper, lower in both)

    def piece(self, piece_id: int) -> str:
        """Gives the piece of an id."""
        return RESERVED[piece_id] if piece_id < len(RESERVED) else self.pieces[piece_id - len(RESERVED)]

    def encode(self, text: str) -> list[int]:
        """Gives the ids of all the text's pieces, uncut, without `[CLS]` and `[SEP]`."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The same of many texts."""
        cleaned = [clean(text) for text in texts]
        if self._processor is None:
            return [self._interpreted(text) for text in cleaned]
        short = [text for text in cleaned if len(text) <= self._longest_exact]
        ids: Iterator[list[int]] = iter(self._processor.encode(short, num_threads=1))
        return [next(ids) if len(text) <= self._longest_exact else self._interpreted(text) for text in cleaned]

    def words(self, text: str) -> list[Word]:
        """Gives the words a reader would count, where they stand in `clean(text)`; punctuation is none.

        A word is what stands between two spaces of the normalized text, without the punctuation at its ends. In scripts
        that use no spaces each piece is a word.
        """
        words: list[Word] = []
        for spelled in self._align(clean(text)):
            pieces = self._cut(spelling(spelled))
            at = -1  # of the next piece in the word, whose ▁ is no character of the text
            unit: list[_Piece] = []
            for piece in pieces:
                span = spelled[max(at, 0) : at + len(piece)]
                at += len(piece)
                if not span:
                    continue  # ▁ alone
                characters = "".join(character for character, _, _ in span)
                alone = _UNSPACED.search(characters) or (unit and _UNSPACED.search(unit[-1].characters))
                if unit and alone and unicodedata.category(characters[0])[0] != "M":  # a mark stays with its letter
                    words += _word(unit)
                    unit = []
                unit.append(_Piece(characters, self._ids.get(piece, UNKNOWN_ID), span[0][1], span[-1][2]))
            words += _word(unit)
        return words

    def _cut(self, word: str) -> list[str]:
        return [word] if self.model_type == "word" else self._segment(word)[1]

    def _interpreted(self, text: str) -> list[int]:
        """Encodes without the library, whose float32 sums are no longer exact in a text this long."""
        ids: list[int] = []
        read: dict[str, list[int]] = {}
        for word in map(spelling, self._align(text)):
            if word not in read:
                read[word] = [self._ids.get(piece, UNKNOWN_ID) for piece in self._cut(word)]
            joined = ids[-1:] == read[word][:1] == [UNKNOWN_ID]  # a run of what is unknown is one piece
            ids += read[word][joined:]
        return ids

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: piece_id for piece_id, piece in enumerate(self.pieces, len(RESERVED))}

    @cached_property
    def _align(self) -> Callable[[str], list[list[Spelled]]]:
        return aligner(self.rules)

    @cached_property
    def _segment(self) -> Segmenter:
        return Segmenter(dict(zip(self.pieces, self.scores, strict=True)))

    @cached_property
    def _longest_exact(self) -> int:
        """The longest text, in characters, whose sum of scores is exact in float32."""
        step = FINEST_STEP if any(score % SCORE_STEP for score in self.scores) else SCORE_STEP
        of_rule = max((len(new) for _, new in self.rules), default=1)
        of_character = (UNKNOWN_PENALTY + max(map(abs, self.scores), default=0.0)) * max(of_rule, 1)
        return int(2**24 * step / of_character) - 1

    def known_words(self, text: str) -> int:
        """How many words of the text the vocabulary knows."""
        return sum(word.known for word in self.words(text))

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: not what was made of it, the functions of which have none."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _processor(self) -> "sentencepiece.SentencePieceProcessor | None":
        """The library, which is some ten times as fast as the plain interpreter; None where it is not installed."""
        try:
            import sentencepiece
        except ImportError:
            return None
        return sentencepiece.SentencePieceProcessor(model_proto=self.model_proto())

    def model_proto(self) -> bytes:
        """Gives the same contract as SentencePiece's own `.model` file, byte for byte the same each time."""
        from sentencepiece import sentencepiece_model_pb2 as proto

        model = proto.ModelProto()
        kinds = (3, 2, 3, 3)  # control, unknown, control, control
        for piece, kind in zip(RESERVED, kinds, strict=True):
            model.pieces.add(piece=piece, score=0.0, type=kind)
        for piece, score in zip(self.pieces, self.scores, strict=True):
            model.pieces.add(piece=piece, score=score)
        trainer, normalizer = model.trainer_spec, model.normalizer_spec
        trainer.model_type = _TYPES[self.model_type]
        trainer.vocab_size = self.size
        trainer.pad_id, trainer.unk_id, trainer.bos_id, trainer.eos_id = PADDING_ID, UNKNOWN_ID, -1, -1
        trainer.pad_piece, trainer.unk_piece = RESERVED[PADDING_ID], RESERVED[UNKNOWN_ID]
        trainer.control_symbols.extend(RESERVED[CLS_ID:])
        normalizer.name = "byline"
        normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = normalizer.escape_whitespaces = True
        normalizer.precompiled_charsmap = _compiled(self.rules)
        written: bytes = model.SerializeToString(deterministic=True)
        return written

    def to_json(self) -> dict[str, Any]:
        return {
            "format": "byline-vocabulary",
            "version": 2,
            "model_type": self.model_type,
            "rules": [list(rule) for rule in self.rules],
            "sequence_length": self.sequence_length,
            "reserved": list(RESERVED),
            "pieces": list(self.pieces),
            "scores": list(self.scores),
            "labels": list(self.labels),
        }

    def write(self, path: Path) -> None:
        write_json(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Reads and validates a `vocabulary.json`.

        Raises:
            UserError: The file is missing, or breaks the schema or a rule of the contract.
        """
        return cls.from_json(read_json(path), str(path))

    @classmethod
    def from_json(cls, value: Any, source: str) -> "Vocabulary":
        """Validates what a `vocabulary.json` holds.

        Args:
            value: The parsed file.
            source: What a mistake names.

        Raises:
            UserError: It breaks the schema or a rule of the contract.
        """
        _check_schema(value, source)
        try:
            vocabulary = cls(
                rules=tuple((old, new) for old, new in value["rules"]),
                pieces=tuple(value["pieces"]),
                scores=tuple(map(float, value["scores"])),
                labels=tuple(value["labels"]),
                sequence_length=value["sequence_length"],
                model_type=value["model_type"],
            )
        except (KeyError, TypeError, ValueError) as error:  # where jsonschema is not installed to say it better
            raise UserError(f"{source}: is no vocabulary ({error!r})") from error
        vocabulary.validate(source)
        return vocabulary

    def validate(self, source: str) -> None:
        """Holds the vocabulary against the rules that a schema cannot say.

        The mobile clients crash on a model that breaks them, so they are checked before anything is exported.

        Raises:
            UserError: Pieces and scores differ in number; a piece or a label stands twice, a piece is reserved or holds
                what the rules change; a score is no multiple of 1/1024; rules are not sorted or one stands twice.
        """
        if len(self.pieces) != len(self.scores):
            raise UserError(f"{source}: has {len(self.pieces)} pieces and {len(self.scores)} scores")
        for kind, values in (("piece", (*RESERVED, *self.pieces)), ("label", self.labels)):
            if (twice := _first_twice(values)) is not None:
                raise UserError(f"{source}: the {kind} {twice!r} stands twice")
        for old, new in self.rules:
            if clean(old + new) != old + new:
                raise UserError(
                    f"{source}: the rule for {old!r} speaks of NUL or a lone surrogate, which no text holds"
                )
        keys = [old for old, _ in self.rules]
        if keys != sorted(set(keys)) or not all(keys):
            raise UserError(f"{source}: the rules are not sorted, or one stands twice")
        given = set("".join(new for _, new in self.rules))
        removed = ({old for old in keys if len(old) == 1} - given - {SPACE}) | {"\0", " "}
        for number, (piece, score) in enumerate(zip(self.pieces, self.scores, strict=True), len(RESERVED)):
            if not piece or removed.intersection(piece) or clean(piece) != piece or SPACE in piece[1:]:
                raise UserError(f"{source}: piece {number}: {piece!r} can never be met in normalized text")
            if not math.isfinite(score) or (score / FINEST_STEP) % 1:
                raise UserError(f"{source}: piece {number}: the score {score} is not a multiple of 1/1024")
        for label in self.labels:
            if not label.strip() or "\n" in label or "\r" in label:
                raise UserError(f"{source}: label {label!r}: a label is one line and not blank")


def _check_schema(value: Any, source: str) -> None:
    """Holds a parsed `vocabulary.json` against its schema, where the package that does it is installed.

    Raises:
        UserError: It breaks the schema.
    """
    try:
        import jsonschema  # half of what --help would wait for
    except ModuleNotFoundError:  # `byline.load` needs NumPy alone
        return
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    error = next(jsonschema.Draft202012Validator(schema).iter_errors(value), None)
    if error is not None:
        raise UserError(f"{source}: {error.json_path}: {error.message[:200]}")


def _first_twice(values: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def _compiled(rules: Rules) -> bytes:
    """Compiles the rules as SentencePiece stores them."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    from trainer.quiet import quietly

    if not rules:
        return b""
    lines = (f"{_codes(old)}\t{_codes(new)}\n" for old, new in rules)
    written = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, quietly():
        (path := Path(folder, "rules.tsv")).write_text("".join(lines), encoding="ascii")
        sentencepiece.SentencePieceTrainer.train(  # of one letter: the library compiles rules nowhere else
            sentence_iterator=iter(["x"]),
            model_writer=written,
            model_type="char",
            vocab_size=8,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(path),
            minloglevel=2,
        )
    model = proto.ModelProto()
    model.ParseFromString(written.getvalue())
    compiled: bytes = model.normalizer_spec.precompiled_charsmap
    return compiled


def _codes(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)


class _Piece(NamedTuple):
    characters: str
    id: int
    start: int
    end: int


def _word(unit: list[_Piece]) -> list[Word]:
    """Makes a word of pieces, the punctuation at both ends left out; none where nothing is left."""
    counting = [index for index, piece in enumerate(unit) if _counts(piece.characters)]
    if not counting:
        return []
    kept = unit[counting[0] : counting[-1] + 1]
    lengths = [len(piece.characters) if piece.id != UNKNOWN_ID else 0 for piece in kept]
    alone = all(unicodedata.category(piece.characters[0])[0] == "M" for piece in kept[1:])
    known = max(lengths) > 1 or (alone and max(lengths) == 1)
    return [Word(kept[0].start, kept[-1].end, tuple(piece.id for piece in kept), known)]


def _counts(characters: str) -> bool:
    """Whether there is a letter, digit, mark or symbol among them, and not punctuation alone."""
    return any(unicodedata.category(character)[0] in "LNMS" for character in characters)
