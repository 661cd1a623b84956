/**
 * What the worker needs before it can answer: fetched from the page's own folder, or carried inside a single file.
 */

import { fromBase64 } from "../shared/base64.js";

/**
 * @typedef {object} Files by address relative to the page; a single file has none
 * @property {string} vocabulary
 * @property {string} model `model.json`
 * @property {string[]} shards in their order
 * @property {string} worker
 * @property {string} [wasm] the program of an engine that has one
 */

/**
 * @typedef {object} Config what the export says to the page
 * @property {string[]} labels
 * @property {{threshold: number}} abstention no label is named for a best probability below it
 * @property {{text: string, label: string}[]} examples of the test split
 * @property {import("../engine/known-answer.js").KnownAnswer} known_answer
 * @property {Files} [files]
 * @property {string} [service_worker] its address relative to the page
 * @property {string} language
 * @property {string} name of the export
 * @property {import("../shared/i18n.js").Strings} strings
 */

/** @typedef {import("../worker/jobs.js").Assets} Assets */

/** @returns {Config} */
export const readConfig = () => JSON.parse(inside("byline-config"));

/**
 * @param {Files | undefined} files
 * @returns {Promise<Assets>}
 */
export async function fetchAssets(files) {
  if (!files) {
    const [weights, wasm] = await Promise.all(
      ["byline-weights", "byline-wasm"].map((id) => fromBase64(inside(id))),
    );
    return { vocabulary: inside("byline-vocabulary"), topology: inside("byline-model"), weights, wasm };
  }
  const [vocabulary, topology, shards, wasm] = await Promise.all([
    fetchFile(files.vocabulary).then((response) => response.text()),
    fetchFile(files.model).then((response) => response.text()),
    Promise.all(files.shards.map(fetchBytes)),
    files.wasm ? fetchBytes(files.wasm) : undefined,
  ]);
  const weights = shards.length === 1 ? shards[0] : await new Blob(shards).arrayBuffer();
  return { vocabulary, topology, weights, wasm };
}

/** @param {string} path */
const fetchBytes = async (path) => (await fetchFile(path)).arrayBuffer();

/**
 * @param {string} path relative to the page
 * @returns {Promise<Response>}
 */
async function fetchFile(path) {
  const url = new URL(path, document.baseURI);
  const response = await fetch(url, { priority: "low" }); // after what the page is laid out by
  if (!response.ok) throw new Error(`${url} could not be fetched (${response.status}).`);
  return response;
}

/** @param {string} id of an element that carries a part of a single file */
export const inside = (id) => document.getElementById(id)?.textContent ?? "";
