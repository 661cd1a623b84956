/** Spreadsheets (.xlsx, .ods) as rows: the first sheet that holds anything, as `trainer/data/tables/workbooks.py` reads it. */

import { createPolicy } from "../shared/trusted.js";
import { openArchive } from "./archive.js";

/** Office Open XML's own numbers of formats that are dates and times; others are known by what they are made of. */
const DATES = "14-22 27-36 45-47 50-58".split(" ").map((range) => range.split("-").map(Number));
const DAY = 86_400_000;
const EPOCH = Date.UTC(1899, 11, 30);

/** Empty rows and cells are repeated to the end of an OpenDocument sheet: they are not made. */
const MOST_EMPTY = 1000;

/** A sheet is parsed, read and forgotten: nothing of it becomes a part of the page. */
const sheets = createPolicy("byline-sheet", { createHTML: (xml) => xml });

/** @typedef {string[][]} Cells */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Cells | undefined>} undefined where it is no spreadsheet
 */
export async function readWorkbook(bytes) {
  const open = openArchive(bytes);
  const [excel, document] = await Promise.all([open("xl/workbook.xml"), open("content.xml")]);
  if (excel) return readExcel(excel, open);
  return document ? readOpenDocument(parse(document)) : undefined;
}

/** @param {string} text */
function parse(text) {
  const xml = new DOMParser().parseFromString(sheets.createHTML(text), "application/xml");
  if (xml.querySelector("parsererror")) throw new Error("no XML");
  return xml;
}

/**
 * @param {Element | Document} of
 * @param {string} name without a prefix
 */
const all = (of, name) => Array.from(of.getElementsByTagNameNS("*", name));

/**
 * @param {Element} of
 * @param {string} name without a prefix, as Office Open XML and OpenDocument use different ones
 */
const attribute = (of, name) =>
  Array.from(of.attributes).find(({ localName }) => localName === name)?.value ?? "";

/**
 * @param {string} text `xl/workbook.xml`
 * @param {(path: string) => Promise<string | undefined>} open
 */
async function readExcel(text, open) {
  const [links, strings, styles] = await Promise.all(
    ["_rels/workbook.xml.rels", "sharedStrings.xml", "styles.xml"].map(async (name) =>
      parse((await open(`xl/${name}`)) ?? "<none/>"),
    ),
  );
  const workbook = parse(text);
  const targets = new Map(
    all(links, "Relationship").map((link) => [link.id || attribute(link, "Id"), attribute(link, "Target")]),
  );
  const shared = all(strings, "si").map(textOf);
  const dates = datesOf(styles);
  for (const sheet of all(workbook, "sheet")) {
    const link = sheet.getAttributeNS(
      "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
      "id",
    );
    const target = targets.get(link ?? attribute(sheet, "id")) ?? "";
    const path = target.startsWith("/") ? target.slice(1) : `xl/${target}`;
    const rows = rowsOf(parse((await open(path)) ?? "<none/>"), shared, dates);
    if (rows.length > 0) return rows;
  }
  return [];
}

/**
 * @param {Element} of with runs of text; how they are pronounced is left out
 * @returns {string}
 */
const textOf = (of) =>
  all(of, "t")
    .filter((text) => text.parentElement?.localName !== "rPh")
    .map((text) => text.textContent)
    .join("");

/**
 * @param {Document} styles
 * @returns {boolean[]} whether a cell of a style is a date
 */
function datesOf(styles) {
  const codes = new Map(
    all(styles, "numFmt").map((format) => [attribute(format, "numFmtId"), attribute(format, "formatCode")]),
  );
  return all(all(styles, "cellXfs")[0] ?? styles, "xf").map((style) => {
    const id = attribute(style, "numFmtId");
    const code = codes.get(id)?.replace(/"[^"]*"|\[[^\]]*\]|\\./g, "");
    return code === undefined ? DATES.some(([from, to]) => +id >= from && +id <= to) : /[dmyhs]/i.test(code);
  });
}

/**
 * @param {Document} sheet
 * @param {string[]} shared
 * @param {boolean[]} dates
 */
