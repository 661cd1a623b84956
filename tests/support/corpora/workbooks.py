"""Spreadsheets: one kind by a library that many programs write it with, the other by hand."""

import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import xlsxwriter


def sheets(path: Path, **of_name: Sequence[Sequence[Any]]) -> Path:
    """Writes an .xlsx: dates as dates, numbers as numbers, texts as shared strings."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm", "remove_timezone": True})
    for name, rows in of_name.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return path


def open_document(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Writes an OpenDocument spreadsheet of one table. A cell that begins with < is written as it is."""
    office = "urn:oasis:names:tc:opendocument:xmlns"

    def cell(value: str) -> str:
        if value.startswith("<"):
            return value
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    written = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
            f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="One">{written}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path
