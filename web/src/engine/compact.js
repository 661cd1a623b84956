/**
 * Reads the vocabulary as a page downloads it: the surface forms that follow from a word and from the capitals of its
 * letters were left out. `export/compact.py` folds it, by the same steps.
 *
 *     unfold({words: "the and", capitals: {t: "T", …}, forms: {}, …});  // Map {"the" => 2, "and" => 3, "THE" => 2, …}
 */

/**
 * @typedef {Omit<import("./tokenizer.js").Vocabulary, "words"> & {
 *   words: string,
 *   capitals: Record<string, string>,
 *   forms: Record<string, string[]>,
 * }} CompactVocabulary `capitals` by letter, `forms` that do not follow by the word's position
 */

const STRAIGHT = "'";
const CURLY = "’";

/**
 * @param {CompactVocabulary} vocabulary
 * @returns {Map<string, number>} surface form -> word id
 */
export function unfold({ reserved, words: joined, capitals, forms }) {
  const capital = new Map(Object.entries(capitals));
  const small = new Map(Object.entries(capitals).map(([letter, upper]) => [upper, letter]));
  const words = joined.split(" ");
  const ids = new Map();
  /** @param {string} form @param {number} id */
  const give = (form, id) => {
    if (!ids.has(form)) ids.set(form, id);
  };
  /** @param {string} form @param {number} id */
  const giveShapes = (form, id) => {
    give(form, id);
    if (form.includes(STRAIGHT)) give(form.replaceAll(STRAIGHT, CURLY), id);
    if (form.includes(CURLY)) give(form.replaceAll(CURLY, STRAIGHT), id);
  };

  // A word's own writing is its own, whatever follows from another word.
  for (const [position, word] of words.entries()) giveShapes(word, reserved.length + position);
  for (const [position, word] of words.entries()) {
    const id = reserved.length + position;
    const listed = forms[position];
    if (listed) {
      for (const form of listed) give(form, id);
      continue;
    }
    const lower = mapped(word, small);
    if (lower !== word && ids.has(lower)) continue; // that word has them
    giveShapes(lower, id);
    giveShapes(mapped(word, capital), id);
    giveShapes(titled(lower, capital), id);
  }
  return ids;
}

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
  while (word[first] === STRAIGHT || word[first] === CURLY) first += 1;
  const point = word.codePointAt(first);
  if (point === undefined) return word; // of apostrophes alone
  const letter = String.fromCodePoint(point);
  return word.slice(0, first) + (capital.get(letter) ?? letter) + word.slice(first + letter.length);
}
