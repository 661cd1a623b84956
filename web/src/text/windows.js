/**
 * Texts of any length for a model of a fixed one: cut into windows, and their answers made one.
 *
 *     windowStarts(40, 16);  // [0, 16, 24]
 */

/** What a probability counts for at least, so that one window's zero cannot silence all the others. */
const FLOOR = 1e-7;

const PADDING_ID = 0;
const CLS_ID = 2;
const SEP_ID = 3;

/** `[CLS]` and `[SEP]` stand in every row. */
export const BORDERS = 2;

/**
 * Where the windows of a text start. When the last words do not fill a window it reaches back over its
 * neighbour, because a scrap of one or two words would weigh as much as a whole window.
 *
 * @param {number} count of ids
 * @param {number} length of a window
 * @returns {number[]}
 */
export function windowStarts(count, length) {
  if (count <= length) return [0];
  const whole = Math.floor(count / length);
  const starts = Array.from({ length: whole }, (_, window) => window * length);
  return count % length === 0 ? starts : [...starts, count - length];
}

/**
 * The rows of ids that the model reads, as the mobile clients write them: `[CLS]`, pieces, `[SEP]`, and zeros.
 *
 * @param {number[]} ids of a whole text's pieces
 * @param {number} length of a row, `[CLS]` and `[SEP]` among it; the empty text too has one
 * @returns {number[][]} rows of `length` ids each
 */
export function cutWindows(ids, length) {
  return windowStarts(ids.length, length - BORDERS).map((start) => {
    const row = [CLS_ID, ...ids.slice(start, start + length - BORDERS), SEP_ID];
    while (row.length < length) row.push(PADDING_ID);
    return row;
  });
}

/**
 * One answer from those of all windows: the normalised geometric mean, in double precision. A single
 * window's answer stays the model's own.
 *
 * @param {ArrayLike<number>[]} answers each window's probabilities
 * @returns {number[]} one probability a label
 */
export function combineWindows(answers) {
  if (answers.length === 1) return Array.from(answers[0]);
  const sums = new Array(answers[0].length).fill(0);
  for (const probabilities of answers) {
    for (let label = 0; label < sums.length; label += 1) {
      sums[label] += Math.log(Math.max(probabilities[label], FLOOR));
    }
  }
  const means = sums.map((sum) => Math.exp(sum / answers.length));
  const total = means.reduce((sum, mean) => sum + mean, 0);
  return means.map((mean) => mean / total);
}

/**
 * The one rule by which an answer is "not sure": its best probability is below the threshold, or no word is known.
 *
 * @param {number[]} probabilities
 * @param {number} known words
 * @param {number} threshold
 */
export const isSure = (probabilities, known, threshold) =>
  known > 0 && Math.max(...probabilities) >= threshold;
