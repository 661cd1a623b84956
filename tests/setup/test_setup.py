"""Locks, packages and the wheel: what a fresh machine installs, and that it works away from the checkout."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.places import ROOT

LOCKS = ("demo", "test", "benchmarks", "mediapipe", "docs", "audit-linux-arm", "audit-windows")
APPLE_SILICON = {"sys_platform": "darwin", "platform_machine": "arm64", "python_full_version": "3.11.9"}


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash_and_no_lock_names_a_registry(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert len(entries) > 10
    assert all("--hash=sha256:" in entry for entry in entries[1:])
    assert "://" not in text
    assert "--index" not in text


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("web", "@tensorflow/tfjs"),
        ("benchmarks/web", "@tensorflow/tfjs"),
        ("tests/web", "@mediapipe/tasks-text"),
        ("tests/mobile", "kotlin-compiler"),
    ],
)
def test_javascript_lock_has_hashes_and_names_no_registry(folder: str, package: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert f"node_modules/{package}" in packages
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert [Requirement(line).name for line in project["dependencies"]] == ["numpy"]
    tasks = [Requirement(line) for task in ("train", "audit", "export") for line in extras[task]]
    assert {"tensorflow", "tensorflowjs", "tflite-support", "jinja2"} <= {asked.name for asked in tasks}
    for lock, asked in (
        *((name, asked) for name in ("demo", "test", "benchmarks") for asked in tasks),
        *(("test", Requirement(line)) for line in extras["test"]),
        *(("docs", Requirement(line)) for line in extras["docs"]),
    ):
        if asked.name != "byline":
            assert asked.specifier.contains(locked(lock)[asked.name]), (lock, asked)
    assert locked("demo").items() <= locked("test").items()


def installed_on(name: str, machine: dict[str, str]) -> set[str]:
    """Gives what pip would install of a lock on another machine."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = [Requirement(line) for line in re.findall(r"^([a-z0-9].*?) *\\$", text, re.MULTILINE)]
    return {entry.name for entry in entries if not entry.marker or entry.marker.evaluate(dict(machine))}


def test_the_demos_lock_is_for_apple_silicon_too() -> None:
    there = installed_on("demo", APPLE_SILICON)
    assert {"tensorflow", "tensorflowjs", "numpy", "jinja2"} <= there
    needed_by_it = {"cffi", "pybind11", "pycparser", "sounddevice"}
    assert set(locked("demo")) - there == {"tflite-support", *needed_by_it}
    assert not installed_on("demo", APPLE_SILICON | {"platform_machine": "x86_64"})


@pytest.mark.parametrize("name", ["audit-linux-arm", "audit-windows"])
def test_other_machines_have_what_trains_and_audits(name: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for asked in (Requirement(line) for task in ("train", "audit") for line in extras[task]):
        if asked.name != "byline":
            assert asked.specifier.contains(locked(name)[asked.name]), asked
    assert not {"tensorflowjs", "tflite-support"} & set(locked(name))


def test_version_is_said_once_more_only_in_pyproject() -> None:
    from trainer import __version__

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy: setuptools leaves a build folder behind
    kept = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in kept.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True)
    (built,) = folder.glob("byline-*.whl")
    return built


def test_wheel_holds_the_page_and_nothing_it_should_not(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    web = {path.relative_to(ROOT).as_posix() for path in (ROOT / "web").rglob("*") if path.is_file()}
    web -= {"web/biome.json", "web/tsconfig.json"}  # for development
    web -= {path.relative_to(ROOT).as_posix() for path in (ROOT / "web" / "tests").iterdir()}
    assert {f"export/{name}" for name in web} <= set(names)
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"byline", "export", "trainer"}
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "export" / "templates").rglob("*.j2")}
    assert {"export/templates/MODEL_CARD.md.j2", "export/templates/mobile/README.md.j2"} <= templates
    assert {"trainer/text/vocabulary.schema.json", *templates} <= set(names)
    code = {
        path.relative_to(ROOT).as_posix()
        for top in ("byline", "export", "trainer")
        for path in (ROOT / top).rglob("*.py")
    }
    assert code | {"byline/py.typed", "trainer/py.typed", "export/py.typed"} <= set(names)
    (script,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert b"byline = byline.cli:main" in zipfile.ZipFile(wheel).read(script)
    assert not [
        name for name in names if name.startswith(("tests/", "export/web/tests/", "benchmarks/", "requirements/"))
    ]


def test_installed_wheel_exports_away_from_the_checkout(wheel: Path, run_path: Path, tmp_path: Path) -> None:
    """The packages are the ones installed here; the code is the wheel's."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "site"),
        str(wheel),
    ]
    subprocess.run(pip, check=True)
    workplace = tmp_path / "workplace"
    workplace.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "export", "all", "--run", str(run_path)],
        cwd=workplace,
        env=dict(os.environ, PYTHONPATH=str(tmp_path / "site")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (workplace / "dist" / "web" / "index.html").is_file()
    assert (workplace / "dist" / "mobile" / "react-native" / "classifier.js").is_file()
    assert str(ROOT) not in done.stdout
