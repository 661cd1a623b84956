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
import { parseArgs } from "node:util";
import { createClassifier } from "../src/engine/classifier.js";
import { startEngine } from "./engine.mjs";
import { readJson, readModel } from "./model.mjs";

const BATCH = 128;

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
  const { predict, runtime } = await startEngine(
    engine,
    modules,
    topology,
    weights,
    vocabulary.sequence_length,
  );
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
