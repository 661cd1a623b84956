"""Which columns of a table hold the text, the label, the group and the part."""

import logging
import re
from collections.abc import Mapping, Sequence
from itertools import islice

from trainer.data.tables.dialect import LOOKED_AT, USUAL
from trainer.data.tables.formats import Table
from trainer.errors import UserError

logger = logging.getLogger(__name__)

_PEEK = 100  # records

CORRECTED = "corrected"
_ANSWERS = ("label", "nearest", "confidence", CORRECTED)  # what the page adds to a list before its probabilities


def list_of_download(names: Sequence[str]) -> Sequence[str]:
    """Gives the columns of the list that a table is the page's answers to; none where it is another table."""
    for place in range(len(names) - len(_ANSWERS) + 1):
        beyond = names[place + len(_ANSWERS) :]
        if tuple(names[place : place + len(_ANSWERS)]) == _ANSWERS and all(name.startswith("p(") for name in beyond):
            return names[:place]
    return ()


def without_defence(text: str) -> str:
    """Takes away the apostrophe that the page's download has before what a spreadsheet takes for a formula."""
    return re.sub(r"^'(?=[=@\t\r+-])", "", text)


def columns_of(path: str, table: Table, wanted: Mapping[str, str]) -> dict[str, str]:
    """Gives the columns that were named, and those of the text and the label where they are obvious.

    Args:
        path: What messages call the table.
        table: The table.
        wanted: "text", "label", "group", "split" -> a name, or a number from 1; empty where none was given.

    Raises:
        UserError: A column is not there, or stands twice, or it is not obvious.
    """
    columns = dict(wanted)
    for kind, name in columns.items():
        if name and table.place(name) is None:
            raise UserError(f"{path}: has no column {name!r} (--{kind}-column); it has {_listed(table.columns)}")
    guessed = [kind for kind in ("text", "label") if not columns[kind]]
    if guessed and not table.header:
        _by_content(table, columns)
    elif guessed:
        _by_name(path, table, columns)
    _refuse_twice(path, table, columns)
    if guessed and table.header:
        logger.info(f"{path}: the text is in {columns['text']!r}, the label in {columns['label']!r}")
    elif guessed:
        logger.info(f"{path}: the text is in column {columns['text']}, the label in column {columns['label']}")
    return {kind: name for kind, name in columns.items() if name}


def _refuse_twice(path: str, table: Table, columns: Mapping[str, str]) -> None:
    for kind, name in columns.items():
        if name and table.columns.count(name) > 1:
            number = f"; name it by its number, --{kind}-column {table.columns.index(name) + 1}" * table.counted
            raise UserError(f"{path}: row 1: the column {name!r} stands twice{number}")


def _by_name(path: str, table: Table, columns: dict[str, str]) -> None:
    own = list_of_download(table.columns)
    if own and not columns["label"]:
        columns["label"] = CORRECTED
    for kind in ("text", "label"):
        if not columns[kind]:
            free = [name for name in _free(table, columns) if name in own or not own]
            columns[kind] = next((name for usual in USUAL[kind] for name in free if name.lower() == usual), "")
    _refuse_twice(path, table, columns)
    if own and not columns["text"]:
        columns["text"] = _longest(table, own)
    free = _free(table, columns)
    missing = [kind for kind in ("text", "label") if not columns[kind]]
    if len(free) == len(missing) == 1:
        columns[missing[0]] = free[0]
    elif len(free) == len(missing) == 2:
        columns["text"] = _longest(table, free)
        columns["label"] = free[free[0] == columns["text"]]
    elif missing:
        raise UserError(
            f"{path}: name the {missing[0]}'s column with --{missing[0]}-column; it has {_listed(table.columns)}"
        )


def _by_content(table: Table, columns: dict[str, str]) -> None:
    """Takes the longest column as the text, and of the others that of the fewest values, but not of one, as the label.

    Raises:
        UserError: There are too few columns.
    """
    free = _free(table, columns)
    missing = [kind for kind in ("text", "label") if not columns[kind]]
    if len(free) < len(missing):
        raise UserError(
            f"{table.path}: a table of a text and a label has two columns at least; received {len(table.columns)}"
        )
    values = dict(
        zip(
            free,
            zip(*(map(str, record.values) for record in islice(table.records(free), LOOKED_AT)), strict=True),
            strict=True,
        )
    )
    if "text" in missing:
        columns["text"] = max(free, key=lambda name: sum(map(len, values[name])))
        free.remove(columns["text"])
    if "label" in missing:
        columns["label"] = min(free, key=lambda name: _unlike_labels(values[name]))


def _unlike_labels(values: Sequence[str]) -> tuple[bool, int, int]:
    distinct = set(values)
    return len(distinct) < 2, len(distinct), sum(map(len, distinct))


def _free(table: Table, columns: Mapping[str, str]) -> list[str]:
    """Gives the columns that have a name and are not yet taken, each once."""
    taken = {table.place(name) for name in columns.values() if name}
    names = dict.fromkeys(name for name in table.columns if name)
    return [name for name in names if table.columns.index(name) not in taken]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names if name) or "none"


def _longest(table: Table, names: Sequence[str]) -> str:
    """Gives the column whose first cells are the longest; of equal ones the first."""
    records = list(islice(table.records(list(names)), _PEEK))
    lengths = [sum(len(str(record.values[place])) for record in records) for place in range(len(names))]
    return names[lengths.index(max(lengths))]
