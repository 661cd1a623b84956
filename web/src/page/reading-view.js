/**
 * The phrase as it was read: unknown words marked, and how many words and windows there were.
 */

import { counted, element, number } from "./text.js";

/** @typedef {import("../engine/classifier.js").Explanation} Explanation */
/** @typedef {import("../engine/tokenizer.js").Token} Token */

/** Words of a long text that are shown again; the rest is counted. */
const SHOWN_WORDS = 120;

/** @param {number} sequenceLength */
export function createReadingView(sequenceLength) {
  const section = /** @type {HTMLElement} */ (document.getElementById("reading"));
  const words = /** @type {HTMLElement} */ (document.getElementById("reading-words"));
  const notes = /** @type {HTMLElement} */ (document.getElementById("reading-notes"));

  return {
    /** @param {Explanation} explanation */
    show(explanation) {
      section.hidden = wordsOf(explanation.tokens).length === 0;
      words.replaceChildren(...markedText(explanation));
      notes.textContent = `${wordsKnown(explanation)} ${windowsRead(explanation, sequenceLength)}`;
    },

    /** @param {import("../engine/classifier.js").Progress} progress */
    progress({ read, of }) {
      section.hidden = false;
      words.replaceChildren();
      notes.textContent = `Reading: ${number(read)} of ${number(of)} windows…`;
    },
  };
}

/**
 * What a reader would count: the tokens without the marks, all of which are known.
 *
 * @param {Token[]} tokens
 */
export const wordsOf = (tokens) => tokens.filter(({ mark }) => !mark);

/** @param {Explanation} explanation */
export function wordsKnown({ tokens, known }) {
  const count = wordsOf(tokens).length;
  if (count === 0) return "";
  if (known === count) {
    return known === 1 ? "Its one word is known." : `All ${number(known)} words known.`;
  }
  if (known === 0) {
    const none = count === 1 ? "Its one word is not known" : "None of its words is known";
    return `${none}: the answer is little more than a guess.`;
  }
  return `${number(known)} of ${counted(count, "word")} known.`;
}

/**
 * @param {Explanation} explanation
 * @param {number} sequenceLength
 */
function windowsRead({ tokens, windows }, sequenceLength) {
  if (windows === 1) return "";
  const what = tokens.some(({ mark }) => mark) ? "words and marks" : "words";
  return `Read in ${number(windows)} windows of ${sequenceLength} ${what}; the answer is drawn from all of them.`;
}

/**
 * @param {Explanation} explanation
 * @returns {(string | Node)[]}
 */
function markedText({ text, tokens }) {
  const words = wordsOf(tokens);
  const shown = words.slice(0, SHOWN_WORDS);
  /** @type {(string | Node)[]} */
  const parts = [];
  let end = 0;
  for (const token of shown.filter(({ known }) => !known)) {
    parts.push(text.slice(end, token.start), unknownWord(token.word));
    end = token.end;
  }
  const cut = shown.length < words.length;
  parts.push(text.slice(end, cut ? shown[shown.length - 1].end : undefined));
  if (cut) {
    const rest = counted(words.length - shown.length, "more word");
    parts.push(element("span", "rest", ` … and ${rest}`));
  }
  return parts;
}

/** @param {string} word */
function unknownWord(word) {
  return element("span", "unknown", word, element("span", "visually-hidden", " (unknown word)"));
}
