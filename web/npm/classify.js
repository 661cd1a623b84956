/** The model's numbers become the function that the package gives. */

import { callable } from "../src/engine/callable.js";
import { createClassifier } from "../src/engine/classifier.js";
import { checkKnownAnswer } from "../src/engine/known-answer.js";
import { fromBase64 } from "../src/shared/base64.js";
import { createPredict } from "./engine.js";

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
 * @returns {Promise<Classifier>}
 * @throws {Error} if it does not give the trained model's answer to the phrase whose answer is known
 */
async function createClassify({ vocabulary, topology, weights, knownAnswer, threshold }) {
  const predict = await createPredict(topology, fromBase64(weights), vocabulary.sequence_length);
  const classifier = createClassifier(vocabulary, predict, threshold);
  checkKnownAnswer(classifier, knownAnswer);
  return callable(classifier, vocabulary.labels, threshold);
}
