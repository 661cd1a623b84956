/**
 * What the page needs before it can answer: fetched from its own folder, or carried inside a single file.
 */

import { shardPaths } from "../engine/graph.js";

/** @typedef {import("../engine/tokenizer.js").Vocabulary} Vocabulary */
/** @typedef {import("../engine/graph.js").ModelJSON} ModelJSON */

/**
 * @typedef {object} Config
 * @property {string[]} labels
 * @property {{threshold: number}} not_sure no label is named for a best probability below it
 * @property {{text: string, label: string}[]} examples
 * @property {Vocabulary | string} vocabulary itself, or its address relative to the page
 * @property {ModelJSON | string} model itself, or its address relative to the page
 * @property {string} [weights] all shards in base64, when the model is carried inside
 * @property {string} [service_worker] its address relative to the page
 * @property {{text: string, probabilities: number[]}} [golden]
 */

/** @typedef {{vocabulary: Vocabulary, topology: ModelJSON, weights: ArrayBuffer}} Assets */

/** @returns {Config} */
export function readConfig() {
  return JSON.parse(document.getElementById("byline-config")?.textContent ?? "{}");
}

/**
 * @param {Config} config
 * @returns {Promise<Assets>}
 */
export async function loadAssets({ vocabulary, model, weights }) {
  if (typeof vocabulary !== "string" && typeof model !== "string") {
    return { vocabulary, topology: model, weights: fromBase64(weights ?? "") };
  }
  const vocabularyUrl = absolute(String(vocabulary));
  const modelUrl = absolute(String(model));
  const [words, topology] = await Promise.all([fetchJson(vocabularyUrl), fetchJson(modelUrl)]);
  const shards = await Promise.all(
    shardPaths(topology).map(async (path) => (await fetchFile(absolute(path, modelUrl))).arrayBuffer()),
  );
  return { vocabulary: words, topology, weights: await new Blob(shards).arrayBuffer() };
}

/**
 * @param {string} path
 * @param {string} [base]
 */
const absolute = (path, base = document.baseURI) => new URL(path, base).href;

/** @param {string} url */
const fetchJson = async (url) => (await fetchFile(url)).json();

/**
 * @param {string} url
 * @returns {Promise<Response>}
 */
async function fetchFile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be fetched (${response.status}).`);
  return response;
}

/**
 * @param {string} text
 * @returns {ArrayBuffer}
 */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
