/** The tokenizer reads the contract as Python does. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenizer } from "../src/text/tokenizer.js";
import { vectors } from "./vectors.mjs";

/** @type {import("../src/text/tokenizer.js").Vocabulary} */
const VOCABULARY = {
  format: "byline-vocabulary",
  version: 2,
  model_type: "unigram",
  rules: [
    ["-", " - "],
    ["C", "c"],
    ["e\u0301", "é"],
  ],
  sequence_length: 6,
  reserved: ["<pad>", "<unk>", "[CLS]", "[SEP]"],
  pieces: ["▁the", "▁king", "▁café", "s", "▁", "z", ","],
  scores: [-1.0, -2.0, -2.0, -3.0, -3.0, -4.0, -3.0],
  labels: ["a", "b"],
};

/**
 * Start and end of each word, in characters, and whether it is known.
 *
 * @param {{text: string, tokens: {start: number, end: number, known: boolean}[]}} phrase
 */
function wordsOf({ text, tokens }) {
  const characters = (/** @type {number} */ units) => Array.from(text.slice(0, units)).length;
  return tokens.map(({ start, end, known }) => [characters(start), characters(end), known]);
}

const { vocabularies, cases } = vectors("tokenizer.json");

test("the vectors are many", () => {
  assert.ok(cases.length > 50);
  for (const { vocabulary } of cases) assert.ok(vocabulary in vocabularies);
});

for (const [name, vocabulary] of Object.entries(vocabularies)) {
  const tokenize = createTokenizer(vocabulary);
  for (const { vocabulary: of, text, ids, words } of cases) {
    if (of !== name) continue;
    test(`${name}: ${JSON.stringify(text.slice(0, 60))}`, () => {
      const phrase = tokenize(text);
      assert.deepEqual(phrase.ids, ids);
      assert.deepEqual(wordsOf(phrase), words);
    });
  }
}

test("words t where in the text they stand, and which pieces they have", () => {
  const { text, ids, tokens } = createTokenizer(VOCABULARY)("🙂 the\0 Cafe\u0301-kings, zz zqzq");
  assert.equal(text, "🙂 the Cafe\u0301-kings, zz zqzq");
  const at = tokens.map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(
    at,
    tokens.map(({ word }) => word),
  );
  assert.deepEqual(at, ["🙂", "the", "Cafe\u0301", "kings", "zz", "zqzq"]);
  assert.deepEqual(
    tokens.map(({ first, last }) => ids.slice(first, last)),
    [[1], [4], [6], [5, 7], [9, 9], [9, 1, 9, 1]],
  );
  assert.deepEqual(
    tokens.map(({ known }) => known),
    [false, true, true, true, false, false],
  );
});

test("words that every object has are words like others", () => {
  const words = ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"];
  const tokenize = createTokenizer(VOCABULARY);
  for (const word of words) {
    for (const id of tokenize(word).ids) assert.ok(Number.isInteger(id) && id > 0, `${word}: ${id}`);
  }
  const knows = createTokenizer({
    ...VOCABULARY,
    model_type: "word",
    pieces: words.map((word) => `▁${word}`),
    scores: words.map(() => -1),
  });
  assert.deepEqual(knows(words.join(" ")).ids, [4, 5, 6, 7, 8]);
  assert.deepEqual(knows("isPrototypeOf").ids, [1]);
});

// Steps that grew by the square of a length would take hours.
test("long texts and long words are read", { timeout: 60_000 }, () => {
  const tokenize = createTokenizer(VOCABULARY);
  const texts = ["the kings ".repeat(6_500), "z".repeat(100_000), "q".repeat(100_000), "the".repeat(40_000)];
  assert.deepEqual(
    texts.map((text) => tokenize(text).ids.length),
    [6_500 * 3, 100_001, 2, 2],
  );
});

/** @type {[string, any, string][]} */
const UNREADABLE = [
  ["version", 1, "byline-vocabulary 1"],
  ["format", "other", "other 2"],
  ["model_type", "bpe", "bpe"],
  ["sequence_length", 2, "2"],
  ["scores", [-1.0], "7 and 1"],
  ["pieces", Array(7).fill("▁a"), '"▁a"'],
];

for (const [key, value, complaint] of UNREADABLE) {
  test(`a contract whose ${key} it cannot read is refused`, () => {
    assert.throws(
      () => createTokenizer({ ...VOCABULARY, [key]: value }),
      (/** @type {Error} */ error) => error.message.includes(`Received: ${complaint}`),
    );
  });
}
