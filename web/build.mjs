/**
 * Bundles the page's scripts and style.
 *
 *     node build.mjs --modules DIR --engine own --output DIR
 *
 * `--modules` is the folder whose `node_modules` `npm ci` made from this folder's lock. It is another one than this,
 * because this one may be installed where nobody can write. Writes `app.js`, `worker.js` and `style.css`; with the
 * engine `tfjs` the program of its WASM backend, too.
 */

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const SOURCE = fileURLToPath(new URL("src/", import.meta.url));

/** The licences ask that a copy says so, a minified one too. */
const NOTICE = "/*! Byline (MIT) */";
const TENSORFLOW_NOTICE = `/*! Byline (MIT). Includes TensorFlow.js 4.22.0, (c) Google LLC, and long.js, (c) Daniel Wirtz, both under the
 * Apache License 2.0, http://www.apache.org/licenses/LICENSE-2.0, and seedrandom, (c) David Bau (MIT). */`;

/**
 * @param {string} modules
 * @param {string} engine "own" or "tfjs"
 * @param {string} output
 */
async function build(modules, engine, output) {
  const require = createRequire(join(resolve(modules), "modules.cjs"));
  /** @type {typeof import("esbuild")} */
  const esbuild = require("esbuild");
  /** @type {import("esbuild").BuildOptions} */
  const shared = {
    absWorkingDir: SOURCE,
    outdir: resolve(output),
    nodePaths: [join(resolve(modules), "node_modules")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none", // hundreds of the same; the notice says it once
    logLevel: "silent", // thrown instead, both warnings and errors
  };
  /** @type {Record<string, string>[]} */
  const entries = [
    { app: join(SOURCE, "page/page.js"), style: join(SOURCE, "style/style.css") },
    { worker: join(SOURCE, `worker/${engine}.js`) },
  ];
  for (const entryPoints of entries) {
    const notice = engine === "tfjs" && "worker" in entryPoints ? TENSORFLOW_NOTICE : NOTICE;
    const { warnings } = await esbuild.build({ ...shared, entryPoints, banner: { js: notice } });
    if (warnings.length > 0) throw new Error(warnings.map((warning) => warning.text).join("\n"));
  }
}

try {
  const { values } = parseArgs({
    options: { modules: { type: "string" }, engine: { type: "string" }, output: { type: "string" } },
  });
  if (!values.modules || !values.engine || !values.output) {
    throw new Error("--modules, --engine and --output are needed");
  }
  await build(values.modules, values.engine, values.output);
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`build.mjs: ${reason}\n`);
  process.exitCode = 2;
}
