/**
 * The tokenizer: an interpreter of `vocabulary.json`, and nothing besides.
 *
 *     const tokenize = createTokenizer(vocabulary);
 *     tokenize("Sing, O Muse!").ids;  // [412, 5, 9, 87, 31]
 *
 * The same steps are taken in Python and in the mobile clients, by SentencePiece: NUL out, rules by longest match,
 * spaces joined and trimmed, then the likeliest pieces of each word (Kudo: Subword Regularization, 2018). No
 * `toLowerCase`, `normalize`, `\w` or `\s` takes part in the ids: those mean something else in every language.
 */

import { createNormalizer } from "./normalizer.js";
import { createSegmenter } from "./segmenter.js";

/**
 * @typedef {object} Vocabulary `vocabulary.json`, the contract that every runtime reads.
 * @property {string} format
 * @property {number} version
 * @property {string} model_type "unigram", or "word"
 * @property {[string, string][]} rules from code points to code points, applied once
 * @property {number} sequence_length positions that the model reads at once, `[CLS]` and `[SEP]` among them
 * @property {string[]} reserved tokens of the ids below the pieces
 * @property {string[]} pieces of the ids behind those
 * @property {number[]} scores of the pieces
 * @property {string[]} labels
 */

/**
 * @typedef {object} Token a word as a reader would count it; where a script has no spaces, one piece
 * @property {string} word as it stands in the text
 * @property {number} start where it starts in `Phrase.text`, in UTF-16 units
 * @property {number} end
 * @property {number} first its first piece, among `Phrase.ids`
 * @property {number} last one past its last
 * @property {boolean} known
 */

/**
 * @typedef {object} Phrase
 * @property {string} text what was read: the given text without NUL, its lone surrogates replaced
 * @property {Token[]} tokens its words; punctuation is none
 * @property {number[]} ids of its pieces, neither cut nor padded
 */

export const UNKNOWN_ID = 1;
const UNSPACED =
  /[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u{1b000}-\u{1b16f}\u{20000}-\u{3ffff}]/u;
const COUNTS = /[\p{L}\p{N}\p{M}\p{S}]/u;
const MARK = /^\p{M}/u;
const PLAIN = /^[a-z0-9]+$/; // of which both are known, sooner than by the sets of Unicode

/**
 * Makes the function from text to pieces and words.
 *
 * @param {Vocabulary} vocabulary
 * @returns {(text: string) => Phrase}
 * @throws {Error} if the vocabulary is not one that this code can read faithfully
 */
export function createTokenizer(vocabulary) {
  checkContract(vocabulary);
  const normalize = createNormalizer(vocabulary.rules);
  const segment = createSegmenter(vocabulary);

  return function tokenize(text) {
    const clean = cleaned(String(text));
    /** @type {number[]} */
    const ids = [];
    /** @type {Token[]} */
    const tokens = [];
    for (const run of normalize(clean)) readRun(run, segment(run.text), clean, ids, tokens);
    return { text: clean, tokens, ids };
  };
}

/**
 * How many ids there are: the rows of the model's tables.
 *
 * @param {Vocabulary} vocabulary
 */
export const countIds = (vocabulary) => vocabulary.reserved.length + vocabulary.pieces.length;

/**
 * What no client can be given is taken out: NUL, at which the mobile clients stop reading.
 *
 * @param {string} text
 */
