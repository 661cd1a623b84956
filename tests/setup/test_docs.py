"""The commands, options and code of README and docs are held against the real ones."""

import argparse
import http.server
import json
import re
import shlex
import threading
from functools import partial
from pathlib import Path

import numpy as np

import export.cli as exporter
from export import graph
from export.proof.parity import TOLERANCE
from export.targets import node
from tests.support.places import ROOT
from trainer.cli.parser import parser as trainer_parser
from trainer.run import Run
from trainer.text.windows import first_rows

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
PARSERS = {"trainer": trainer_parser(), "export": exporter.parser()}


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def test_every_command_shown_is_accepted() -> None:
    shown = re.findall(
        r"^python -m (trainer|export) (.+?)(?:  +#.*)?$", "\n".join([README, *PAGES.values()]), re.MULTILINE
    )
    assert len(shown) > 6
    for program, line in shown:
        PARSERS[program].parse_args(shlex.split(line))


def test_every_option_is_in_the_table_and_every_one_there_is_real() -> None:
    for program, parser in PARSERS.items():
        for name, command in commands(parser).items():
            (row,) = (line for line in PAGES["options.md"].splitlines() if line.startswith(f"| `{program} {name}` |"))
            real = {option for action in command._actions for option in action.option_strings} - {"-h", "--help"}
            assert set(re.findall(r"--[a-z-]+", row)) == real, name


def test_every_option_has_help_with_its_default() -> None:
    for parser in PARSERS.values():
        for name, command in commands(parser).items():
            for action in command._actions:
                assert action.help, (name, action.dest)
                valued = action.option_strings and action.nargs != 0
                assert not valued or re.search(r"\[.+\]", action.help), (name, action.dest)


def test_javascript_of_the_docs_gives_the_models_answer(workshop: Path, tmp_path: Path) -> None:
    dist_path = workshop / "dist"
    trained = Run.read(next((workshop / "runs").iterdir()))
    (code,) = re.findall(r"```js\n(.*?)```", PAGES["javascript.md"], re.DOTALL)
    phrases = [phrase.text for phrase in trained.phrases("test")[:50]]
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(dist_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/"
        code = code.replace('"tfjs/', f'"{base}tfjs/').replace(
            '"byline"', json.dumps((dist_path / "npm/index.js").as_uri())
        )
        (tmp_path / "node_modules").symlink_to(node.modules() / "node_modules")
        (tmp_path / "docs.mjs").write_text(code, encoding="utf-8")
        (tmp_path / "ask.mjs").write_text(
            'import { classify } from "./docs.mjs";\n'
            f"console.log(JSON.stringify({json.dumps(phrases)}.map((phrase) => classify(phrase))));\n",
            encoding="utf-8",
        )
        printed = node.run(["node", "ask.mjs"], cwd=tmp_path)
        server.shutdown()
    answers = json.loads(printed.splitlines()[-1])
    rounded = graph.rounded_classifier(trained.classifier)
    expected = rounded.answers(first_rows(phrases, trained.vocabulary))  # as its text says
    labels = trained.vocabulary.labels
    for ranking, row in zip(answers, expected, strict=True):
        scores = {entry["label"]: entry["score"] for entry in ranking}
        assert np.abs(np.array([scores[label] for label in labels]) - row).max() < TOLERANCE


def test_proof_in_the_readme_is_a_whole_table() -> None:
    (proof,) = re.findall(r"<!-- proof -->\n(.*?)<!-- /proof -->", README, re.DOTALL)
    for runtime in ("Keras, as trained", "TF.js in Node", "TFLite interpreter, int8 rows", "BertNLClassifier"):
        assert f"| {runtime}" in proof


def test_every_link_leads_somewhere() -> None:
    for folder, text in ((ROOT, README), *((ROOT / "docs", text) for text in PAGES.values())):
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (folder / target).exists(), target
