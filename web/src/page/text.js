/** Small things about words and numbers that several views say. */

const NUMBERS = new Intl.NumberFormat("en");

/** @param {number} value */
export const number = (value) => NUMBERS.format(value);

/**
 * Never "0%" or "100%": the model is not that sure of anything.
 *
 * @param {number} share between 0 and 1
 */
export function percent(share) {
  if (share < 0.005) return "<1%";
  if (share > 0.995) return ">99%";
  return `${Math.round(share * 100)}%`;
}

/**
 * @param {number} share
 * @returns {string} for a screen reader, which may pass over `<`
 */
export function spokenPercent(share) {
  return percent(share).replace("<", "less than ").replace(">", "more than ").replace("%", " percent");
}

/**
 * @param {number} count
 * @param {string} noun
 */
export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/**
 * An element with text or children in it. Text goes in as text: a label may contain markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(string | Node)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
