"""Which language a corpus is in."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

_RUN: Final = 20  # texts that are classified together: one alone is too short


def language_of(texts: Sequence[str]) -> str:
    """Gives the language, as ISO 639 names it, of half or more of the text; "" where there is none."""
    import py3langid

    runs = [" ".join(texts[start : start + _RUN]) for start in range(0, min(len(texts), 100 * _RUN), _RUN)]
    found = Counter(py3langid.classify(run)[0] for run in runs if run.strip())
    language, count = found.most_common(1)[0] if found else ("", 0)
    return str(language) if 2 * count >= len(runs) else ""
