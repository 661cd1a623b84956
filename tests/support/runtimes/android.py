"""Kotlin on a JVM: the compiler out of the npm registry, JUnit out of Debian, and declarations of what Android has."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from export.targets import node
from tests.support.places import TESTS

_JAVA: Final = Path("/usr/share/java")  # where Debian's packages put theirs
_JUNIT: Final = (_JAVA / "junit4.jar", _JAVA / "hamcrest.jar")
_QUICK: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g")  # half of the time where it is short
# What the clients' documentation declares, without code: the compiler holds our calls against it, and nothing runs.
DECLARATIONS: Final = TESTS / "mobile" / "declarations"


def missing() -> str:
    """Says what of Debian's is not here; empty where all is."""
    if shutil.which("java") is None:
        return "there is no java here (apt-get install default-jre-headless)"
    if not all(jar.is_file() for jar in _JUNIT):
        return "JUnit 4 is not here (apt-get install junit4)"
    return ""


def tools() -> Path:
    """Gives the folder whose `node_modules` holds the compilers and grammars."""
    return node.modules(TESTS / "mobile")


def compile_kotlin(sources: Sequence[Path], output: Path) -> str:
    """Compiles sources.

    Returns:
        What the compiler complains of; empty where all is well.
    """
    library = tools() / "node_modules" / "kotlin-compiler" / "lib"
    compiler = [*_java(library / "kotlin-compiler.jar"), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"]
    options = ["-no-reflect", "-no-stdlib", "-classpath", _path(library / "kotlin-stdlib.jar", *_JUNIT)]
    done = _run([*compiler, *options, "-d", str(output), *map(str, sources)])
    return done.stderr if done.returncode or "warning:" in done.stderr else ""


def run_junit(classes: Path, test: str, vectors: Path) -> subprocess.CompletedProcess[str]:
    """Runs a test class by JUnit; `vectors` is the folder that it reads."""
    library = tools() / "node_modules" / "kotlin-compiler" / "lib" / "kotlin-stdlib.jar"
    java = _java(classes, library, *_JUNIT)
    return _run([java[0], f"-Dvectors={vectors}", *java[1:], "org.junit.runner.JUnitCore", test])


def _java(*places: Path) -> list[str]:
    return ["java", *_QUICK, "-cp", _path(*places)]


def _path(*places: Path) -> str:
    return ":".join(map(str, places))


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
