/** The worker with all of TF.js, for the graph of a model that was trained elsewhere: it may have any operation. */

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { registerBackend } from "@tensorflow/tfjs-core";
import { backends } from "../engine/tfjs/backends.js";
import { start } from "../engine/tfjs/program.js";
import { serve } from "./jobs.js";

serve(
  backends((wasm) => {
    if (!wasm) return ["cpu"];
    registerBackend("wasm", async () => new BackendWasm(await start(wasm)));
    return ["wasm", "cpu"];
  }),
);
