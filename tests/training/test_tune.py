"""The search without its cluster: the space, what trials are given, what is kept and proposed, and what is chosen."""

import dataclasses
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.support.commands import mistake
from tests.support.corpora.pets import CORPUS
from trainer.data.corpus import Corpus, of_lines
from trainer.data.profile import profile_of
from trainer.errors import UserError
from trainer.model.recipe import RECIPES, Recipe, Sizes
from trainer.splitting.options import SplitOptions, split_by
from trainer.text.vocabulary import Vocabulary
from trainer.training.fit import fit
from trainer.training.options import RANGES, FitOptions
from trainer.tuning import chosen, results, trial
from trainer.tuning.encodings import encoding_of
from trainer.tuning.prepared import FOLDS, digest_of, prepare
from trainer.tuning.record import COMPLETE, FAILED, PRUNED, WHOLE, Record, Result, facts_of
from trainer.tuning.space import NETWORK, TABLES, TAUGHT, Limits, Space, dimensions, nearest, neighbour, recipe_of

LIMITS = Limits((TABLES, NETWORK), 300, True, True, "none", dataclasses.replace(RECIPES["byline"], teacher="none"))
EVERY = dataclasses.replace(LIMITS, families=(TABLES, TAUGHT, NETWORK), teacher="auto")
FACTS = {"digest": "d", "seed": 1, "corpus": "Pets", "folds": 0, "families": [TABLES], "created": "2026"}


def large(rows: int = 1_400) -> Corpus:
    """Two labels of many rows, each of which has a word of its own."""
    generator = np.random.default_rng(7)
    kinds = {"cats": ["purr", "paw", "meow", "fur"], "dogs": ["bark", "bone", "woof", "tail"]}
    return of_lines(
        "Pets",
        "Which pet?",
        "Made for a test.",
        "CC0-1.0",
        {
            label: [" ".join([*generator.choice([*words, "the", "and"], 4), f"own{label}{n}x"]) for n in range(rows)]
            for label, words in kinds.items()
        },
    )


def result(number: int, right: int, size: int, **changed: Any) -> Result:
    made = Result(number, f"trial-{number}", TABLES, {}, facts_of(RECIPES["byline"]), COMPLETE, [(WHOLE, 1.0)])
    return dataclasses.replace(made, right=right, phrases=100, bytes=size, **changed)


def test_every_value_of_the_space_makes_a_recipe_within_its_ranges() -> None:
    space = Space()
    for family in EVERY.families:
        names = dict(dimensions(space, EVERY, family))
        assert all(len(dimension.reason) > 20 for dimension in names.values())
        for name, dimension in names.items():
            for place, value in enumerate(dimension.values):
                params: dict[str, Any] = {
                    other: of.values[0] if of.interval else 0 for other, of in names.items() if other != name
                }
                recipe = recipe_of(
                    family, params | {name: value if dimension.interval else place}, space, EVERY, "trial"
                )
                assert dimension.field in ("budget_kb", "lstm_steps") or getattr(recipe, dimension.field) == value
                assert recipe.tables == (family != NETWORK)
                assert (recipe.teacher != "none") == (family == TAUGHT)
                assert recipe.budget_kb in (0, 72, 102, 144, 210, 300)
                for field, (low, high) in RANGES.items():
                    number = getattr(recipe, field)
                    assert number == 0 or low <= number <= high, (field, number)


@pytest.mark.parametrize("family", [TABLES, TAUGHT, NETWORK])
def test_the_point_nearest_to_a_recipe_of_the_space_is_its_own(family: str) -> None:
    space, generator = Space(), np.random.default_rng(1)
    sizes = Sizes(0, False, *(0,) * 9)
    for _ in range(20):
        params: dict[str, Any] = {
            name: of.values[0] if of.interval else int(generator.integers(len(of.values)))
            for name, of in dimensions(space, EVERY, family)
        }
        recipe = recipe_of(family, params, space, EVERY, "trial")
        own = dataclasses.replace(sizes, whole_words=recipe.whole_words == "yes")
        found, point = nearest(recipe, own, recipe.sequence_length, space, EVERY)
        assert found == family
        again = recipe_of(family, point, space, EVERY, "trial")
        assert again == recipe


