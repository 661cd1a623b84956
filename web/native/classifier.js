/**
 * The classifier in a React Native app, `classifier.js` of `dist/mobile/react-native` once it is bundled: the page's own
 * tokenizer, windows and attribution over the `.tflite` file. `classifier.d.ts` says what it gives.
 *
 *     const model = await loadTensorflowModel(require("./byline.tflite"), []);
 *     const classify = createTextClassifier(model, require("./vocabulary.json"));
 *     classify("To be or not to be");  // [{label: "Shakespeare", score: 0.71}, {label: "Cowper", score: 0.2}, …]
 */

import { callable } from "../src/engine/callable.js";
import { createClassifier } from "../src/engine/classifier.js";

/** @typedef {import("../src/text/tokenizer.js").Vocabulary} Vocabulary */

/**
 * @typedef {object} TfliteModel of `react-native-fast-tflite`, version 3
 * @property {{name: string}[]} inputs
 * @property {(inputs: ArrayBuffer[]) => ArrayBuffer[]} runSync
 */

/**
 * @param {TfliteModel} model
 * @param {Vocabulary} vocabulary
 * @param {number} [threshold]
 */
export function createTextClassifier(model, vocabulary, threshold = THRESHOLD) {
  const { labels, sequence_length: length } = vocabulary;

  /** @param {Int32Array} ids @param {number} count */
  function predict(ids, count) {
    const answers = new Float32Array(count * labels.length);
    for (let row = 0; row < count; row += 1) {
      const { buffer } = ids.slice(row * length, (row + 1) * length);
      // Of ids, segment_ids and mask the graph reads ids alone: each is given the row, in whatever order they stand.
      const [output] = model.runSync(model.inputs.map(() => /** @type {ArrayBuffer} */ (buffer)));
      answers.set(new Float32Array(output), row * labels.length);
    }
    return answers;
  }

  return callable(createClassifier(vocabulary, predict, threshold), labels, threshold);
}
