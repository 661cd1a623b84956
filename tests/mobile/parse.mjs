/**
 * Parses Swift and Dart by tree-sitter's grammars: node parse.mjs --modules DIR FILE…
 *
 * Writes for each file the lines that the grammar does not know: {"Tokenizer.swift": [], "classifier.dart": [12]}
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { modules: { type: "string" } },
  allowPositionals: true,
});
if (!values.modules) throw new Error("--modules is needed");
const load = createRequire(join(resolve(values.modules), "modules.cjs"));
const { Language, Parser } = load("web-tree-sitter");
const grammars = join(dirname(load.resolve("tree-sitter-wasms/package.json")), "out");

await Parser.init();

/**
 * @param {any} node of the tree
 * @returns {number[]} lines with a mistake, from 1 on
 */
function mistakes(node) {
  if (node.isError || node.isMissing) return [node.startPosition.row + 1];
  return node.hasError ? node.children.flatMap(mistakes) : [];
}

/** @type {Record<string, number[]>} */
const found = {};
for (const file of positionals) {
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(grammars, `tree-sitter-${extname(file).slice(1)}.wasm`)));
  found[basename(file)] = mistakes(parser.parse(readFileSync(file, "utf8")).rootNode);
}
process.stdout.write(JSON.stringify(found));
