/**
 * Bundles the page's scripts and style, the package's modules, or the module for React Native.
 *
 *     node build.mjs --modules DIR --engine own --output DIR
 *     node build.mjs --modules DIR --engine tfjs --model FILE --output DIR
 *     node build.mjs --modules DIR --engine stock --output DIR
 *     node build.mjs --modules DIR --target npm --engine own --facts FILE --output DIR
 *     node build.mjs --modules DIR --target native --threshold 0.5 --output DIR
 *
 * `--modules` is the folder whose `node_modules` `npm ci` made from this folder's lock. It is another one than this,
 * because this one may be installed where nobody can write. The page has `app.js`, `worker.js` and `style.css`; with the
 * engine `tfjs` the program of its WASM backend, too: TF.js is cut down to what Byline's graphs use, so a model that has
 * another operation is refused. The engine `stock` is all of TF.js. The package has `index.js`, `static.js` and `phrase-classifier.js`, which knows from
 * `--facts`, a JSON file, what it says and shows before there is a model; and `.cjs` for `require()`. React Native's
 * module, `classifier.js`, is not minified: Metro does it. `packages.json` lists the packages of which something is in
 * what was made.
 */

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { missing } from "./src/engine/tfjs/operations.js";

const SOURCE = fileURLToPath(new URL("src/", import.meta.url));
const PACKAGE = fileURLToPath(new URL("npm/", import.meta.url));
const NATIVE = fileURLToPath(new URL("native/", import.meta.url));

const TARGET = "es2022";

/** The licences ask that a copy says so, a minified one too. */
const NOTICE = "/*! Byline (MIT) */";
const APP_NOTICE = "/*! Byline (MIT). Includes d3-dsv 3.0.1, (c) Mike Bostock (ISC) */";
const TENSORFLOW_NOTICE = `/*! Byline (MIT). Includes TensorFlow.js 4.22.0, (c) Google LLC, and long.js, (c) Daniel Wirtz, both under the
 * Apache License 2.0, http://www.apache.org/licenses/LICENSE-2.0; seedrandom, (c) David Bau, and Emscripten's runtime, (c) its authors
 * (MIT); and in engine.wasm XNNPACK, (c) Facebook, Inc. and Google LLC (BSD). */`;

const PROGRAM = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";

/** Of TF.js' converter: kinds of operations that no graph of Byline's has. */
const KINDS = "control|convolution|dynamic|evaluation|hash_table|image|ragged|sparse|spectral|string";
const NO_GRAPH_HAS = new RegExp(`/(op_list|executors)/(${KINDS})(_executor)?$`);

/**
 * The program that reads with several threads is not shipped.
 *
 * @type {import("esbuild").Plugin}
 */
const oneThread = {
  name: "one thread",
  setup(build) {
    build.onResolve({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
      path: "program",
      namespace: "none",
    }));
    build.onLoad({ filter: /^program$/, namespace: "none" }, () => ({
      contents: "export const wasmWorkerContents = undefined; export default undefined;",
    }));
  },
};

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
    build.onLoad({ filter: /^operations$/, namespace: "none" }, () => ({
      contents: "export const json = []; export const executeOp = undefined;",
    }));
  },
};

/** @typedef {import("esbuild").BuildOptions} Options */
/** @typedef {{bundles: Options[], copies: Record<string, string>}} Plan `copies` of packages' files, by their new names */

/**
 * A style as a string, minified: a module puts it into a shadow root.
 *
 * @type {import("esbuild").Plugin}
 */
