"""The JavaScript of `web/` under Node, and the tools for it."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import platformdirs

from export.targets import node
from tests.support.once import one_at_a_time
from trainer.files import sha256
from trainer.text.vocabulary import Vocabulary

SOURCE: Final = node.WEB / "src"
_TOKENIZE: Final = """
import { readFileSync } from "node:fs";
import { createTokenizer } from "./text/tokenizer.js";
const { vocabulary, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenize = createTokenizer(vocabulary);
console.log(JSON.stringify(texts.map(tokenize)));
"""


def run_node(arguments: Sequence[str], stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs Node as `export.targets.node` finds it; unlike there, what it prints to standard error can be looked at."""
    folder = node.node_folder()
    path = os.environ["PATH"] if folder is None else f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["node", *arguments],
        input=stdin,
        cwd=cwd,
        env=dict(os.environ, PATH=path),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def evaluate(program: str, value: Any) -> Any:
    """Runs a module that stands in `web/src` for as long as it takes, on a JSON value."""
    done = run_node(["--input-type=module", "--eval", program], json.dumps(value), cwd=SOURCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tokenized(vocabulary: Vocabulary, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Gives what the page's tokenizer reads of each text."""
    phrases: list[dict[str, Any]] = evaluate(_TOKENIZE, {"vocabulary": vocabulary.to_json(), "texts": texts})
    return phrases


def tools() -> Path:
    """Gives a folder whose `node_modules` holds the packages of the lock with those for development."""
    lock = (node.WEB / "package-lock.json").read_bytes()
    folder = Path(platformdirs.user_cache_dir("byline")) / f"node-lint-{sha256(lock)[:16]}"
    with one_at_a_time(folder.name):
        if (folder / "node_modules").is_dir():
            return folder
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
            staging = Path(name, folder.name)
            staging.mkdir()
            for file in ("package.json", "package-lock.json"):
                shutil.copyfile(node.WEB / file, staging / file)
            node.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=staging)
            staging.rename(folder)
    return folder
