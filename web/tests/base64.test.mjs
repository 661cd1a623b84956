/** Bytes in base64, held against Node's own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64 } from "../src/shared/base64.js";

/** @param {Uint8Array} bytes */
const back = (bytes) => new Uint8Array(fromBase64(Buffer.from(bytes).toString("base64")));

for (let length = 0; length < 8; length++) {
  test(`${length} bytes come back`, () => {
    for (let start = 0; start < 256; start++) {
      const bytes = Uint8Array.from({ length }, (_, place) => start + 37 * place);
      assert.deepEqual(back(bytes), bytes);
    }
  });
}

test("as many bytes as a model has come back", () => {
  const bytes = Uint8Array.from({ length: 1_000_003 }, (_, place) => (place * 2_654_435_761) >>> 13);
  assert.deepEqual(back(bytes), bytes);
});

test("no atob is asked for", () => {
  const { atob } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "atob");
    assert.deepEqual(back(Uint8Array.of(1, 2, 255)), Uint8Array.of(1, 2, 255));
  } finally {
    globalThis.atob = atob;
  }
});
