/**
 * What the script says, in the page's language.
 *
 *     t("some_words_known", { known: 3, count: 5 });  // "3 of 5 words known."
 */

/**
 * @typedef {Record<string, string | Record<string, string>>} Strings a plural has a text for each form of its language,
 *   which `in` names if it is another than the page's
 */
/** @typedef {Record<string, string | number>} Values */

/** Below and above it a share is not written as a number of its own. */
const LEAST = 0.005;
const MOST = 0.995;

let language = "en";
/** @type {Strings} */
let strings = {};

/**
 * Once, before anything is said.
 *
 * @param {string} spoken the language
 * @param {Strings} said
 */
export function speak(spoken, said) {
  language = spoken;
  strings = said;
}

/**
 * Made when it is first needed: it takes a while, and other things are waited for before.
 *
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function once(make) {
  /** @type {T | undefined} */
  let made;
  return () => (made ??= make());
}

const numbers = once(() => new Intl.NumberFormat(language));
const percents = once(() => new Intl.NumberFormat(language, { style: "percent" }));
const plurals = once(() => new Intl.PluralRules(language));

/** What the first answer will need. */
export const prepareNumbers = () => void percents();

/**
 * @param {string} key
 * @param {Values} [values] whole numbers are written as the language does; a plural's form is the one of `count`
 */
export const t = (key, values = {}) => formatToParts(key, values).join("");

/**
 * The same for a sentence with elements in it: a label has a direction of its own.
 *
 * @param {string} key
 * @param {Record<string, string | number | Node>} values
 * @returns {(string | Node)[]}
 */
export function formatToParts(key, values) {
  const said = strings[key];
  const text =
    typeof said === "string" ? said : (said?.[formOf(said, Number(values.count))] ?? said?.other ?? key);
  return text.split(/\{(\w+)\}/).map((piece, index) => {
    const value = index % 2 ? values[piece] : piece;
    return typeof value === "number" ? number(value) : value;
  });
}

/** @param {Record<string, string>} said @param {number} count @returns {string} the plural form */
const formOf = (said, count) => (said.in ? new Intl.PluralRules(said.in) : plurals()).select(count);

/** @param {number} value */
export const number = (value) => numbers().format(value);

/**
 * Never "0%" or "100%": the model is not that sure of anything.
 *
 * @param {number} share between 0 and 1
 */
export function percent(share) {
  if (share < LEAST) return bounded("<", 0.01);
  return share > MOST ? bounded(">", 0.99) : percents().format(share);
}

/**
 * In a text from right to left the sign would be mirrored and stand behind its number: it is isolated there.
 *
 * @param {string} sign
 * @param {number} share
 */
function bounded(sign, share) {
  const written = `${sign}${percents().format(share)}`;
  return document.documentElement.dir === "rtl" ? `\u2066${written}\u2069` : written;
}

/**
 * @param {number} share
 * @returns {string} for a screen reader, which may pass over `<`
 */
export function spokenPercent(share) {
  if (share < LEAST) return t("less_than", { share: percents().format(0.01) });
  return share > MOST ? t("more_than", { share: percents().format(0.99) }) : percents().format(share);
}

/**
 * The two labels that come first, for a screen reader.
 *
 * @param {{label: string, score: number}[]} results best first
 * @param {boolean} sure
 */
export function spokenAnswer(results, sure) {
  const [first, second = ""] = results
    .slice(0, 2)
    .map(({ label, score }) => t("spoken_label", { label, share: spokenPercent(score) }));
  return t(sure ? "spoken" : "spoken_not_sure", { first, second });
}
