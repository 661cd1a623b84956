/**
 * The worker's side of the page: loads a model, then does several jobs at once, each for a slice of time. The newest
 * phrase comes before all else, so that it is answered while a list is still being read; lists take turns; and what
 * nobody waits for any more is dropped.
 */

import { createClassifier } from "../engine/classifier.js";
import { checkKnownAnswer } from "../engine/known-answer.js";

/** @typedef {import("../engine/classifier.js").Classifier} Classifier */
/** @typedef {import("../engine/classifier.js").Progress} Progress */

/**
 * @typedef {object} Assets
 * @property {string} vocabulary JSON
 * @property {string} topology `model.json`
 * @property {ArrayBuffer} weights all shards, one after the other
 * @property {ArrayBuffer} [wasm] the program of an engine that has one
 */

/** @typedef {import("../engine/classifier.js").Predict} Predict */
/** @typedef {import("../engine/known-answer.js").KnownAnswer} KnownAnswer */

/** @typedef {{name: string, predict: Predict}} Backend */

/**
 * @callback Engine
 * @param {import("../engine/weights.js").ModelJSON} topology
 * @param {ArrayBuffer} weights
 * @param {number} length of a row, in ids
 * @param {ArrayBuffer} [wasm]
 * @returns {AsyncIterable<Backend> | Iterable<Backend>} the backends in the order in which they are tried
 */

/** @typedef {{job: number, kind: "read" | "leaveOneOut" | "rows", input: string | string[], range?: {start: number, end: number}}} Order */

/** @typedef {{probabilities: number[], sure: boolean}} Answer to a row of a list */

/** How long one job may run before the next has its turn and messages are heard. */
const SLICE_MS = 8;

/** Rows of a table between two looks at the clock. */
const ROWS = 16;

/** @param {Engine} engine */
export function serve(engine) {
  /** @type {Map<number, {steps: Generator<Progress, unknown, void>, list: boolean}>} */
  const running = new Map();
  let waked = false;
  /** @type {(classifier: Classifier) => void} */
  let begin;
  /** @type {Promise<Classifier>} */
  const loaded = new Promise((resolve) => {
    begin = resolve;
  });
  const next = new MessageChannel();
  next.port1.onmessage = turn;

  /** @param {unknown} message */
  const post = (message) => globalThis.postMessage(message);

  /** One turn at a time is waited for: were there one for each message, all others would wait behind them. */
  function wake() {
    if (waked || running.size === 0) return;
    waked = true;
    next.port2.postMessage(null);
  }

  function turn() {
    waked = false;
    const [longestWaiting] = running;
    if (!longestWaiting) return; // all were cancelled
    const [job, task] = [...running].filter(([, { list }]) => !list).pop() ?? longestWaiting;
    const { steps } = task;
    try {
      const until = performance.now() + SLICE_MS;
      let step = steps.next();
      while (!step.done && performance.now() < until) step = steps.next();
      running.delete(job);
      if (step.done) {
        post({ job, done: step.value });
      } else {
        running.set(job, task); // behind the others
        post({ job, progress: step.value });
      }
    } catch (error) {
      running.delete(job);
      post({ job, failed: String(error instanceof Error ? error.message : error) });
    }
    wake();
  }

  globalThis.onmessage = async ({ data }) => {
    if (data.load) {
      try {
        const { classifier, backend } = await load(engine, data.load, data);
        post({ ready: backend });
        begin(classifier);
      } catch (error) {
        post({ unready: String(error instanceof Error ? error.message : error) });
      }
      return;
    }
    const classifier = await loaded; // what is asked before waits, in its turn
    if (data.cancel !== undefined) {
      running.delete(data.cancel);
    } else {
      running.set(data.job, { steps: stepsOf(classifier, data), list: data.kind === "rows" });
      wake();
    }
  };
}

/**
 * @param {Engine} engine
 * @param {Assets} assets
 * @param {{knownAnswer: KnownAnswer, threshold: number}} config
 * @returns {Promise<{classifier: Classifier, backend: string}>} the first backend that gives the trained model's answer to the known-answer phrase
 */
async function load(engine, { vocabulary, topology, weights, wasm }, { knownAnswer, threshold }) {
  const words = JSON.parse(vocabulary);
  let reason = new Error("This browser has none of the engine's backends.");
  for await (const { name, predict } of engine(JSON.parse(topology), weights, words.sequence_length, wasm)) {
    try {
      const classifier = createClassifier(words, predict, threshold);
      checkKnownAnswer(classifier, knownAnswer);
      return { classifier, backend: name };
    } catch (error) {
      reason = /** @type {Error} */ (error);
    }
  }
  throw reason;
}

/**
 * @param {Classifier} classifier
 * @param {Order} order
 * @returns {Generator<Progress, unknown, void>}
 */
function stepsOf(classifier, { kind, input, range }) {
  if (kind === "rows") return readRows(classifier, /** @type {string[]} */ (input));
  const text = String(input);
  return kind === "read" ? classifier.read(text) : classifier.leaveOneOut(text, range);
}

/**
 * @param {Classifier} classifier
 * @param {string[]} texts
 * @returns {Generator<Progress, Answer[], void>}
 */
function* readRows(classifier, texts) {
  /** @type {Answer[]} */
  const answers = [];
  for (let start = 0; start < texts.length; start += ROWS) {
    for (const { probabilities, sure } of classifier.explainAll(texts.slice(start, start + ROWS)))
      answers.push({ probabilities, sure });
    yield { read: answers.length, of: texts.length };
  }
  return answers;
}
