/**
 * From a raw string to a probability for every label. The page and the parity program share this file; only
 * `predict` differs between them.
 *
 *     const { classify } = createClassifier(vocabulary, predict);
 *     classify("Sing, O Muse!");  // [{label: "Derby", score: 0.71}, {label: "Cowper", score: 0.2}, …]
 */

import { countIds, createTokenizer } from "../text/tokenizer.js";
import { BORDERS, combineWindows, cutWindows, isSure, windowStarts } from "../text/windows.js";

/** @typedef {import("../text/tokenizer.js").Vocabulary} Vocabulary */
/** @typedef {import("../text/tokenizer.js").Phrase} Phrase */

/**
 * @callback Predict asks the model about some windows at once
 * @param {Int32Array} ids `[count, sequence_length]`, row after row
 * @param {number} count
 * @returns {ArrayLike<number>} probabilities, `[count, labels]`, row after row
 */

/** @typedef {{label: string, score: number}} Result */

/**
 * @typedef {object} Window that a text was read in
 * @property {number} start its first word
 * @property {number} end one past its last
 * @property {number} known how many of its words are
 * @property {number[]} probabilities in the order of the labels
 */

/**
 * @typedef {Phrase & {
 *   windows: Window[],
 *   known: number,
 *   probabilities: number[],
 *   results: Result[],
 *   sure: boolean,
 * }} Explanation A phrase and its answer: the windows it was read in, how many `known` words it has,
 *   `probabilities` in the order of the labels, `results` best first, and whether the best label may be named (`isSure`).
 */

/**
 * @param {Vocabulary} vocabulary
 * @param {Predict} predict
 * @param {number} [threshold] no label is named for a best probability below it
 */
export function createClassifier(vocabulary, predict, threshold = 0) {
  const { labels, sequence_length: length } = vocabulary;
  const pieces = length - BORDERS;
  const tokenize = createTokenizer(vocabulary);
  const predictWindows = checkedPredict(predict, length, labels.length, countIds(vocabulary));

  /** @param {number[]} ids @returns {number[][]} */
  const windowsOf = (ids) => cutWindows(ids, length);

  /** @param {Phrase} phrase @param {number[][]} answers @returns {Explanation} */
  function explanation(phrase, answers) {
    const probabilities = combineWindows(answers);
    const starts = windowStarts(phrase.ids.length, pieces);
    const windows = starts.map((start, window) => {
      const words = wordsIn(phrase.tokens, start, start + pieces);
      return {
        ...words,
        known: countKnown(phrase.tokens.slice(words.start, words.end)),
        probabilities: answers[window],
      };
    });
    const known = countKnown(phrase.tokens);
    const sure = isSure(probabilities, known, threshold);
    return { ...phrase, windows, known, probabilities, results: bestFirst(labels, probabilities), sure };
  }

  /**
   * Reads a text in steps, so that a long one can be interrupted: it yields after every batch of windows and returns
   * the explanation.
   *
   * @param {string} text
   * @param {number} [batch] windows a step
   * @returns {Generator<Progress, Explanation, void>}
   */
  function* read(text, batch = 8) {
    const phrase = tokenize(text);
    return explanation(phrase, yield* inBatches(predictWindows, windowsOf(phrase.ids), batch));
  }

  /**
   * What each word does to the answer: leaves the pieces of one after the other out and asks again, in steps. A longer
   * text's other windows stay as they are: were all of them cut anew, their new borders would say more than the word
   * that is gone.
   *
   * @param {string} text
   * @param {{start: number, end: number}} [range] of the words that are left out; all of them
   * @returns {Generator<Progress, number[][], void>} for each word the probabilities without it
   */
  function* leaveOneOut(text, { start, end } = { start: 0, end: Number.POSITIVE_INFINITY }) {
    const { ids, tokens } = tokenize(text);
    const starts = windowStarts(ids.length, pieces);
    const whole = yield* inBatches(predictWindows, windowsOf(ids), 8);
    const chosen = tokens.slice(start, end);
    /** @type {number[][]} */
    const answers = [];
    for (const { first, last } of chosen) {
      const changed = whole.slice();
      for (const [window, from] of starts.entries()) {
        const to = from + pieces;
        if (last <= from || first >= to) continue;
        const others = [...ids.slice(from, Math.max(first, from)), ...ids.slice(Math.min(last, to), to)];
        [changed[window]] = predictWindows(windowsOf(others));
      }
      answers.push(combineWindows(changed));
      yield { read: answers.length, of: chosen.length };
    }
    return answers;
  }

  /**
   * Reads many texts at once, windows of several in a batch.
   *
   * @param {string[]} texts
   * @param {number} [batch] windows a batch
   * @returns {Explanation[]}
   */
  function explainAll(texts, batch = 128) {
    const phrases = texts.map(tokenize);
    const windows = phrases.map(({ ids }) => windowsOf(ids));
    const answers = drain(inBatches(predictWindows, windows.flat(), batch));
    let start = 0;
    return phrases.map((phrase, position) => {
      const end = start + windows[position].length;
      const explained = explanation(phrase, answers.slice(start, end));
      start = end;
      return explained;
    });
  }

  /** @param {string} text @returns {Explanation} */
  const explain = (text) => drain(read(text));

  /** @param {string} text @returns {Result[]} */
  const classify = (text) => explain(text).results;

  /** @param {string} text @returns {number[][]} the rows of ids that the model reads of it */
  const rows = (text) => windowsOf(tokenize(text).ids);

  return { classify, explain, explainAll, read, rows, leaveOneOut };
}

