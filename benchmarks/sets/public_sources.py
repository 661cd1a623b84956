"""Where the public sets come from, and how their files are read: python benchmarks/public.py --fetch DIR

Addresses are of the authors' own repositories. Their files' SHA-256 are not known here: this was written without a
network. What is known are the rows that every number in the tables was measured on: public_rows.json
has a digest of each part, which does not depend on the order of its rows, and a part with other rows is named. The
fetch prints the files' SHA-256.
"""

import base64
import csv
import hashlib
import io
import json
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sets.public_sets import digest, phrases_of
from trainer.data.corpus import Phrase

Read = Callable[[list[bytes]], Mapping[str, list[Phrase]]]  # what is in files, by the part it belongs to
Say = Callable[[str], None]
_RAW: Final = "https://raw.githubusercontent.com/"
_SPLITS: Final = Path(__file__).parent / "public_splits.json"
_ROWS: Final = Path(__file__).parent / "public_rows.json"
_OURS: Final = ("zh_waimai10k", "langid20_sentences", "langid20_words")  # divided by us
_TIMEOUT: Final = 60  # seconds


@dataclass(frozen=True)
class Source:
    """One published file, or several that are read as one.

    Attributes:
        folder: Of the set.
        paths: Below `_RAW`; owner/repository/branch/path.
        read: Gives the rows of their bytes.
    """

    folder: str
    paths: tuple[str, ...]
    read: Read


def columns(part: str, text: str, label: str) -> Read:
    """Reads a CSV with a header."""

    def read(files: list[bytes]) -> Mapping[str, list[Phrase]]:
        table = csv.DictReader(io.StringIO(files[0].decode("utf-8-sig"), newline=""))
        return {part: [Phrase(row[text], row[label]) for row in table]}

    return read


def parallel(part: str) -> Read:
    """Reads two files, a text a line and a label a line."""

    def read(files: list[bytes]) -> Mapping[str, list[Phrase]]:
        texts, labels = (file.decode("utf-8").splitlines() for file in files)
        return {part: [Phrase(text.strip(), label.strip()) for text, label in zip(texts, labels, strict=True)]}

    return read


def clinc(files: list[bytes]) -> Mapping[str, list[Phrase]]:
    """Reads JSON: part -> [[text, label], …]."""
    value = json.loads(files[0])
    return {part: [Phrase(text, label) for text, label in rows] for part, rows in value.items()}


def snips(part: str, intent: str) -> Read:
    """Reads JSON: {intent: [{"data": [{"text": …}, …]}, …]}; a phrase is its pieces joined."""

    def read(files: list[bytes]) -> Mapping[str, list[Phrase]]:
        try:
            value = json.loads(files[0].decode("utf-8"))
        except UnicodeDecodeError:  # some of them are
            value = json.loads(files[0].decode("latin-1"))
        return {part: [Phrase("".join(piece["text"] for piece in of["data"]), intent) for of in value[intent]]}

    return read


def tabs(part: str, text: int, label: int, names: Mapping[str, str] | None = None) -> Read:
    """Reads lines of fields between tabs."""

    def read(files: list[bytes]) -> Mapping[str, list[Phrase]]:
        lines = files[0].decode("utf-8-sig").split("\n")
        rows = [[field.strip() for field in line.split("\t")] for line in lines if line.strip()]
        return {part: [Phrase(row[text], (names or {}).get(row[label], row[label])) for row in rows]}

    return read


def wisesight(files: list[bytes]) -> Mapping[str, list[Phrase]]:
    """Reads an archive of JSON lines, one file a part."""
    found: dict[str, list[Phrase]] = {}
    with zipfile.ZipFile(io.BytesIO(files[0])) as archive:
        for name in archive.namelist():
            part = {"train": "train", "valid": "val", "test": "test"}.get(Path(name).stem)
            if part and not Path(name).name.startswith("."):
                lines = archive.read(name).decode("utf-8").split("\n")
                rows = [json.loads(line) for line in lines if line.strip()]
                found[part] = [Phrase(row["texts"], row["category"]) for row in rows]
    return found


