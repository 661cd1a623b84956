"""Folders of text files: `<label>.txt`, or `<label>/` with text files, or both of them below `train/` and `test/`."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.data.corpus import Row, tidy
from trainer.data.labels import label_of
from trainer.data.tables import PARTS_AS_WRITTEN
from trainer.data.text_files import LONGEST_LINE, UTF8, encoding_of, lines, shown
from trainer.errors import UserError

logger = logging.getLogger(__name__)

SUFFIX = ".txt"
FILES_AS_GROUPS = 10  # with as many files of each label, a file is a song or a chapter that no split divides

_DOCUMENTATION = re.compile(  # by name; what may well be a label is one unless it shouts
    r"(?i:read[-_ ]?me|licen[cs]e|changelog|copying|contributing)([-_. ].*)?"
    r"|(NOTICE|CITATION|AUTHORS|CHANGES|VERSION)([-_. ].*)?"
)
_UNLABELLED = ("unsup", "unlabeled", "unlabelled")
_NO_TEXT = ("__MACOSX",)  # what a Mac packs beside a folder
_BESIDE = "beside the folders of labels"


@dataclass(frozen=True)
class File:
    """A text file of a folder.

    Attributes:
        label: Whose text it holds.
        path: Where it is.
        holder: The file or folder that has the label's name.
        part: "train", "validation" or "test" where it lies in a folder of that name; else empty.
    """

    label: str
    path: Path
    holder: Path
    part: str = ""


@dataclass(frozen=True)
class Folder:
    """The text files of a folder.

    Attributes:
        path: The folder.
        files: By part, label and name: the order in which a disk lists them does not matter.
        labels: Label -> its file or folder.
        grouped: Whether each file is a group.
        encodings: Of the files that are not UTF-8.
    """

    path: Path
    files: tuple[File, ...]
    labels: dict[str, str]
    grouped: bool
    encodings: Mapping[Path, str]

    def lines(self) -> Iterator[Row]:
        """Gives every line as a row."""
        for file in self.files:
            name, group = str(file.path), str(file.path.relative_to(self.path)) if self.grouped else ""
            for number, line in enumerate(lines(file.path, self.encodings.get(file.path, UTF8)), 1):
                yield Row(tidy(line), file.label, group, file.part, name, number)

    def whole_files(self) -> Iterator[Row]:
        """Gives every file as a row.

        Raises:
            UserError: A file is longer than a row may be.
        """
        for file in self.files:
            kept, length = [], 0
            for line in lines(file.path, self.encodings.get(file.path, UTF8)):
                kept.append(line)
                length += len(line)
                if length > LONGEST_LINE:
                    raise UserError(f"{file.path}: is longer than {LONGEST_LINE:,} characters, as one phrase")
            yield Row(tidy("".join(kept)), file.label, "", file.part, str(file.path), 1)


def open_folder(path: Path, encoding: str) -> Folder:
    """Lists a folder's text files.

    Args:
        path: The folder.
        encoding: Of its files; empty: looked at.

    Raises:
        UserError: It holds none, or both `<label>.txt` and `<label>/`.
    """
    left: dict[str, list[Path]] = {}  # why -> what is left out
    try:
        parts = _parts(path)
        if parts:
            files = [file for part, folder in parts for file in _files_of(folder, part, left)]
            _leave(left, _BESIDE, [entry for entry in _entries(path) if _is_text(entry)])
        else:
            files = _files_of(path, "", left)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    if parts:
        logger.info(f"{path}: {', '.join(f'{folder.name}/ is {part}' for part, folder in parts)}")
    if not files:
        raise UserError(f"{path}: holds no <label>{SUFFIX} and no <label>/ with {SUFFIX} files")
    for why, those in left.items():
        count = "1 file" if len(those) == 1 else f"{len(those):,} files"
        logger.info(f"{path}: left out: {count} {why}, {those[0].name} among them")
    places = {file.label: str(file.holder) for file in reversed(files)}
    nested = all(file.holder != file.path for file in files)
    counts = Counter(file.label for file in files)
    grouped = nested and min(counts.values()) >= FILES_AS_GROUPS
    return Folder(path, tuple(files), places, grouped, _encodings(path, files, encoding))


def _parts(path: Path) -> list[tuple[str, Path]]:
    """Gives the folders that are the parts of a split: where all folders with text are, and training is among them."""
    folders = [entry for entry in _entries(path) if entry.is_dir() and any(map(_is_text, _files_under(entry)))]
    parts = [(PARTS_AS_WRITTEN.get(folder.name.lower(), ""), folder) for folder in folders]
    found = {part for part, _ in parts}
    return sorted(parts) if len(found) > 1 and "" not in found and "train" in found else []


def _files_of(path: Path, part: str, left: dict[str, list[Path]]) -> list[File]:
    """Lists the text files of a folder of labels, and adds to `left` what is not read.

    Raises:
        UserError: It holds both `<label>.txt` and `<label>/`.
        OSError: It cannot be listed.
    """
    seen = _entries(path)
    inside = {entry: _files_under(entry) for entry in seen if entry.is_dir()}
    for folder in [folder for folder in inside if part and folder.name.lower() in _UNLABELLED]:
        _leave(left, f"without a label in {folder.name}/", inside.pop(folder))
    files = [entry for entry in seen if entry.is_file()]
    every = [*files, *(file for held in inside.values() for file in held)]
    _leave(left, f"not {SUFFIX}", [file for file in every if file.suffix.lower() != SUFFIX])
    _leave(left, "that document, by name", [file for file in every if _is_documentation(file)])
    flat = [File(label_of(file.stem), file, file, part) for file in files if _is_text(file)]
    deep = [
        File(label_of(folder.name), file, folder, part)
        for folder, held in inside.items()
        for file in held
        if _is_text(file)
    ]
    if flat and deep and part:
        _leave(left, _BESIDE, [file.path for file in flat])
    elif flat and deep:
        raise UserError(
            f"{path}: holds both {flat[0].path.name} and {deep[0].holder.name}/: a label is a file or a folder"
        )
    for folder, held in inside.items():
        if not any(map(_is_text, held)):
            logger.info(f"{folder}: left out: holds no {SUFFIX} file")
    return deep or flat


def _leave(left: dict[str, list[Path]], why: str, files: list[Path]) -> None:
    if files:
        left.setdefault(why, []).extend(files)


def _encodings(path: Path, files: list[File], named: str) -> dict[Path, str]:
    """Gives the encodings of the files that are not UTF-8, and says which those are."""
    if named:
        return {file.path: named for file in files}
    found = {file.path: encoding for file in files if (encoding := encoding_of(file.path)) != UTF8}
    for encoding, count in Counter(found.values()).most_common():
        one = next(file for file, of_file in found.items() if of_file == encoding)
        what = f"{count:,} files, {one.name} among them," if count > 1 else f"the file {one.name}"
        logger.info(f"{path}: read as {shown(encoding)}: {what.rstrip(',')}; --encoding names another")
    return found


def _entries(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.name not in _NO_TEXT)


def _is_documentation(entry: Path) -> bool:
    return entry.suffix.lower() == SUFFIX and _DOCUMENTATION.fullmatch(entry.stem) is not None


def _is_text(entry: Path) -> bool:
    return entry.suffix.lower() == SUFFIX and entry.is_file() and not _is_documentation(entry)


def _files_under(folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(
        file
        for file in files
        if not any(part.startswith(".") or part in _NO_TEXT for part in file.relative_to(folder).parts)
    )
