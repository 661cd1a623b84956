/**
 * The page's script: fetches what it needs, proves itself on a golden phrase, then answers as one types.
 */

import { createClassifier } from "../engine/classifier.js";
import { createPredict } from "../engine/graph.js";
import { loadTensorFlow } from "../engine/tensorflow.js";
import { loadAssets, readConfig } from "./assets.js";
import { createExamples } from "./examples.js";
import { keepOffline, reloadIfReplaced } from "./offline.js";
import { createReader } from "./reader.js";
import { createReadingView } from "./reading-view.js";
import { createResultsView } from "./results-view.js";

/** How far the page's own answer to the golden phrase may be from the trained model's. */
const GOLDEN_TOLERANCE = 1e-3;

const root = document.documentElement;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {import("./assets.js").Config} config
 * @returns {Promise<import("../engine/classifier.js").Classifier>}
 */
async function loadClassifier(config) {
  const [tf, assets] = await Promise.all([loadTensorFlow(), loadAssets(config)]);
  const { vocabulary, topology, weights } = assets;
  const predict = createPredict(tf, topology, weights, vocabulary.sequence_length);
  const classifier = createClassifier(vocabulary, predict);
  checkLabels(config.labels, vocabulary.labels);
  if (config.golden) checkGolden(classifier, config.golden);
  return classifier;
}

/**
 * @param {string[]} shown on the page
 * @param {string[]} trained
 */
function checkLabels(shown, trained) {
  if (JSON.stringify(shown) !== JSON.stringify(trained)) {
    throw new Error("The page and its vocabulary are of different builds.");
  }
}

/**
 * A browser that computes wrongly must not answer at all.
 *
 * @param {import("../engine/classifier.js").Classifier} classifier
 * @param {{text: string, probabilities: number[]}} golden
 */
function checkGolden(classifier, { text, probabilities }) {
  const own = classifier.explain(text).probabilities;
  const agrees =
    own.length === probabilities.length &&
    own.every((value, label) => Math.abs(value - probabilities[label]) <= GOLDEN_TOLERANCE);
  if (!agrees) throw new Error("This browser computes another answer than the trained model gives.");
}

/**
 * @param {import("../engine/classifier.js").Classifier} classifier
 * @param {import("./assets.js").Config} config
 */
function startReading(classifier, config) {
  const field = /** @type {HTMLTextAreaElement} */ (byId("phrase"));
  const results = createResultsView(config.labels, config.not_sure.threshold);
  const reading = createReadingView(classifier.sequenceLength);
  const examples = createExamples(config.examples, {
    choose(text) {
      field.value = text;
      field.scrollIntoView({ block: "nearest" });
      update();
    },
  });
  const reader = createReader(classifier, {
    progress(progress) {
      reading.progress(progress);
      results.wait();
    },
    done(explanation) {
      reading.show(explanation);
      results.show(explanation, examples.verdict(field.value, explanation));
    },
    failed: fail,
  });

  const update = () => reader.read(field.value);
  field.addEventListener("input", update);
  byId("clear").addEventListener("click", () => {
    field.value = "";
    field.focus();
    update();
  });
  update();
}

/** @param {unknown} error */
function fail(error) {
  root.dataset.state = "failed";
  byId("status").textContent = "";
  byId("failure-reason").textContent = error instanceof Error ? error.message : String(error);
  byId("failure").hidden = false;
  console.error(error);
}

async function main() {
  const config = readConfig();
  reloadIfReplaced(() => root.dataset.state === "loading");
  const classifier = await loadClassifier(config);
  const { classify, explain } = classifier;
  Object.assign(globalThis, { byline: { classify, explain } });
  startReading(classifier, config);
  byId("status").textContent = "";
  root.dataset.state = "ready";
}

const started = main().catch(fail);
// Later than the model, so that a first visit's precaching does not compete with what the page waits for.
// Also after a failure: a newer build may be what mends it.
started.then(() => keepOffline(readConfig().service_worker));