def waimai(files: list[bytes]) -> Mapping[str, list[Phrase]]:
    """Reads a CSV with 0 and 1 for labels; its parts are ours."""
    names = {"0": "negative", "1": "positive"}
    table = csv.DictReader(io.StringIO(files[0].decode("utf-8-sig"), newline=""))
    return ours("zh_waimai10k", [Phrase(row["review"], names[row["label"]]) for row in table])


def languages(folder: str) -> Read:
    """Reads a file a language, a text a line; its parts are ours."""

    def read(files: list[bytes]) -> Mapping[str, list[Phrase]]:
        pairs = zip(LANGUAGES, files, strict=True)
        lines = ((line.strip(), code) for code, file in pairs for line in file.decode("utf-8").split("\n"))
        return ours(folder, [Phrase(text, code) for text, code in lines if text])

    return read


def ours(folder: str, phrases: list[Phrase]) -> Mapping[str, list[Phrase]]:
    """Divides a set that its authors did not: public_splits.json has four bytes of each test row's digest."""
    packed = base64.b64decode(json.loads(_SPLITS.read_text(encoding="utf-8"))[folder])
    test = {packed[start : start + 4] for start in range(0, len(packed), 4)}
    parts: dict[str, list[Phrase]] = {"train": [], "test": []}
    for phrase in phrases:
        parts["test" if row_digest(phrase) in test else "train"].append(phrase)
    return parts


def row_digest(phrase: Phrase) -> bytes:
    """Gives four bytes by which a row is known."""
    return hashlib.sha256(f"{phrase.text}\0{phrase.label}".encode()).digest()[:4]


LANGUAGES: Final = (
    *("ar", "bg", "de", "el", "en", "es", "fr", "hi", "it", "ja"),
    *("nl", "pl", "pt", "ru", "sw", "th", "tr", "ur", "vi", "zh"),
)
_INTENTS: Final = (
    "AddToPlaylist",
    "BookRestaurant",
    "GetWeather",
    "PlayMusic",
    "RateBook",
    "SearchCreativeWork",
    "SearchScreeningEvent",
)
_TYPES: Final = {
    "0": "fragment",
    "1": "statement",
    "2": "question",
    "3": "command",
    "4": "rhetorical question",
    "5": "rhetorical command",
    "6": "intonation-dependent",
}
_POLYAI: Final = "PolyAI-LDN/task-specific-datasets/master/banking_data"
_FEW: Final = "jianguoz/Few-Shot-Intent-Detection/main/Datasets"
_SNIPS: Final = "snipsco/nlu-benchmark/master/2017-06-custom-intent-engines"
_ARABIC: Final = "SinaLab/ArBanking77/main/data/Banking77_Arabized_MSA"
_GERMEVAL: Final = "uds-lsv/GermEval-2018-Data/master/germeval2018"
_KOREAN: Final = "warnikchow/3i4k/master/data/train_val_test/fci"
_LINGUA: Final = "pemistahl/lingua-py/main/language-testdata"


def _few(folder: str, published: str, parts: Mapping[str, str]) -> Iterator[Source]:
    for part, theirs in parts.items():
        paths = (f"{_FEW}/{published}/{theirs}/seq.in", f"{_FEW}/{published}/{theirs}/label")
        yield Source(folder, paths, parallel(part))


