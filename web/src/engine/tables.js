/** The linear part: the rows of pieces and of adjacent bigrams are summed. */

import { createBigramFinder } from "./bigrams.js";

/** @typedef {import("./weights.js").Weight} Weight */

/**
 * @callback AddRow adds a row, times a factor, to the sums
 * @param {Float64Array} sums `[labels]`
 * @param {number} row
 * @param {number} factor
 */

/**
 * @param {(name: string) => Weight} named
 * @param {(name: string) => boolean} has
 */
export function createTables(named, has) {
  const scales = named("piece_scales").values;
  const bias = Float64Array.from(named("bias").values);
  const [dense, labels] = named("piece_rows").shape;
  const addDense = denseRows(named("piece_rows"));
  const addSparse = has("sparse_values")
    ? cellRows(named("sparse_labels"), named("sparse_values"), labels)
    : undefined;
  const addBigram = has("bigram_rows")
    ? denseRows(named("bigram_rows"))
    : cellRows(named("bigram_labels"), named("bigram_values"), labels);
  const bigramScale = named("bigram_scale").values[0];
  const bigrams = createBigramFinder(named("bigram_fingerprints"), scales.length);
  const logits = new Float64Array(labels);
  /** @param {number} slot */
  const take = (slot) => addBigram(logits, slot, bigramScale);

  return {
    logits,

    /**
     * Writes the logits of a row.
     *
     * @param {ArrayLike<number>} ids
     * @param {number} start of the row: `[CLS]`
     * @param {number} end one past its `[SEP]`
     * @returns {number} how many bigrams are known
     */
    read(ids, start, end) {
      logits.fill(0);
      for (let at = start + 1; at < end - 1; at += 1) {
        const id = ids[at];
        if (id < dense) addDense(logits, id, scales[id]);
        else addSparse?.(logits, id - dense, scales[id]);
      }
      const known = bigrams(ids, start, end, take);
      const root = Math.sqrt(Math.max(1, end - start - 2));
      for (let label = 0; label < labels; label += 1) logits[label] = logits[label] / root + bias[label];
      return known;
    },
  };
}

/** @param {Weight} weight `[rows, labels]` @returns {AddRow} */
function denseRows({ values, shape, offset }) {
  const columns = shape[1];
  return (sums, row, factor) => {
    for (let column = 0, at = row * columns; column < columns; column += 1, at += 1)
      sums[column] += (values[at] + offset) * factor;
  };
}

/**
 * @param {Weight} labels `[rows, cells]`, stored from the least number of their type on
 * @param {Weight} values `[rows, cells]`
 * @param {number} count of labels
 * @returns {AddRow}
 */
function cellRows(labels, values, count) {
  const cells = labels.shape[1];
  const least = labels.offset + (count <= 256 ? 128 : 32768);
  return (sums, row, factor) => {
    for (let cell = 0, at = row * cells; cell < cells; cell += 1, at += 1)
      sums[labels.values[at] + least] += (values.values[at] + values.offset) * factor;
  };
}
