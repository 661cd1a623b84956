"""What labels are called in other languages, for an app that shows them: `--display-names FILE`.

{"de": {"card_arrival": "Wann kommt die Karte?"}, "pt-BR": {…}}
"""

from collections.abc import Sequence
from pathlib import Path

from export.settings import LANGUAGE_TAG
from export.targets.metadata import label_list
from trainer.errors import UserError
from trainer.files import read_json


def read_display_names(file: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Reads them; a label that a language leaves out keeps its own name there.

    Args:
        file: A JSON file; empty for none.
        labels: In the order of the outputs.

    Returns:
        Language tag -> the names, in the order of the labels.

    Raises:
        UserError: The file cannot be read, or names a language or a label that is none.
    """
    if not file:
        return {}
    path, found = Path(file), {}
    written = read_json(path)
    if not isinstance(written, dict):
        raise UserError(f"{path}: must be a JSON object: language -> label -> name")
    for language, names in written.items():
        if not LANGUAGE_TAG.fullmatch(language):
            raise UserError(f"{path}: must be a language tag such as en or pt-BR; received {language!r}")
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise UserError(f"{path}: {language}: must be a JSON object: label -> name")
        if unknown := sorted(set(names) - set(labels)):
            raise UserError(f"{path}: {language}: {unknown[0]!r} is none of the model's labels")
        found[language] = tuple(names.get(label, label) for label in labels)
        try:
            label_list(found[language])
        except UserError as error:
            raise UserError(f"{path}: {language}: {error}") from error
    return found
