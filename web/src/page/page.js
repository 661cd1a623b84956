/**
 * The page's script: starts the worker, which proves itself on a known-answer phrase, then answers as one types.
 */

import { createTable } from "../list/table.js";
import { find, need } from "../shared/dom.js";
import { prepareNumbers, speak } from "../shared/i18n.js";
import { readConfig } from "./assets.js";
import { startClient } from "./client.js";
import { fail } from "./failure.js";
import { keepOffline, offerInstall, reloadIfReplaced } from "./offline.js";
import { createQuiz } from "./quiz.js";
import { createReadingView } from "./reading-view.js";
import { createResultsView } from "./results-view.js";
import { createSegmentsView } from "./segments-view.js";
import { createSharing, textInAddress } from "./sharing.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./client.js").Explanation} Explanation */

const root = document.documentElement;

/**
 * @param {Client} client
 * @param {import("./assets.js").Config} config
 */
function startReading(client, { labels, abstention: { threshold } }) {
  const field = /** @type {HTMLTextAreaElement} */ (need("phrase"));
  const results = createResultsView(labels);
  const sharing = createSharing();
  const reading = createReadingView(labels, (text, range, signal) =>
    client.leaveOneOut(text, range, { signal }),
  );
  const segments = createSegmentsView(labels, threshold, (passage) => reading.look(passage));
  let latest = new AbortController();

  async function update() {
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    results.wait();
    try {
      const explanation = await client.read(field.value, { progress: reading.progress, signal });
      results.show(explanation);
      sharing.show(explanation);
      segments.show(explanation);
      await reading.show(explanation, signal);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  }

  /** @param {string} text */
  function write(text) {
    field.value = text;
    update();
  }

  field.addEventListener("input", update);
  need("clear").addEventListener("click", () => {
    write("");
    field.focus();
  });
  find("swap")?.addEventListener("click", () => write(results.swap()));
  globalThis.addEventListener("hashchange", () => {
    const text = textInAddress();
    if (text !== undefined) write(text);
  });
  const shared = textInAddress();
  if (shared !== undefined) field.value = shared;
  return { write, answered: update() };
}

async function main() {
  const config = readConfig();
  // A single file starts here, and a host whose own policy refuses scripts inside the page.
  const { bylineClient } = /** @type {{bylineClient?: Client}} */ (globalThis);
  const client = bylineClient ?? startClient(config);
  speak(config.language, config.strings);
  reloadIfReplaced(() => root.dataset.state === "loading");
  const { write, answered } = startReading(client, config);
  createQuiz(client, config, (text) => {
    write(text);
    need("phrase").scrollIntoView({ block: "center" });
  });
  createTable(client, config);
  setTimeout(prepareNumbers); // while the worker is at work
  await client.ready;
  Object.assign(globalThis, {
    byline: {
      explain: client.read,
      leaveOneOut: client.leaveOneOut,
      classify: async (/** @type {string} */ text) => (await client.read(text)).results,
    },
  });
  need("status").textContent = "";
  root.dataset.state = "ready";
  await answered;
}

const started = main().catch(fail);
// Later than the first answer, so that a first visit's precaching does not compete with what the visitor waits for.
// Also after a failure: a newer build may be what mends it.
started.then(() => keepOffline(readConfig().service_worker));
offerInstall();
