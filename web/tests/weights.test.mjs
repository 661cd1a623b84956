/** Shards that are cut, or of another kind, are refused. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readWeights } from "../src/engine/weights.js";

const ROWS = {
  name: "m/rows",
  shape: [2, 4],
  dtype: "float32",
  quantization: { dtype: "uint8", min: -128, scale: 1 },
};

/** @param {number} bytes @param {object} [change] of the entry */
function read(bytes, change = {}) {
  const topology = { weightsManifest: [{ paths: ["shard.bin"], weights: [{ ...ROWS, ...change }] }] };
  return readWeights(topology, new Uint8Array(bytes).fill(1).buffer);
}

test("whole numbers are read with what is added to each", () => {
  const { values, shape, offset } = read(8).get("rows") ?? assert.fail("no rows");
  assert.deepEqual([Array.from(values), shape, offset], [Array(8).fill(1), [2, 4], -128]);
});

test("halves are read to the bit", () => {
  const halves = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc500, 0x7bff, 0x7c00];
  const entry = { ...ROWS, shape: [halves.length], quantization: { dtype: "float16" } };
  const topology = { weightsManifest: [{ paths: ["shard.bin"], weights: [entry] }] };
  const { values, offset } =
    readWeights(topology, Uint16Array.from(halves).buffer).get("rows") ?? assert.fail("no rows");
  const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -5, 65504, Number.POSITIVE_INFINITY];
  assert.deepEqual([Array.from(values), offset], [expected, 0]);
});

/** @type {[string, number, object, string][]} */
const REFUSED = [
  ["seven bytes for eight", 7, {}, "The shards must hold m/rows, uint8 of 2,4. Received: 7 bytes"],
  ["halves of numbers", 8, { dtype: "uint8", min: -128, scale: 0.5 }, "m/rows must hold whole numbers"],
  ["a broken least", 8, { dtype: "uint8", min: -12.5, scale: 1 }, "m/rows must hold whole numbers"],
  ["wider numbers", 8, { dtype: "uint16", min: 0, scale: 1 }, "The shards must hold m/rows, uint16"],
];

for (const [what, bytes, quantization, complaint] of REFUSED) {
  test(`${what} are refused`, () => {
    const change = Object.keys(quantization).length ? { quantization } : {};
    assert.throws(
      () => read(bytes, change),
      (/** @type {Error} */ error) => error.message.includes(complaint),
    );
  });
}

test("strings are refused", () => {
  assert.throws(
    () => read(8, { dtype: "string", quantization: undefined }),
    (/** @type {Error} */ error) => error.message.includes("The shards must hold m/rows, string"),
  );
});
