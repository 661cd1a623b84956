/** The worker with Byline's own interpreter. */

import { createInterpreter } from "../engine/interpreter.js";
import { serve } from "./jobs.js";

serve((topology, weights, length) => [
  { name: "own", predict: createInterpreter(topology, weights, length) },
]);
