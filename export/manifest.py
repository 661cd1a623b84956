"""`manifest.json`: every file of a dist with bytes and SHA-256, and where it came from."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from trainer import __version__
from trainer.errors import UserError
from trainer.files import read_json, sha256, write_json
from trainer.run import Run

FORMAT: Final = "byline-dist-2"
FILE: Final = "manifest.json"
PROOF: Final = "PROOF.md"  # written anew by every `verify`, so it is not among the files that are held against a digest
_PACKAGES: Final = ("tensorflow", "keras", "tensorflowjs", "numpy", "jinja2")


def write_manifest(
    dist: Path,
    run: Run,
    name: str,
    metrics: dict[str, dict[str, Any]],
    parity: Sequence[Mapping[str, Any]] | None,
    sizes: dict[str, dict[str, int]],
) -> None:
    """Writes the manifest of a finished dist directory."""
    write_json(
        dist / FILE,
        {
            "format": FORMAT,
            "name": name,
            "run": {"name": run.path.name, "model_sha256": run.facts["model_sha256"]},
            "seed": run.facts["seed"],
            "labels": list(run.vocabulary.labels),
            "abstention": _abstention(run, metrics),
            "metrics": metrics,
            "sizes": sizes,
            "parity": parity,
            "versions": {"byline": __version__, "python": platform.python_version()}
            | {package: version(package) for package in _PACKAGES},
            "files": {
                path: {"bytes": (dist / path).stat().st_size, "sha256": sha256((dist / path).read_bytes())}
                for path in listed(dist)
            },
        },
    )


def _abstention(run: Run, metrics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Gives the threshold that clients compare with, and what it does to the rounded model's answers."""
    chosen = {key: run.facts["abstention"][key] for key in ("threshold", "target_precision", "largest_rate")}
    return chosen | {
        part: {key: fact for key, fact in of_part["abstention"].items() if key != "threshold"}
        for part, of_part in metrics.items()
    }


def listed(dist: Path) -> list[str]:
    """Gives the paths that a manifest lists."""
    paths = (path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file())
    return sorted(path for path in paths if path not in (FILE, PROOF))


def read_manifest(dist: Path) -> dict[str, Any]:
    """Reads and checks a dist directory's manifest.

    Raises:
        UserError: The directory has none, or a file is missing, changed, or not listed.
    """
    manifest = open_manifest(dist)
    unlisted = sorted(set(listed(dist)) - set(manifest["files"]))
    if unlisted:
        raise UserError(f"{dist / unlisted[0]}: is not in the manifest")
    check_files(dist, manifest["files"])
    return manifest


def open_manifest(dist: Path) -> dict[str, Any]:
    """Reads a dist directory's manifest, and none of the files that it lists.

    Raises:
        UserError: The directory has none, or one of another version.
    """
    path = dist / FILE
    if not path.is_file():
        raise UserError(f"{dist}: holds no {FILE}; `python -m export all` makes a dist directory")
    manifest = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError(f"{path}: the format is not {FORMAT}")
    return dict(manifest)


def check_files(dist: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Holds files against what a manifest says of them.

    Args:
        dist: Their directory.
        files: Path in it -> its entry.

    Raises:
        UserError: One is missing, or was changed.
    """
    for name in sorted(files):
        if not (dist / name).is_file():
            raise UserError(f"{dist / name}: is missing")
        if sha256((dist / name).read_bytes()) != files[name]["sha256"]:
            raise UserError(f"{dist / name}: was changed: its SHA-256 is not the one in the manifest")
