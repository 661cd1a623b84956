/** The program of TF.js' WASM backend, started from its bytes. */

import wasmBackendModule from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";

/** @type {(options: object) => Promise<any>} the package's types leave out what Emscripten gives every program */
const createModule = wasmBackendModule;

/**
 * What the package's own `init` does, without a choice of programs.
 *
 * @param {ArrayBuffer} program
 */
export async function start(program) {
  const silent = () => undefined; // a failure is thrown, too
  const module = await createModule({ wasmBinary: program, print: silent, printErr: silent });
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: module.cwrap("get_threads_count", "number", []),
    registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: module.cwrap("dispose_data", null, ["number"]),
    dispose: module.cwrap("dispose", null, []),
  };
  return module;
}
