/** The classifier as somebody else's code is given it: a function, see `web/npm/index.d.ts`. */

import { drain } from "./classifier.js";

/**
 * @param {import("./classifier.js").Classifier} classifier
 * @param {string[]} labels
 * @param {number} threshold
 */
export function callable({ classify, explain, leaveOneOut, rows }, labels, threshold) {
  return Object.assign(ofText("classify", classify), {
    labels: Object.freeze([...labels]),
    threshold,
    explain: ofText("explain", explain),
    leaveOneOut: ofText("leaveOneOut", (text) => drain(leaveOneOut(text))),
    rows: ofText("rows", rows),
  });
}

/**
 * A form's missing value or a row of a table would be read as "undefined" or "[object Object]", and answered.
 *
 * @template T
 * @param {string} name of the function
 * @param {(text: string) => T} answer
 * @returns {(text: string) => T} the same, for strings only
 */
function ofText(name, answer) {
  return (text) => {
    if (typeof text !== "string") throw new TypeError(`${name} needs a string. Received: ${nameOf(text)}`);
    return answer(text);
  };
}

/** @param {unknown} value @returns {string} */
function nameOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a class"})`;
  return typeof value === "function" ? "a function" : `${String(value)} (${typeof value})`;
}
