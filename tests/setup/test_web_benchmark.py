"""What the benchmark of pages is made of, without a visit: the host, the pages' folders, the table."""

from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import brotli
import pytest
from pages import endurance, web_pages
from pages.hosting import Host

import web
from trainer.errors import UserError


def test_host_compresses_and_knows_the_types_that_browsers_insist_on(tmp_path: Path) -> None:
    files = {"index.html": "text/html", "a.js": "text/javascript", "b.mjs": "text/javascript"}
    files |= {"wasm/c.wasm": "application/wasm", "d.bin": "application/octet-stream"}
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name} " * 100)
    with Host(tmp_path) as host:
        for name, kind in files.items():
            with urlopen(host.url + name) as response:
                assert response.headers["Content-Type"].startswith(kind), name
                assert response.headers["Content-Encoding"] == "br"
                assert brotli.decompress(response.read()).decode() == f"{name} " * 100
        with urlopen(f"{host.url}?text=x") as response:
            assert brotli.decompress(response.read()).startswith(b"index.html")
        assert host.sent == {name: len(brotli.compress((tmp_path / name).read_bytes())) for name in files}
        for name in ("../secret", "nothing.js", "wasm"):
            with pytest.raises(HTTPError):
                urlopen(host.url + name)


def test_scripts_of_others_stand_before_the_page_s_own(tmp_path: Path) -> None:
    for name in ("own.js", "runtime.js", "vocabulary.json"):
        (tmp_path / name).write_text(name)
    page = web_pages._page(tmp_path / "page", tmp_path, tmp_path / "own.js", tmp_path / "runtime.js")
    text = (page / "index.html").read_text()
    assert 0 < text.index('<script defer src="runtime.js">') < text.index('<script type="module" src="own.js">')
    assert {path.name for path in page.iterdir()} == {"index.html", "own.js", "runtime.js", "vocabulary.json"}


def test_table_has_a_header_and_as_many_rows_as_asked() -> None:
    lines = endurance.table_of(["a, b", "c"], 5).decode().splitlines()
    assert lines == ["text", '"a, b"', "c", '"a, b"', "c", '"a, b"']


def test_pages_take_turns() -> None:
    pages = [web_pages.Page(name, Path(name)) for name in "abc"]
    orders = ["".join(page.name for page in web._turned(pages, round_)) for round_ in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_other_answers_are_not_compared_in_time() -> None:
    web._compare("like", [{"a": 0.9, "b": 0.1}], [{"a": 0.9005, "b": 0.0995}])
    for other in ({"a": 0.8, "b": 0.2}, {"a": 0.9, "b": float("nan")}, {"b": 0.1}):
        with pytest.raises(UserError, match="other: its answers are not"):
            web._compare("other", [other], [{"a": 0.9, "b": 0.1}])


def result(**more: Any) -> dict[str, Any]:
    page = {"runtime": "", "linked": True, "bytes": 349_600, "first": [0.2, 9.0, 0.3], "phrase": [0.0002, 0.0003, 0.1]}
    pages = {"Byline": page, "ONNX Runtime Web": page | {"runtime": "wasm"}}
    machine = {"cores": 2, "byline": "1"}
    return {"repeats": 3, "phrases": 7, "browser": "Chromium 1", "pages": pages, "rows": 10, "machine": machine} | more


def test_report_gives_medians_and_leaves_out_what_was_not_measured() -> None:
    report = web.report(result(table=None))
    assert "| Byline | its own | 350 kB | 0.30 s | 0.30 ms |" in report
    assert "CSV" not in report
    assert "left out" not in report
    assert "address" not in report


def test_report_says_what_is_missing() -> None:
    short = result()
    del short["pages"]["ONNX Runtime Web"]
    short["pages"]["Byline"]["linked"] = False
    assert "ONNX Runtime Web is left out" in web.report(short)
    assert "Byline does not read the phrase of its address" in web.report(short)


def test_report_of_much() -> None:
    memory = [{"phrases": n * 100, "heap": 9_000_000 + n, "process": 5_000_000 + n * 1_000_000} for n in range(11)]
    report = web.report(result(table={"seconds": 4.26, "longest_task": 0.0}, memory=memory))
    assert "10 rows of a CSV in 4.3 s; the page is blocked never for 50 ms" in report
    assert "after 100 and 1,000 phrases, none of them twice, the heaps hold 9.0 and 9.0 MB" in report
    assert "the processes 6.0 and 15.0 MB" in report