@pytest.mark.parametrize("family", [TABLES, TAUGHT, NETWORK])
def test_a_neighbour_differs_a_little_and_is_of_the_space(family: str) -> None:
    space, generator = Space(), np.random.default_rng(1)
    names = dict(dimensions(space, EVERY, family))
    params: dict[str, Any] = {name: of.values[0] if of.interval else 0 for name, of in names.items()}
    moved: set[str] = set()
    for _ in range(200):
        near = neighbour(family, params, space, EVERY, generator)
        changed = {name for name in names if near[name] != params[name]}
        assert changed
        assert near.keys() == params.keys()
        moved |= changed
        for name in changed:
            of = names[name]
            last = of.values[1] if of.interval else len(of.values) - 1 if not of.ordered else min(2, len(of.values) - 1)
            assert (of.values[0] if of.interval else 0) <= float(near[name]) <= last
        recipe_of(family, near, space, EVERY, "trial")
    assert moved == set(names)


def test_a_network_takes_no_more_steps_than_it_may() -> None:
    space = Space()
    limits = dataclasses.replace(LIMITS, rows=100_000, updates=3_000)
    params: dict[str, Any] = {
        name: of.values[0] if of.interval else len(of.values) - 1 for name, of in dimensions(space, limits, NETWORK)
    }
    recipe = recipe_of(NETWORK, params, space, limits, "trial")
    assert (recipe.batch_size, recipe.epochs) == (128, 3)
    assert recipe_of(NETWORK, params | {"batch": 0}, space, limits, "trial").epochs == 1
    assert recipe_of(NETWORK, params, space, LIMITS, "trial").epochs == 12


def test_trials_get_the_phrases_of_fit_without_those_of_the_test() -> None:
    corpus = large()
    prepared = prepare(corpus, RECIPES["byline"], FitOptions(seed=3))
    split = split_by(corpus, profile_of(corpus), RECIPES["byline"], SplitOptions(seed=3))
    assert list(prepared.split.phrases()) == [both for both in split.phrases() if both[0] != "test"]
    assert list(prepared.split.training_text()) == list(split.training_text())
    test = {word for part, phrase in split.phrases() if part == "test" for word in phrase.text.split()}
    given = {word for _, phrase in prepared.split.phrases() for word in phrase.text.split()}
    only = {word for word in test - given if word.startswith("own")}
    assert len(only) > 20
    written = pickle.dumps(prepared)
    assert not [word for word in only if word.encode() in written]
    assert any(word.encode() in written for word in given)
    with pytest.raises(AssertionError):
        list(pickle.loads(written).split.corpus.rows())


def test_few_rows_are_cross_validated_in_few_folds() -> None:
    options = SplitOptions(seed=1, unit=cast(Any, SimpleNamespace(kind="line", longest=0)))
    prepared = prepare(CORPUS, RECIPES["byline"], options)
    assert prepared.split.folds is not None
    assert len(np.unique(prepared.split.folds.fold)) == FOLDS
    assert prepared.rungs == (WHOLE,)
    assert prepared.asked == len(prepared.split.kept) == 800


def test_a_share_has_as_much_of_every_label(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    prepared = prepare(large(), RECIPES["tiny"], FitOptions(seed=3))
    encoded, _, _ = encoding_of(prepared, RECIPES["tiny"], None)
    again, _, folder = encoding_of(prepared, dataclasses.replace(RECIPES["tiny"], regularization=2.0), None)
    assert np.array_equal(encoded.rows, again.rows)
    assert len(list(folder.parent.iterdir())) == 1  # one encoding for both
    phrases = {1: 0, 4: 0, WHOLE: 0}
    for share in phrases:
        part = trial.share_of(encoded, share)
        assert set(np.unique(part.truth)) == {0, 1}
        phrases[share] = len(np.unique(part.phrases))
        assert part.validation == encoded.validation
    assert phrases[1] == pytest.approx(phrases[WHOLE] / 16, abs=4)
    assert phrases[4] == pytest.approx(phrases[WHOLE] / 4, abs=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "lesson"])