/** @typedef {ReturnType<typeof createClassifier>} Classifier */

/** @param {import("../text/tokenizer.js").Token[]} tokens */
const countKnown = (tokens) => tokens.filter(({ known }) => known).length;

/**
 * The words of which a piece stands in a window.
 *
 * @param {import("../text/tokenizer.js").Token[]} tokens
 * @param {number} from the window's first piece
 * @param {number} to one past its last
 */
function wordsIn(tokens, from, to) {
  const start = tokens.findIndex(({ last }) => last > from);
  if (start < 0) return { start: tokens.length, end: tokens.length };
  const beyond = tokens.findIndex(({ first }) => first >= to);
  return { start, end: beyond < 0 ? tokens.length : Math.max(start, beyond) };
}

/** @typedef {{read: number, of: number}} Progress windows read, of all; or words left out */

/**
 * @param {string[]} labels
 * @param {number[]} probabilities
 * @returns {Result[]} best first; labels that tie keep the vocabulary's order
 */
function bestFirst(labels, probabilities) {
  return labels
    .map((label, position) => ({ label, score: probabilities[position] }))
    .sort((a, b) => b.score - a.score);
}

/**
 * @param {(windows: number[][]) => number[][]} predictWindows
 * @param {number[][]} windows
 * @param {number} batch
 * @returns {Generator<Progress, number[][], void>}
 */
function* inBatches(predictWindows, windows, batch) {
  /** @type {number[][]} */
  const answers = [];
  for (let start = 0; start < windows.length; start += batch) {
    answers.push(...predictWindows(windows.slice(start, start + batch)));
    yield { read: answers.length, of: windows.length };
  }
  return answers;
}

/**
 * Takes all steps at once.
 *
 * @template T
 * @param {Generator<unknown, T, void>} steps
 * @returns {T}
 */
export function drain(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * Holds both ends of the model to their promise. TF.js takes NaN or a number past the table's end for an
 * index without a word, and answers.
 *
 * @param {Predict} predict
 * @param {number} length of a window
 * @param {number} labelCount
 * @param {number} idCount
 * @returns {(windows: number[][]) => number[][]}
 */
function checkedPredict(predict, length, labelCount, idCount) {
  return (windows) => {
    const ids = windows.flat();
    const wrong = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < idCount));
    if (wrong !== undefined || ids.length !== windows.length * length) {
      throw new Error(
        `Windows must be of ${length} ids below ${idCount}. Received: ${wrong ?? `${ids.length} ids`}`,
      );
    }
    const flat = Array.from(predict(Int32Array.from(ids), windows.length));
    if (flat.length !== windows.length * labelCount || !flat.every(Number.isFinite)) {
      throw new Error(
        `The model must give ${labelCount} finite probabilities a window. Received: ${flat.slice(0, labelCount)}`,
      );
    }
    return windows.map((_, row) => flat.slice(row * labelCount, (row + 1) * labelCount));
  };
}
