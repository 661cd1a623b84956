"""`--data PATH`: text in any shape, as a corpus."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from trainer.data.corpus import Corpus, Row, filtered, tidy
from trainer.data.folders import open_folder
from trainer.data.tables import HUB, PARTS_AS_WRITTEN, Record, Table, open_hub, open_table
from trainer.errors import UserError
from trainer.files import is_there

Say = Callable[[str], None]

_USUAL = {  # names that say what a column holds
    "text": ("text", "phrase", "sentence", "content", "comment", "review", "message", "tweet", "body", "lyrics"),
    "label": ("label", "category", "class", "author", "sentiment", "intent", "target", "topic", "genre", "mood"),
}
_PEEK = 100  # records


@dataclass(frozen=True)
class Unit:
    """What a phrase is.

    Attributes:
        kind: "line" (a line of a file, or a record of a table), "file", or "words" (windows cut out of running text).
        longest: The most words of a window; 0: as many as the model reads at once.
    """

    kind: Literal["line", "file", "words"]
    longest: int = 0


def unit_of(text: str) -> Unit:
    """Reads `line`, `file`, `words` or `words:N`.

    Raises:
        UserError: It is none of them.
    """
    match = re.fullmatch(r"line|file|words(?::(\d{1,3}))?", text)
    if match is None or (match[1] is not None and not 3 <= int(match[1]) <= 512):
        raise UserError(f"--unit: must be line, file, words or words:N with N from 3 to 512; received {text!r}")
    kind, _, longest = text.partition(":")
    return Unit(kind, int(longest or 0))  # type: ignore[arg-type]  # the expression allows no other


@dataclass(frozen=True)
class Source:
    """Where labelled text is, and how it is to be read; empty columns are guessed."""

    path: str
    text_column: str = ""
    label_column: str = ""
    group_column: str = ""
    split_column: str = ""
    unit: Unit = Unit("line")
    drop: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()


def load(source: Source, say: Say) -> Corpus:
    """Opens labelled text.

    Args:
        source: Where it is.
        say: Takes a line for each thing that was guessed.

    Raises:
        UserError: It is missing, or of no shape that is known, or a column is missing.
    """
    path = Path(source.path)
    hub = source.path.startswith(HUB)
    if not hub and not is_there(path):
        raise UserError(f"{path}: does not exist (a Hugging Face dataset is named {HUB}owner/name)")
    corpus = _folder(path, source, say) if not hub and path.is_dir() else _table(source, say)
    return filtered(corpus, source.drop, source.strip)


def _folder(path: Path, source: Source, say: Say) -> Corpus:
    columns = [name for name in ("text", "label", "group", "split") if getattr(source, f"{name}_column")]
    if columns:
        raise UserError(f"--{columns[0]}-column: {path} is a folder, its labels are the names of files or folders")
    folder = open_folder(path, say)
    whole = source.unit.kind == "file"
    if folder.grouped and not whole:
        say(f"{path}: no file is divided between training, validation and test")
    return Corpus(
        name=path.resolve().name,
        title="",
        description=f"Learned from {path.resolve().name}.",
        license="",
        read=lambda _: folder.whole_files() if whole else folder.lines(),
        running=True,
        path=source.path,
        expected=folder.labels,
    )


def _table(source: Source, say: Say) -> Corpus:
    hub = source.path.startswith(HUB)
    if source.unit.kind == "file":
        raise UserError(f"--unit file: {source.path} is no folder")
    table = open_hub(source.path) if hub else open_table(Path(source.path))
    return Corpus(
        name=Path(source.path).stem,
        title="",
        description=f"Learned from {Path(source.path).name}.",
        license="",
        read=partial(_rows, table, _columns(source, table, say), hub),
        path=source.path,
    )


def _columns(source: Source, table: Table, say: Say) -> dict[str, str]:
    """Gives which column holds the text, the label, and where they were named the group and the part."""
    wanted = {kind: getattr(source, f"{kind}_column") for kind in ("text", "label", "group", "split")}
    for kind, name in wanted.items():
        if name and name not in table.columns:
            raise UserError(f"{source.path}: has no column {name!r} (--{kind}-column); it has {_listed(table.columns)}")
    guessed = [kind for kind in ("text", "label") if not wanted[kind]]
    for kind in guessed:
        free = [name for name in table.columns if name not in wanted.values()]
        wanted[kind] = next((name for usual in _USUAL[kind] for name in free if name.lower() == usual), "")
    free = [name for name in table.columns if name not in wanted.values()]
    missing = [kind for kind in ("text", "label") if not wanted[kind]]
    if len(free) == len(missing) == 1:
        wanted[missing[0]] = free[0]
    elif len(free) == len(missing) == 2:
        wanted["text"], wanted["label"] = _longer_first(table, free)
    elif missing:
        raise UserError(
            f"{source.path}: name the {missing[0]}'s column with --{missing[0]}-column; it has {_listed(table.columns)}"
        )
    if guessed:
        say(f"{source.path}: the text is in {wanted['text']!r}, the label in {wanted['label']!r}")
    return {kind: name for kind, name in wanted.items() if name}


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _longer_first(table: Table, names: list[str]) -> list[str]:
    records = list(islice(table.records(names), _PEEK))
    lengths = [sum(len(str(record.values[place])) for record in records) for place in (0, 1)]
    return names if lengths[0] >= lengths[1] else names[::-1]


def _rows(table: Table, wanted: dict[str, str], hub: bool, skipped: Counter[str]) -> Iterator[Row]:
    kinds = list(wanted)
    for record in table.records(list(wanted.values())):
        values = dict(zip(kinds, record.values, strict=True))
        text = "" if values["text"] is None else values["text"]
        if not isinstance(text, str):
            raise _wrong(record, f"the text is no string: {text!r:.50}")
        row = Row(tidy(text), _name("label", record, values["label"]), "", record.part, record.file, record.number)
        if not row.label:
            if row.text and not hub:
                raise _wrong(record, "the label is empty")
            skipped["without a label" if row.text else "empty"] += 1  # a dataset may keep a part's labels to itself
            continue
        if "group" in values:
            row = replace(row, group=_name("group", record, values["group"]))
        if "split" in values:
            written = str(values["split"]).strip().lower()
            if written not in PARTS_AS_WRITTEN:
                raise _wrong(record, f"the split is {written!r}, not train, validation or test")
            row = replace(row, part=PARTS_AS_WRITTEN[written])
        yield row


def _name(kind: str, record: Record, value: Any) -> str:
    """A label or a group as text: whole numbers without a point, whatever a table's kind made of them."""
    if value is None or value != value:  # not a number
        return ""
    if not isinstance(value, str | int | float):
        raise _wrong(record, f"the {kind} is no string or number: {value!r:.50}")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _wrong(record: Record, rule: str) -> UserError:
    return UserError(f"{record.file}: row {record.number}: {rule}")
