"""Learns the pieces of a vocabulary from the training text: a unigram language model (Kudo, 2018), by SentencePiece."""

import io
import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from trainer.cluster.counting import count_runs, hash_of
from trainer.cluster.workers import ALONE, Workers
from trainer.quiet import quietly
from trainer.text.interpreter import Segmenter
from trainer.text.normalization import SPACE, Rules, all_rules, clean, normalizer, rules_for, squeeze, with_marks_apart
from trainer.text.vocabulary import RESERVED, SCORE_STEP, UNSPACED, Vocabulary

FEW_ROWS: Final = 3_000  # below, whole words are pieces if they were seen at all: the unigram model drops what is rare
FREQUENT: Final = 5  # above, if they were seen so often
MOST_CHARACTERS: Final = 10_000_000  # of the different runs that are learned from
LONGEST_WORD: Final = 60  # characters; the library crashes on a piece of some thousand
_LONGEST: Final = 16_384  # bytes of a run without a space
_SEEDS: Final = 100_000  # pieces to start from
_ROOM: Final = 1_000  # pieces beside the single characters, which are pieces all
_UNSPACED: Final = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uffef]")


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
    whole_words: bool = True,
    extra_words: Sequence[str] = (),
    workers: Workers = ALONE,
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
        whole_words: Whether words that were seen often are pieces whatever the unigram model says; of few rows all that
            were seen.
        extra_words: Words that become pieces whether the text has them or not.
        workers: Count.
    """
    runs, rows = count_runs(texts, workers)
    rules = all_rules(spelling.keep_case, spelling.fold_accents, word_marks_only=model_type == "word")
    rules = with_marks_apart(rules, set().union(*_normalized(runs, rules)))
    counts = _normalized(runs, rules)
    if model_type == "word":
        scores = {SPACE + word: 0.0 for word in [*counts][:maximum_pieces] if len(word) <= LONGEST_WORD}
    else:
        scores = _unigram(counts, maximum_pieces)
        plain = normalizer(rules)
        extra = dict.fromkeys(word for text in extra_words for word in squeeze(plain(clean(text))).split(" ") if word)
        every = whole_words and rows < FEW_ROWS
        whole = [run for run, times in counts.items() if _is_whole(run, whole_words and (every or times >= FREQUENT))]
        _add(scores, counts, whole, certain=every)
        room = max(maximum_pieces, len(set().union(*counts)) + _ROOM)
        scores = dict(_by_frequency(scores, counts)[:room]) | {
            piece: score for piece, score in scores.items() if len(piece) == 1
        }
        _add(scores, counts, [word for word in extra if _is_whole(word, True)], certain=True)
    pieces = _by_frequency(scores or {SPACE: 0.0}, counts)
    return Vocabulary(
        rules=rules_for(set("".join(scores)), rules),
        pieces=tuple(piece for piece, _ in pieces),
        scores=tuple(score for _, score in pieces),
        labels=tuple(labels),
        sequence_length=sequence_length,
        model_type=model_type,
    )


def _normalized(runs: Counter[str], rules: Rules) -> Counter[str]:
    """Gives the counts of what is between spaces in normalized text, the most frequent first."""
    plain = normalizer(rules)
    counts: Counter[str] = Counter()
    for run, times in runs.items():
        for part in plain(run).split(" "):
            counts[part] += times
    del counts[""]
    return Counter(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))


def _unigram(counts: Counter[str], maximum_pieces: int) -> dict[str, float]:
    """Gives pieces with their log-probabilities: those that SentencePiece learns, and every character."""
    alphabet = Counter({SPACE: sum(counts.values()) or 1})
    for run, times in counts.items():
        for character in run:
            alphabet[character] += times
    learned = _learned(_sample(counts), max(maximum_pieces, len(alphabet) + _ROOM))
    if not learned:
        total = sum(alphabet.values())
        return {character: _rounded(math.log(times / total)) for character, times in sorted(alphabet.items())}
    least = min(learned.values()) - 1
    return learned | {character: least for character in sorted(alphabet) if character not in learned}


def _sample(counts: Counter[str]) -> Counter[str]:
    """Takes as many runs as are learned from in minutes, by a hash, the same ones each time."""
    fitting = Counter({run: times for run, times in counts.items() if len(run.encode()) < _LONGEST})
    thinning = 1
    while sum(map(len, fitting)) > MOST_CHARACTERS:
        thinning *= 2
        fitting = Counter({run: times for run, times in fitting.items() if not hash_of(run) % thinning})
    return fitting


def _learned(counts: Counter[str], size: int) -> dict[str, float]:
    """Gives what the library learns, nothing where the text is too little to learn from."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    if sum(counts.values()) < 2:
        return {}
    with tempfile.TemporaryDirectory() as folder, quietly():
        (path := Path(folder, "runs.tsv")).write_text(
            "".join(f"{run}\t{times}\n" for run, times in counts.items()), encoding="utf-8", newline="\n"
        )
        written = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                input=str(path),
                input_format="tsv",
                model_writer=written,
                vocab_size=size,
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
        except RuntimeError:
            return {}
    model = proto.ModelProto()
    model.ParseFromString(written.getvalue())
    normal = proto.ModelProto.SentencePiece.NORMAL
    pieces = ((piece.piece, piece.score) for piece in model.pieces if piece.type == normal)
    return {piece: _rounded(score) for piece, score in pieces if piece not in RESERVED}


def _is_whole(run: str, frequent: bool) -> bool:
    """Whether a run becomes a piece as a whole: a mark or an emoji, or a word in a script with spaces."""
    if not 0 < len(run) <= LONGEST_WORD or _UNSPACED.search(run):
        return False
    return len(run) == 1 or (frequent and run == run.strip("'"))


def _add(scores: dict[str, float], counts: Counter[str], words: Iterable[str], *, certain: bool) -> None:
    """Makes words pieces: SentencePiece takes no word for one that a space always follows.

    Args:
        scores: Of the pieces; gets those of the words, and of characters that are new.
        counts: How often the words stand in the training text.
        words: Without their ▁.
        certain: Each word is more likely than any pieces it could be cut into.
    """
    new = sorted({SPACE + word for word in words}.difference(scores, RESERVED), key=lambda piece: (len(piece), piece))
    total, least = 2 * sum(counts.values()) + 1, min(scores.values(), default=0.0)
    for piece in new:
        scores[piece] = _rounded(max(math.log(max(counts[piece[1:]], 0.5) / total), least - 1))
    for character in sorted(set("".join(new)).difference(scores)):
        scores[character] = least - 1
    if certain:  # the shorter ones first: what they score is what the longer ones are held against
        segment = Segmenter(scores)
        for piece in new:
            score, cut = segment(piece)
            if cut != [piece]:
                scores[piece] = score + SCORE_STEP


def _rounded(score: float) -> float:
    return round(score / SCORE_STEP) * SCORE_STEP


def _by_frequency(scores: Mapping[str, float], counts: Counter[str]) -> list[tuple[str, float]]:
    """Orders pieces by how often they stand in the training text."""
    vocabulary = Vocabulary((), tuple(scores), tuple(scores.values()), (), 3)
    times: Counter[int] = Counter()
    for (_, of_run), ids in zip(counts.items(), vocabulary.encode_all(list(counts)), strict=True):
        for piece_id in ids:
            times[piece_id] += of_run
    numbered = enumerate(scores.items(), len(RESERVED))
    return [item for _, item in sorted(numbered, key=lambda each: (-times[each[0]], each[1][0]))]
