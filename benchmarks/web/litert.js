/** LiteRT.js on the CPU, with the file that the phones get. */

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { start } from "./phrase.js";

start(async () => {
  await loadLiteRt("wasm/");
  const model = await loadAndCompile("model.tflite", { accelerator: "wasm" });
  globalThis.about = "wasm, XNNPACK, one thread";
  return async (ids) => {
    const unread = new Int32Array(ids.length); // segments and mask, which the mobile clients write
    const inputs = [ids, unread, unread].map((values) => new Tensor(values, [1, ids.length]));
    const [output] = await model.run(inputs);
    const probabilities = Float32Array.from(output.toTypedArray());
    for (const input of inputs) input.delete();
    output.delete();
    return probabilities;
  };
});