function rowsOf(sheet, shared, dates) {
  /** @type {Cells} */
  const rows = [];
  for (const row of all(sheet, "row")) {
    const at = Number(attribute(row, "r") || rows.length + 1) - 1;
    /** @type {string[]} */
    const cells = [];
    rows[at] = cells;
    for (const cell of all(row, "c")) {
      const place = columnOf(attribute(cell, "r")) ?? cells.length;
      cells[place] = cellOf(cell, shared, dates);
    }
  }
  return whole(rows);
}

/** @param {string} reference such as "AB12" */
function columnOf(reference) {
  const letters = /^[A-Z]+/.exec(reference)?.[0];
  return letters
    ? [...letters].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1
    : undefined;
}

/**
 * @param {Element} cell
 * @param {string[]} shared
 * @param {boolean[]} dates
 */
function cellOf(cell, shared, dates) {
  const kind = attribute(cell, "t");
  if (kind === "inlineStr") return textOf(cell);
  const value = all(cell, "v")[0]?.textContent ?? "";
  if (kind === "s") return shared[Number(value)] ?? "";
  if (kind === "b") return value === "1" ? "True" : "False";
  if (kind === "str" || kind === "e" || kind === "d" || value === "") return value;
  return dates[Number(attribute(cell, "s"))] ? dated(Number(value)) : written(Number(value));
}

/** @param {number} value of which a whole one is written without an exponent */
const written = (value) => String(Number.isInteger(value) ? BigInt(value) : value);

/**
 * @param {number} days since the last but one day of 1899
 * @returns {string} a day, a time, or both
 */
function dated(days) {
  const [day, time] = new Date(EPOCH + Math.round(days * DAY)).toISOString().slice(0, 19).split("T");
  if (days < 1) return time;
  return Number.isInteger(days) ? day : `${day}T${time}`;
}

/** @param {Document} content `content.xml` of an OpenDocument */
function readOpenDocument(content) {
  for (const table of all(content, "table")) {
    /** @type {Cells} */
    const rows = [];
    for (const row of all(table, "table-row")) {
      const cells = Array.from(row.children).flatMap((cell) => repeated(cell, "columns", openCellOf(cell)));
      rows.push(...repeated(row, "rows", cells));
    }
    const found = whole(rows);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * @template {string | string[]} T
 * @param {Element} element
 * @param {string} what
 * @param {T} value
 * @returns {T[]}
 */
function repeated(element, what, value) {
  const count = Number(attribute(element, `number-${what}-repeated`) || 1);
  const empty = typeof value === "string" ? value === "" : value.every((cell) => cell === "");
  return Array(empty ? Math.min(count, MOST_EMPTY) : count).fill(value);
}

/** @param {Element} cell */
function openCellOf(cell) {
  const kind = attribute(cell, "value-type");
  if (kind === "float" || kind === "percentage" || kind === "currency")
    return written(Number(attribute(cell, "value")));
  if (kind === "date") return attribute(cell, "date-value");
  if (kind === "boolean") return attribute(cell, "boolean-value") === "true" ? "True" : "False";
  const paragraphs = Array.from(cell.children).filter(({ localName }) => localName === "p");
  return paragraphs.map(paragraphOf).join("\n");
}

/**
 * @param {Node} node
 * @returns {string} with its spaces, tabs and line breaks, which are elements
 */
function paragraphOf(node) {
  if (!(node instanceof Element)) return node.textContent ?? "";
  if (node.localName === "s") return " ".repeat(Number(attribute(node, "c") || 1));
  if (node.localName === "tab") return "\t";
  if (node.localName === "line-break") return "\n";
  return node.localName === "annotation" ? "" : Array.from(node.childNodes, paragraphOf).join("");
}

/**
 * @param {(string | undefined)[][]} rows with holes
 * @returns {Cells} without holes, and without what is empty after the last cell that is not
 */
function whole(rows) {
  const filled = Array.from(rows, (row) => Array.from(row ?? [], (cell) => cell ?? ""));
  while (filled.at(-1)?.every((cell) => cell === "")) filled.pop();
  const widths = filled.map((row) =>
    row.reduce((width, cell, place) => (cell === "" ? width : place + 1), 0),
  );
  const width = widths.reduce((most, of) => Math.max(most, of), 0);
  return filled.map((row) => Array.from({ length: width }, (_, place) => row[place] ?? ""));
}
