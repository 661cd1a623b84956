/**
 * The page's side of the worker: orders and answers.
 *
 *     const client = startClient(config);
 *     await client.ready;
 *     await client.read("Sing, O Muse!", { progress, signal });
 */

import { fromBase64 } from "../shared/base64.js";
import { trustedAddress } from "../shared/trusted.js";
import { fetchAssets, fetchExact, inside } from "./assets.js";

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
  const address = workerAddress(config);
  let { worker, ready } = start();
  ready.catch(() => {}); // whoever waits for it is told

  function start() {
    const assets = fetchAssets(config);
    const started = address.then((address) => {
      const worker = new Worker(address);
      worker.addEventListener("message", hear);
      return worker;
    });
    const sent = Promise.all([started, assets]).then(([worker, load]) =>
      worker.postMessage({ load, knownAnswer: config.known_answer, threshold: config.abstention.threshold }, [
        load.weights,
      ]),
    );
    const loaded = Promise.all([started.then(answeredKnown), sent]).then(([backend]) => backend);
    Promise.all([started, loaded]).then(
      ([worker]) => worker.addEventListener("error", (event) => restart(started, event.message)),
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
   * @param {Promise<Worker>} dead
   * @param {string} reason
   */
  function restart(dead, reason) {
    if (dead !== worker) return;
    dead.then((ended) => ended.terminate());
    for (const [job, { repeated, reject }] of jobs) {
      if (!repeated) continue;
      jobs.delete(job);
      reject(new Error(reason || "The worker stopped."));
    }
    ({ worker, ready } = start());
    for (const [job, waiting] of jobs) {
      waiting.repeated = true;
      post({ job, ...waiting.order });
    }
  }

  /** In the order in which it is asked, once there is a worker. @param {object} message */
  function post(message) {
    worker.then(
      (started) => started.postMessage(message),
      (error) => failAll(String(error.message)),
    );
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
        post({ cancel: job });
        reject(signal.reason);
      });
      post({ job, ...order });
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
 * The worker's script is used only if it is the build's. A single file carries it as text, which becomes an address of its
 * own; the other is started from where it was fetched, as a host's own policy may allow scripts of its own alone.
 *
 * @param {import("./assets.js").Config} config
 */
async function workerAddress(config) {
  const { files } = config;
  if (files) {
    await fetchExact(files.worker, config, "auto");
    return trustedAddress("byline-worker", new URL(files.worker, document.baseURI));
  }
  const script = new Blob([fromBase64(await inside("byline-worker", config))], { type: "text/javascript" });
  return trustedAddress("byline-worker", URL.createObjectURL(script));
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
