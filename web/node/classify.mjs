/**
 * The parity program: the page's own tokenizer and windows under Node, with Byline's interpreter or with the stock TF.js
 * package.
 *
 *     node classify.mjs --engine own --model DIR/tfjs --vocabulary FILE < strings.json > out.json
 *     node classify.mjs --engine tfjs --modules DIR --model DIR/tfjs --vocabulary FILE < strings.json > out.json
 *
 * Reads a JSON array of strings and writes, for each, all its ids and a probability for every label:
 *
 *     {"runtime": "tfjs 4.22.0, node v20.20.2, wasm", "results": [{"ids": [4, 1], "probabilities": [0.9, 0.1]}]}
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createClassifier } from "../src/engine/classifier.js";
import { createInterpreter } from "../src/engine/interpreter.js";
import { createPredict } from "../src/engine/tfjs/predict.js";
import { readJson, readModel } from "./model.mjs";

const BATCH = 128;

/** @param {string} folder @returns {typeof import("@tensorflow/tfjs")} */
function loadTensorFlow(folder) {
  const require = createRequire(join(resolve(folder), "modules.cjs"));
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm"); // its program stands beside it
  tf.enableProdMode(); // or it advises, on standard error, to use another package under Node
  return tf;
}

/** @typedef {import("../src/engine/tfjs/predict.js").ModelJSON} Topology */

/** @typedef {{predict: import("../src/engine/classifier.js").Predict, runtime: string}} Engine */

/**
 * @param {string} modules
 * @param {Topology} topology
 * @param {ArrayBuffer} weights
 * @param {number} length
 * @returns {Promise<Engine>}
 */
async function startTensorFlow(modules, topology, weights, length) {
  const tf = loadTensorFlow(modules);
  await tf.setBackend("wasm"); // in six times less time than "cpu"
  const runtime = `tfjs ${tf.version.tfjs}, node ${process.version}, ${tf.getBackend()}`;
  return { predict: createPredict(tf, topology, weights, length), runtime };
}

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: "string" },
      modules: { type: "string" },
      model: { type: "string" },
      vocabulary: { type: "string" },
    },
  });
  const { engine, modules = "", model, vocabulary: vocabularyPath } = values;
  if (!engine || !model || !vocabularyPath || (engine === "tfjs" && !modules)) {
    throw new Error("--engine, --model and --vocabulary are needed, and --modules with the engine tfjs");
  }
  const vocabulary = readJson(vocabularyPath);
  const { topology, weights } = readModel(model);
  const length = vocabulary.sequence_length;
  const { predict, runtime } =
    engine === "tfjs"
      ? await startTensorFlow(modules, topology, weights, length)
      : { predict: createInterpreter(topology, weights, length), runtime: `node ${process.version}` };
  const classifier = createClassifier(vocabulary, predict);

  const texts = JSON.parse(readFileSync(0, "utf8"));
  const results = classifier
    .explainAll(texts, BATCH)
    .map(({ ids, probabilities }) => ({ ids, probabilities }));
  process.stdout.write(`${JSON.stringify({ runtime, results })}\n`);
}

try {
  await main();
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`classify.mjs: ${reason}\n`);
  process.exitCode = 2;
}
