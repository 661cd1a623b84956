"""Learns the pieces of a vocabulary from the training text: a unigram language model (Kudo, 2018), by SentencePiece."""

import io
import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from trainer.quiet import quietly
from trainer.text.normalization import SPACE, all_rules, clean, normalizer, rules_for, squeeze
from trainer.text.vocabulary import RESERVED, SCORE_STEP, UNSPACED, Vocabulary

FEW_ROWS: Final = 3_000  # below, every word that was seen is a piece: the unigram model drops what occurs once
MOST_WORDS: Final = 3_000_000  # distinct ones in memory while counting; above that, what was seen once is forgotten
_LONGEST: Final = 16_384  # bytes of a run without a space
_SEEDS: Final = 100_000  # pieces to start from
_ROOM: Final = 1_000  # pieces beside the single characters, which are pieces all
_WORD = re.compile(rf"[^\W_{UNSPACED}]+(?:'[^\W_{UNSPACED}]+)*", re.UNICODE)


@dataclass(frozen=True)
class Spelling:
    """What of a text's spelling is kept.

    Attributes:
        keep_case: Capitals are other letters.
        fold_accents: Accents are dropped.
    """

    keep_case: bool = False
    fold_accents: bool = False


def learn(
    texts: Iterable[str],
    labels: Sequence[str],
    *,
    sequence_length: int,
    maximum_pieces: int,
    model_type: Literal["unigram", "word"] = "unigram",
    spelling: Spelling = Spelling(),
    extra_words: Sequence[str] = (),
) -> Vocabulary:
    """Learns a vocabulary; the same text gives the same pieces, byte for byte.

    Args:
        texts: The training split's texts, and no other's. They are read once.
        labels: In the order of the model's outputs.
        sequence_length: Positions that the model reads at once.
        maximum_pieces: Of the unigram model; every character of the text is a piece beside them where they are many.
            Of whole words the most frequent are kept.
        model_type: "unigram", or "word": whole words alone, and punctuation is a space.
        spelling: What of the spelling is kept.
        extra_words: Words that become pieces whether the text has them or not.
    """
    rules = all_rules(spelling.keep_case, spelling.fold_accents, word_marks_only=model_type == "word")
    counts, rows = _count(texts, rules)
    if model_type == "word":
        scores = {SPACE + word: math.log(times) for word, times in counts.most_common(maximum_pieces)}
    else:
        scores = _unigram(counts, maximum_pieces)
        plain = normalizer(rules)
        added = dict.fromkeys(squeeze(plain(clean(word))) for word in extra_words)
        if rows < FEW_ROWS:
            added |= dict.fromkeys(word for run in counts for word in _whole_words(run))
        _add_words(scores, counts, [word for word in added if word and " " not in word])
    scores = scores or {SPACE: 0.0}
    unsorted = Vocabulary(
        rules=rules_for(set("".join(scores)), rules),
        pieces=tuple(scores),
        scores=tuple(round(score / SCORE_STEP) * SCORE_STEP for score in scores.values()),
        labels=tuple(labels),
        sequence_length=sequence_length,
        model_type=model_type,
    )
    return _by_frequency(unsorted, counts)


def _count(texts: Iterable[str], rules: tuple[tuple[str, str], ...]) -> tuple[Counter[str], int]:
    """Counts runs without a space in normalized text, the most frequent first; and the rows."""
    plain = normalizer(rules)
    counts: Counter[str] = Counter()
    rows = 0
    for text in texts:
        rows += 1
        counts.update(run for run in plain(clean(text)).split(" ") if run)
        if len(counts) > MOST_WORDS:
            counts = Counter({run: times for run, times in counts.items() if times > 1})
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Counter(dict(ordered)), rows


def _unigram(counts: Counter[str], maximum_pieces: int) -> dict[str, float]:
    """Gives pieces with their log-probabilities."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    alphabet = Counter({SPACE: sum(counts.values())})
    for run, times in counts.items():
        for character in run:
            alphabet[character] += times
    total = sum(alphabet.values()) or 1
    characters = {character: math.log(times / total) for character, times in alphabet.items()}
    lines = [f"{run}\t{times}\n" for run, times in counts.items() if len(run.encode()) < _LONGEST]
    if sum(counts.values()) < 2 or not lines:
        return characters
    with tempfile.TemporaryDirectory() as folder, quietly():
        (path := Path(folder, "runs.tsv")).write_text("".join(lines), encoding="utf-8", newline="\n")
        written = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                input=str(path),
                input_format="tsv",
                model_writer=written,
                vocab_size=max(maximum_pieces, len(alphabet) + _ROOM),
                hard_vocab_limit=False,
                character_coverage=1.0,
                max_sentence_length=_LONGEST,
                seed_sentencepiece_size=_SEEDS,
                shrinking_factor=0.5,  # with the fewer seeds half the time on Thai, and as good pieces
                normalization_rule_name="identity",
                num_threads=1,
                bos_id=-1,
                eos_id=-1,
                minloglevel=2,
            )
        except RuntimeError:  # too little text to learn from: its characters, and its words beside them
            return characters
    model = proto.ModelProto()
    model.ParseFromString(written.getvalue())
    normal = proto.ModelProto.SentencePiece.NORMAL
    learned = {piece.piece: float(piece.score) for piece in model.pieces if piece.type == normal}
    least = min(learned.values(), default=0.0)
    return learned | {piece: least - 1 for piece in sorted(characters) if piece not in learned}


def _whole_words(run: str) -> list[str]:
    """Gives the words of a run as pieces spell them without the space: the first of it alone begins with one."""
    return [match.group() for match in _WORD.finditer(run) if match.start() == 0]


def _add_words(scores: dict[str, float], counts: Counter[str], words: Sequence[str]) -> None:
    """Makes words pieces; each is more likely than what it would be cut into."""
    total = sum(counts.values()) + len(words)
    alphabet = {piece for piece in scores if len(piece) == 1}
    least = min(scores.values(), default=0.0)
    for word in words:
        piece = SPACE + word
        if piece not in scores:
            scores[piece] = max(math.log(max(counts[word], 0.5) / total), 1.5 * least)
        for character in word:
            if character not in alphabet:
                scores[character] = least - 1
                alphabet.add(character)


def _by_frequency(vocabulary: Vocabulary, counts: Counter[str]) -> Vocabulary:
    """Numbers pieces by how often they stand in the training text."""
    times = [0] * vocabulary.size
    runs = list(counts)
    for run, ids in zip(runs, vocabulary.encode_all(runs), strict=True):
        for piece_id in ids:
            times[piece_id] += counts[run]
    first = len(RESERVED)
    order = sorted(range(len(vocabulary.pieces)), key=lambda index: (-times[first + index], vocabulary.pieces[index]))
    return replace(
        vocabulary,
        pieces=tuple(vocabulary.pieces[index] for index in order),
        scores=tuple(vocabulary.scores[index] for index in order),
    )
