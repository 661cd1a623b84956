/** Files are read as the trainer reads them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readFile } from "../src/list/files.js";
import { vectors } from "./vectors.mjs";

/** @param {string} base64 */
const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));

const tables = vectors("tables.json");
const encodings = vectors("encodings.json");

test("the vectors are many", () => {
  assert.ok(tables.length > 40);
  assert.ok(encodings.length > 7);
});

for (const { what, name, bytes, header, rows } of tables) {
  test(`${what}: the same rows`, async () => {
    const sheet = (await readFile(bytesOf(bytes), name))?.sheet;
    assert.deepEqual([sheet?.header, sheet?.rows], [header, rows]);
  });
}

for (const { encoding, bytes, text, letters } of encodings) {
  test(`${encoding} is taken where the model knows its letters`, async () => {
    const found = await readFile(bytesOf(bytes), "a.txt", { letters });
    assert.equal(found?.encoding, encoding);
    assert.deepEqual(found?.sheet.rows, [[text]]);
  });
}
