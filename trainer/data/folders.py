"""Folders of text files: `<label>.txt`, or `<label>/` with text files."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trainer.data.corpus import Row, tidy
from trainer.data.text_files import LONGEST_LINE, lines
from trainer.errors import UserError

SUFFIX = ".txt"
FILES_AS_GROUPS = 10  # with as many files of each label, a file is a song or a chapter that no split divides


@dataclass(frozen=True)
class Folder:
    """The text files of a folder.

    Attributes:
        path: The folder.
        files: Each with its label, by label and then by name: the order in which a disk lists them does not matter.
        labels: Label -> its file or folder.
        grouped: Whether each file is a group.
    """

    path: Path
    files: tuple[tuple[str, Path], ...]
    labels: dict[str, str]
    grouped: bool

    def lines(self) -> Iterator[Row]:
        """Gives every line as a row."""
        for label, path in self.files:
            file, group = str(path), str(path.relative_to(self.path)) if self.grouped else ""
            for number, line in enumerate(lines(path), 1):
                yield Row(tidy(line), label, group, "", file, number)

    def whole_files(self) -> Iterator[Row]:
        """Gives every file as a row.

        Raises:
            UserError: A file is longer than a row may be.
        """
        for label, path in self.files:
            kept, length = [], 0
            for line in lines(path):
                kept.append(line)
                length += len(line)
                if length > LONGEST_LINE:
                    raise UserError(f"{path}: is longer than {LONGEST_LINE:,} characters, as one phrase")
            yield Row(tidy("".join(kept)), label, file=str(path), number=1)


def open_folder(path: Path, say: Callable[[str], None]) -> Folder:
    """Lists a folder's text files.

    Args:
        path: The folder.
        say: Takes a line on what is left out.

    Raises:
        UserError: It holds none, or both `<label>.txt` and `<label>/`.
    """
    try:
        seen = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        inside = {entry: _files_under(entry) for entry in seen if entry.is_dir()}
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    files = [(entry.stem, entry) for entry in seen if _is_text(entry)]
    nested = [(folder.name, file) for folder, held in inside.items() for file in held if _is_text(file)]
    if files and nested:
        raise UserError(f"{path}: holds both {files[0][1].name} and {nested[0][0]}/: a label is a file or a folder")
    if not files and not nested:
        raise UserError(f"{path}: holds no <label>{SUFFIX} and no <label>/ with {SUFFIX} files")
    counts = Counter(label for label, _ in nested)
    others = [entry.name for entry in seen if not _is_text(entry) and entry not in inside]
    others += [file.name for held in inside.values() for file in held if not _is_text(file)]
    if others:
        say(f"{path}: left out: {len(others):,} files that are not {SUFFIX}, {others[0]} among them")
    for folder in inside:
        if folder.name not in counts:
            say(f"{folder}: left out: holds no {SUFFIX} file")
    labels = {label: str(file) for label, file in files} or {label: str(path / label) for label in counts}
    return Folder(path, tuple(files or nested), labels, bool(nested) and min(counts.values()) >= FILES_AS_GROUPS)


def _is_text(entry: Path) -> bool:
    return entry.suffix.lower() == SUFFIX and entry.is_file()


def _files_under(folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts))
