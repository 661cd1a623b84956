"""A run with `--punctuation`, from text to proof: who can read marks reads them, who cannot is left out and named."""

import argparse
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import export.__main__ as exporter
import trainer.__main__ as trainer_commands
from export import hostile, metadata, parity, runtimes, tflite
from export.chromium import find_chromium
from export.manifest import read_manifest
from trainer.options import recipe_of
from trainer.recipes import RECIPES, Recipe
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "tokenizer.json").read_text(encoding="ascii"))
ABOUT = metadata.Description("test", "", "", "", "")


@pytest.fixture(scope="module")
def marks() -> Vocabulary:
    return Vocabulary.from_json(VECTORS["punctuation"]["vocabulary"], "the vectors")


@pytest.fixture(scope="module")
def run(marked_workshop: Path) -> Run:
    (path,) = (marked_workshop / "runs").iterdir()
    return Run.read(path)


@pytest.fixture(scope="module")
def printed(marked_workshop: Path) -> str:
    return (marked_workshop / "printed.txt").read_text(encoding="utf-8")


# The option.


def recipe_from(*arguments: str) -> Recipe:
    return recipe_of(trainer_commands.parser().parse_args(["fit", *arguments]))


def test_the_option_is_laid_over_the_recipe_and_no_recipe_has_it_by_itself() -> None:
    marked = recipe_from("--recipe", "tiny", "--punctuation")
    assert marked == RECIPES["tiny"].with_punctuation()
    assert (marked.punctuation, marked.sequence_length) == (True, 24)  # marks take places beside words
    assert recipe_from("--recipe", "tiny", "--punctuation", "--sequence-length", "9").sequence_length == 9
    assert recipe_from("--recipe", "tiny") == RECIPES["tiny"]
    assert not any(recipe.punctuation for recipe in RECIPES.values())


@pytest.mark.parametrize("given", [["--run", "runs/old"], []])
def test_a_run_that_was_trained_without_it_refuses_it_in_one_line(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "old").mkdir(parents=True)
    (tmp_path / "runs" / "old" / "run.json").write_text('{"created": "2026"}')
    assert exporter.main(["all", "--punctuation", *given]) == 2
    printed = capsys.readouterr()
    assert printed.err == "error: --punctuation: needs --data: a run that is there was trained already\n"
    assert printed.out == ""


# The run.


def test_the_run_has_marks_and_capitals_of_its_own(run: Run) -> None:
    vocabulary = run.vocabulary
    assert run.facts["recipe"] == asdict(RECIPES["tiny"].with_punctuation()) | {"dense_units": []}
    assert set(vocabulary.marks) == set("!,.—–")
    assert len({vocabulary.ids[form] for form in ("king", "King", ",", "!", "—")}) == 5
    assert vocabulary.ids["KING"] == vocabulary.ids["king"]
    assert vocabulary.ids["–"] == vocabulary.ids["—"]
    assert json.loads((run.path / "vocabulary.json").read_text(encoding="utf-8"))["marks"][0] == ["!", "!"]


def test_marks_and_capitals_alone_tell_the_labels_apart(run: Run) -> None:
    """Both labels have the same words: without marks and capitals there is nothing to learn."""
    results = run.facts["metrics"]["test"]
    assert results["accuracy"] > 0.9 > results["majority"] + 0.3


