/** The model's numbers become the function that the package gives. */

import { createClassifier } from "../src/engine/classifier.js";
import { createInterpreter } from "../src/engine/interpreter.js";
import { checkKnownAnswer } from "../src/engine/known-answer.js";
import { fromBase64 } from "../src/shared/base64.js";

/** @typedef {import("./index.js").Classifier} Classifier */

/**
 * @param {() => Promise<typeof import("./model.js")>} read gives the module of the model
 * @returns {() => Promise<Classifier>} the same for all who ask; after a failure the next one tries again
 */
export function loadOnce(read) {
  /** @type {Promise<Classifier> | undefined} */
  let loading;
  return () => {
    loading ??= read()
      .then(createClassify)
      .catch((error) => {
        loading = undefined;
        throw error;
      });
    return loading;
  };
}

/**
 * @param {typeof import("./model.js")} model
 * @returns {Classifier}
 * @throws {Error} if it does not give the trained model's answer to the phrase whose answer is known
 */
function createClassify({ vocabulary, topology, weights, knownAnswer, threshold }) {
  const predict = createInterpreter(topology, fromBase64(weights), vocabulary.sequence_length);
  const classifier = createClassifier(vocabulary, predict, threshold);
  checkKnownAnswer(classifier, knownAnswer);

  /** @type {Classifier["leaveOneOut"]} */
  const leaveOneOut = (text) => {
    const steps = classifier.leaveOneOut(text);
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
  };

  return Object.assign(ofText("classify", classifier.classify), {
    labels: Object.freeze([...vocabulary.labels]),
    threshold,
    explain: ofText("explain", classifier.explain),
    leaveOneOut: ofText("leaveOneOut", leaveOneOut),
    rows: ofText("rows", classifier.rows),
  });
}

/**
 * A form's missing value or a row of a table would be read as "undefined" or "[object Object]", and answered.
 *
 * @template T
 * @param {string} name of the function
 * @param {(text: string) => T} answer
 * @returns {(text: string) => T} the same, for strings only
 */
function ofText(name, answer) {
  return (text) => {
    if (typeof text !== "string") throw new TypeError(`${name} needs a string. Received: ${nameOf(text)}`);
    return answer(text);
  };
}

/** @param {unknown} value @returns {string} */
function nameOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a class"})`;
  return typeof value === "function" ? "a function" : `${String(value)} (${typeof value})`;
}
