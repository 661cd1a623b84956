"""`model.keras`: the same bytes for the same model."""

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can hold
_ADDRESS = "shared_object_id"  # Keras writes addresses in memory: they say which of two objects is the same


def save(model: "keras.Model", path: Path, created: datetime) -> None:
    """Saves a model as Keras does, with neither the hour nor addresses in memory in it.

    Args:
        model: Any Keras model.
        path: Ends in `.keras`.
        created: What the file says of its age.
    """
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(files["metadata.json"]) | {"date_saved": created.isoformat(timespec="seconds")}
    files["metadata.json"] = json.dumps(about).encode()
    files["config.json"] = json.dumps(_renumbered(json.loads(files["config.json"]), {})).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), data)


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """Numbers shared objects in the order in which they come; `numbers` holds those so far."""
    if isinstance(config, list):
        return [_renumbered(each, numbers) for each in config]
    if not isinstance(config, dict):
        return config
    return {
        key: numbers.setdefault(value, len(numbers)) if key == _ADDRESS else _renumbered(value, numbers)
        for key, value in config.items()
    }
