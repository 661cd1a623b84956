/**
 * The recurrent half of one direction of an LSTM over typed arrays, one step a piece. It does no work for padding and
 * allocates nothing. What a piece itself brings to the gates is computed once a piece, by `createProjection`.
 *
 * Hochreiter and Schmidhuber: Long Short-Term Memory (1997); the gates are those of Keras, stored in the order input,
 * forget, output, cell.
 */

/** @typedef {import("./weights.js").Weight} Weight */

export const GATES = 4;

/**
 * @param {Weight} recurrent `[2, units, gates * units]`
 * @param {0 | 1} direction 0 reads forward, 1 backward
 */
export function createLstm(recurrent, direction) {
  const units = recurrent.shape[1];
  const matrix = gatesOfUnits(recurrent, direction);
  const output = new Float64Array(units);
  const sums = new Float64Array(units * GATES);
  const state = new Float64Array(units);

  return {
    output,

    /** Before a phrase. */
    reset() {
      state.fill(0);
      output.fill(0);
    },

    /**
     * Reads one piece; `output` changes.
     *
     * @param {Float64Array} gates what the piece brings to them, `[units, gates]`
     * @param {number} start where that begins
     */
    read(gates, start) {
      addProduct(sums, gates, start, matrix, output);
      for (let unit = 0, gate = 0; unit < units; unit += 1, gate += GATES) {
        state[unit] = sigmoid(sums[gate + 1]) * state[unit] + sigmoid(sums[gate]) * tanh(sums[gate + 3]);
        output[unit] = sigmoid(sums[gate + 2]) * tanh(state[unit]);
      }
    },
  };
}

/**
 * Adds a matrix product. The innermost loop of all: four sums in one loop stay in registers, and a step of plain 4 is
 * twice as fast as one of `GATES`, which the compiler does not trust to stay.
 *
 * @param {Float64Array} sums `[units, gates]`
 * @param {ArrayLike<number>} added what is added to the product
 * @param {number} start where that begins
 * @param {Float64Array} matrix `[units, rows, gates]`
 * @param {Float64Array} vector `[rows]`
 */
export function addProduct(sums, added, start, matrix, vector) {
  const rows = vector.length;
  for (let gate = 0, at = 0; gate < sums.length; gate += 4) {
    let write = added[start + gate];
    let keep = added[start + gate + 1];
    let reveal = added[start + gate + 2];
    let candidate = added[start + gate + 3];
    for (let row = 0; row < rows; row += 1, at += 4) {
      const value = vector[row];
      write += value * matrix[at];
      keep += value * matrix[at + 1];
      reveal += value * matrix[at + 2];
      candidate += value * matrix[at + 3];
    }
    sums[gate] = write;
    sums[gate + 1] = keep;
    sums[gate + 2] = reveal;
    sums[gate + 3] = candidate;
  }
}

/** @param {number} x */
export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * Twice as fast as `Math.tanh`, and as good to the 15th decimal place.
 *
 * @param {number} x
 */
export const tanh = (x) => 2 / (1 + Math.exp(-2 * x)) - 1;

/**
 * Lays all weights of a unit's four gates beside each other, in the order in which they are read. As float64, because
 * every product would else convert them.
 *
 * @param {Weight} weight `[2, rows, gates * units]`
 * @param {number} direction
 * @returns {Float64Array} `[units, rows, gates]`
 */
export function gatesOfUnits({ values, shape }, direction) {
  const [, rows, columns] = shape;
  const units = columns / GATES;
  const matrix = new Float64Array(rows * columns);
  let at = direction * rows * columns;
  for (let row = 0; row < rows; row += 1) {
    for (let gate = 0; gate < GATES; gate += 1) {
      for (let unit = 0; unit < units; unit += 1, at += 1)
        matrix[(unit * rows + row) * GATES + gate] = values[at];
    }
  }
  return matrix;
}
