/**
 * Files of text into rows, and rows into CSV.
 *
 *     readRows(bytes, "x.csv");  // of "a;b\n1;2\n": {header: ["a", "b"], named: true, rows: [["1", "2"]]}
 */

import { dsvFormat } from "d3-dsv";
import { decode, readTable, TEXT_NAMES } from "./dialect.js";

/** Rows that are looked at to find the column with the text. */
const LOOKED_AT = 50;

/** Lines that tell of what kind a file is whose name does not. */
const FEW = 100;

const FASTTEXT = /^((?:__label__\S+\s+)+)(.*)$/;

/**
 * @typedef {object} Sheet
 * @property {string[]} header names of the columns, or their numbers; of a list without columns there are none
 * @property {boolean} named whether the columns have names
 * @property {string[][]} rows
 */

/**
 * @param {Uint8Array} bytes
 * @param {string} name of the file
 * @returns {Sheet | undefined} undefined where the file is no text
 */
export function readRows(bytes, name) {
  const text = decode(bytes);
  if (text === undefined) return undefined;
  if (/\.(csv|tsv)$/i.test(name)) return sheetOf(readTable(text, /\.tsv$/i.test(name)));
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const some = lines.slice(0, FEW);
  if (some.length > 0 && some.every((line) => FASTTEXT.test(line))) return labelled(lines);
  if (some.length > 0 && some.every((line) => line.trim().includes("\t")))
    return sheetOf(readTable(text, true));
  return { header: [], named: false, rows: lines.map((line) => [line]) };
}

/** @param {{rows: string[][], header: boolean}} table */
function sheetOf({ rows, header }) {
  if (header) return { header: (rows[0] ?? []).map((name) => name.trim()), named: true, rows: rows.slice(1) };
  return { header: rows[0].map((_, column) => String(column + 1)), named: false, rows };
}

/** @param {string[]} lines fastText's, `__label__x text` */
function labelled(lines) {
  const rows = lines.map((line) => {
    const [, labels, text] = FASTTEXT.exec(line) ?? ["", "", line];
    return [text, labels.replace(/__label__/g, "").trim()];
  });
  return { header: ["text", "label"], named: true, rows };
}

/**
 * @param {Sheet} sheet
 * @returns {number} the column that is called like text, or whose cells are the longest
 */
export function textColumn({ header, rows }) {
  const names = header.map((name) => name.toLowerCase());
  const called = TEXT_NAMES.find((name) => names.includes(name));
  if (called) return names.indexOf(called);
  const some = rows.slice(0, LOOKED_AT);
  const lengths = header.map((_, column) => some.reduce((sum, row) => sum + (row[column] ?? "").length, 0));
  return Math.max(lengths.indexOf(Math.max(...lengths)), 0);
}

/**
 * @param {string[][]} rows
 * @returns {string} with a mark at its start by which spreadsheets know UTF-8
 */
export const writeCsv = (rows) => `\uFEFF${dsvFormat(",").formatRows(rows)}\n`;
