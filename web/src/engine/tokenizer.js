/**
 * The tokenizer: an interpreter of `vocabulary.json`, and nothing besides.
 *
 *     const tokenize = createTokenizer(vocabulary);
 *     tokenize("Sing, O Muse!").ids;  // [412, 9, 87]
 *
 * The same steps are taken in Python and in the mobile clients: NUL out, NFC, split on everything that is
 * not a word character, look each token up. Where the vocabulary has marks, which no raw-string mobile client
 * can read, each mark is a token of its own. Nothing is lower-cased and no `\w` or `\s` is used: those mean
 * something else in every language.
 */

import { lookUp, wordsIn } from "./compact.js";

/** @typedef {import("./compact.js").CompactVocabulary} CompactVocabulary */

/**
 * @typedef {object} Vocabulary `vocabulary.json`, the contract that every runtime reads.
 * @property {string} format
 * @property {number} version
 * @property {string} normalization
 * @property {[string, string][]} word_characters inclusive ranges of code points
 * @property {[string, string][]} [marks] the same of punctuation marks that are tokens of their own; left out
 *   where all punctuation delimits
 * @property {number} sequence_length
 * @property {number} padding_id
 * @property {number} unknown_id
 * @property {string[]} reserved tokens of the ids below the words
 * @property {string[][]} words the surface forms of each word and mark, the canonical form first
 * @property {string[]} labels
 */

/**
 * @typedef {object} Token
 * @property {string} word as it stands in the phrase
 * @property {number} start where it starts in `Phrase.text`, in UTF-16 units
 * @property {number} end
 * @property {number} id
 * @property {boolean} known
 * @property {boolean} mark a punctuation mark, which nobody would count as a word
 */

/**
 * @typedef {object} Phrase
 * @property {string} text what was read: the given text without NUL, in NFC
 * @property {Token[]} tokens
 * @property {number[]} ids one for each token, neither cut nor padded
 */

/**
 * Makes the function from text to tokens.
 *
 * @param {Vocabulary | CompactVocabulary} vocabulary
 * @returns {(text: string) => Phrase}
 * @throws {Error} if the vocabulary is not one that this code can read faithfully
 */
export function createTokenizer(vocabulary) {
  checkContract(vocabulary);
  const pattern = tokenPattern(vocabulary);
  const idOf = isCompact(vocabulary) ? lookUp(vocabulary) : surfaceForms(vocabulary);
  checkMarks(vocabulary.marks ?? [], idOf);

  return function tokenize(text) {
    // The string's NUL goes because MediaPipe would stop reading there.
    const clean = String(text).replaceAll("\0", "").normalize("NFC");
    const tokens = Array.from(clean.matchAll(pattern), ({ 0: word, 1: mark, index }) => {
      const id = idOf(word);
      return {
        word,
        start: index,
        end: index + word.length,
        id: id ?? vocabulary.unknown_id,
        known: id !== undefined,
        mark: mark !== undefined,
      };
    });
    return { text: clean, tokens, ids: tokens.map((token) => token.id) };
  };
}

/**
 * How many ids there are: the rows of the model's embedding.
 *
 * @param {Vocabulary | CompactVocabulary} vocabulary
 */
export function countIds(vocabulary) {
  const words = isCompact(vocabulary) ? wordsIn(vocabulary) : vocabulary.words;
  return vocabulary.reserved.length + words.length;
}

/**
 * @param {Vocabulary | CompactVocabulary} vocabulary
 * @returns {vocabulary is CompactVocabulary}
 */
const isCompact = (vocabulary) => vocabulary.format === "byline-vocabulary-compact";

/** @param {Vocabulary | CompactVocabulary} vocabulary */
function checkContract(vocabulary) {
  const { format, version, normalization } = vocabulary;
  if ((format !== "byline-vocabulary" && !isCompact(vocabulary)) || version !== 1) {
    throw new Error(`A byline-vocabulary of version 1 is needed. Received: ${format} ${version}`);
  }
  if (normalization !== "NFC") {
    throw new Error(`\`normalization\` must be "NFC". Received: ${normalization}`);
  }
  if (!Number.isInteger(vocabulary.sequence_length) || vocabulary.sequence_length < 1) {
    throw new Error(
      `\`sequence_length\` must be a positive integer. Received: ${vocabulary.sequence_length}`,
    );
  }
}

/**
 * Maximal runs of word characters, or one mark, which is the first group. The `u` flag makes an astral letter
 * one character, and a lone surrogate one that delimits.
 *
 * @param {Vocabulary | CompactVocabulary} vocabulary
 */
function tokenPattern({ word_characters: wordCharacters, marks = [] }) {
  // A class without members is legal JavaScript and matches nothing: without marks, all of them delimit.
  const inWords = characterClass("word_characters", wordCharacters);
  return new RegExp(`${inWords}+|(${characterClass("marks", marks)})`, "gu");
}

/**
 * @param {string} key where the ranges stand in the vocabulary
 * @param {[string, string][]} ranges
 */
function characterClass(key, ranges) {
  const members = ranges.map(([first, last]) => `${escaped(key, first)}-${escaped(key, last)}`);
  return `[${members.join("")}]`;
}

/**
 * @param {string} key
 * @param {string} character
 */
function escaped(key, character) {
  const point = character.codePointAt(0);
  if (point === undefined || String.fromCodePoint(point) !== character) {
    throw new Error(
      `An end of a range in \`${key}\` must be one character. Received: ${JSON.stringify(character)}`,
    );
  }
  return `\\u{${point.toString(16)}}`;
}

/**
 * A mark is never unknown: what has no id has to delimit.
 *
 * @param {[string, string][]} marks
 * @param {(token: string) => number | undefined} idOf
 */
function checkMarks(marks, idOf) {
  for (const [first, last] of marks) {
    for (let point = Number(first.codePointAt(0)); point <= Number(last.codePointAt(0)); point += 1) {
      const mark = String.fromCodePoint(point);
      if (idOf(mark) === undefined)
        throw new Error(`A mark must have an id. Received: ${JSON.stringify(mark)}`);
    }
  }
}

/**
 * A Map, because in a plain object `constructor` would be a known word.
 *
 * @param {Vocabulary} vocabulary
 * @returns {(token: string) => number | undefined}
 */
function surfaceForms({ reserved, words }) {
  const idOfForm = new Map();
  for (const [position, forms] of words.entries()) {
    for (const form of forms) {
      if (idOfForm.has(form)) {
        throw new Error(`A surface form must have one id. Received twice: ${JSON.stringify(form)}`);
      }
      idOfForm.set(form, reserved.length + position);
    }
  }
  return (token) => idOfForm.get(token);
}
