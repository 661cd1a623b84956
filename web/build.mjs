/**
 * Bundles the page's scripts and style.
 *
 *     node build.mjs --modules DIR --engine own --output DIR
 *     node build.mjs --modules DIR --engine tfjs --model FILE --output DIR
 *
 * `--modules` is the folder whose `node_modules` `npm ci` made from this folder's lock. It is another one than this,
 * because this one may be installed where nobody can write. Writes `app.js`, `worker.js` and `style.css`; with the
 * engine `tfjs` the program of its WASM backend, too: TF.js is cut down to what Byline's graphs use, so a model that has
 * another operation is refused.
 */

import { copyFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { missing } from "./src/engine/tfjs/operations.js";

const SOURCE = fileURLToPath(new URL("src/", import.meta.url));

/** The licences ask that a copy says so, a minified one too. */
const NOTICE = "/*! Byline (MIT) */";
const TENSORFLOW_NOTICE = `/*! Byline (MIT). Includes TensorFlow.js 4.22.0, (c) Google LLC, and long.js, (c) Daniel Wirtz, both under the
 * Apache License 2.0, http://www.apache.org/licenses/LICENSE-2.0; seedrandom, (c) David Bau, and Emscripten's runtime, (c) its authors
 * (MIT); and in engine.wasm XNNPACK, (c) Facebook, Inc. and Google LLC (BSD). */`;

const PROGRAM = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";

/** Of TF.js' converter: kinds of operations that no graph of Byline's has. */
const KINDS = "control|convolution|dynamic|evaluation|hash_table|image|ragged|sparse|spectral|string";
const NO_GRAPH_HAS = new RegExp(`/(op_list|executors)/(${KINDS})(_executor)?$`);

/**
 * Takes the parts of TF.js that Byline's graphs use. What stands in another's place is imported as itself from there.
 *
 * @type {import("esbuild").Plugin}
 */
const lean = {
  name: "lean",
  setup(build) {
    const ours = join(SOURCE, "engine/tfjs");
    build.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: join(ours, "core.js") }));
    build.onResolve({ filter: /ops_for_converter$/ }, () => ({ path: join(ours, "ops.js") }));
    build.onResolve({ filter: NO_GRAPH_HAS }, () => ({ path: "operations", namespace: "none" }));
    // The program that reads with several threads is not shipped.
    build.onResolve({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
      path: "program",
      namespace: "none",
    }));
    build.onLoad({ filter: /^operations$/, namespace: "none" }, () => ({
      contents: "export const json = []; export const executeOp = undefined;",
    }));
    build.onLoad({ filter: /^program$/, namespace: "none" }, () => ({
      contents: "export const wasmWorkerContents = undefined; export default undefined;",
    }));
  },
};

/**
 * @param {string} modules
 * @param {string} engine "own" or "tfjs"
 * @param {string} model `model.json`, for "tfjs"
 * @param {string} output
 */
async function build(modules, engine, model, output) {
  if (engine === "tfjs") checkOperations(model);
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
    const { warnings } = await esbuild.build({
      ...shared,
      entryPoints,
      banner: { js: notice },
      plugins: [lean],
    });
    if (warnings.length > 0) throw new Error(warnings.map((warning) => warning.text).join("\n"));
  }
  if (engine === "tfjs") copyFileSync(require.resolve(PROGRAM), join(output, "engine.wasm"));
}

/**
 * @param {string} path of a `model.json`
 * @throws {Error} if the page could not compute it
 */
function checkOperations(path) {
  const others = missing(JSON.parse(readFileSync(path, "utf8")).modelTopology);
  if (others.length > 0) throw new Error(`${path} has operations without a kernel on the page: ${others}`);
}

try {
  const { values } = parseArgs({
    options: {
      modules: { type: "string" },
      engine: { type: "string" },
      model: { type: "string" },
      output: { type: "string" },
    },
  });
  const { modules, engine, model = "", output } = values;
  if (!modules || !engine || !output || (engine === "tfjs" && !model)) {
    throw new Error("--modules, --engine and --output are needed, and --model with the engine tfjs");
  }
  await build(modules, engine, model, output);
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`build.mjs: ${reason}\n`);
  process.exitCode = 2;
}
