"""Times a phrase in the TFLite interpreter with one thread: python benchmarks/latency.py --run NAME=DIR … [--write]

Each run becomes its quantized .tflite, which is asked the run's own test phrases, tokenized before. All runs take turns
phrase by phrase, so that a slow minute of the machine strikes all alike; what is given is the median.
"""

import argparse
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from reports import tables
from systems.public_systems import tflite_of

from export.proof.runtimes import interpreter
from trainer.errors import UserError
from trainer.run import Run
from trainer.text.windows import split_ids

_WARM: Final = 50  # phrases of each run before the clock starts


def numbers(runs: dict[str, Run], count: int) -> dict[str, Any]:
    """Asks all runs."""
    answers, rows, files = {}, {}, {name: tflite_of(run) for name, run in runs.items()}
    for name, run in runs.items():
        answers[name] = interpreter(files[name])
        texts = islice(cycle(phrase.text for phrase in run.phrases("test")), count + _WARM)
        ids = run.vocabulary.encode_all(list(texts))
        rows[name] = [split_ids(of_text, run.vocabulary.sequence_length)[0] for of_text in ids]
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(count + _WARM):
        for name, answer in answers.items():
            row = rows[name][number]
            started = time.perf_counter()
            answer(row)
            if number >= _WARM:
                seconds[name].append(time.perf_counter() - started)
    found = {
        name: {
            "labels": len(run.vocabulary.labels),
            "bytes": len(files[name]),
            "median": median(seconds[name]),
            "quartiles": [quantiles(seconds[name])[place] for place in (0, 2)],
        }
        for name, run in runs.items()
    }
    return {"phrases": count, "runs": found}


def report(result: dict[str, Any]) -> str:
    """Draws a row a run."""
    rows = [
        [
            name,
            str(of["labels"]),
            f"{of['bytes'] / 1000:,.0f} kB",
            f"{of['median'] * 1000:.3f} ms",
            f"{of['quartiles'][0] * 1000:.3f}–{of['quartiles'][1] * 1000:.3f}",
        ]
        for name, of in result["runs"].items()
    ]
    head = ["model", "labels", "`.tflite`", "a phrase, median", "quartiles"]
    return tables.table(head, rows) + f"\n\n{result['phrases']:,} phrases each, in turn, one thread."


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", action="append", default=[], metavar="NAME=DIR", help="a run, by the table's name")
    parser.add_argument("--phrases", type=int, default=1_000, help="that are timed [1000]")
    parser.add_argument("--write", action="store_true", help="keep the numbers, write the table")
    parser.add_argument("--from-json", action="store_true", help="time nothing: write it from the numbers kept")
    given = parser.parse_args()
    try:
        places = (pair.partition("=") for pair in given.run)
        runs = {name: Run.read(Path(path)) for name, _, path in places}
    except UserError as error:
        parser.error(str(error))
    result = tables.kept("latency") if given.from_json else numbers(runs, given.phrases) if runs else None
    if result is None:
        parser.error("--run: name one; or --from-json, where --write has kept numbers")
    print(report(result))
    if given.write:
        tables.keep("latency", result)
    if given.write or given.from_json:
        tables.put("latency", report(result))


if __name__ == "__main__":
    main()
