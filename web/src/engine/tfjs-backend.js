/**
 * TF.js with its CPU backend alone. A phrase takes a few milliseconds there; WebGL would take longer to
 * compile its shaders than to answer, and WebGPU has been seen to answer wrongly.
 */

import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import { enableProdMode, setBackend, tensor2d, tidy } from "@tensorflow/tfjs-core";

/** @returns {Promise<import("./tfjs.js").TensorFlow>} */
export async function loadTensorFlow() {
  enableProdMode();
  await setBackend("cpu");
  return { loadGraphModelSync, tensor2d, tidy };
}
