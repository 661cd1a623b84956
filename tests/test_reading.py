"""Every file that people have is read as what it is, by the trainer and by the page; what was found out is said."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from test_data import write
from test_javascript import VECTORS, run_node

from export import node
from trainer.data.tables import Reading, open_table

TABLES: list[dict[str, Any]] = json.loads((VECTORS / "tables.json").read_text(encoding="utf-8"))

READ_ROWS = """
import { readFileSync } from "node:fs";
import { readRows } from "./csv.mjs";
const tables = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(tables.map(({ bytes, name }) => readRows(new Uint8Array(Buffer.from(bytes, "base64")), name))));
"""


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table["what"])
def test_the_trainer_reads_a_table_of_any_kind(table: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / table["name"], base64.b64decode(table["bytes"]))
    found = open_table(path, Reading(), lambda _: None)
    assert list(found.columns) == table["header"]
    named = [name for name in found.columns if name]
    places = [found.columns.index(name) for name in named]
    rows = [list(record.values) for record in found.records(named)]
    assert [[value.strip("\n") for value in row] for row in rows] == [
        [row[place] for place in places] for row in table["rows"]
    ]


def test_the_page_reads_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node.modules() / "node_modules")
    for name in ("csv", "dialect"):
        code = (node.WEB / "src" / "page" / f"{name}.js").read_text(encoding="utf-8")
        (tmp_path / f"{name}.mjs").write_text(code.replace("./dialect.js", "./dialect.mjs"), encoding="utf-8")
    (tmp_path / "read.mjs").write_text(READ_ROWS, encoding="utf-8")
    done = run_node(["read.mjs"], json.dumps(TABLES), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for table, sheet in zip(TABLES, json.loads(done.stdout), strict=True):
        assert (sheet["header"], sheet["rows"]) == (table["header"], table["rows"]), table["what"]
