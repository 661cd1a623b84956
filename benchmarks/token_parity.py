"""Do all runtimes read the same pieces? A million generated strings, every code point among them.

    python benchmarks/token_parity.py --run runs/NAME              # the vocabulary of a run
    python benchmarks/token_parity.py --run runs/NAME --strings 20000

Strings are asked in batches. `--output` keeps one line a batch, so a run that was stopped goes on where it was. The
mobile clients tell no ids: they are given a probe, whose outputs are the ids of a row, and so are held against the
text's first 128 pieces. NUL is taken out before, because they stop there, and a lone surrogate is U+FFFD: those in
Python cannot be given one, and MediaPipe for the web takes it and the character behind it for one.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from browser import find_chromium, launch
from mobile_clients import MissingLibraryError, ask_browser, ask_python, mediapipe_python
from playwright.sync_api import Browser

from export.proof import fuzz_strings, runtimes
from export.targets import metadata, node
from trainer.run import Run
from trainer.text.normalization import clean
from trainer.text.vocabulary import Vocabulary

ROW: Final = 130  # ids of the probe
BATCH: Final = 10_000
_TOKENIZE: Final = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./engine/tokenizer.js";
const { vocabulary, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenize = createTokenizer(vocabulary);
console.log(JSON.stringify(texts.map((text) => tokenize(text).ids)));
"""
Ids = list[list[int]]
Reader = Callable[[list[str]], Ids]


def readers(vocabulary: Vocabulary, folder: Path, chromium: Browser | None, python: Path | None) -> dict[str, Reader]:
    """Gives every runtime that is here, by name: from texts to the ids that it reads.

    Args:
        vocabulary: The contract.
        folder: Where the probe is written, and what the browser is served.
        chromium: Open.
        python: Of MediaPipe's environment.
    """
    wide = replace(vocabulary, sequence_length=ROW)
    probe = folder / "probe.tflite"
    runtimes.write_probe(wide, metadata.Description("probe", "", "", "", ""), probe)
    positions = [str(position) for position in range(ROW)]
    served = count()

    def in_file(texts: list[str]) -> Ids:
        return metadata.read_metadata(probe.read_bytes()).encode_all(texts)

    def in_node(texts: list[str]) -> Ids:
        given = json.dumps({"vocabulary": vocabulary.to_json(), "texts": texts})
        program = ["node", "--input-type=module", "--eval", _TOKENIZE]
        ids: Ids = json.loads(node.run(program, stdin=given, cwd=node.WEB / "src"))
        return ids

    def in_bert_nl_classifier(texts: list[str]) -> Ids:
        return runtimes.pieces_of(metadata.bert_probabilities(probe, texts, positions))

    def in_mediapipe(texts: list[str]) -> Ids:
        assert python
        return runtimes.pieces_of(ask_python(python, probe, [clean(text) for text in texts]))

    def in_mediapipe_for_the_web(texts: list[str]) -> Ids:
        assert chromium
        (site := folder / f"served-{next(served)}").mkdir()
        return runtimes.pieces_of(ask_browser(chromium, site, probe, [clean(text) for text in texts]))

    found: dict[str, Reader] = {"SentencePiece, of the .tflite file": in_file, "JavaScript in Node": in_node}
    if metadata.AVAILABLE:
        found["BertNLClassifier"] = in_bert_nl_classifier
    if python:
        found["MediaPipe in Python"] = in_mediapipe
    if chromium:
        found["MediaPipe in Chromium"] = in_mediapipe_for_the_web
    return found


def mismatches(vocabulary: Vocabulary, asked: dict[str, Reader], texts: list[str]) -> dict[str, list[str]]:
    """Gives for each runtime the texts of which it reads other ids than the Python tokenizer does."""
    expected = vocabulary.encode_all(texts)
    first = [ids[: ROW - 2] for ids in expected]
    found = {}
    for name, read in asked.items():
        whole = name in ("SentencePiece, of the .tflite file", "JavaScript in Node")
        wanted = expected if whole else first
        said = read(texts)
        found[name] = [text for text, ids, right in zip(texts, said, wanted, strict=True) if ids != right]
    return found


def batches(vocabulary: Vocabulary, strings: int) -> Iterator[list[str]]:
    """Gives all strings, a batch at a time: every code point first."""
    codes = fuzz_strings.every_code_point()[:strings]
    yield codes
    for seed, start in enumerate(range(len(codes), strings, BATCH), 1):
        yield fuzz_strings.strings(vocabulary, seed, min(BATCH, strings - start))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="whose vocabulary is asked")
    parser.add_argument("--strings", type=int, default=1_000_000, help="how many [1,000,000]")
    parser.add_argument("--output", type=Path, default=Path("token_parity.jsonl"), help="a line a batch [%(default)s]")
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
    total = sum(line["strings"] for line in lines)
    print(f"| runtime | of {total:,} strings with other ids |\n|---|---:|")
    for name in lines[0]["mismatches"]:
        print(f"| {name} | {sum(line['mismatches'][name] for line in lines):,} |")
    return int(any(any(line["mismatches"].values()) for line in lines))


if __name__ == "__main__":
    sys.exit(main())
