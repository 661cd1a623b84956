"""Do all runtimes read the same pieces? A million generated strings, every code point among them.

    python benchmarks/token_parity.py --run runs/NAME              # the vocabulary of a run
    python benchmarks/token_parity.py --run runs/NAME --strings 20000

Strings are asked in batches. `--output` keeps one line a batch, so a run that was stopped goes on where it was; with
`--write` the sums go to benchmarks/results/ and their table to benchmarks/README.md. The mobile clients tell no ids:
they are given a probe, whose outputs are the ids of a row, and so are held against the text's first 128 pieces. NUL is
taken out before, because they stop there, and a lone surrogate is U+FFFD: those in Python cannot be given one, and
MediaPipe for the web takes it and the character behind it for one.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables

from export.proof import fuzz_strings
from tests.support.pages.browser import find_chromium, launch
from tests.support.runtimes.mobile_clients import MissingLibraryError, mediapipe_python
from tests.support.runtimes.readers import mismatches, readers
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

BATCH: Final = 10_000


def batches(vocabulary: Vocabulary, strings: int) -> Iterator[list[str]]:
    """Gives all strings, a batch at a time: every code point first."""
    codes = fuzz_strings.every_code_point()[:strings]
    yield codes
    for seed, start in enumerate(range(len(codes), strings, BATCH), 1):
        yield fuzz_strings.strings(vocabulary, seed, min(BATCH, strings - start))


def report(result: dict[str, Any]) -> str:
    """Draws a row a runtime."""
    rows = [[name, f"{result['strings']:,}", f"{count:,}"] for name, count in result["mismatches"].items()]
    return tables.table(["runtime", "strings", "with other ids than Python's tokenizer"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="whose vocabulary is asked")
    parser.add_argument("--strings", type=int, default=1_000_000, help="how many [1,000,000]")
    parser.add_argument("--output", type=Path, default=Path("token_parity.jsonl"), help="a line a batch [%(default)s]")
    parser.add_argument("--write", action="store_true", help="keep the sums, write the table")
    arguments = parser.parse_args()
    vocabulary = Run.read(arguments.run).vocabulary
    kept = arguments.output.read_text(encoding="utf-8").splitlines() if arguments.output.is_file() else []
    lines = [json.loads(line) for line in kept]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack, arguments.output.open("a") as output:
        executable = find_chromium()
        chromium = stack.enter_context(launch(executable)) if executable else None
        try:
            python = mediapipe_python()
        except MissingLibraryError as error:
            print(f"MediaPipe in Python is left out: {error}")
            python = None
        asked = readers(vocabulary, Path(folder), chromium, python)
        for number, texts in enumerate(batches(vocabulary, arguments.strings)):
            if number < len(lines):
                continue
            found = mismatches(vocabulary, asked, texts)
            line = {"strings": len(texts), "mismatches": {name: len(wrong) for name, wrong in found.items()}}
            print(json.dumps(line), file=output, flush=True)
            lines.append(line)
            for name, wrong in found.items():
                print(f"{name}: other ids: {wrong[0]!r}") if wrong else None
    sums = {name: sum(line["mismatches"][name] for line in lines) for name in lines[0]["mismatches"]}
    result = {"strings": sum(line["strings"] for line in lines), "mismatches": sums}
    print(report(result))
    if arguments.write:
        tables.keep("token_parity", result)
        tables.put("token-parity", report(result))
    return int(any(sums.values()))


if __name__ == "__main__":
    sys.exit(main())
