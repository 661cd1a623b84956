/**
 * Bundles the scripts of the pages.
 *
 *     node build.mjs --modules DIR --output DIR
 *
 * `--modules` is the folder whose `node_modules` `npm ci` made from this folder's lock.
 */

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const SOURCE = fileURLToPath(new URL("./", import.meta.url));
const PAGES = ["stock", "shaken", "litert", "onnx"];

const { values } = parseArgs({ options: { modules: { type: "string" }, output: { type: "string" } } });
const modules = resolve(values.modules ?? ".");
/** @type {typeof import("esbuild")} */
const esbuild = createRequire(join(modules, "modules.cjs"))("esbuild");
await esbuild.build({
  absWorkingDir: SOURCE,
  entryPoints: Object.fromEntries(PAGES.map((page) => [page, join(SOURCE, `${page}.js`)])),
  outdir: resolve(values.output ?? "."),
  nodePaths: [join(modules, "node_modules")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "error",
});
