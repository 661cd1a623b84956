/**
 * Byline's own interpreter of the exported model: the same `model.json` and shards that TF.js reads, the same numbers,
 * computed in float64 over typed arrays.
 *
 *     const predict = createInterpreter(topology, shards, length);
 *     predict(Int32Array.of(2, 412, 9, 87, 3, 0, …), 1);  // Float64Array [0.71, 0.2, …]
 */

import { UNKNOWN_ID } from "../text/tokenizer.js";
import { createEncoder } from "./encoder.js";
import { sigmoid, tanh } from "./lstm.js";
import { createTables } from "./tables.js";
import { readWeights } from "./weights.js";

/** @typedef {import("./weights.js").Weight} Weight */

/**
 * @callback ReadRow
 * @param {ArrayLike<number>} ids
 * @param {number} start of the row: `[CLS]`
 * @param {number} end one past its `[SEP]`
 * @returns {Float64Array} logits
 */

/**
 * @param {import("./weights.js").ModelJSON} topology the content of `model.json`
 * @param {ArrayBuffer} shards all of them, one after the other
 * @param {number} length of a row, in ids
 * @returns {import("./classifier.js").Predict} Its answer is overwritten by the next.
 */
export function createInterpreter(topology, shards, length) {
  const weights = readWeights(topology, shards);
  const named = (/** @type {string} */ name) => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`The model must have a weight named ${name}.`);
    return weight;
  };
  const has = (/** @type {string} */ name) => weights.has(name);
  const steps = topology.userDefinedMetadata?.lstm_steps;
  if (!steps) throw new Error("The model must say how many pieces its LSTM reads.");
  const readRow = has("gate_kernel") ? createGated(named, has, steps) : createLesson(named, has, steps);
  let probabilities = new Float64Array(0);

  return (ids, count) => {
    for (let row = 0; row < count; row += 1) {
      const start = row * length;
      let end = start + 1;
      while (end < start + length && ids[end] !== 0) end += 1;
      const logits = readRow(ids, start, end);
      if (probabilities.length !== count * logits.length)
        probabilities = new Float64Array(count * logits.length);
      writeSoftmax(logits, probabilities, row * logits.length);
    }
    return probabilities;
  };
}

/**
 * Tables and encoder, and a gate that says how far both are trusted.
 *
 * @param {(name: string) => Weight} named
 * @param {(name: string) => boolean} has
 * @param {number} steps
 * @returns {ReadRow}
 */
function createGated(named, has, steps) {
  const tables = createTables(named, has);
  const encoder = createEncoder(named, steps, false);
  const toSentence = createLayer(named("sentence_kernel"), named("sentence_bias"));
  const toLogits = has("sentence_logits") ? createLayer(named("sentence_logits")) : undefined;
  const kernel = Float64Array.from(named("gate_kernel").values);
  const [bias] = named("gate_bias").values;
  const [scale] = named("logit_scale").values;

  return (ids, start, end) => {
    const { logits } = tables;
    const known = tables.read(ids, start, end);
    const read = encoder.run(ids, start + 1, end - 1);
    divide(encoder.read, Math.sqrt(Math.max(1, read)));
    const sentence = toSentence(encoder.read);
    if (toLogits) add(logits, toLogits(sentence));
    let unknown = 0;
    for (let at = start + 1; at < end - 1; at += 1) if (ids[at] === UNKNOWN_ID) unknown += 1;
    const pieces = Math.max(1, end - start - 2);
    const inputs = [known / (pieces + 1), unknown / pieces, Math.max(...logits)];
    let trust = bias;
    for (let k = 0; k < sentence.length; k += 1) trust += sentence[k] * kernel[k];
    for (let k = 0; k < inputs.length; k += 1) trust += inputs[k] * kernel[sentence.length + k];
    const factor = scale * sigmoid(trust);
    for (let label = 0; label < logits.length; label += 1) logits[label] *= factor;
    return logits;
  };
}

/**
 * The lesson's model: dense layers behind the LSTM's last outputs, of which the last gives the logits. A kernel's name
 * says what the outputs before it go through.
 *
 * @param {(name: string) => Weight} named
 * @param {(name: string) => boolean} has
 * @param {number} steps
 * @returns {ReadRow}
 */
function createLesson(named, has, steps) {
  const encoder = createEncoder(named, steps, true);
  /** @type {((vector: Float64Array) => Float64Array)[]} */
  const layers = [];
  const bends = has("dense_1_tanh_kernel");
  const kernel = (/** @type {number} */ index) => `dense_${index}${bends && index > 0 ? "_tanh" : ""}_kernel`;
  for (let index = 0; has(kernel(index)); index += 1)
    layers.push(createLayer(named(kernel(index)), named(`dense_${index}_bias`)));
  const activate = bends ? tanh : rectify;

  return (ids, start, end) => {
    encoder.run(ids, start + 1, end - 1);
    /** @type {Float64Array} */
    let x = encoder.outputs;
    for (const [index, layer] of layers.entries()) {
      if (index > 0) for (let unit = 0; unit < x.length; unit += 1) x[unit] = activate(x[unit]);
      x = layer(x);
    }
    return x;
  };
}

/** @type {(x: number) => number} */
const rectify = (x) => Math.max(0, x);

/**
 * A matrix product and a bias; the answer is overwritten by the next.
 *
 * @param {Weight} kernel `[rows, columns]`
 * @param {Weight} [bias] `[columns]`
 * @returns {(vector: Float64Array) => Float64Array}
 */
function createLayer(kernel, bias) {
  const matrix = Float64Array.from(kernel.values);
  const [rows, columns] = kernel.shape;
  const added = bias ? Float64Array.from(bias.values) : new Float64Array(columns);
  const sums = new Float64Array(columns);
  return (vector) => {
    sums.set(added);
    for (let row = 0, at = 0; row < rows; row += 1) {
      const factor = vector[row];
      for (let column = 0; column < columns; column += 1, at += 1) sums[column] += factor * matrix[at];
    }
    return sums;
  };
}

/** @param {Float64Array} vector @param {number} divisor */
function divide(vector, divisor) {
  for (let k = 0; k < vector.length; k += 1) vector[k] /= divisor;
}

/** @param {Float64Array} sums @param {Float64Array} vector */
function add(sums, vector) {
  for (let k = 0; k < sums.length; k += 1) sums[k] += vector[k];
}

/**
 * @param {Float64Array} logits
 * @param {Float64Array} target
 * @param {number} start where in it the probabilities begin
 */
function writeSoftmax(logits, target, start) {
  let largest = logits[0];
  for (let label = 1; label < logits.length; label += 1) largest = Math.max(largest, logits[label]);
  let sum = 0;
  for (let label = 0; label < logits.length; label += 1) {
    target[start + label] = Math.exp(logits[label] - largest);
    sum += target[start + label];
  }
  for (let label = 0; label < logits.length; label += 1) target[start + label] /= sum;
}
