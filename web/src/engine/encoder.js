/** The bidirectional LSTM over a row's first pieces. */

import { addProduct, createLstm, GATES, gatesOfUnits } from "./lstm.js";

/** How many pieces' shares in the gates are kept: who types asks again for nearly the same text. */
const MOST_KEPT = 512;

/**
 * @param {(name: string) => import("./weights.js").Weight} named
 * @param {number} steps how many pieces it reads
 * @param {boolean} last whether its last outputs are wanted, or the sums of all
 */
export function createEncoder(named, steps, last) {
  const recurrent = named("lstm_recurrent");
  const units = recurrent.shape[1];
  const size = named("embedding_rows").shape[1];
  const forward = createLstm(recurrent, 0);
  const backward = createLstm(recurrent, 1);
  const project = createProjection(named);
  const read = new Float64Array(2 * units + size);
  const outputs = read.subarray(0, 2 * units);
  /** @type {Projected[]} */
  const pieces = [];

  /**
   * @param {Float64Array} output of a step
   * @param {number} offset
   */
  function keep(output, offset) {
    for (let unit = 0; unit < units; unit += 1)
      read[offset + unit] = last ? output[unit] : read[offset + unit] + output[unit];
  }

  return {
    /** The outputs of both directions; behind them in `read` the sum of the embeddings. */
    outputs,
    read,

    /**
     * Reads pieces; `read` changes.
     *
     * @param {ArrayLike<number>} ids
     * @param {number} start of the pieces
     * @param {number} end
     * @returns {number} how many it read
     */
    run(ids, start, end) {
      const count = Math.min(steps, end - start);
      read.fill(0);
      for (let piece = 0; piece < count; piece += 1) {
        pieces[piece] = project(ids[start + piece]);
        const { vector } = pieces[piece];
        for (let k = 0; k < size; k += 1) read[2 * units + k] += vector[k];
      }
      forward.reset();
      backward.reset();
      for (let piece = 0; piece < count; piece += 1) {
        forward.read(pieces[piece].gates, 0);
        keep(forward.output, 0);
      }
      for (let piece = count - 1; piece >= 0; piece -= 1) {
        backward.read(pieces[piece].gates, GATES * units);
        keep(backward.output, units);
      }
      return count;
    },
  };
}

/**
 * @typedef {object} Projected
 * @property {Float64Array} vector the piece's embedding
 * @property {Float64Array} gates what it brings to the gates of both directions, `[2, units, gates]`
 */

/**
 * What a piece is to the LSTM, wherever it stands: its embedding, and that by the kernel.
 *
 * @param {(name: string) => import("./weights.js").Weight} named
 * @returns {(id: number) => Projected}
 */
function createProjection(named) {
  const rows = named("embedding_rows");
  const scales = named("embedding_scales").values;
  const size = rows.shape[1];
  const [kernels, biases] = [named("lstm_kernel"), named("lstm_bias")].map((weight) => [
    gatesOfUnits(weight, 0),
    gatesOfUnits(weight, 1),
  ]);
  const columns = biases[0].length;
  /** @type {Map<number, Projected>} */
  const kept = new Map();

  return (id) => {
    const found = kept.get(id);
    if (found) return found;
    const vector = new Float64Array(size);
    for (let k = 0, at = id * size; k < size; k += 1, at += 1)
      vector[k] = (rows.values[at] + rows.offset) * scales[id];
    const gates = new Float64Array(2 * columns);
    for (const direction of [0, 1]) {
      const sums = gates.subarray(direction * columns, (direction + 1) * columns);
      addProduct(sums, biases[direction], 0, kernels[direction], vector);
    }
    if (kept.size >= MOST_KEPT) kept.clear();
    const projected = { vector, gates };
    kept.set(id, projected);
    return projected;
  };
}
