/**
 * The graph model behind the classifier's `predict`. TF.js is handed in: the page bundles what it uses
 * of it, the parity program brings the stock package, and both come through here.
 */

/**
 * @typedef {object} TensorFlow the little of TF.js that is used
 * @property {typeof import("@tensorflow/tfjs-core").tensor2d} tensor2d
 * @property {typeof import("@tensorflow/tfjs-core").tidy} tidy
 * @property {typeof import("@tensorflow/tfjs-converter").loadGraphModelSync} loadGraphModelSync
 */

/** @typedef {import("@tensorflow/tfjs-core").io.ModelJSON} ModelJSON */

/**
 * @param {TensorFlow} tf
 * @param {ModelJSON} topology the content of `model.json`
 * @param {ArrayBuffer} weights all shards, one after the other
 * @param {number} sequenceLength
 * @returns {import("../classifier.js").Predict} synchronous
 */
export function createPredict(tf, topology, weights, sequenceLength) {
  const model = tf.loadGraphModelSync([topology, weights]);
  const width = model.inputs[0]?.shape?.[1];
  if (model.inputs.length !== 1 || width !== sequenceLength) {
    throw new Error(`The model must read ${sequenceLength} ids. Received: ${width}`);
  }
  return (ids, count) =>
    tf.tidy(() => {
      const windows = tf.tensor2d(ids, [count, sequenceLength], "int32");
      const probabilities = /** @type {import("@tensorflow/tfjs-core").Tensor} */ (model.predict(windows));
      return probabilities.dataSync();
    });
}
