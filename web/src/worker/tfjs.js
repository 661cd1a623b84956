/** The worker with TF.js: its WASM backend, or its CPU backend where that one fails. */

import { backends } from "../engine/tfjs/backends.js";
import { registerCpu } from "../engine/tfjs/cpu.js";
import { registerWasm } from "../engine/tfjs/wasm.js";
import { serve } from "./jobs.js";

serve(backends((wasm) => [...(wasm ? [registerWasm(wasm)] : []), registerCpu()]));
