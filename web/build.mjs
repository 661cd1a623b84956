/**
 * Bundles the page's script and style.
 *
 *     node build.mjs --modules DIR --output DIR
 *
 * `--modules` is the folder whose `node_modules` `npm ci` made from this folder's lock. It is another one
 * than this, because this one may be installed where nobody can write. Writes `app.js` and `style.css`.
 */

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const SOURCE = fileURLToPath(new URL("src/", import.meta.url));

/** Both licences ask that a copy says so, a minified one too. */
const NOTICE = `/*! Byline (MIT). Includes TensorFlow.js 4.22.0, (c) Google LLC, and long.js, (c) Daniel Wirtz, both under the
 * Apache License 2.0, http://www.apache.org/licenses/LICENSE-2.0, and seedrandom, (c) David Bau (MIT). */`;

/**
 * @param {string} modules
 * @param {string} output
 */
async function build(modules, output) {
  const require = createRequire(join(resolve(modules), "modules.cjs"));
  /** @type {typeof import("esbuild")} */
  const esbuild = require("esbuild");
  const { warnings } = await esbuild.build({
    absWorkingDir: SOURCE,
    entryPoints: { app: join(SOURCE, "page/page.js"), style: join(SOURCE, "style/style.css") },
    outdir: resolve(output),
    nodePaths: [join(resolve(modules), "node_modules")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    banner: { js: NOTICE },
    legalComments: "none", // hundreds of the same; the notice says it once
    logLevel: "silent", // thrown instead, both warnings and errors
  });
  if (warnings.length > 0) throw new Error(warnings.map((warning) => warning.text).join("\n"));
}

try {
  const { values } = parseArgs({
    options: { modules: { type: "string" }, output: { type: "string" } },
  });
  if (!values.modules || !values.output) throw new Error("--modules and --output are needed");
  await build(values.modules, values.output);
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`build.mjs: ${reason}\n`);
  process.exitCode = 2;
}
