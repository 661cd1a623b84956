/**
 * The package's own module, `index.js` once it is bundled. `index.d.ts` says what it gives.
 *
 *     const classify = await load();
 *     classify("To be or not to be");  // [{label: "Shakespeare", score: 0.71}, {label: "Cowper", score: 0.2}, …]
 */

import { callable, createClassifier } from "../src/engine/classifier.js";
import { createInterpreter } from "../src/engine/interpreter.js";
import { checkKnownAnswer } from "../src/engine/known-answer.js";
import { fromBase64 } from "../src/shared/base64.js";

/** @typedef {import("./index.js").Classifier} Classifier */

/** @type {Promise<Classifier> | undefined} */
let loading;

/**
 * @returns {Promise<Classifier>} the same for all who ask; after a failure the next one tries again
 */
export function load() {
  loading ??= start().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** @returns {Promise<Classifier>} */
async function start() {
  // A module and not a file that is fetched: bundlers split it off, and Node fetches nothing from a disk.
  const { vocabulary, topology, weights, knownAnswer, threshold } = await import("./model.js");
  const predict = createInterpreter(topology, fromBase64(weights), vocabulary.sequence_length);
  const classifier = createClassifier(vocabulary, predict, threshold);
  checkKnownAnswer(classifier, knownAnswer);
  return callable(classifier, vocabulary.labels, threshold);
}
