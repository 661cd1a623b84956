"""The benchmark that kills: a sample of it, what it finds of a writer that is not whole, and what it kept."""

import random
from pathlib import Path

import pytest
from reports import tables
from trust import kills

IN_PLACE = """
import shutil, sys, time
from pathlib import Path
place = Path("run")
shutil.rmtree(place, ignore_errors=True)
place.mkdir()
(place / "first").write_text(str(time.time()))
time.sleep(0.5)
(place / "second").write_text("")
"""


def test_docs_have_the_table_of_the_kept_numbers_and_nothing_was_lost() -> None:
    kept = tables.kept(kills.NAME)
    assert kept is not None
    assert kills.report(kept) in kills.PAGE.read_text(encoding="utf-8")
    for name in ("fit", "export", "exchange", "renames"):
        assert (kept[name]["lost"], kept[name]["remaining"]) == (0, 0), name
        assert kept[name]["kills"] >= 40
    for name in ("fit", "export"):
        assert kept[name]["removed"] == kept[name]["left"] > 0, name
    assert (kept["exchange"]["missed"], kept["exchange"]["nothing"]) == (0, 0)
    assert kept["renames"]["missed"] > 0


@pytest.mark.slow
def test_a_fit_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    subject = dict(kills.subjects(tmp_path))["fit"]
    found = kills.kills(subject, 3, random.Random(2))
    assert (found["kills"], found["lost"], found["remaining"]) == (3, 0, 0)
    assert found["removed"] == found["left"] > 0


@pytest.mark.parametrize("way", ["exchange", "renames"])
def test_a_swap_that_is_killed_loses_nothing(way: str) -> None:
    found = kills.swaps(way, 3, random.Random(2))
    assert (found["whole"], found["lost"], found["remaining"]) == (3, 0, 0)


def test_a_writer_that_writes_in_place_is_found_out(tmp_path: Path) -> None:
    place = tmp_path / "run"
    subject = kills.Subject(("-c", IN_PLACE), place, lambda run: "" if (run / "second").exists() else "a half")
    found = kills.kills(subject, 4, random.Random(2))
    assert found["lost"] > 0


def test_what_a_start_says_that_it_removed() -> None:
    said = "run: removed .run.byline-abcdefgh, .run.byline-12345678, left by process 7, since 2026, which was killed\n"
    assert kills.removed_by(f"reading\n{said}") == {".run.byline-abcdefgh", ".run.byline-12345678"}
    assert kills.removed_by("run: removed nothing\n") == set()
