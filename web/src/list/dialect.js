/**
 * How a table is written: its separator and quotation marks, and whether it has a header.
 *
 * `trainer/data/tables/dialect.py` decides the same for the trainer; `tests/vectors/tables.json` holds both to it.
 */

import { dsvFormat } from "d3-dsv";

/** What a column of text is called by many, and what others are. */
export const TEXT_NAMES = "text phrase sentence content comment review message tweet body lyrics title".split(
  " ",
);
const NAMES = new Set([
  ...TEXT_NAMES,
  ..."label_text label_name label category class author sentiment intent target topic genre mood".split(" "),
  ..."id index split group question answer score".split(" "),
]);

const SEPARATORS = [",", "\t", ";", "|"];

/** Records that tell the separator, and that tell whether there is a header. */
const FEW = 100;
export const LOOKED_AT = 1000;

const DOUBLED = '"([^"]*(?:""[^"]*)*)"';
const ESCAPED = '"([^"\\\\]*(?:(?:\\\\[\\s\\S]|"")[^"\\\\]*)*)"';
const NUMBERS = /^[\d.,:/ +-]*\d[\d.,:/ +-]*$/;

/**
 * @param {string} text with "\n" at the ends of lines
 * @param {boolean} tabs whether tabs separate, as the file's name says
 * @returns {{rows: string[][], header: boolean, delimiter: string}} the records that are not blank; whether the first
 *     has the names of the columns
 */
export function readTable(text, tabs) {
  const [line, named] = /^"?sep=(.)"?(?:\n|$)/i.exec(text) ?? ["", ""];
  const body = text.slice(line.length);
  const delimiter = named || (tabs ? "\t" : separatorOf(body));
  const records = parse(body, delimiter, quotingOf(body, delimiter));
  const rows = records.filter((row) => row.some((cell) => cell.trim() !== ""));
  return { rows, header: hasHeader(rows.slice(0, LOOKED_AT)), delimiter };
}

/**
 * @param {string} text
 * @param {string} delimiter
 * @param {string} quoting "doubled", "backslash" or "none"
 */
function parse(text, delimiter, quoting) {
  if (quoting === "none") return text.split("\n").map((line) => line.split(delimiter));
  const plain =
    quoting === "doubled"
      ? text
      : text.replace(/\\([\\"])/g, (_, escaped) => (escaped === '"' ? '""' : "\\"));
  return dsvFormat(delimiter).parseRows(plain);
}

/**
 * The separator that cuts the first records into the same number of values, and of these into the most.
 *
 * @param {string} text
 */
function separatorOf(text) {
  const head = text.split("\n", 2 * FEW).filter((line) => line.trim() !== "");
  const lines = head.slice(0, FEW).join("\n");
  let [most, found] = [0, ""];
  for (const separator of SEPARATORS) {
    // A comma between digits is a decimal comma where something else separates.
    const cut = separator === "," ? lines.replace(/(?<=\d),(?=\d)/g, "") : lines;
    const widths = dsvFormat(separator)
      .parseRows(cut)
      .map((row) => row.length);
    const [first = 0] = widths;
    const same = Math.floor((10 * widths.filter((width) => width === first).length) / widths.length + 0.5);
    const fit = 1e6 * same + first;
    if (first > 1 && fit > most) [most, found] = [fit, separator];
  }
  return found || ",";
}

/**
 * Values between tabs are unquoted unless they are consistently quoted; others are quoted, and a mark is doubled unless a
 * backslash stands before it.
 *
 * @param {string} text
 * @param {string} delimiter
 */
function quotingOf(text, delimiter) {
  if (!text.includes('"')) return "none";
  if (delimiter !== "\t" && !text.includes('\\"')) return "doubled";
  const plain = quoted(text, delimiter, DOUBLED);
  const escaped = text.includes('\\"') && plain.strays > 0 ? quoted(text, delimiter, ESCAPED) : plain;
  if (delimiter === "\t" && !plain.consistent) return escaped.consistent ? "backslash" : "none";
  return escaped.strays < plain.strays ? "backslash" : "doubled";
}

/**
 * @param {string} text
 * @param {string} delimiter
 * @param {string} field the pattern of a quoted one
 * @returns {{strays: number, consistent: boolean}} quotation marks outside of quoted fields; whether there is none, no
 *     field swallows the end of a record, and some field needs its marks, or as many have them as there are records
 */
function quoted(text, delimiter, field) {
  const edge = delimiter.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
  let [count, needed, swallowed] = [0, false, false];
  const rest = text.replace(
    new RegExp(`(^|\\n|${edge})${field}(?=\\n|${edge}|$)`, "g"),
    (_, before, value) => {
      const [holds, breaks] = [value.includes(delimiter), value.includes("\n")];
      count += 1;
      swallowed ||= holds && breaks;
      needed ||= holds || breaks || value.includes('"');
      return before;
    },
  );
  const strays = rest.split('"').length - 1;
  const records = rest.split("\n").filter((line) => line !== "").length;
  const whole = records > 0 && 10 * count >= 9 * records;
  return { strays, consistent: strays === 0 && !swallowed && (needed || whole) };
}

/**
 * The first of some records has names unless it looks like data: unless one of its cells is unlike a name, or stands again
 * below in a column of few values.
 *
 * @param {string[][]} records
 */
export function hasHeader([head = [], ...below]) {
  if (below.length === 0) return true;
  const first = head.map((cell) => cell.trim());
  if (first.some((cell) => NAMES.has(cell.toLowerCase()))) return true;
  const numbered = (/** @type {number} */ start) =>
    first.every((cell, place) => (cell || "0") === String(Math.max(0, place + start)));
  if (numbered(0) || numbered(-1)) return true; // as pandas numbers columns
  const columns = first.map((_, place) =>
    below.flatMap((row) => (place < row.length ? [row[place].trim()] : [])),
  );
  if (first.some((cell, place) => cell !== "" && !NUMBERS.test(cell) && isNumeric(columns[place])))
    return true;
  if (first.some(isUnlikeAName)) return false;
  return !first.some((cell, place) => {
    const column = columns[place];
    const few = column.length < 4 || 2 * new Set(column).size <= column.length;
    return cell !== "" && few && column.includes(cell);
  });
}

/** @param {string[]} column */
function isNumeric(column) {
  const cells = column.filter((cell) => cell !== "");
  return cells.length > 0 && cells.every((cell) => NUMBERS.test(cell));
}

/** @param {string} cell */
function isUnlikeAName(cell) {
  return cell.split(/\s+/).length > 4 || [...cell].length > 50 || /[.!?…。]$/.test(cell);
}
