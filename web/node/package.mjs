/**
 * The parity program of the npm package: the module as it is packed, under Node.
 *
 *     node package.mjs --package DIR/npm < strings.json > out.json
 *
 * Reads and writes what `classify.mjs` does.
 */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

try {
  const { values } = parseArgs({ options: { package: { type: "string" } } });
  if (!values.package) throw new Error("--package is needed");
  /** @type {typeof import("../npm/index.js")} */
  const { load } = await import(pathToFileURL(join(resolve(values.package), "index.js")).href);
  const { explain } = await load();
  /** @type {string[]} */
  const texts = JSON.parse(readFileSync(0, "utf8"));
  const results = texts.map(explain).map(({ ids, probabilities }) => ({ ids, probabilities }));
  process.stdout.write(`${JSON.stringify({ runtime: `node ${process.version}`, results })}\n`);
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`package.mjs: ${reason}\n`);
  process.exitCode = 2;
}
