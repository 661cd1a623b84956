/**
 * The table of adjacent pieces: a bigram stands in one of two slots that its ids give, and its slot's fingerprint says whether
 * it is the bigram's. `trainer/model/bigram_table.py` fills it by the same arithmetic.
 */

const FINGERPRINTS = 251;
const EXACT = 2 ** 24;
const SHARES = [
  [0.31, 0.57],
  [0.59, 0.23],
];

/**
 * @param {import("./weights.js").Weight} fingerprints `[slots]`
 * @param {number} vocabularySize
 * @returns {(ids: ArrayLike<number>, start: number, end: number, take: (slot: number) => void) => number} tells the
 *   slots of the bigrams in a part of ids, and gives how many there are
 */
export function createBigramFinder(fingerprints, vocabularySize) {
  const [slots] = fingerprints.shape;
  const most = Math.floor((EXACT - 1) / vocabularySize);
  const multipliers = SHARES.map((shares) => shares.map((share) => Math.max(1, Math.floor(share * most))));

  return (ids, start, end, take) => {
    let found = 0;
    for (let at = start + 1; at < end; at += 1) {
      const first = ids[at - 1];
      const second = ids[at];
      const fingerprint = ((first + 2 * second) % FINGERPRINTS) - (FINGERPRINTS >> 1);
      for (let choice = 0; choice < 2; choice += 1) {
        const [ofFirst, ofSecond] = multipliers[choice];
        const slot = (first * ofFirst + second * ofSecond) % slots;
        if (fingerprints.values[slot] + fingerprints.offset !== fingerprint) continue;
        found += 1;
        take(slot);
      }
    }
    return found;
  };
}