def test_predict_counts_words_and_not_marks(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["The king, the sea!", "The whale — gave, zounds.", "?!,", "whale!"]
    assert trainer_commands.main(["predict", "--run", str(run.path), *texts]) == 0
    knew = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  knew")]
    assert knew == ["knew 4 of 4 words", "knew 2 of 4 words", "knew 0 of 0 words", "knew 0 of 1 words"]


# The export.


def test_the_export_says_in_one_line_who_cannot_read_it(printed: str, marked_workshop: Path) -> None:
    (note,) = (line for line in printed.splitlines() if line.startswith("note "))
    for needle in ("NLClassifier", "MediaPipe", "cannot read the .tflite files", "vocabulary.json"):
        assert needle in note
    card = (marked_workshop / "dist" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert note.removeprefix("note").strip() in card
    assert "24 words and punctuation marks at once" in card


def test_words_mode_has_no_such_note(workshop: Path) -> None:
    assert "note " not in (workshop / "printed.txt").read_text(encoding="utf-8")
    card = (workshop / "dist" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "raw strings" not in card
    assert "16 words at once" in card


def test_the_proof_leaves_nl_classifier_out_and_all_others_agree(run: Run, marked_workshop: Path) -> None:
    rows = {row["runtime"]: row for row in read_manifest(marked_workshop / "dist")["parity"]}
    assert set(rows) == {
        "Keras, as trained",
        "TF.js in Node",
        "Byline's interpreter in Node",
        *(["the page in Chromium"] if find_chromium() else []),
        "TFLite interpreter, int8 rows",
        "TFLite interpreter, float32",
    }
    for row in rows.values():
        assert row["strings"] == len(run.phrases("test")) + hostile.COUNT
        assert (row["mismatches"], row["faults"]) == (0, [])
    assert "NLClassifier" not in (marked_workshop / "dist" / "PROOF.md").read_text(encoding="utf-8")


def test_the_page_says_that_it_knows_marks(marked_workshop: Path, dist_path: Path) -> None:
    page = (marked_workshop / "dist" / "web" / "index.html").read_text(encoding="utf-8")
    assert "words and marks it knows" in page
    assert "words and marks it reads at a time" in page
    assert "marks it" not in (dist_path / "web" / "index.html").read_text(encoding="utf-8")


def test_the_tflite_files_carry_the_contract_and_no_tokenizer_of_the_mobile_clients(
    run: Run, marked_workshop: Path
) -> None:
    dist = marked_workshop / "dist"
    for path in (parity.int8_path(dist, "byline"), parity.float32_path(dist, "byline")):
        model = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            assert sorted(archive.namelist()) == [metadata.LABELS_FILE, metadata.CONTRACT_FILE]
            assert json.loads(archive.read(metadata.CONTRACT_FILE)) == run.vocabulary.to_json()
        assert metadata.read_metadata(model) == run.vocabulary
        assert b"_regex" not in model


def test_nl_classifier_refuses_the_file_and_does_not_guess(marked_workshop: Path) -> None:
    path = parity.int8_path(marked_workshop / "dist", "byline")
    with pytest.raises(ValueError, match="No metadata or input process unit found"):
        metadata.nl_classifier_probabilities(path, ["the king"], ["loud", "quiet"])


def test_the_interpreter_finds_its_ids_by_the_vocabulary_inside_the_file(marks: Vocabulary, tmp_path: Path) -> None:
    """Another one inside, other ids: the proof would see a file with a wrong vocabulary."""
    import tensorflow as tf

    def as_scores(ids: Any) -> Any:
        return tf.cast(ids, tf.float32)[:, :2]

    model = tflite.convert_function(as_scores, marks.sequence_length, half=False)
    swapped = replace(marks, words=(marks.words[1], marks.words[0], *marks.words[2:]))
    texts = ["the, king!", "whale…"]
    for vocabulary, ids in ((marks, [[3, 2, 6, 10], [1, 12]]), (swapped, [[2, 3, 6, 10], [1, 12]])):
        path = tmp_path / "model.tflite"
        path.write_bytes(metadata.add_metadata(model, vocabulary, vocabulary.labels, ABOUT))
        answers = runtimes.ask_interpreter(path, texts)
        assert answers.ids == ids
        assert answers.probabilities.tolist() == [of_text[:2] for of_text in ids]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda vocabulary: replace(vocabulary, marks=vocabulary.marks + "<"), r"mark U\+003C"),
        (lambda vocabulary: replace(vocabulary, marks=vocabulary.marks + ";"), "mark ';' is none of the words' forms"),
        (lambda vocabulary: replace(vocabulary, words=(*vocabulary.words, ("!!",))), "'!!' is not made of"),
    ],
)
def test_a_poisoned_vocabulary_never_gets_into_a_file(
    marks: Vocabulary, spoil: Callable[[Vocabulary], Vocabulary], rule: str
) -> None:
    from trainer.errors import UserError

    with pytest.raises(UserError, match=rule):
        metadata.add_metadata(b"", spoil(marks), marks.labels, ABOUT)


# The hostile strings.


def test_hostile_strings_hold_marks_in_every_shape(marks: Vocabulary) -> None:
    strings = hostile.strings(marks, 1)
    assert len(strings) == hostile.COUNT
    mixed = strings[-1_000:]
    for needle in ("“", "”", '"', "‘", "—", "–", "--", "...", "…", "!!", "\0", marks.marks):
        assert any(needle in string for string in mixed), repr(needle)
    assert any(re.search(rf"\w[{re.escape(marks.marks)}]\w", string) for string in mixed)
    read = [token for string in mixed for token in marks.tokenize(string)]
    assert set(marks.marks) <= set(read)
    assert not set(";:()/?") & set(read)  # marks that this vocabulary has not


def test_without_marks_the_hostile_strings_have_them_all_the_same() -> None:
    words = Vocabulary.from_json(VECTORS["vocabulary"], "the vectors")
    mixed = hostile.strings(words, 1)[-1_000:]
    assert len(hostile.strings(words, 1)) == hostile.COUNT
    for needle in ("“", "—", "–", "--", "...", "!!"):
        assert any(needle in string for string in mixed), repr(needle)
    assert not any(set(token) & set("“—–-.!") for string in mixed for token in words.tokenize(string))


def test_help_says_what_the_option_costs() -> None:
    for parser, name in ((trainer_commands.parser(), "fit"), (exporter.parser(), "all")):
        (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
        (option,) = (a for a in commands.choices[name]._actions if "--punctuation" in a.option_strings)
        assert "NLClassifier and MediaPipe" in str(option.help)
