"""The layout of the tests: what test modules share is in `tests/support/`, and folders stay small."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT, TESTS

MODULES = sorted(TESTS.rglob("*.py"))
BENCHMARKS = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
BENCHMARKS |= {path.parent.name for path in (ROOT / "benchmarks").glob("*/__init__.py")}
# These hold the benchmarks' own code, or serve a page as they do.
OF_BENCHMARKS = {
    "test_benchmarks",
    "test_public",
    "test_web_benchmark",
    "test_frameworks",
    "test_lighthouse",
    "test_kills",
}


def imported(path: Path) -> Iterator[str]:
    """Gives the modules that a module imports, at any place in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: names the module that it imports"
            yield str(node.module)
            if node.module == "tests":
                yield from (f"tests.{name.name}" for name in node.names)


def faults(path: Path) -> list[str]:
    """Gives the modules that it should not import."""
    found = {name for name in imported(path) if name.split(".")[0] == "tests"}
    wrong = {name for name in found if name != "tests.support" and not name.startswith("tests.support.")}
    if path.stem not in OF_BENCHMARKS:
        wrong |= {name for name in imported(path) if name.split(".")[0] in BENCHMARKS | {"benchmarks"}}
    return sorted(wrong)


def test_no_module_imports_a_test_or_a_benchmark() -> None:
    assert {path.relative_to(TESTS).as_posix(): wrong for path in MODULES if (wrong := faults(path))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from sets import texts",
        "from tests.page import test_page",
        "from tests.conftest import site",
        "from web import x",
    ],
)
def test_the_rule_finds_what_breaks_it(line: str, tmp_path: Path) -> None:
    (tmp_path / "test_made.py").write_text(f"def test() -> None:\n    {line}\n")
    assert faults(tmp_path / "test_made.py")


def test_folders_hold_a_dozen_test_modules_at_most_and_no_name_stands_twice() -> None:
    tests = [path for path in MODULES if path.name.startswith("test_")]
    assert len(tests) > 60
    assert len({path.name for path in tests}) == len(tests)
    folders = {path.parent for path in tests}
    assert len(folders) <= 12
    for folder in folders:
        assert folder.parent == TESTS
        assert (folder / "__init__.py").is_file()
        assert len(list(folder.glob("test_*.py"))) <= 12


def test_no_folder_holds_more_than_a_dozen_modules() -> None:
    folders = ("byline", "trainer", "export", "web", "tests", "benchmarks", "docs")
    paths = [path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*")]
    modules = [path for path in paths if path.suffix in (".py", ".js", ".mjs") and path.stem != "__init__"]
    counted = Counter(path.parent.as_posix() for path in modules if "node_modules" not in path.parts)
    assert len(counted) > 40
    assert {folder: count for folder, count in counted.items() if count > 12} == {}
