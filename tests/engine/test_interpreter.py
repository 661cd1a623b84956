"""Byline's interpreter computes what the specification of the graph says, whatever form the tables have."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.runtimes.javascript import evaluate
from tests.support.runtimes.oracle import answers, made_constants, made_lesson, made_rows, write_model
from trainer.model.weights import Floats

ASK = """
import { readFileSync } from "node:fs";
import { createInterpreter } from "./engine/interpreter.js";
const { folders, rows } = JSON.parse(readFileSync(0, "utf8"));
const answers = folders.map((folder) => {
    const topology = JSON.parse(readFileSync(`${folder}/model.json`, "utf8"));
    const shards = new Uint8Array(readFileSync(`${folder}/weights.bin`)).buffer;
    const predict = createInterpreter(topology, shards, rows[0].length);
    const together = Array.from(predict(Int32Array.from(rows.flat()), rows.length));
    const alone = rows.flatMap((row) => Array.from(predict(Int32Array.from(row), 1)));
    return [together, alone];
});
console.log(JSON.stringify(answers));
"""
FORMS = {
    "dense rows": made_constants(3),
    "two labels": made_constants(2, seed=3),
    "sparse rows and cells": made_constants(12, dense=20, bigram_cells=3),
    "sparse rows, dense bigrams": made_constants(12, dense=20),
    "300 labels": made_constants(300, dense=20, bigram_cells=4),
    "a sentence that speaks for no label": made_constants(4, has_logits=False),
    "many units": made_constants(3, embedding=33, units=19, sentence=40),
    "the lesson": made_lesson(4),
    "the lesson, bent by tanh": made_lesson(4, activation="tanh"),
}


@pytest.mark.parametrize("steps", [8, 3])
@pytest.mark.parametrize("form", FORMS)
def test_the_interpreter_answers_as_the_specification_says(form: str, steps: int, tmp_path: Path) -> None:
    constants, rows = FORMS[form], made_rows(60, 10, 60)
    write_model(constants, steps, tmp_path)
    ((together, alone),) = evaluate(ASK, {"folders": [str(tmp_path)], "rows": rows.tolist()})
    expected = answers(constants, steps, rows)
    assert together == pytest.approx(expected.ravel().tolist(), abs=1e-9)
    assert alone == together


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("two labels", "many units")])
def test_every_weight_is_read(form: str, tmp_path: Path) -> None:
    rows = made_rows(40, 10, 60)
    whole, form_of = answers(FORMS[form], 8, rows), FORMS[form]
    changed = {name: form_of | {name: _changed(name, array)} for name, array in form_of.items()}
    for name, constants in changed.items():
        write_model(constants, 8, tmp_path / name)
    read = evaluate(ASK, {"folders": [str(tmp_path / name) for name in changed], "rows": rows.tolist()})
    for (name, constants), (together, _) in zip(changed.items(), read, strict=True):
        expected = answers(constants, 8, rows)
        assert np.abs(expected - whole).max() > 1e-6, name
        assert together == pytest.approx(expected.ravel().tolist(), abs=1e-9), name


def _changed(name: str, array: Floats) -> Floats:
    """Gives other numbers that can be stored in the same way; what no row of ids reaches stays where it is."""
    if name.endswith("labels"):
        return array[:, ::-1].copy()
    if name.endswith(("rows", "values", "fingerprints", "scales")):
        changed = array.copy()
        changed[1:-1] = array[1:-1][::-1]
        return changed
    return -array


def test_a_model_without_a_weight_is_refused(tmp_path: Path) -> None:
    constants = {name: array for name, array in FORMS["dense rows"].items() if name != "bias"}
    write_model(constants, 8, tmp_path)
    with pytest.raises(AssertionError, match="The model must have a weight named bias"):
        evaluate(ASK, {"folders": [str(tmp_path)], "rows": made_rows(1, 10, 60).tolist()})


def test_a_model_that_does_not_say_how_much_it_reads_is_refused(tmp_path: Path) -> None:
    write_model(FORMS["dense rows"], 0, tmp_path)
    with pytest.raises(AssertionError, match="The model must say how many pieces its LSTM reads"):
        evaluate(ASK, {"folders": [str(tmp_path)], "rows": made_rows(1, 10, 60).tolist()})
