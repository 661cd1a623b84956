/** Small things about elements. A template of a user's own may leave sections out: what is not there is undefined. */

/** Up to as many labels have a colour each; `palette.css` and the template know the same number. */
export const HUES = 8;

/**
 * @param {string} id
 * @returns {HTMLElement | undefined}
 */
export const find = (id) => document.getElementById(id) ?? undefined;

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function need(id) {
  const element = find(id);
  if (!element) throw new Error(`The page must have an element with the id ${id}.`);
  return element;
}

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

/**
 * A label inside a sentence: its direction is its own.
 *
 * @param {string} label
 * @param {"span" | "strong"} [tag]
 */
export function named(label, tag = "span") {
  const name = element(tag, "", label);
  name.dir = "auto";
  return name;
}