SOURCES: Final = (
    Source("banking77", (f"{_POLYAI}/train.csv",), columns("train", "text", "category")),
    Source("banking77", (f"{_POLYAI}/test.csv",), columns("test", "text", "category")),
    *_few("banking77_fewshot", "BANKING77", {"train": "train_10", "train_5": "train_5", "test": "test"}),
    *_few(
        "hwu64",
        "HWU64",
        {"train": "train", "train_10": "train_10", "train_5": "train_5", "val": "valid", "test": "test"},
    ),
    Source("clinc150", ("clinc/oos-eval/master/data/data_full.json",), clinc),
    Source("clinc150_small", ("clinc/oos-eval/master/data/data_small.json",), clinc),
    *(
        Source("snips", (f"{_SNIPS}/{intent}/{name}_{intent}{ending}.json",), snips(part, intent))
        for intent in _INTENTS
        for part, name, ending in (("train", "train", "_full"), ("train_70", "train", ""), ("test", "validate", ""))
    ),
    Source("de_germeval2018_fine", (f"{_GERMEVAL}.training.txt",), tabs("train", 0, 2)),
    Source("de_germeval2018_fine", (f"{_GERMEVAL}.test.txt",), tabs("test", 0, 2)),
    Source("ar_banking77", (f"{_ARABIC}_PAL_train.csv",), columns("train", "text", "label")),
    Source("ar_banking77", (f"{_ARABIC}_PAL_val.csv",), columns("val", "text", "label")),
    Source("ar_banking77", (f"{_ARABIC}_test.csv",), columns("test", "text", "label")),
    *(
        Source(
            "ar_arsarcasm_sentiment",
            (f"iabufarha/ArSarcasm/master/dataset/ArSarcasm_{part}.csv",),
            columns(part, "tweet", "sentiment"),
        )
        for part in ("train", "test")
    ),
    Source("ko_3i4k", (f"{_KOREAN}_train_val.txt",), tabs("train", 1, 0, _TYPES)),
    Source("ko_3i4k", (f"{_KOREAN}_test.txt",), tabs("test", 1, 0, _TYPES)),
    Source("th_wisesight", ("PyThaiNLP/wisesight-sentiment/master/huggingface/data.zip",), wisesight),
    Source("zh_waimai10k", ("SophonPlus/ChineseNlpCorpus/master/datasets/waimai_10k/waimai_10k.csv",), waimai),
    *(
        Source(folder, tuple(f"{_LINGUA}/{kind}/{code}.txt" for code in LANGUAGES), languages(folder))
        for folder, kind in (("langid20_sentences", "sentences"), ("langid20_words", "single-words"))
    ),
)


def fetch(place: Path, say: Say) -> None:
    """Fills a folder with all sets, one CSV a part.

    Raises:
        OSError: A file cannot be downloaded or written.
    """
    known = json.loads(_ROWS.read_text(encoding="utf-8"))
    found: dict[tuple[str, str], list[Phrase]] = {}
    for source in SOURCES:
        files = []
        for path in source.paths:
            with urllib.request.urlopen(_RAW + path, timeout=_TIMEOUT) as response:
                files.append(response.read())
            say(f"{hashlib.sha256(files[-1]).hexdigest()}  {_RAW}{path}")
        for part, phrases in source.read(files).items():
            found.setdefault((source.folder, part), []).extend(phrases)
    for (folder, part), phrases in found.items():
        write(place / folder / f"{part}.csv", phrases)
        name = f"{folder}/{part}"
        if known.get(name, "") != digest(phrases):
            say(f"note: {name}: {len(phrases):,} rows, which are not those that the tables were measured on")


def write(path: Path, phrases: Sequence[Phrase]) -> None:
    """Writes a part as the benchmark reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["text", "label"])
        writer.writerows([phrase.text, phrase.label] for phrase in phrases)


def measured(data: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Gives, of the sets in a folder, what the two JSON files beside this hold: digests of rows, and our own parts."""
    rows = {f"{path.parent.name}/{path.stem}": digest(phrases_of(path)) for path in sorted(data.glob("*/*.csv"))}
    splits = {}
    for folder in _OURS:
        test = sorted({row_digest(phrase) for phrase in phrases_of(data / folder / "test.csv")})
        splits[folder] = base64.b64encode(b"".join(test)).decode()
    return rows, splits