const styleAsText = {
  name: "style as text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const style = readFileSync(path, "utf8");
      const { code } = await build.esbuild.transform(style, { loader: "css", minify: true, target: TARGET });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/**
 * @param {string} engine "own", "tfjs" or "stock"
 * @param {string} model `model.json`, for "tfjs"
 * @returns {Plan}
 */
function planPage(engine, model) {
  if (engine === "tfjs") checkOperations(model);
  const workerNotice = engine === "own" ? NOTICE : TENSORFLOW_NOTICE;
  return {
    bundles: [
      {
        entryPoints: { app: join(SOURCE, "page/page.js"), style: join(SOURCE, "style/style.css") },
        banner: { js: APP_NOTICE },
      },
      { entryPoints: { start: join(SOURCE, "page/start.js") } },
      {
        entryPoints: { worker: join(SOURCE, `worker/${engine}.js`) },
        banner: { js: workerNotice },
        plugins: engine === "stock" ? [oneThread] : [lean, oneThread],
      },
    ],
    copies: engine === "own" ? {} : { "engine.wasm": PROGRAM },
  };
}

/**
 * The package's modules import one another by the names that they have in the package.
 *
 * @param {".js" | ".cjs"} ending
 * @returns {import("esbuild").Plugin}
 */
const modulesEndIn = (ending) => ({
  name: "modules of the package",
  setup(build) {
    build.onResolve({ filter: /^\.\/(index|model)\.js$/ }, ({ path }) => ({
      path: path.replace(/\.js$/, ending),
      external: true,
    }));
  },
});

/**
 * The package of a model that was trained elsewhere has TF.js in the place of Byline's interpreter.
 *
 * @type {import("esbuild").Plugin}
 */
const byTensorFlow = {
  name: "by TensorFlow.js",
  setup(build) {
    build.onResolve({ filter: /^\.\/engine\.js$/ }, () => ({ path: join(PACKAGE, "engine-tfjs.js") }));
    build.onResolve({ filter: /platform_node$/ }, () => ({ path: join(PACKAGE, "platform.js") }));
  },
};

/**
 * @param {string} facts JSON
 * @param {string} engine "own" or "stock"
 * @returns {Plan} ES modules, and the same for `require()`, which has no need of `import()`
 */
function planPackage(facts, engine) {
  const notice = { banner: { js: engine === "own" ? NOTICE : TENSORFLOW_NOTICE } };
  const engines = engine === "own" ? [] : [byTensorFlow];
  const element = {
    entryPoints: { "phrase-classifier": join(PACKAGE, "element.js") },
    define: { FACTS: facts },
  };
  const main = { index: join(PACKAGE, "load.js") };
  /** @type {Options} */
  const modules = { ...notice, format: "esm", plugins: [styleAsText, modulesEndIn(".js"), ...engines] };
  /** @type {Options} */
  const required = {
    ...notice,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    supported: { "dynamic-import": false },
    plugins: [styleAsText, modulesEndIn(".cjs"), ...engines],
  };
  return {
    bundles: [
      { ...modules, entryPoints: { ...main, static: join(PACKAGE, "load-static.js") } },
      { ...modules, ...element },
      { ...required, entryPoints: main },
      { ...required, ...element },
    ],
    copies: {},
  };
}

/**
 * @param {string} threshold below which an answer is "not sure"
 * @returns {Plan}
 */
function planNative(threshold) {
  const entryPoints = { classifier: join(NATIVE, "classifier.js") };
  const define = { THRESHOLD: String(Number(threshold)) };
  return {
    bundles: [{ entryPoints, define, format: "esm", minify: false, banner: { js: NOTICE } }],
    copies: {},
  };
}

/**
 * @param {{target?: string, engine?: string, model?: string, facts?: string, threshold?: string}} options
 * @returns {Plan}
 */
function planOf({ target, engine, model, facts, threshold }) {
  if (target === "page" && engine && (engine !== "tfjs" || model)) return planPage(engine, model ?? "");
  if (target === "npm" && facts) return planPackage(readFileSync(facts, "utf8"), engine ?? "own");
  if (target === "native" && threshold) return planNative(threshold);
  throw new Error(
    "--engine, and --model with the engine tfjs, are needed, --facts with --target npm, or --threshold with --target native",
  );
}

/**
 * @param {string} modules
 * @param {Plan} plan
 * @param {string} output
 */
async function build(modules, { bundles, copies }, output) {
  const require = createRequire(join(resolve(modules), "modules.cjs"));
  /** @type {typeof import("esbuild")} */
  const esbuild = require("esbuild");
  /** @type {Options} */
  const shared = {
    absWorkingDir: SOURCE,
    outdir: resolve(output),
    nodePaths: [join(resolve(modules), "node_modules")],
    bundle: true,
    minify: true,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    legalComments: "none", // hundreds of the same; the notice says it once
    logLevel: "silent", // thrown instead, both warnings and errors
  };
  const root = join(resolve(modules), "node_modules");
  /** @type {Set<string>} */
  const included = new Set();
  for (const bundle of bundles) {
    const { warnings, metafile } = await esbuild.build({ ...shared, ...bundle, metafile: true });
    if (warnings.length > 0) throw new Error(warnings.map((warning) => warning.text).join("\n"));
    for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
      const read = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      for (const [path] of read) included.add(packageOf(relative(root, resolve(SOURCE, path))));
    }
  }
  for (const [name, file] of Object.entries(copies)) {
    copyFileSync(require.resolve(file), join(output, name));
    included.add(packageOf(file));
  }
  writeFileSync(join(output, "packages.json"), JSON.stringify([...included].filter(Boolean).sort()));
}

/**
 * @param {string} path from `node_modules`
 * @returns {string} the package that the file is of, where it lies; empty for a file of ours
 */
function packageOf(path) {
  const [, name = ""] =
    /^((?:(?:@[^/]+\/)?[^/@.][^/]*\/node_modules\/)*(?:@[^/]+\/)?[^/@.][^/]*)\//.exec(path) ?? [];
  return name;
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
      target: { type: "string", default: "page" },
      engine: { type: "string" },
      model: { type: "string" },
      facts: { type: "string" },
      threshold: { type: "string" },
      output: { type: "string" },
    },
  });
  const { modules, output } = values;
  if (!modules || !output) throw new Error("--modules and --output are needed");
  await build(modules, planOf(values), output);
} catch (error) {
  const [reason] = String(error instanceof Error ? error.message : error).split("\n");
  process.stderr.write(`build.mjs: ${reason}\n`);
  process.exitCode = 2;
}
