/** The worker with TF.js: its WASM backend, or its CPU backend where that one fails. */

import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import { enableProdMode, removeBackend, setBackend, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { registerCpu } from "../engine/tfjs/cpu.js";
import { createPredict } from "../engine/tfjs/predict.js";
import { registerWasm } from "../engine/tfjs/wasm.js";
import { serve } from "./jobs.js";

const tf = { loadGraphModelSync, tensor2d, tidy };

serve(async function* (topology, weights, length, wasm) {
  enableProdMode();
  const graph = /** @type {import("../engine/tfjs/predict.js").ModelJSON} */ (topology);
  for (const name of [...(wasm ? [registerWasm(wasm)] : []), registerCpu()]) {
    if (!(await setBackend(name))) continue;
    yield { name, predict: createPredict(tf, graph, weights, length) };
    removeBackend(name);
  }
});
