/**
 * A file of a visitor's as rows, by its first bytes and its name.
 *
 *     await readFile(bytes, "x.csv");  // of "a;b\n1;2\n": {sheet: {header: ["a", "b"], ...}, encoding: "utf-8"}
 */

import { unpack } from "./archive.js";
import { decode, encodingOf } from "./encoding.js";
import { readJson } from "./records.js";
import { readCells, readText } from "./sheet.js";
import { readWorkbook } from "./workbook.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {{sheet: Sheet, encoding: string}} Found the encoding is empty where the file is no text */

/** First bytes of what gzip packed, and of a ZIP archive. */
const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} name of the file
 * @param {{encoding?: string, letters?: string}} [options] `encoding`: in place of what it looks like; `letters`: a
 *     text in the languages that are expected
 * @returns {Promise<Found | undefined>} undefined where the file cannot be read
 */
export async function readFile(bytes, name, { encoding = "", letters = "" } = {}) {
  if (startsWith(bytes, GZIP))
    return readFile(await unpack(bytes, "gzip"), name.replace(/\.gz$/i, ""), { encoding, letters });
  if (startsWith(bytes, ZIP)) {
    const cells = await readWorkbook(bytes);
    return cells && { sheet: readCells(cells), encoding: "" };
  }
  const chosen = encoding || encodingOf(bytes, letters);
  const text = chosen && decode(bytes, chosen);
  if (!chosen || text === undefined) return undefined;
  const ending = /\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? "";
  const isJson = ending === "json" || ending === "jsonl" || ending === "ndjson";
  const sheet = isJson ? readJson(text, ending !== "json") : readText(text, ending);
  return sheet && { sheet, encoding: chosen };
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} first
 */
const startsWith = (bytes, first) => first.every((byte, place) => bytes[place] === byte);
