/** JSON as rows, by the rules of `trainer/data/tables/workbooks.py`: an array of objects, one inside of an object, or columns. */

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {Record<string, unknown>} JsonObject */

/**
 * @param {string} text
 * @param {boolean} lined whether each line is an object, as the file's name says
 * @returns {Sheet | undefined} undefined where it is of another shape
 */
export function readJson(text, lined) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lined || lines.slice(0, 2).filter(isObjectLine).length === 2)
    return sheetOf(lines.map((line) => JSON.parse(line)));
  return sheetOf(recordsOf(JSON.parse(text)));
}

/** @param {string} line */
function isObjectLine(line) {
  try {
    return isObject(JSON.parse(line));
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {value is JsonObject}
 */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value */
function recordsOf(value) {
  if (!isObject(value)) return value;
  const held = Object.values(value);
  const arrays = held.filter((array) => Array.isArray(array) && array.length > 0 && array.every(isObject));
  if (arrays.length === 1) return arrays[0];
  if (held.length > 0 && held.every(Array.isArray)) return across(value, held);
  // As pandas writes: column -> index -> value.
  if (held.length > 0 && held.every(isObject)) return across(value, held.map(Object.values));
  return [value];
}

/**
 * @param {JsonObject} named
 * @param {unknown[][]} columns
 */
function across(named, columns) {
  const names = Object.keys(named);
  if (columns.some((column) => column.length !== columns[0].length)) return undefined;
  return columns[0].map((_, row) =>
    Object.fromEntries(names.map((name, place) => [name, columns[place][row]])),
  );
}

/**
 * @param {unknown} records objects, or texts alone
 * @returns {Sheet | undefined}
 */
function sheetOf(records) {
  if (!Array.isArray(records)) return undefined;
  if (records.every((record) => typeof record === "string"))
    return { header: [], named: false, rows: records.map((text) => [text]) };
  if (!records.every(isObject)) return undefined;
  const header = Object.keys(records[0]);
  return { header, named: true, rows: records.map((record) => header.map((name) => written(record[name]))) };
}

/** @param {unknown} value */
function written(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
