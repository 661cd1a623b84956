/**
 * What all these pages share: Byline's own tokenizer, the phrase of the address, and the first answer. A runtime
 * is a function from rows of ids to probabilities; nothing else differs.
 */

import { createTokenizer } from "../../web/src/text/tokenizer.js";
import { cutWindows } from "../../web/src/text/windows.js";

/**
 * @param {() => Promise<(ids: Int32Array) => Promise<ArrayLike<number>>>} loadModel fetches and starts the runtime
 */
export async function start(loadModel) {
  const [predict, vocabulary] = await Promise.all([loadModel(), fetchJson("vocabulary.json")]);
  const { labels, sequence_length: length } = vocabulary;
  const tokenize = createTokenizer(vocabulary);

  /** @param {string} text only its first window is read */
  async function answer(text) {
    const [row] = cutWindows(tokenize(text).ids, length);
    const probabilities = await predict(Int32Array.from(row));
    return labels
      .map((label, place) => ({ label, score: probabilities[place] }))
      .sort((a, b) => b.score - a.score);
  }

  const text = new URLSearchParams(location.hash.slice(1)).get("text") ?? "";
  const [best] = await answer(text);
  document.querySelector("textarea").value = text;
  document.querySelector("output").textContent = `${best.label} ${Math.round(best.score * 100)} %`;
  Object.assign(globalThis, { answer });
  document.documentElement.dataset.state = "answered";
}

/** @param {string} url */
async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be fetched (${response.status}).`);
  return response.json();
}
