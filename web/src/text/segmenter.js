/**
 * The likeliest pieces of a word: Viterbi over the pieces' scores, multiples of 1/1024, whose sums are exact. Of equal
 * ways the one whose last piece begins first is taken. Words are independent, because no piece holds a space within.
 */

/** @typedef {import("./tokenizer.js").Vocabulary} Vocabulary */

/**
 * @typedef {object} Segments
 * @property {number[]} ids
 * @property {number[]} ends where each piece ends in the word, in UTF-16 units
 */

const SPACE = "▁";
const UNKNOWN_ID = 1;

/** How much less likely than the least piece an unknown character is. */
const UNKNOWN_PENALTY = 10;

/** Words of up to as many units are kept, so that common ones are cut once. */
const LONGEST_KEPT = 32;
const MOST_KEPT = 4096;

/**
 * @param {Vocabulary} vocabulary
 * @returns {(word: string) => Segments}
 */
export function createSegmenter({ model_type: type, reserved, pieces, scores }) {
  /** @type {Map<string, number>} */
  const index = new Map();
  let longest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < pieces.length; at += 1) {
    const piece = pieces[at];
    if (index.has(piece) || piece.lastIndexOf(SPACE) > 0) {
      throw new Error(`A piece must stand once, and a space begin it. Received: ${JSON.stringify(piece)}`);
    }
    index.set(piece, at);
    if (piece.length > longest) longest = piece.length;
    if (scores[at] < least) least = scores[at];
  }
  const unknown = least - UNKNOWN_PENALTY;
  /** @type {Map<string, Segments>} */
  const kept = new Map();

  /** @param {string} word @returns {Segments} */
  function whole(word) {
    const at = index.get(SPACE + word);
    return { ids: [at === undefined ? UNKNOWN_ID : reserved.length + at], ends: [word.length] };
  }

  /** @param {string} word @returns {Segments} */
  function likeliest(word) {
    const text = SPACE + word;
    const length = text.length;
    const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    const from = new Int32Array(length + 1);
    const ids = new Int32Array(length + 1);
    best[0] = 0;
    for (let start = 0; start < length; ) {
      const step = Number(text.codePointAt(start)) > 0xffff ? 2 : 1;
      let single = false;
      const last = Math.min(length, start + longest);
      for (let end = start + step; end <= last; end += 1) {
        const at = index.get(text.slice(start, end));
        if (at === undefined) continue;
        if (end === start + step) single = true;
        const score = scores[at] + best[start];
        if (score > best[end]) {
          best[end] = score;
          from[end] = start;
          ids[end] = reserved.length + at;
        }
      }
      const next = start + step;
      if (!single) {
        const score = unknown + best[start];
        if (score > best[next]) {
          best[next] = score;
          from[next] = start;
          ids[next] = UNKNOWN_ID;
        }
      }
      start = next;
    }
    return backwards(from, ids, length);
  }

  const segment = type === "word" ? whole : likeliest;
  return (word) => {
    const found = kept.get(word);
    if (found) return found;
    const segments = segment(word);
    if (word.length <= LONGEST_KEPT) {
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(word, segments);
    }
    return segments;
  };
}

/**
 * Walks the best way back, and joins unknown characters that stand beside each other.
 *
 * @param {Int32Array} from
 * @param {Int32Array} ids
 * @param {number} length of the word with its space
 * @returns {Segments}
 */
function backwards(from, ids, length) {
  /** @type {Segments} */
  const segments = { ids: [], ends: [] };
  for (let end = length; end > 0; end = from[end]) {
    const repeated = ids[end] === UNKNOWN_ID && segments.ids[segments.ids.length - 1] === UNKNOWN_ID;
    if (repeated) continue;
    segments.ids.push(ids[end]);
    segments.ends.push(end - 1);
  }
  segments.ids.reverse();
  segments.ends.reverse();
  return segments;
}
