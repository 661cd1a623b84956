/** Tables, lists, and lines that begin with a label, as rows, and rows as CSV. */

import { dsvFormat } from "d3-dsv";
import { hasHeader, LOOKED_AT, readTable, TEXT_NAMES } from "./dialect.js";

/** Rows that are looked at to find the column with the text. */
const FEW_ROWS = 50;

/** Lines that tell of what kind a file is whose name does not. */
const FEW = 100;

/** What fastText's lines and TREC's begin with: `__label__x text`, `NUM:count text`. */
const LABELLED = [/^((?:__label__\S+\s+)+)(.*)$/, /^([A-Z]+:\w+ )(.*)$/];

/**
 * @typedef {object} Sheet
 * @property {string[]} header names of the columns, or their numbers; of a list without columns there are none
 * @property {boolean} named whether the columns have names
 * @property {string[][]} rows
 * @property {string} [delimiter] of a table of separated values
 */

/**
 * @param {string} text with "\n" at the ends of lines
 * @param {string} ending of the file's name
 * @returns {Sheet}
 */
export function readText(text, ending) {
  if (ending === "csv" || ending === "tsv") return sheetOf(readTable(text, ending === "tsv"));
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const some = lines.slice(0, FEW);
  const pattern = LABELLED.find((pattern) => some.length > 0 && some.every((line) => pattern.test(line)));
  if (pattern) return labelled(lines, pattern);
  if (some.length > 0 && some.every((line) => line.trim().includes("\t")))
    return sheetOf(readTable(text, true));
  return { header: [], named: false, rows: lines.map((line) => [line]) };
}

/**
 * @param {string[][]} cells of a spreadsheet
 * @returns {Sheet}
 */
export function readCells(cells) {
  const rows = cells.filter((row) => row.some((cell) => cell.trim() !== ""));
  return sheetOf({ rows, header: hasHeader(rows.slice(0, LOOKED_AT)) });
}

/** @param {{rows: string[][], header: boolean, delimiter?: string}} table */
function sheetOf({ rows: [first = [], ...below], header, delimiter }) {
  if (header) return { header: first.map((name) => name.trim()), named: true, rows: below, delimiter };
  return {
    header: first.map((_, column) => String(column + 1)),
    named: false,
    rows: [first, ...below],
    delimiter,
  };
}

/**
 * @param {string[]} lines
 * @param {RegExp} pattern
 * @returns {Sheet}
 */
function labelled(lines, pattern) {
  const rows = lines.map((line) => {
    const [, labels, text] = pattern.exec(line) ?? ["", "", line];
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
  const some = rows.slice(0, FEW_ROWS);
  const lengths = header.map((_, column) => some.reduce((sum, row) => sum + (row[column] ?? "").length, 0));
  return Math.max(lengths.indexOf(Math.max(...lengths)), 0);
}

/** What a spreadsheet takes for a formula: OWASP, CSV injection. Plain numbers are none. */
const FORMULA = /^(?:[=@\t\r]|[+-](?![\d.,]+$))/;

/**
 * @param {string[][]} rows
 * @param {string} [delimiter]
 * @returns {string} with a mark at its start by which spreadsheets know UTF-8; an apostrophe stands before a formula
 */
export function writeCsv(rows, delimiter = ",") {
  const safe = rows.map((row) => row.map((cell) => (FORMULA.test(cell) ? `'${cell}` : cell)));
  return `\uFEFF${dsvFormat(delimiter).formatRows(safe)}\n`;
}
