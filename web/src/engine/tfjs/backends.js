/** TF.js' backends in turn, each with the model. */

import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import { enableProdMode, removeBackend, setBackend, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { createPredict } from "./predict.js";

const tf = { loadGraphModelSync, tensor2d, tidy };

/**
 * @param {(wasm: ArrayBuffer | undefined) => string[]} register gives the names of the backends, the best first
 * @returns {import("../../worker/jobs.js").Engine}
 */
export function backends(register) {
  return async function* (topology, weights, length, wasm) {
    enableProdMode();
    const graph = /** @type {import("./predict.js").ModelJSON} */ (topology);
    for (const name of register(wasm)) {
      if (!(await setBackend(name))) continue;
      yield { name, predict: createPredict(tf, graph, weights, length) };
      removeBackend(name);
    }
  };
}
