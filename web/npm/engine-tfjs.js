/** What predicts in the package of a model that was trained elsewhere: all of TF.js, by its CPU backend. */

import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import { enableProdMode, setBackend, tensor2d, tidy } from "@tensorflow/tfjs-core";
import * as predicting from "../src/engine/tfjs/predict.js";

/**
 * @param {object} topology
 * @param {ArrayBuffer} weights
 * @param {number} length
 * @returns {Promise<import("../src/engine/classifier.js").Predict>}
 */
export async function createPredict(topology, weights, length) {
  enableProdMode();
  await setBackend("cpu");
  const graph = /** @type {import("../src/engine/tfjs/predict.js").ModelJSON} */ (topology);
  return predicting.createPredict({ loadGraphModelSync, tensor2d, tidy }, graph, weights, length);
}
