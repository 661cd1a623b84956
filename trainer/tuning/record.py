"""The directory of a search, `searches/<time>`: what it searches, a line a trial, and its report.

search.json     the corpus's digest, the seed, the versions of space and Byline, what was measured how
trials.jsonl    a line of JSON a trial that is done, appended as it ends; no text of the corpus stands in it
report.html     written in the end
"""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer import __version__
from trainer.errors import UserError
from trainer.files import json_text, read_json, write_text
from trainer.model.recipe import Recipe
from trainer.tuning.space import VERSION

SEARCHES: Final = Path("searches")
FORMAT: Final = "byline-search-2"
WHOLE: Final = 16  # sixteenths of the training rows: all of them
COMPLETE, PRUNED, TOO_LARGE, FAILED = "complete", "pruned", "too large", "failed"
_TRIALS: Final = "trials.jsonl"
_FACTS: Final = "search.json"
REPORT: Final = "report.html"
# A search that goes on must have these alike.
_SAME: Final = ("digest", "seed", "space", "byline", "unit", "split", "kilobytes", "families", "rungs")


@dataclass(frozen=True)
class Result:
    """What is kept of a trial.

    Attributes:
        number: In the order of the proposals, from 0.
        name: Of the recipe.
        family: Of the model.
        params: Optuna's parameters.
        recipe: All fields of the recipe.
        state: `COMPLETE`, `PRUNED`, `TOO_LARGE` or `FAILED`.
        rungs: Of each rung the sixteenths of the training rows, and the score.
        right: Phrases answered right after the last rung.
        phrases: That were asked.
        bytes: Of the `.tflite`, estimated.
        microseconds: Of a phrase, estimated.
        over: Bytes beyond the budget.
        sizes: What was built.
        seconds: That all rungs took.
        elapsed: Seconds from the start of the search to the end of the trial.
        error: Why it failed.
    """

    number: int
    name: str
    family: str
    params: dict[str, Any]
    recipe: dict[str, Any]
    state: str
    rungs: list[tuple[int, float]]
    right: int = 0
    phrases: int = 0
    bytes: int = 0
    microseconds: float = 0.0
    over: int = 0
    sizes: dict[str, Any] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    elapsed: float = 0.0
    error: str = ""

    @property
    def accuracy(self) -> float:
        """From 0 to 1."""
        return self.right / max(self.phrases, 1)

    @property
    def complete(self) -> bool:
        """Whether it has learned from all training rows."""
        return self.state == COMPLETE

    def made(self) -> Recipe:
        """Gives the recipe."""
        return recipe_from(self.recipe)


def facts_of(recipe: Recipe) -> dict[str, Any]:
    """Gives a recipe's fields as JSON holds them."""
    return dataclasses.asdict(recipe) | {"dense_units": list(recipe.dense_units)}


def recipe_from(facts: Mapping[str, Any]) -> Recipe:
    """Makes a recipe of what JSON holds of it.

    Raises:
        UserError: A field is missing or unknown: it is of another version of Byline.
    """
    try:
        return Recipe(**{**facts, "dense_units": tuple(facts["dense_units"])})
    except (TypeError, KeyError) as error:
        raise UserError(f"the search holds a recipe of another version of Byline ({error})") from error


class Record:
    """A search on a disk.

    Args:
        folder: Its directory.
        facts: Of `search.json`.
        results: Of the trials that are done.
    """

    def __init__(self, folder: Path, facts: dict[str, Any], results: list[Result]) -> None:
        self.folder, self.facts, self.results = folder, facts, results

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Reads a search. A last line that a kill left torn is taken off.

        Raises:
            UserError: It is not there, or damaged.
        """
        if not (folder / _FACTS).is_file():
            raise UserError(f"{folder}: is not a search (it has no {_FACTS}); `python -m trainer tune` makes one")
        facts = read_json(folder / _FACTS)
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise UserError(f"{folder / _FACTS}: the format is not {FORMAT}")
        path = folder / _TRIALS
        data = path.read_bytes() if path.is_file() else b""
        whole, torn = data[: data.rfind(b"\n") + 1], data[data.rfind(b"\n") + 1 :]
        results = []
        for number, line in enumerate(whole.decode("utf-8", "replace").splitlines(), 1):
            try:
                values = json.loads(line)
                results.append(
                    Result(**{**values, "rungs": [(int(at), float(score)) for at, score in values["rungs"]]})
                )
            except (ValueError, TypeError, KeyError) as error:
                raise UserError(f"{path}: row {number}: is not a trial ({error})") from error
        if torn:
            os.truncate(path, len(whole))
        return cls(folder, facts, results)

    @classmethod
    def open(cls, folder: Path, facts: Mapping[str, Any]) -> "Record":
        """Begins a search, or goes on with the one that is there.

        Args:
            folder: Its directory.
            facts: What it searches, and how.

        Raises:
            UserError: There is something else, or a search of another corpus or with other options.
        """
        new = {"format": FORMAT, "space": VERSION, "byline": __version__, **facts}
        if (folder / _FACTS).is_file():
            found = cls.read(folder)
            for name in _SAME:
                if found.facts.get(name) != new.get(name):
                    what = "of another corpus" if name == "digest" else f"with another {name} ({found.facts.get(name)})"
                    raise UserError(f"--output {folder}: holds a search {what}; choose another --output")
            return found
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"--output {folder}: exists and is not a search; choose another --output")
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / _FACTS, json_text(new))
        return cls(folder, new, [])

    def add(self, result: Result) -> None:
        """Appends a trial, and lets its line survive a power cut."""
        line = json.dumps(dataclasses.asdict(result)) + "\n"
        with (self.folder / _TRIALS).open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        self.results.append(result)

    @property
    def elapsed(self) -> float:
        """Seconds that were searched until the last trial was done."""
        return max((result.elapsed for result in self.results), default=0.0)


def newest(searches: Path = SEARCHES) -> Path | None:
    """Gives the search that was begun last, if there is one."""
    made = [path.parent for path in searches.glob(f"[!.]*/{_FACTS}")]
    return max(made, key=lambda folder: (str(read_json(folder / _FACTS).get("created", "")), folder.name), default=None)


def complete(results: Sequence[Result]) -> list[Result]:
    """Gives the trials that learned from all training rows, the best first; of equals the smallest."""
    return sorted((each for each in results if each.complete), key=lambda each: (-each.accuracy, each.bytes))
