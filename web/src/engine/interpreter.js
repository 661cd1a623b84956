/**
 * Byline's own interpreter of the exported model: the same `model.json` and shards that TF.js reads, the same numbers,
 * computed in float64 over typed arrays.
 *
 *     const predict = createInterpreter(topology, shards);
 *     predict(Int32Array.of(412, 9, 87, 0, …), 1);  // Float64Array [0.71, 0.2, …]
 */

import { createLstm, sigmoid } from "./lstm.js";
import { createPairs } from "./pairs.js";
import { readWeights } from "./weights.js";

/** @typedef {import("./weights.js").Weight} Weight */

/**
 * @param {import("./weights.js").ModelJSON} topology the content of `model.json`
 * @param {ArrayBuffer} shards all of them, one after the other
 * @param {number} length of a window, in word ids
 * @returns {import("./classifier.js").Predict} Its answer is overwritten by the next.
 */
export function createInterpreter(topology, shards, length) {
  const weights = readWeights(topology, shards);
  const named = (/** @type {string} */ name) => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`The model must have a weight named ${name}.`);
    return weight;
  };
  const values = (/** @type {string} */ name) => named(name).values;

  const rows = named("embedding_rows");
  const scales = values("embedding_scales");
  const [vocabularySize, size] = rows.shape;
  const forward = createLstm(values, "forward", size);
  const backward = createLstm(values, "backward", size);
  const vectors = new Float64Array(length * size);
  const read = new Float64Array(forward.units + backward.units);
  const dense = createDense(values, weights);
  const evidence = weights.has("pair_rows") ? createEvidence(named, read, vocabularySize) : undefined;
  const labels = dense.logits.length;
  let probabilities = new Float64Array(labels);

  /**
   * @param {ArrayLike<number>} ids
   * @param {number} start of the window
   */
  function readWindow(ids, start) {
    let end = start;
    while (end < start + length && ids[end] !== 0) end += 1;
    const words = end - start;
    for (let word = 0, at = 0; word < words; word += 1) {
      const id = ids[start + word];
      const scale = scales[id];
      for (let k = 0; k < size; k += 1, at += 1)
        vectors[at] = (rows.values[id * size + k] + rows.offset) * scale;
    }
    forward.reset();
    backward.reset();
    for (let word = 0; word < words; word += 1) forward.read(vectors, word * size);
    for (let word = words - 1; word >= 0; word -= 1) backward.read(vectors, word * size);
    read.set(forward.output);
    read.set(backward.output, forward.units);
    dense.read(read);
    evidence?.weigh(dense.logits, vectors, words, ids, start);
  }

  return (ids, count) => {
    if (probabilities.length !== count * labels) probabilities = new Float64Array(count * labels);
    for (let window = 0; window < count; window += 1) {
      readWindow(ids, window * length);
      writeSoftmax(dense.logits, probabilities, window * labels);
    }
    return probabilities;
  };
}

/**
 * The dense layers behind the LSTM, of which the last gives the logits.
 *
 * @param {(name: string) => ArrayLike<number>} values
 * @param {Map<string, Weight>} weights
 */
function createDense(values, weights) {
  /** @type {{bias: Float64Array, kernel: Float64Array, sums: Float64Array}[]} */
  const layers = [];
  for (let index = 0; weights.has(`dense_${index}_kernel`); index += 1) {
    const bias = Float64Array.from(values(`dense_${index}_bias`));
    layers.push({ bias, kernel: Float64Array.from(values(`dense_${index}_kernel`)), sums: bias.slice() });
  }
  return {
    logits: layers[layers.length - 1].sums,

    /** @param {Float64Array} input */
    read(input) {
      let x = input;
      for (const { bias, kernel, sums } of layers) {
        if (x !== input) for (let unit = 0; unit < x.length; unit += 1) x[unit] = Math.max(0, x[unit]);
        sums.set(bias);
        addProduct(sums, x, kernel);
        x = sums;
      }
    },
  };
}

/**
 * What single words and pairs of words speak for, and how far all of it is trusted.
 *
 * @param {(name: string) => Weight} named
 * @param {Float64Array} read the LSTM's output
 * @param {number} vocabularySize
 */
function createEvidence(named, read, vocabularySize) {
  const float64 = (/** @type {string} */ name) => Float64Array.from(named(name).values);
  const pairs = createPairs(named("pair_rows"), named("pair_owners"), vocabularySize);
  const [wordKernel, pairKernel, trustKernel] = ["word_kernel", "pair_kernel", "trust_kernel"].map(float64);
  const [trustBias] = float64("trust_bias");
  const [size] = named("word_kernel").shape;
  const wordSum = new Float64Array(size);

  return {
    /**
     * Adds to the logits of a window and weighs them.
     *
     * @param {Float64Array} logits
     * @param {Float64Array} vectors of the window's words
     * @param {number} words
     * @param {ArrayLike<number>} ids
     * @param {number} start of the window among them
     */
    weigh(logits, vectors, words, ids, start) {
      wordSum.fill(0);
      for (let at = 0; at < words * size; at += 1) wordSum[at % size] += vectors[at];
      const found = pairs.read(ids, start, start + words);
      addProduct(logits, wordSum, wordKernel);
      addProduct(logits, pairs.sum, pairKernel);
      let trust = trustBias + found * trustKernel[read.length];
      for (let unit = 0; unit < read.length; unit += 1) trust += read[unit] * trustKernel[unit];
      trust = sigmoid(trust);
      for (let label = 0; label < logits.length; label += 1) logits[label] *= trust;
    },
  };
}

/**
 * Adds a row vector times a matrix.
 *
 * @param {Float64Array} sums `[columns]`
 * @param {Float64Array} vector `[rows]`
 * @param {Float64Array} matrix `[rows, columns]`, row after row
 */
function addProduct(sums, vector, matrix) {
  const columns = sums.length;
  for (let row = 0, at = 0; row < vector.length; row += 1) {
    const factor = vector[row];
    for (let column = 0; column < columns; column += 1, at += 1) sums[column] += factor * matrix[at];
  }
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
