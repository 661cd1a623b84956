"""FlatBuffers without generated code: a table is a mapping from slots to values, as its schema counts the fields.

Union types take a slot before their value. Vectors of tables and of floats are lists; text is a string.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Slots = Mapping[int, Any]
_VTABLE_HEAD: Final = 4  # bytes before the offsets of the fields: its own size and the table's, two each


@dataclass(frozen=True)
class Byte:
    """A value of one byte: an enumeration, or the type of a union."""

    value: int


def write(table: Slots, identifier: bytes) -> bytes:
    """Writes a buffer whose root is a table.

    Args:
        table: Its fields: `str`, `float` (32 bits), `Byte`, a table, or a list of tables or of floats; None: left out.
        identifier: The schema's, of four bytes.
    """
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(_write_table(builder, table), file_identifier=identifier)
    return bytes(builder.Output())


def _write_table(builder: Any, table: Slots) -> int:
    given = {slot: value for slot, value in table.items() if value is not None}
    inline = (Byte, float)
    offsets = {slot: _write_value(builder, value) for slot, value in given.items() if not isinstance(value, inline)}
    builder.StartObject(max(given, default=-1) + 1)
    for slot, value in given.items():
        if isinstance(value, Byte):
            builder.PrependUint8Slot(slot, value.value, 0)
        elif isinstance(value, float):
            builder.PrependFloat32Slot(slot, value, 0.0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
    return int(builder.EndObject())


def _write_value(builder: Any, value: Any) -> int:
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, Mapping):
        return _write_table(builder, value)
    if all(isinstance(each, float) for each in value):
        builder.StartVector(4, len(value), 4)
        for each in reversed(value):
            builder.PrependFloat32(each)
        return int(builder.EndVector())
    written = [_write_table(builder, each) for each in value]
    builder.StartVector(4, len(written), 4)
    for offset in reversed(written):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


@dataclass(frozen=True)
class Table:
    """A table that is read.

    Attributes:
        data: The whole buffer.
        place: Where it starts.
    """

    data: bytes
    place: int

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> "Table":
        """Opens a buffer.

        Raises:
            ValueError: It is of another schema.
        """
        if data[4:8] != identifier:
            raise ValueError(f"The buffer must be of the schema {identifier!r}. Received: {data[4:8]!r}")
        return cls(data, _number(data, 0, "I"))

    def table(self, slot: int) -> "Table | None":
        at = self._field(slot)
        return None if at is None else Table(self.data, at + _number(self.data, at, "I"))

    def tables(self, slot: int) -> list["Table"]:
        """Gives the tables of a vector; none where the field is not there."""
        return [Table(self.data, at + _number(self.data, at, "I")) for at in self._elements(slot)]

    def text(self, slot: int) -> str:
        """Gives a string; empty where the field is not there."""
        at = self._field(slot)
        if at is None:
            return ""
        start = at + _number(self.data, at, "I")
        length = _number(self.data, start, "I")
        return self.data[start + 4 : start + 4 + length].decode("utf-8")

    def byte(self, slot: int) -> int:
        at = self._field(slot)
        return 0 if at is None else self.data[at]

    def float32(self, slot: int) -> float:
        at = self._field(slot)
        return 0.0 if at is None else float(struct.unpack_from("<f", self.data, at)[0])

    def _elements(self, slot: int) -> Iterator[int]:
        """Gives where the elements of a vector stand, of four bytes each."""
        at = self._field(slot)
        if at is not None:
            start = at + _number(self.data, at, "I")
            yield from range(start + 4, start + 4 + 4 * _number(self.data, start, "I"), 4)

    def _field(self, slot: int) -> int | None:
        vtable = self.place - _number(self.data, self.place, "i")
        entry = _VTABLE_HEAD + 2 * slot
        if entry >= _number(self.data, vtable, "H"):
            return None
        offset = _number(self.data, vtable + entry, "H")
        return self.place + offset if offset else None


def _number(data: bytes, at: int, kind: str) -> int:
    return int(struct.unpack_from(f"<{kind}", data, at)[0])
