/** The stock package, as its own documentation shows it: `tf.min.js` before this, and the backend that it picks. */

import { start } from "./phrase.js";

start(async () => {
  const model = await tf.loadGraphModel("model.json");
  globalThis.about = `TF.js ${tf.version.tfjs}, ${tf.getBackend()}`;
  return async (ids) => {
    const input = tf.tensor2d(ids, [1, ids.length], "int32");
    const output = model.predict(input);
    const probabilities = await output.data();
    tf.dispose([input, output]);
    return probabilities;
  };
});
