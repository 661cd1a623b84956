/**
 * The page's side of the worker: orders and answers.
 *
 *     const client = startClient(config);
 *     await client.ready;
 *     await client.read("Sing, O Muse!", { progress, signal });
 */

import { fromBase64 } from "../shared/base64.js";
import { fetchAssets, inside } from "./assets.js";

/** @typedef {import("../engine/classifier.js").Explanation} Explanation */
/** @typedef {import("../engine/classifier.js").Progress} Progress */
/** @typedef {{start: number, end: number}} Range of tokens */

/**
 * @typedef {object} Waiting
 * @property {(progress: Progress) => void} [progress]
 * @property {AbortSignal} [signal] ends the job; its promise is rejected with the signal's reason
 */

/** @typedef {Omit<import("../worker/jobs.js").Order, "job">} Order */

/**
 * @typedef {Waiting & {
 *   order: Order,
 *   repeated: boolean,
 *   resolve: (value: any) => void,
 *   reject: (reason: unknown) => void,
 * }} Job
 */

/**
 * Starts the worker and sends it the files. What is asked before it is ready waits there for its turn. A worker that
 * dies after it was ready is started again, and what was asked of it is asked once more.
 *
 * @param {import("./assets.js").Config} config
 */
export function startClient(config) {
  /** @type {Map<number, Job>} */
  const jobs = new Map();
  let count = 0;
  let { worker, ready } = start();
  ready.catch(() => {}); // whoever waits for it is told

  function start() {
    const started = new Worker(workerAddress(config));
    const sent = fetchAssets(config.files).then((assets) =>
      started.postMessage(
        { load: assets, knownAnswer: config.known_answer, threshold: config.abstention.threshold },
        [assets.weights],
      ),
    );
    const loaded = Promise.all([answeredKnown(started), sent]).then(([backend]) => backend);
    started.addEventListener("message", hear);
    loaded.then(
      () => started.addEventListener("error", (event) => restart(started, event.message)),
      (error) => failAll(String(error.message)),
    );
    return { worker: started, ready: loaded };
  }

  /** @param {MessageEvent} event */
  function hear({ data: { job, progress, done, failed } }) {
    const waiting = jobs.get(job);
    if (!waiting) return;
    if (progress) {
      waiting.progress?.(progress);
      return;
    }
    jobs.delete(job);
    if (failed === undefined) waiting.resolve(done);
    else waiting.reject(new Error(failed));
  }

  /**
   * @param {Worker} dead
   * @param {string} reason
   */
  function restart(dead, reason) {
    if (dead !== worker) return;
    dead.terminate();
    for (const [job, { repeated, reject }] of jobs) {
      if (!repeated) continue;
      jobs.delete(job);
      reject(new Error(reason || "The worker stopped."));
    }
    ({ worker, ready } = start());
    for (const [job, waiting] of jobs) {
      waiting.repeated = true;
      worker.postMessage({ job, ...waiting.order });
    }
  }

  /** @param {string} reason */
  function failAll(reason) {
    for (const { reject } of jobs.values()) reject(new Error(reason));
    jobs.clear();
  }

  /**
   * @param {Order} order
   * @param {Waiting} [waiting]
   * @returns {Promise<any>}
   */
  function ask(order, { progress, signal } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      count += 1;
      const job = count;
      jobs.set(job, { order, repeated: false, progress, resolve, reject });
      signal?.addEventListener("abort", () => {
        if (!jobs.delete(job)) return;
        worker.postMessage({ cancel: job });
        reject(signal.reason);
      });
      worker.postMessage({ job, ...order });
    });
  }

  return {
    /** The name of what predicts, once it has answered the known-answer phrase. */
    ready,

    /** @param {string} text @param {Waiting} [waiting] @returns {Promise<Explanation>} */
    read: (text, waiting) => ask({ kind: "read", input: text }, waiting),

    /** @param {string} text @param {Range} range @param {Waiting} [waiting] @returns {Promise<number[][]>} */
    leaveOneOut: (text, range, waiting) => ask({ kind: "leaveOneOut", input: text, range }, waiting),

    /** @param {string[]} texts @param {Waiting} [waiting] @returns {Promise<import("../worker/jobs.js").Answer[]>} */
    rows: (texts, waiting) => ask({ kind: "rows", input: texts }, waiting),
  };
}

/** @typedef {ReturnType<typeof startClient>} Client */

/**
 * A single file carries its worker as text, which becomes an address of its own.
 *
 * @param {import("./assets.js").Config} config
 */
function workerAddress({ files }) {
  if (files) return new URL(files.worker, document.baseURI);
  return URL.createObjectURL(new Blob([fromBase64(inside("byline-worker"))], { type: "text/javascript" }));
}

/**
 * @param {Worker} worker
 * @returns {Promise<string>} the backend's name
 */
function answeredKnown(worker) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => {
      if (data.ready) resolve(data.ready);
      if (data.unready) reject(new Error(data.unready));
    });
    worker.addEventListener("error", (event) => {
      reject(new Error(event.message || "The worker could not be started."));
    });
  });
}