def test_a_trial_says_what_fit_says(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    changed = {"steps": 5} if name == "tiny" else {"epochs": 1, "optimizer": "sgd", "loss": "smoothed", "dropout": 0.2}
    recipe = dataclasses.replace(RECIPES[name], unit="words", longest_window=8, sequence_length=18, **changed)
    corpus = large(1_100)
    outcome = trial.run_rung(prepare(corpus, recipe, FitOptions(seed=3)), recipe, WHOLE, 0)
    validation = fit(corpus, recipe, FitOptions(seed=3, path=tmp_path / "run")).metrics["validation"]
    assert (outcome.phrases, outcome.accuracy) == (validation["phrases"], validation["accuracy"])


def test_a_recipe_that_is_too_large_is_not_trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trial, "train", lambda *_: pytest.fail("was trained"))
    prepared = prepare(large(), RECIPES["tiny"], FitOptions(seed=3))
    outcome = trial.run_rung(prepared, RECIPES["tiny"], WHOLE, 40_000)
    assert outcome.share == 0
    assert outcome.over == outcome.bytes - 40_000 > 0


def test_time_of_a_phrase_is_estimated_as_it_was_measured() -> None:
    """The medians are those of benchmarks/results/latency.json and variants.json."""
    none = Sizes(0, False, *(0,) * 9)
    for measured, labels, positions, steps, embedding, units in (
        (25.4, 4, 66, 16, 8, 16),
        (15.2, 4, 18, 8, 8, 8),
        (59.3, 77, 130, 16, 8, 16),
        (92.7, 77, 66, 32, 48, 48),
    ):
        sizes = dataclasses.replace(none, lstm_steps=steps, embedding_size=embedding, lstm_units=units)
        vocabulary = cast(Vocabulary, SimpleNamespace(sequence_length=positions, labels=("x",) * labels))
        assert trial.microseconds(Recipe(), sizes, vocabulary) == pytest.approx(measured, rel=0.1)


def test_frontier_best_and_smallest() -> None:
    found = [result(0, 80, 500_000), result(1, 90, 300_000), result(2, 89, 100_000), result(3, 90, 200_000)]
    found += [result(4, 99, 1_000, state=PRUNED), result(5, 99, 1_000, state=FAILED)]
    assert [each.number for each in results.frontier(found, results.by_bytes)] == [2, 3]
    for name, number in (("best", 3), ("smallest-within:0.5", 3), ("smallest-within:1", 2)):
        record = Record(Path("s"), FACTS, found)
        assert chosen.choose(name, record).number == number


def test_a_better_trial_scores_more_and_of_equals_the_smaller() -> None:
    assert trial.score_of(0.9, 100_000) > trial.score_of(0.9, 200_000) > trial.score_of(0.89, 100_000)


def test_record_goes_on_and_forgets_a_torn_line(tmp_path: Path) -> None:
    record = Record.open(tmp_path / "s", FACTS)
    record.add(result(0, 80, 500_000, elapsed=7.5))
    path = tmp_path / "s" / "trials.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:100])
    again = Record.open(tmp_path / "s", FACTS)
    assert again.results == record.results
    assert again.elapsed == 7.5
    assert path.read_bytes() == whole
    again.add(result(1, 81, 400_000))
    assert [each.number for each in Record.read(tmp_path / "s").results] == [0, 1]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [({"digest": "e"}, "a search of another corpus"), ({"seed": 2}, r"a search with another seed \(1\)")],
)
def test_record_refuses_another_search(changed: dict[str, Any], rule: str, tmp_path: Path) -> None:
    Record.open(tmp_path / "s", FACTS)
    with pytest.raises(UserError, match=f"{rule}; choose another --output"):
        Record.open(tmp_path / "s", FACTS | changed)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="exists and is not a search"):
        Record.open(tmp_path / "t", FACTS)


