/** What a careful author ships: TF.js's core, converter and WASM backend, bundled and shaken; answers synchronously. */

import { setWasmPaths, version_wasm as version } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { dispose, enableProdMode, io, setBackend, tensor2d } from "@tensorflow/tfjs-core";
import { start } from "./phrase.js";

start(async () => {
  enableProdMode();
  setWasmPaths("./");
  // Fetched beside the binary, but loaded after it: a model that comes before its backend is never ready.
  const [artifacts] = await Promise.all([io.http("model.json").load(), setBackend("wasm")]);
  const model = await loadGraphModel(io.fromMemory(artifacts));
  globalThis.about = `TF.js ${version}, wasm`;
  return async (ids) => {
    const input = tensor2d(ids, [1, ids.length], "int32");
    const output = model.predict(input);
    const probabilities = output.dataSync();
    dispose([input, output]);
    return probabilities;
  };
});
