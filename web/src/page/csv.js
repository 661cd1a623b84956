/**
 * Files of text into rows, and rows into CSV.
 *
 *     readRows("a;b\n1;2\n", "x.csv");  // {header: ["a", "b"], rows: [["1", "2"]], delimiter: ";"}
 */

import { dsvFormat } from "d3-dsv";

const DELIMITERS = [",", ";", "\t"];

/** What a column of text is called by many. */
const TEXT_NAMES = ["text", "phrase", "sentence", "content", "message", "comment", "review", "body", "title"];

/** Rows that are looked at to find the column with the text. */
const LOOKED_AT = 50;

/**
 * @typedef {object} Sheet
 * @property {string[]} header names of the columns; of a list without columns there are none
 * @property {string[][]} rows
 */

/**
 * @param {string} content
 * @param {string} name of the file
 * @returns {Sheet}
 */
export function readRows(content, name) {
  const text = content.replace(/^\uFEFF/, "");
  if (!/\.(csv|tsv)$/i.test(name)) {
    const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
    return { header: [], rows: lines.map((line) => [line]) };
  }
  const rows = dsvFormat(delimiterOf(text)).parseRows(text);
  const [header = [], ...rest] = rows.filter((row) => row.some((cell) => cell.trim() !== ""));
  return { header, rows: rest };
}

/**
 * The one that the first line has most of, quoted parts aside.
 *
 * @param {string} text
 */
function delimiterOf(text) {
  const [first] = text.replace(/"[^"]*"/g, "").split(/\r\n|\r|\n/, 1);
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/**
 * @param {Sheet} sheet
 * @returns {number} the column that is called like text, or whose cells are the longest
 */
export function textColumn({ header, rows }) {
  const called = header.findIndex((name) => TEXT_NAMES.includes(name.trim().toLowerCase()));
  if (called >= 0) return called;
  const some = rows.slice(0, LOOKED_AT);
  const lengths = header.map((_, column) => some.reduce((sum, row) => sum + (row[column] ?? "").length, 0));
  return Math.max(lengths.indexOf(Math.max(...lengths)), 0);
}

/**
 * @param {string[][]} rows
 * @returns {string} with a mark at its start by which spreadsheets know UTF-8
 */
export const writeCsv = (rows) => `\uFEFF${dsvFormat(",").formatRows(rows)}\n`;
