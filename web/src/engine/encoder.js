/** The bidirectional LSTM over a row's first pieces. */

import { createLstm } from "./lstm.js";

/**
 * @param {(name: string) => import("./weights.js").Weight} named
 * @param {number} steps how many pieces it reads
 * @param {boolean} last whether its last outputs are wanted, or the sums of all
 */
export function createEncoder(named, steps, last) {
  const rows = named("embedding_rows");
  const scales = named("embedding_scales").values;
  const size = rows.shape[1];
  const forward = createLstm(named, 0);
  const backward = createLstm(named, 1);
  const { units } = forward;
  const vectors = new Float64Array(steps * size);
  const read = new Float64Array(2 * units + size);
  const outputs = read.subarray(0, 2 * units);
  const embedded = read.subarray(2 * units);

  /**
   * @param {ReturnType<typeof createLstm>} lstm
   * @param {number} offset of its outputs
   */
  function keep({ output }, offset) {
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
      for (let piece = 0, at = 0; piece < count; piece += 1) {
        const id = ids[start + piece];
        const scale = scales[id];
        for (let k = 0; k < size; k += 1, at += 1) {
          vectors[at] = (rows.values[id * size + k] + rows.offset) * scale;
          embedded[k] += vectors[at];
        }
      }
      forward.reset();
      backward.reset();
      for (let piece = 0; piece < count; piece += 1) {
        forward.read(vectors, piece * size);
        keep(forward, 0);
      }
      for (let piece = count - 1; piece >= 0; piece -= 1) {
        backward.read(vectors, piece * size);
        keep(backward, units);
      }
      return count;
    },
  };
}
