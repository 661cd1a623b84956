"""Every runtime's tokenizer, held against Python's.

The mobile clients tell no ids: they are given a probe, whose outputs are the ids of a row, and so are held against the
text's first 128 pieces.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from export.proof import runtimes, task_library
from export.targets import metadata, node
from tests.support.runtimes.mobile_clients import ask_browser, ask_python, pieces_of
from trainer.text.normalization import clean
from trainer.text.vocabulary import Vocabulary

ROW: Final = 130  # ids of the probe
_TOKENIZE: Final = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./text/tokenizer.js";
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
        return runtimes.pieces_of(task_library.bert_probabilities(probe, texts, positions))

    def in_mediapipe(texts: list[str]) -> Ids:
        assert python
        return pieces_of(ask_python(python, probe, [clean(text) for text in texts]))

    def in_mediapipe_for_the_web(texts: list[str]) -> Ids:
        assert chromium
        (site := folder / f"served-{next(served)}").mkdir()
        return pieces_of(ask_browser(chromium, site, probe, [clean(text) for text in texts]))

    found: dict[str, Reader] = {"SentencePiece, of the .tflite file": in_file, "JavaScript in Node": in_node}
    if task_library.AVAILABLE:
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
