/**
 * Makes what the tests of apps hold their code against, by the page's own tokenizer and windows, and an
 * engine of `classify.mjs`.
 *
 *     node vectors.mjs --engine own --model DIR/tfjs --vocabulary FILE --threshold 0.5 < request.json > vectors.json
 *
 * Reads `{"texts": [...], "explained": [...]}`: strings, and the places of those whose words are left out one by one.
 * Writes for each text its ids, words (start, end and whether it is known), probabilities and whether the answer is
 * sure, and every row that the model was asked with what it said.
 */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClassifier, drain } from "../src/engine/classifier.js";
import { startEngine } from "./engine.mjs";
import { readJson, readModel } from "./model.mjs";

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: "string", default: "own" },
      modules: { type: "string", default: "" },
      model: { type: "string" },
      vocabulary: { type: "string" },
      threshold: { type: "string" },
    },
  });
  const { engine, modules, model, vocabulary: path, threshold } = values;
  if (!model || !path || !threshold) throw new Error("--model, --vocabulary and --threshold are needed");
  const vocabulary = readJson(path);
  const { topology, weights } = readModel(model);
  const length = vocabulary.sequence_length;
  const { predict: ask } = await startEngine(engine, modules, topology, weights, length);

  /** @type {Map<string, number[][]>} */
  const rows = new Map();
  const classifier = createClassifier(
    vocabulary,
    (ids, count) => {
      const answers = Array.from(ask(ids, count));
      const labels = answers.length / count;
      for (let at = 0; at < count; at += 1) {
        const row = Array.from(ids.slice(at * length, (at + 1) * length));
        rows.set(row.join(), [row, answers.slice(at * labels, (at + 1) * labels)]);
      }
      return answers;
    },
    Number(threshold),
  );

  /** @type {{texts: string[], explained: number[]}} */
  const { texts, explained } = JSON.parse(readFileSync(0, "utf8"));
  const answers = texts.map((text) => {
    const { ids, tokens, probabilities, sure } = classifier.explain(text);
    const words = tokens.map(({ start, end, known }) => [start, end, Number(known)]);
    return { ids, words, probabilities, sure };
  });
  const without = explained.map((place) => drain(classifier.leaveOneOut(texts[place])));
  process.stdout.write(`${JSON.stringify({ answers, without, rows: [...rows.values()] })}\n`);
}

try {
  await main();
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`vectors.mjs: ${reason}\n`);
  process.exitCode = 2;
}
