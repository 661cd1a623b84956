"""Manifests that agree with what a test broke."""

import json
from pathlib import Path

from export.manifest import sealed
from trainer.files import sha256, write_json


def reseal(dist: Path, *names: str) -> None:
    """Makes the manifest agree with files that a test broke: the proof itself has to notice."""
    manifest = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    for name in names:
        data = (dist / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "sha256": sha256(data)}
    write_json(dist / "manifest.json", sealed(manifest))
