/** The engines under Node: Byline's interpreter, and the stock TF.js package. */

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterpreter } from "../src/engine/interpreter.js";
import { createPredict } from "../src/engine/tfjs/predict.js";

/** @typedef {import("../src/engine/tfjs/predict.js").ModelJSON} Topology */

/** @typedef {{predict: import("../src/engine/classifier.js").Predict, runtime: string}} Engine */

/**
 * @param {string} engine "own" or "tfjs"
 * @param {string} modules for "tfjs": the folder of `node_modules`
 * @param {Topology} topology
 * @param {ArrayBuffer} weights
 * @param {number} length
 * @returns {Promise<Engine>}
 */
export async function startEngine(engine, modules, topology, weights, length) {
  if (engine !== "tfjs")
    return { predict: createInterpreter(topology, weights, length), runtime: `node ${process.version}` };
  const tf = loadTensorFlow(modules);
  const started = () => ({
    predict: createPredict(tf, topology, weights, length),
    runtime: `tfjs ${tf.version.tfjs}, node ${process.version}, ${tf.getBackend()}`,
  });
  await tf.setBackend("wasm"); // in six times less time than "cpu"
  const fast = started();
  try {
    fast.predict(new Int32Array(length), 1);
    return fast;
  } catch {
    await tf.setBackend("cpu"); // it has a kernel for every operation
    return started();
  }
}

/** @param {string} folder @returns {typeof import("@tensorflow/tfjs")} */
function loadTensorFlow(folder) {
  const require = createRequire(join(resolve(folder), "modules.cjs"));
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm"); // its program stands beside it
  tf.enableProdMode(); // or it advises, on standard error, to use another package under Node
  return tf;
}
