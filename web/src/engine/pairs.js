/**
 * The table of neighbouring words: a pair stands in one of two slots that its ids give, and its slot's owner says
 * whether it is the pair's. `trainer/pair_table.py` fills it by the same arithmetic.
 */

const OWNERS = 251;
const EXACT = 2 ** 24;
const SHARES = [
  [0.31, 0.57],
  [0.59, 0.23],
];

/**
 * @param {import("./weights.js").Weight} rows `[slots, size]`
 * @param {import("./weights.js").Weight} owners `[slots]`
 * @param {number} vocabularySize
 */
export function createPairs(rows, owners, vocabularySize) {
  const [slots, size] = rows.shape;
  const most = Math.floor((EXACT - 1) / vocabularySize);
  const multipliers = SHARES.map((shares) => shares.map((share) => Math.max(1, Math.floor(share * most))));
  const sum = new Float64Array(size);

  return {
    /** What the vectors of the pairs that were found add up to. */
    sum,

    /**
     * @param {ArrayLike<number>} ids
     * @param {number} start of a window
     * @param {number} end
     * @returns {number} how many pairs were found
     */
    read(ids, start, end) {
      let found = 0;
      sum.fill(0);
      for (let at = start + 1; at < end; at += 1) {
        const first = ids[at - 1];
        const second = ids[at];
        const owner = ((first + 2 * second) % OWNERS) - (OWNERS >> 1);
        for (let choice = 0; choice < 2; choice += 1) {
          const [ofFirst, ofSecond] = multipliers[choice];
          const slot = (first * ofFirst + second * ofSecond) % slots;
          if (owners.values[slot] + owners.offset === owner) {
            found += 1;
            for (let k = 0; k < size; k += 1) sum[k] += rows.values[slot * size + k] + rows.offset;
          }
        }
      }
      return found;
    },
  };
}
