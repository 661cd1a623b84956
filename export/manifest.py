"""`manifest.json`: every file of a dist with bytes and SHA-256, and where it came from."""

import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from trainer import __version__
from trainer.errors import UserError
from trainer.files import json_text, read_json, sha256, write_json
from trainer.run import Run

FORMAT: Final = "byline-dist-2"
FILE: Final = "manifest.json"
PROOF: Final = "PROOF.md"
SEAL: Final = "sha256"  # of the manifest itself, without this entry
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of an export
_NEEDED: Final = {"name": str, "run": dict, "labels": list, "abstention": dict, "sizes": dict, "files": dict}
_PACKAGES: Final = ("tensorflow", "keras", "tensorflowjs", "numpy", "jinja2")


def write_manifest(
    dist: Path,
    run: Run,
    name: str,
    rows: str,
    metrics: dict[str, dict[str, Any]],
    parity: Sequence[Mapping[str, Any]] | None,
    sizes: dict[str, dict[str, int]],
) -> None:
    """Writes the manifest of a finished dist directory."""
    write_json(
        dist / FILE,
        sealed(
            {
                "format": FORMAT,
                "name": name,
                "rows": rows,
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
            }
        ),
    )


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Gives a manifest with the SHA-256 of its other entries, by which a changed byte in it is found.

    It is no signature: who changes the manifest on purpose can seal it anew.
    """
    rest = {key: value for key, value in manifest.items() if key != SEAL}
    return rest | {SEAL: sha256(json_text(rest).encode())}


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
    return sorted(path for path in paths if path != FILE)


def read_manifest(dist: Path) -> dict[str, Any]:
    """Reads a dist directory's manifest, and holds every file against it.

    Raises:
        UserError: The directory has none, or a file is missing, changed, a link, or not listed.
    """
    manifest = open_manifest(dist)
    there = listed(dist)
    if links := sorted(path for path in dist.rglob("*") if path.is_symlink()):
        raise UserError(f"{links[0]}: is a link; an export has none")
    if unlisted := sorted(set(there) - set(manifest["files"])):
        raise UserError(f"{dist / unlisted[0]}: is not in the manifest")
    if climbing := sorted(set(manifest["files"]) - set(there)):
        raise UserError(f"{dist / climbing[0]}: is missing")
    check_files(dist, manifest["files"])
    return manifest


def open_manifest(dist: Path) -> dict[str, Any]:
    """Reads a dist directory's manifest, and none of the files that it lists.

    Raises:
        UserError: The directory has none, or one of another version, or it was changed.
    """
    path = dist / FILE
    if not path.is_file():
        raise UserError(f"{dist}: holds no {FILE}; `python -m export all` makes a dist directory")
    manifest = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError(f"{path}: the format is not {FORMAT}")
    for key, kind in _NEEDED.items():
        if not isinstance(manifest.get(key), kind):
            raise UserError(f"{path}: has no {key!r} that is a {kind.__name__}")
    for name, entry in manifest["files"].items():
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
            raise UserError(f"{path}: has no SHA-256 of {name!r}")
    if not NAME.fullmatch(manifest["name"]):
        raise UserError(f"{path}: {manifest['name']!r} is no name of an export")
    if path.read_bytes() != json_text(sealed(manifest)).encode():
        raise UserError(f"{path}: was changed: its SHA-256 is not the one in it")
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