def proposed(folder: Path, seed: int, count: int, score: Callable[[Recipe], float]) -> list[dict[str, Any]]:
    """Proposes, one trial at a time, with a function in the place of training."""
    from trainer.tuning.proposals import Proposals

    record = Record.open(folder, FACTS)
    asked = Proposals(
        Space(), LIMITS, [], record, seed=seed, most=count, until=60.0, listener=lambda *_: None, clock=lambda: 0.0
    )
    while isinstance(config := asked.suggest(f"t{len(record.results)}"), dict):
        recipe = chosen_recipe(config)
        said: dict[str, Any] = {"right": 1, "phrases": 2, "bytes": 9, "microseconds": 1.0, "over": 0, "seconds": 0.1}
        said |= {"sizes": "{}", "score": score(recipe), "share": WHOLE}
        name = f"t{len(record.results)}"
        asked.on_trial_result(name, said)
        asked.on_trial_complete(name, said)
    return [each.recipe for each in record.results]


def chosen_recipe(config: dict[str, Any]) -> Recipe:
    from trainer.tuning.record import recipe_from

    return recipe_from(config["recipe"])


def likes_little(recipe: Recipe) -> float:
    return -abs(np.log(recipe.regularization / 0.1)) if recipe.tables else -5.0


def test_equal_seeds_propose_alike_and_a_search_goes_on(tmp_path: Path) -> None:
    first = proposed(tmp_path / "a", 1, 40, likes_little)
    assert proposed(tmp_path / "b", 1, 40, likes_little) == first
    assert proposed(tmp_path / "c", 2, 8, likes_little) != first[:8]
    scores = [likes_little(chosen_recipe({"recipe": each})) for each in first]
    assert np.mean(scores[25:]) > np.mean(scores[:8]) + 0.5  # it learns
    assert proposed(tmp_path / "d", 1, 25, likes_little) == first[:25]
    on = proposed(tmp_path / "d", 1, 40, likes_little)
    assert on[:25] == first[:25]
    assert len({json.dumps(each | {"name": ""}) for each in on}) == 40
    # What was found before the kill is known: it does not begin with even draws again.
    later = [likes_little(chosen_recipe({"recipe": each})) for each in on[25:]]
    assert np.mean(later) > np.mean(scores[:8]) + 0.5


def test_a_neighbour_that_was_proposed_is_not_proposed_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from trainer.tuning import proposals

    monkeypatch.setattr(proposals, "neighbour", lambda family, params, *_: dict(params))
    found = proposed(tmp_path / "a", 1, 24, likes_little)
    assert len({json.dumps(each | {"name": ""}) for each in found}) == 24


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("tune", "--minutes", "0"), "--minutes: must be more than 0"),
        (("tune", "--trials", "0"), "--trials: must be at least 1; received 0"),
        (("tune", "--budget-kb", "10"), "--budget-kb: must be at least 60; received 10"),
        (("tune", "--teacher", "nobody"), "--teacher: must be auto, none, minilm or a folder"),
        (("fit", "--recipe", "best"), "--recipe: no search is there; `python -m trainer tune` makes one"),
        (("fit", "--recipe", "best", "--search", "nowhere"), "nowhere: is not a search"),
        (("fit", "--search", "nowhere"), "--search: needs --recipe best or smallest-within:POINTS"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...],
    rule: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert rule in mistake(capsys, *arguments)


def test_points_must_be_a_number() -> None:
    record = Record(Path("s"), FACTS, [result(0, 80, 500_000)])
    with pytest.raises(UserError, match="must be smallest-within:POINTS"):
        chosen.choose("smallest-within:few", record)


def test_without_the_extra_one_line_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    line = mistake(capsys, "tune", "--minutes", "1")
    assert line == "error: the package ray is not installed: pip install 'byline[ray]'"
    assert list(tmp_path.iterdir()) == []


def test_what_was_chosen_is_said_and_so_is_another_corpus_or_seed() -> None:
    record = Record(Path("s"), FACTS | {"digest": digest_of(CORPUS)}, [result(4, 80, 500_000)])
    of, recipe = record.results[0], RECIPES["byline"]
    assert list(chosen.remarks(of, record, CORPUS, 1, recipe)) == [
        "s: trial 4, trial-4: validation 80.0% (71.1% to 86.7%), about 500 kB"
    ]
    for seed, corpus, rule in ((2, CORPUS, "--seed 1"), (1, large(200), "another corpus, Pets")):
        assert rule in " ".join(chosen.remarks(of, record, corpus, seed, recipe))
