/**
 * Reads the vocabulary as a page downloads it: the surface forms that follow from a word and from the capitals of its
 * letters were left out, and are not made here either. A token that is not listed is led back to its word.
 *
 *     const idOf = lookUp({words: "the and", capitals: {t: "T", …}, forms: {}, …});
 *     idOf("The");  // 2
 *
 * `export/compact.py` folds it, and looks a token up by the same steps.
 */

/**
 * @typedef {Omit<import("./tokenizer.js").Vocabulary, "words"> & {
 *   words: string,
 *   capitals: Record<string, string>,
 *   forms: Record<string, string[]>,
 * }} CompactVocabulary `capitals` by letter; `forms`, by the word's position, of words whose forms do not follow
 */

const STRAIGHT = "'";
const CURLY = "’";

/**
 * @param {CompactVocabulary} vocabulary
 * @returns {(token: string) => number | undefined} its word id
 */
export function lookUp(vocabulary) {
  const { reserved, words: joined, capitals, forms } = vocabulary;
  const capital = new Map(Object.entries(capitals));
  const small = new Map(Object.entries(capitals).map(([letter, upper]) => [upper, letter]));
  const words = wordsIn(vocabulary);
  const isSmall = !new RegExp(`[${Object.values(capitals).join("")}]`, "u").test(joined);
  /** @type {Map<string, number>} */
  const ids = new Map();
  /** @param {string} form @param {number} id */
  const give = (form, id) => {
    if (!ids.has(form)) ids.set(form, id);
  };

  // No two words are the same. A plain loop, because a page's first answer waits for it.
  for (let position = 0; position < words.length; position += 1)
    ids.set(words[position], reserved.length + position);
  for (const [position, listed] of Object.entries(forms)) {
    for (const form of listed) give(form, reserved.length + Number(position));
  }
  if (!isSmall) {
    // A word that is written with capitals has the other forms, too, where no other word is the lower-case one.
    for (const [position, word] of words.entries()) {
      if (!forms[position]) give(mapped(word, small), reserved.length + position);
    }
  }

  return (token) => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    if (token.includes(CURLY) && token.includes(STRAIGHT)) return undefined;
    const straight = token.replaceAll(CURLY, STRAIGHT);
    const lower = mapped(straight, small);
    const id = ids.get(straight) ?? ids.get(lower);
    if (id === undefined || forms[id - reserved.length]) return undefined;
    const follows =
      ids.has(straight) || straight === mapped(lower, capital) || straight === titled(lower, capital);
    return follows ? id : undefined;
  };
}

/** @param {CompactVocabulary} vocabulary */
export const wordsIn = ({ words }) => (words === "" ? [] : words.split(" "));

/**
 * @param {string} word
 * @param {Map<string, string>} letters
 */
function mapped(word, letters) {
  let result = "";
  for (const character of word) result += letters.get(character) ?? character;
  return result;
}

/**
 * @param {string} word
 * @param {Map<string, string>} capital
 */
function titled(word, capital) {
  let first = 0;
  while (word[first] === STRAIGHT) first += 1;
  const point = word.codePointAt(first);
  if (point === undefined) return word; // of apostrophes alone
  const letter = String.fromCodePoint(point);
  return word.slice(0, first) + (capital.get(letter) ?? letter) + word.slice(first + letter.length);
}
