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

/**
 * @typedef {Waiting & {resolve: (value: any) => void, reject: (reason: unknown) => void}} Job
 */

/**
 * Starts the worker and sends it the files. What is asked before it is ready waits there for its turn.
 *
 * @param {import("./assets.js").Config} config
 */
export function startClient(config) {
  const worker = new Worker(workerAddress(config));
  /** @type {Map<number, Job>} */
  const jobs = new Map();
  let count = 0;
  const sent = fetchAssets(config.files).then((assets) =>
    worker.postMessage({ load: assets, knownAnswer: config.known_answer }, [assets.weights]),
  );
  const ready = Promise.all([answeredKnown(worker), sent]).then(([backend]) => backend);
  ready.catch(() => {}); // whoever waits for it is told
  worker.addEventListener("message", ({ data: { job, progress, done, failed } }) => {
    const waiting = jobs.get(job);
    if (!waiting) return;
    if (progress) {
      waiting.progress?.(progress);
      return;
    }
    jobs.delete(job);
    if (failed === undefined) waiting.resolve(done);
    else waiting.reject(new Error(failed));
  });

  /**
   * @param {Omit<import("../worker/jobs.js").Order, "job">} order
   * @param {Waiting} [waiting]
   * @returns {Promise<any>}
   */
  function ask(order, { progress, signal } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      count += 1;
      const job = count;
      jobs.set(job, { progress, resolve, reject });
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
    without: (text, range, waiting) => ask({ kind: "without", input: text, range }, waiting),

    /** @param {string[]} texts @param {Waiting} [waiting] @returns {Promise<number[][]>} */
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
