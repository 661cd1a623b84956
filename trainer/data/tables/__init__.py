"""Tables of records, in whatever format and dialect they are written."""

from trainer.data.tables.formats import HUB, PARTS_AS_WRITTEN, Reading, Record, Table, open_hub, open_table

__all__ = ["HUB", "PARTS_AS_WRITTEN", "Reading", "Record", "Table", "open_hub", "open_table"]
