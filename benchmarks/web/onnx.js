/** ONNX Runtime Web on the CPU, in its build without WebGPU. */

import * as ort from "onnxruntime-web/wasm";
import { start } from "./phrase.js";

start(async () => {
  ort.env.wasm.wasmPaths = new URL("./", location.href).href;
  ort.env.wasm.numThreads = 1; // what a page without cross-origin isolation gets anyway, and says so less often
  const session = await ort.InferenceSession.create("model.onnx");
  const [inputName] = session.inputNames;
  const [outputName] = session.outputNames;
  globalThis.about = `ONNX Runtime ${ort.env.versions.web}, wasm, one thread`;
  return async (ids) => {
    const results = await session.run({ [inputName]: new ort.Tensor("int32", ids, [1, ids.length]) });
    return results[outputName].data;
  };
});
