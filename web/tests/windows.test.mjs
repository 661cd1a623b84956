/** Windows are cut and averaged as Python does it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { combineWindows, cutWindows } from "../src/text/windows.js";
import { vectors } from "./vectors.mjs";

const { cases, averages } = vectors("windows.json");

test("the vectors are there", () => {
  assert.ok(cases.length > 5);
  assert.ok(averages.length > 0);
});

for (const { ids, sequence_length, rows } of cases) {
  test(`${ids.length} ids in rows of ${sequence_length}`, () => {
    assert.deepEqual(cutWindows(ids, sequence_length), rows);
  });
}

for (const { probabilities, average } of averages) {
  test(`the average of ${JSON.stringify(probabilities)}`, () => {
    const mine = Array.from(combineWindows(probabilities));
    assert.equal(mine.length, average.length);
    for (const [place, value] of average.entries()) assert.ok(Math.abs(mine[place] - value) <= 1e-9);
  });
}
