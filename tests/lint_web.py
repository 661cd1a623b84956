"""Holds the JavaScript of `web/`, `tests/` and `benchmarks/` with biome and `tsc --checkJs`: python tests/lint_web.py

The tools come from `web/package-lock.json` and are installed once into the user's cache, so that nothing lands in the
checkout. Prints a line when all is well; otherwise what the tool says, and exits 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from export.targets import node  # noqa: E402
from tests.support.runtimes.javascript import tools  # noqa: E402
from trainer.errors import UserError  # noqa: E402

CHECKS: Final = {"lint": "biome check", "types": "tsc --checkJs"}
SCRATCH: Final = shutil.ignore_patterns("node_modules", "__pycache__")


def check(folder: Path, script: str) -> str:
    """Runs one script of `package.json`; gives what it says when it fails, and nothing when all is well."""
    words, environment = node.command(["npm", "run", "--silent", script])
    tools_path = f"{folder / 'node_modules' / '.bin'}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment | {"PATH": tools_path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return (done.stdout or f"{script}: exit code {done.returncode}") if done.returncode else ""


def main() -> int:
    try:
        installed = tools()
    except (UserError, OSError) as error:
        print(f"error: the linters of web/ cannot be installed; is there a network? {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name, "web")
        shutil.copytree(node.WEB, copy, ignore=SCRATCH)
        for other in (*ROOT.glob("tests/*/*.mjs"), *ROOT.glob("benchmarks/web/*.js")):
            place = copy / other.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(other, place)
        (copy / "node_modules").symlink_to(installed / "node_modules")
        complaints = {script: said for script in CHECKS if (said := check(copy, script))}
    for script, said in complaints.items():
        print(f"web/: {CHECKS[script]}\n{said.replace(str(copy) + os.sep, 'web/').rstrip()}", file=sys.stderr)
    if complaints:
        return 1
    print(f"web/: {' and '.join(CHECKS.values())} have nothing to say")
    return 0


if __name__ == "__main__":
    sys.exit(main())
