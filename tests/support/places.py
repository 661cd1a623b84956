"""Where things lie, and the vectors that Python and JavaScript read alike."""

import json
from pathlib import Path
from typing import Any, Final

TESTS: Final = Path(__file__).parent.parent
ROOT: Final = TESTS.parent
VECTORS: Final = TESTS / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))
