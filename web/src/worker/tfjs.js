/** The worker with TF.js: its WASM backend, or its CPU backend where that one fails. */

import { createPredict } from "../engine/tfjs.js";
import { loadTensorFlow } from "../engine/tfjs-backend.js";
import { serve } from "./jobs.js";

serve(async function* (topology, weights, length) {
  yield createPredict(await loadTensorFlow(), /** @type {any} */ (topology), weights, length);
});
