/** What predicts in the package: Byline's own interpreter. `build.mjs` puts `engine-tfjs.js` in its place. */

import { createInterpreter } from "../src/engine/interpreter.js";

/**
 * @param {import("../src/engine/weights.js").ModelJSON} topology
 * @param {ArrayBuffer} weights
 * @param {number} length
 * @returns {Promise<import("../src/engine/classifier.js").Predict>}
 */
export const createPredict = async (topology, weights, length) =>
  createInterpreter(topology, weights, length);
