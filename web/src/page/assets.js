/**
 * What the worker needs before it can answer: fetched from the page's own folder, or carried inside a single file. It is
 * used only if its bytes are the build's.
 */

import { fromBase64 } from "../shared/base64.js";

/**
 * @typedef {object} Files by address relative to the page; a single file has none
 * @property {string} vocabulary
 * @property {string} model `model.json`
 * @property {string[]} shards in their order
 * @property {string} worker
 * @property {string} [wasm] the program of an engine that has one
 * @property {Record<string, string>} twins addresses of the same bytes, for hosts that refuse an ending
 */

/**
 * @typedef {object} Config what the export says to the page
 * @property {string[]} labels
 * @property {{threshold: number}} abstention no label is named for a best probability below it
 * @property {{text: string, label: string}[]} examples of the test split
 * @property {import("../engine/known-answer.js").KnownAnswer} known_answer
 * @property {Record<string, string>} integrity SHA-256 in hexadecimal, by address or by the id of an element in a single file
 * @property {Files} [files]
 * @property {string} [service_worker] its address relative to the page
 * @property {string} language
 * @property {string} name of the export
 * @property {import("../shared/i18n.js").Strings} strings
 */

/** @typedef {import("../worker/jobs.js").Assets} Assets */

/** @returns {Config} */
export const readConfig = () => JSON.parse(textOf("byline-config"));

/**
 * @param {Config} config
 * @returns {Promise<Assets>}
 */
export async function fetchAssets(config) {
  const { files } = config;
  if (!files) {
    const [vocabulary, topology, weights, wasm] = await Promise.all(
      ["byline-vocabulary", "byline-model", "byline-weights", "byline-wasm"].map((id) => inside(id, config)),
    );
    return { vocabulary, topology, weights: fromBase64(weights), wasm: fromBase64(wasm) };
  }
  /** @param {string} path */
  const text = async (path) => new TextDecoder().decode(await fetchExact(path, config));
  const [vocabulary, topology, shards, wasm] = await Promise.all([
    text(files.vocabulary),
    text(files.model),
    Promise.all(files.shards.map((path) => fetchExact(path, config))),
    files.wasm ? fetchExact(files.wasm, config) : undefined,
  ]);
  const weights = shards.length === 1 ? shards[0] : await new Blob(shards).arrayBuffer();
  return { vocabulary, topology, weights, wasm };
}

/**
 * Fetches a file whose bytes are the build's, or says which is not. The browser may have kept an older build's: the
 * host is asked once more.
 *
 * @param {string} path relative to the page
 * @param {Config} config
 * @param {RequestPriority} [priority] low is after what the page is laid out by
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchExact(path, { integrity, files }, priority = "low") {
  const url = new URL(path, document.baseURI);
  for (const cache of /** @type {const} */ (["default", "reload"])) {
    let response = await fetch(url, { priority, cache });
    const twin = files?.twins[path];
    if (!response.ok && twin) response = await fetch(new URL(twin, document.baseURI), { cache });
    if (!response.ok) throw new Error(`${url} could not be fetched (${response.status}).`);
    const bytes = await response.arrayBuffer();
    if (await isExact(bytes, integrity[path])) return bytes;
  }
  throw new Error(`${url} was changed: its SHA-256 is not this build's.`);
}

/**
 * Gives the text of an element that carries a part of a single file, or says that it is not the build's.
 *
 * @param {string} id
 * @param {Config} config
 */
export async function inside(id, { integrity }) {
  const text = textOf(id);
  if (await isExact(new TextEncoder().encode(text), integrity[id])) return text;
  throw new Error(`This file was changed: the SHA-256 of its ${id} is not this build's.`);
}

/**
 * Where there is no `crypto.subtle`, as on a page without HTTPS, the known answer alone holds the files.
 *
 * @param {BufferSource} bytes
 * @param {string | undefined} digest
 */
async function isExact(bytes, digest) {
  return digest === undefined || !crypto.subtle || (await sha256(bytes)) === digest;
}

/** @param {BufferSource} bytes @returns {Promise<string>} in hexadecimal */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} id */
const textOf = (id) => document.getElementById(id)?.textContent ?? "";
