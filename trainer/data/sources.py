"""`--data PATH`: text in any shape, as a corpus."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from trainer.data.corpus import Corpus, Row, filtered, joined, tidy
from trainer.data.folders import open_folder
from trainer.data.labels import label_of, names_from, renamed, without_rare
from trainer.data.tables import HUB, PARTS_AS_WRITTEN, Reading, Record, Table, open_hub, open_table
from trainer.data.tables.columns import CORRECTED, columns_of, list_of_download, without_defence
from trainer.data.tables.dialect import Choice
from trainer.data.text_files import PACKED, named
from trainer.errors import UserError
from trainer.files import is_there

logger = logging.getLogger(__name__)


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
    """Where labelled text is, and how it is to be read; empty columns are guessed.

    Attributes:
        path: A file, a folder, or a Hugging Face dataset.
        more: Others of them; a text of one that stands in a later one, too, counts there.
        text_column: By name or number, as the next three.
        label_column: Of a table.
        group_column: Of a table.
        split_column: Of a table.
        encoding: Of text; empty: UTF-8, or what the bytes look like.
        header: Of a table: whether its first row has the names.
        quoting: Of a table: whether `"` quotes.
        label_names: Each `LABEL=NAME,LABEL=NAME`.
        least_rows: Labels with fewer are left out.
        merge_rare: Whether they become one label instead.
        unit: What a phrase is.
        drop: Regular expressions; a text in which one is found is left out.
        strip: Regular expressions; what they match is cut out.
    """

    path: str
    more: tuple[str, ...] = ()
    text_column: str = ""
    label_column: str = ""
    group_column: str = ""
    split_column: str = ""
    encoding: str = ""
    header: Choice = "auto"
    quoting: Choice = "auto"
    label_names: tuple[str, ...] = ()
    least_rows: int = 1
    merge_rare: bool = False
    unit: Unit = Unit("line")
    drop: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()

    def columns(self) -> dict[str, str]:
        """Gives "text", "label", "group", "split" -> the column that was named, or nothing."""
        return {kind: getattr(self, f"{kind}_column") for kind in ("text", "label", "group", "split")}

    def reading(self) -> Reading:
        """Gives how a table is to be read."""
        return Reading(self.encoding, self.header, self.quoting, tuple(filter(None, self.columns().values())))


def load(source: Source, known: Collection[str] = ()) -> Corpus:
    """Opens labelled text.

    Args:
        source: Where it is.
        known: Labels that stay however rare they are: those of a run that is measured.

    Raises:
        UserError: It is missing, or of no shape that is known, or a column is missing, or its labels have too few rows.
    """
    names = names_from(source.label_names)
    opened = [_open(replace(source, path=path)) for path in (source.path, *source.more)]
    corpus = joined(opened) if source.more else opened[0]
    met: set[str] = set()
    corpus = filtered(renamed(corpus, names, met), source.drop, source.strip)
    corpus = without_rare(corpus, source.least_rows, merge=source.merge_rare, known=known)
    for label in sorted(names.keys() - met):
        logger.info(f"{corpus.place}: no label is called {label!r}, which --label-names names")
    return corpus


def _open(source: Source) -> Corpus:
    path = Path(source.path)
    hub = source.path.startswith(HUB)
    if not hub and not is_there(path):
        raise UserError(f"{path}: does not exist (a Hugging Face dataset is named {HUB}owner/name)")
    return _folder(path, source) if not hub and path.is_dir() else _table(source)


def _folder(path: Path, source: Source) -> Corpus:
    columns = [kind for kind, name in source.columns().items() if name]
    if columns:
        raise UserError(f"--{columns[0]}-column: {path} is a folder, its labels are the names of files or folders")
    source.reading().refuse(str(path), "header", "quoting")
    folder = open_folder(path, named(source.encoding) if source.encoding else "")
    whole = source.unit.kind == "file"
    if folder.grouped and not whole:
        logger.info(f"{path}: no file is divided between training, validation and test")
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


def _table(source: Source) -> Corpus:
    hub = source.path.startswith(HUB)
    if source.unit.kind == "file":
        raise UserError(f"--unit file: {source.path} is no folder")
    if hub:
        source.reading().refuse(source.path, "encoding", "header", "quoting")
    path = Path(source.path)
    table = open_hub(source.path) if hub else open_table(path, source.reading())
    columns = columns_of(source.path, table, source.columns())
    corrections = bool(list_of_download(table.columns)) and columns["label"] == CORRECTED
    return Corpus(
        name=Path(path.stem).stem if path.suffix.lower() == PACKED else path.stem,
        title="",
        description=f"Learned from {path.name}.",
        license="",
        read=partial(_rows, table, columns, hub, corrections),
        path=source.path,
        parts=tuple(
            partial(_rows, replace(table, records=records, parts=()), columns, hub, corrections)
            for records in table.parts
        ),
    )


def _rows(table: Table, wanted: dict[str, str], hub: bool, corrections: bool, skipped: Counter[str]) -> Iterator[Row]:
    kinds = list(wanted)
    for record in table.records(list(wanted.values())):
        values = dict(zip(kinds, record.values, strict=True))
        if record.several:
            skipped["with more than one label"] += 1
            continue
        text = "" if values["text"] is None else values["text"]
        if not isinstance(text, str):
            raise _wrong(record, f"the text is no string: {text!r:.50}")
        label = values["label"]
        if corrections:
            text, label = without_defence(text), without_defence(label or "")
        row = Row(tidy(text), _name("label", record, label), "", record.part, record.file, record.number)
        if not row.label:
            if row.text and not hub and not corrections:
                raise _wrong(record, "the label is empty")
            reason = "that nobody corrected" if corrections else "without a label"
            skipped[reason if row.text else "empty"] += 1  # a dataset may keep a part's labels to itself
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
    try:
        return label_of(value)
    except TypeError:
        raise _wrong(record, f"the {kind} is no string or number: {value!r:.50}") from None


def _wrong(record: Record, rule: str) -> UserError:
    return UserError(f"{record.file}: row {record.number}: {rule}")
