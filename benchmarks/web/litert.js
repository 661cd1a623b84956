/** LiteRT.js on the CPU, with the file that the phones get. */

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { start } from "./phrase.js";

start(async () => {
  await loadLiteRt("wasm/");
  const model = await loadAndCompile("model.tflite", { accelerator: "wasm" });
  globalThis.about = "wasm, XNNPACK, one thread";
  return async (ids) => {
    const input = new Tensor(ids, [1, ids.length]);
    const [output] = await model.run(input);
    const probabilities = Float32Array.from(output.toTypedArray());
    input.delete();
    output.delete();
    return probabilities;
  };
});
