/** Reads what an export wrote. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shardPaths } from "../src/engine/weights.js";

/** @param {string} path */
export const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/**
 * @param {string} folder `tfjs/`
 * @returns {{topology: import("../src/engine/tfjs/predict.js").ModelJSON, weights: ArrayBuffer}}
 */
export function readModel(folder) {
  const topology = readJson(join(folder, "model.json"));
  const shards = shardPaths(topology).map((/** @type {string} */ path) => readFileSync(join(folder, path)));
  return { topology, weights: new Uint8Array(Buffer.concat(shards)).buffer };
}
