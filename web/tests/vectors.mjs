import { readFileSync } from "node:fs";

/**
 * What Python and JavaScript read alike.
 *
 * @param {string} name of a file in `tests/vectors/`
 * @returns {any}
 */
export function vectors(name) {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), "utf8"));
}