function cleaned(text) {
  const without = text.includes("\0") ? text.replaceAll("\0", "") : text;
  return without.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** @param {Vocabulary} vocabulary */
function checkContract({ format, version, model_type: type, sequence_length: length, pieces, scores }) {
  if (format !== "byline-vocabulary" || version !== 2) {
    throw new Error(`A byline-vocabulary of version 2 is needed. Received: ${format} ${version}`);
  }
  if (type !== "unigram" && type !== "word") {
    throw new Error(`\`model_type\` must be "unigram" or "word". Received: ${type}`);
  }
  if (!Number.isInteger(length) || length < 3) {
    throw new Error(`\`sequence_length\` must be an integer of at least 3. Received: ${length}`);
  }
  if (pieces.length !== scores.length) {
    throw new Error(`Each piece must have a score. Received: ${pieces.length} and ${scores.length}`);
  }
}

/** @typedef {import("./normalizer.js").Run} Run */
/** @typedef {import("./segmenter.js").Segments} Segments */

/**
 * Adds a run's pieces and words. A run without a space has one word, or where a script has no spaces one a piece.
 *
 * @param {Run} run
 * @param {Segments} segments
 * @param {string} text
 * @param {number[]} ids
 * @param {Token[]} tokens
 */
function readRun(run, { ids: found, ends }, text, ids, tokens) {
  // Unknown characters beside each other are one piece, also those of two words.
  const joined = found[0] === UNKNOWN_ID && ids[ids.length - 1] === UNKNOWN_ID ? 1 : 0;
  const offset = ids.length - joined;
  for (let piece = joined; piece < found.length; piece += 1) ids.push(found[piece]);
  let first = 0;
  for (let piece = 1; piece <= found.length; piece += 1) {
    if (piece < found.length && !isBorder(run, ends, piece)) continue;
    const token = wordOf(run, found, ends, first, piece, text);
    if (token) tokens.push({ ...token, first: token.first + offset, last: token.last + offset });
    first = piece;
  }
}

/**
 * @param {Run} run
 * @param {number[]} ends of the pieces, in the run's text
 * @param {number} piece
 */
const surface = (run, ends, piece) => run.text.slice(piece === 0 ? 0 : ends[piece - 1], ends[piece]);

/**
 * Whether a word ends before a piece of a script without spaces; a vowel sign or tone mark stays with what it stands on.
 *
 * @param {Run} run
 * @param {number[]} ends
 * @param {number} piece
 */
function isBorder(run, ends, piece) {
  const alone = unspaced(run, ends, piece) || unspaced(run, ends, piece - 1);
  return alone && !MARK.test(surface(run, ends, piece));
}

/** @param {Run} run @param {number[]} ends @param {number} piece */
function unspaced(run, ends, piece) {
  const text = surface(run, ends, piece);
  return !PLAIN.test(text) && UNSPACED.test(text);
}

/** @param {Run} run @param {number[]} ends @param {number} piece */
function counts(run, ends, piece) {
  const text = surface(run, ends, piece);
  return PLAIN.test(text) || COUNTS.test(text);
}

/**
 * A word of pieces, the punctuation at both ends left out; none where nothing is left.
 *
 * @param {Run} run
 * @param {number[]} ids
 * @param {number[]} ends
 * @param {number} first
 * @param {number} last
 * @param {string} text
 * @returns {Token | undefined}
 */
function wordOf(run, ids, ends, first, last, text) {
  let from = first;
  let to = last;
  while (from < to && !counts(run, ends, from)) from += 1;
  while (to > from && !counts(run, ends, to - 1)) to -= 1;
  if (from === to) return undefined;
  const begin = from === 0 ? 0 : ends[from - 1];
  const start = run.starts[begin];
  const end = run.ends[ends[to - 1] - 1];
  return {
    word: text.slice(start, end),
    start,
    end,
    first: from,
    last: to,
    known: isKnown(run, ids, ends, from, to),
  };
}

/**
 * Whether a word is one piece, marks upon it aside.
 *
 * @param {Run} run
 * @param {number[]} ends
 * @param {number} from
 * @param {number} to
 */
function isAlone(run, ends, from, to) {
  for (let piece = from + 1; piece < to; piece += 1) if (!MARK.test(surface(run, ends, piece))) return false;
  return true;
}

/**
 * Whether a word says anything: a piece of it is longer than a character, or it is one character that is a piece, marks aside.
 *
 * @param {Run} run
 * @param {number[]} ids
 * @param {number[]} ends
 * @param {number} from
 * @param {number} to
 */
function isKnown(run, ids, ends, from, to) {
  let single = false;
  for (let piece = from; piece < to; piece += 1) {
    if (ids[piece] === UNKNOWN_ID) continue;
    const count = codePoints(surface(run, ends, piece));
    if (count > 1) return true;
    single ||= count === 1;
  }
  return single && isAlone(run, ends, from, to);
}

/** @param {string} text @returns {number} how many there are, up to two */
function codePoints(text) {
  if (text.length < 2) return text.length;
  return text.length === 2 && Number(text.codePointAt(0)) > 0xffff ? 1 : 2;
}
