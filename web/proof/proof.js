/**
 * The proof in a browser: asks the page's own worker, with the page's own files, every string. `export/proof/chromium.py`
 * serves it beside the page, says in `order` what is asked, and is told the answers a share at a time.
 */

import { readConfig } from "../src/page/assets.js";
import { startClient } from "../src/page/client.js";

/** Strings whose answers are told at once. */
const SHARE = 200;

/** Strings that wait in the worker, so that it is never idle. */
const AT_ONCE = 8;

/** @typedef {{ids: number[], probabilities: number[]}} Answer */

/**
 * Opens the page itself, which answers its known-answer phrase before it is ready.
 *
 * @param {string} address
 * @returns {Promise<Document>}
 */
async function openPage(address) {
  const frame = document.createElement("iframe");
  frame.src = address;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener("load", resolve));
  const page = /** @type {Document} */ (frame.contentDocument);
  const { dataset } = page.documentElement;
  while (dataset.state === "loading") await new Promise((resolve) => setTimeout(resolve, 20));
  if (dataset.state !== "ready") {
    throw new Error(page.getElementById("failure-reason")?.textContent || "The page cannot be opened.");
  }
  return page;
}

/**
 * What a single file carries is laid into this document, where the client looks for it.
 *
 * @param {Document} page
 */
function takeParts(page) {
  for (const part of page.querySelectorAll("script[id^=byline-]"))
    document.body.append(document.importNode(part, true));
}

/**
 * @param {import("../src/page/client.js").Client} client
 * @param {string[]} texts
 * @returns {Promise<Answer[]>}
 */
async function askAll(client, texts) {
  /** @type {Answer[]} */
  const answers = new Array(texts.length);
  const waiting = texts.entries();
  const askNext = async () => {
    for (const [place, text] of waiting) {
      const { ids, probabilities } = await client.read(text);
      answers[place] = { ids, probabilities };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askNext));
  return answers;
}

/** @param {object} said */
async function tell(said) {
  await fetch(told, { method: "POST", body: JSON.stringify(said) });
}

const told = new URL("told", location.href);
try {
  const { base, page: address, texts } = await (await fetch(new URL("order", location.href))).json();
  document.head.append(Object.assign(document.createElement("base"), { href: base }));
  takeParts(await openPage(address));
  const client = startClient(readConfig());
  const backend = await client.ready;
  for (let start = 0; start < texts.length; start += SHARE)
    await tell({ answers: await askAll(client, texts.slice(start, start + SHARE)) });
  await tell({ done: backend });
} catch (error) {
  await tell({ failed: String(error instanceof Error ? error.message : error) });
}
