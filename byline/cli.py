"""The console script `byline`: the commands of `python -m trainer` and `python -m export` under one name.

byline audit --data tickets.csv
byline fit --data tickets.csv
byline export --data tickets.csv     # the same as `byline export all`
byline export verify
"""

import sys
from pathlib import Path
from typing import Final

_USAGE: Final = """usage: byline COMMAND …

Short-text classifiers for a web page or a phone, with no server.

commands:
  audit      what a model would really learn from labelled text
  fit        train a run
  tune       search for a recipe
  export     package a run for web pages and phones, proved; `byline export PART` one part alone, verify proves again
  evaluate   measure a run
  predict    classify phrases
  corpus     show the built-in corpus

`byline COMMAND --help` names the options. The same commands: python -m trainer, python -m export.
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] in (["--version"], ["-V"]):
        from trainer import __version__

        print(f"byline {__version__}")
        return 0
    if not given or given[0] in ("-h", "--help"):
        print(_USAGE, end="")
        return 0 if given else 2
    import export
    import trainer

    for package in (trainer, export):
        if Path(str(package.__file__)).resolve().parents[1] != Path(__file__).resolve().parents[1]:
            name = package.__name__
            print(f"error: {package.__file__} is another package called {name}; it hides Byline's", file=sys.stderr)
            return 2
    if given[0] != "export":
        from trainer.__main__ import main as run_trainer

        return run_trainer(given, program="byline")
    from export.__main__ import main as run_export

    part = [] if given[1:] and (not given[1].startswith("-") or given[1] in ("-h", "--help")) else ["all"]
    return run_export([*part, *given[1:]], program="byline export")


if __name__ == "__main__":
    sys.exit(main())
