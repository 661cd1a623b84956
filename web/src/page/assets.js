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
 * @property {Record<string, string>} integrity SHA-256 by address, in hexadecimal
 * @property {Record<string, string>} twins addresses of the same bytes, for hosts that refuse an ending
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
  /** @param {string} path */
  const text = async (path) => new TextDecoder().decode(await fetchExact(path, files));
  const [vocabulary, topology, shards, wasm] = await Promise.all([
    text(files.vocabulary),
    text(files.model),
    Promise.all(files.shards.map((path) => fetchExact(path, files))),
    files.wasm ? fetchExact(files.wasm, files) : undefined,
  ]);
  const weights = shards.length === 1 ? shards[0] : await new Blob(shards).arrayBuffer();
  return { vocabulary, topology, weights, wasm };
}

/**
 * Fetches a file whose bytes are the build's, or says which is not. Where there is no `crypto.subtle`, as on a page
 * without HTTPS, the known answer alone holds the files.
 *
 * @param {string} path relative to the page
 * @param {Files} files
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchExact(path, { integrity, twins }) {
  const url = new URL(path, document.baseURI);
  let response = await fetch(url, { priority: "low" }); // after what the page is laid out by
  if (!response.ok && path in twins) response = await fetch(new URL(twins[path], document.baseURI));
  if (!response.ok) throw new Error(`${url} could not be fetched (${response.status}).`);
  const bytes = await response.arrayBuffer();
  if (path in integrity && crypto.subtle && (await sha256(bytes)) !== integrity[path]) {
    throw new Error(`${url} was changed: its SHA-256 is not this build's.`);
  }
  return bytes;
}

/** @param {ArrayBuffer} bytes @returns {Promise<string>} in hexadecimal */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} id of an element that carries a part of a single file */
export const inside = (id) => document.getElementById(id)?.textContent ?? "";
