/**
 * The phrase as it was read: each word in the colour of what it does to the answer, unknown words marked, and what the
 * answer would be without a word that is chosen (leave-one-out attribution, in log-odds of the label that is shown).
 */

import { best, effectOf } from "../engine/attribution.js";
import { element, HUES, named, need } from "../shared/dom.js";
import { formatToParts, percent, t } from "../shared/i18n.js";

/** @typedef {import("../engine/classifier.js").Explanation} Explanation */
/** @typedef {import("../text/tokenizer.js").Token} Token */
/** @typedef {import("../engine/attribution.js").Effect} Effect */
/** @typedef {{start: number, end: number}} Range of words */

/** Words of a long text that are shown at once. */
const SHOWN_TOKENS = 160;

/** A word that moves the log-odds by fewer nats speaks for no label in particular. */
const LEAST_LOG_ODDS = 0.2;

/** From as many on it has its label's full colour. */
const FULL_LOG_ODDS = 2;

/**
 * @param {string[]} labels
 * @param {(text: string, range: Range, signal: AbortSignal) => Promise<number[][]>} leaveOneOut probabilities without each
 *   word of a range
 */
export function createReadingView(labels, leaveOneOut) {
  const section = need("reading");
  const words = need("reading-words");
  const notes = need("reading-notes");
  const effect = need("effect");
  /** @type {Explanation | undefined} */
  let shown;
  /** @type {AbortSignal | undefined} */
  let until;
  words.addEventListener("keydown", moveFocus);

  /** @param {Explanation} explanation @param {AbortSignal} signal @param {Range} range */
  async function show(explanation, signal, range) {
    shown = explanation;
    until = signal;
    const { text, tokens, probabilities } = explanation;
    section.hidden = tokens.length === 0;
    const buttons = tokens.slice(range.start, range.end).map(wordButton);
    words.replaceChildren(...laidOut(explanation, range, buttons));
    notes.textContent = [wordsKnown(explanation), windowsRead(explanation)].filter(Boolean).join(" ");
    effect.replaceChildren();
    if (buttons.length === 0) return;
    buttons[0].tabIndex = 0;

    const answers = await leaveOneOut(text, range, signal);
    const effects = answers.map((answer) => effectOf(probabilities, answer, explanation.windows.length));
    /** @param {number} place */
    const tell = (place) =>
      effect.replaceChildren(...sentences(labels, tokens[range.start + place], effects[place]));
    for (const [place, button] of buttons.entries()) {
      colour(button, effects[place], labels.length);
      for (const event of ["pointerenter", "focus", "click"])
        button.addEventListener(event, () => tell(place));
    }
    const strongest = best(effects.map(({ logOdds }) => logOdds));
    if (effects[strongest].logOdds >= LEAST_LOG_ODDS) tell(strongest);
  }

  return {
    /** @param {Explanation} explanation @param {AbortSignal} signal */
    show(explanation, signal) {
      return show(explanation, signal, { start: 0, end: Math.min(explanation.tokens.length, SHOWN_TOKENS) });
    },

    /** Shows a passage of the text that is shown. @param {Range} passage */
    look({ start, end }) {
      if (!shown || !until) return;
      const signal = until;
      const first = Math.min(start, Math.max(0, shown.tokens.length - SHOWN_TOKENS));
      const range = { start: first, end: Math.min(first + SHOWN_TOKENS, shown.tokens.length) };
      show(shown, until, range).catch((error) => {
        if (!signal.aborted) throw error; // or there is a newer text
      });
      for (const [place, word] of words.querySelectorAll(".word").entries()) {
        word.classList.toggle("chosen", place + first >= start && place + first < end);
      }
    },

    /** @param {import("../engine/classifier.js").Progress} progress */
    progress({ read, of }) {
      section.hidden = false;
      words.replaceChildren();
      effect.replaceChildren();
      notes.textContent = t("reading", { read, of });
    },
  };
}

/** @param {Explanation} explanation */
export function wordsKnown({ tokens, known }) {
  const count = tokens.length;
  if (count === 0) return "";
  if (known === count) return t("all_words_known", { count });
  return known === 0 ? t("no_word_known", { count }) : t("some_words_known", { known, count });
}

/** @param {Explanation} explanation */
function windowsRead({ windows }) {
  return windows.length === 1 ? "" : t("windows", { count: windows.length });
}

/** @param {Token} token */
function wordButton({ word, known }) {
  const button = element("button", known ? "word" : "word unknown", word);
  button.type = "button";
  button.tabIndex = -1;
  if (!known) button.append(element("span", "visually-hidden", ` (${t("unknown_word")})`));
  return button;
}

/**
 * The words with what stands between them, and how many more there are.
 *
 * @param {Explanation} explanation
 * @param {Range} range
 * @param {HTMLElement[]} buttons
 */
function laidOut({ text, tokens }, { start, end }, buttons) {
  /** @type {(string | Node)[]} */
  const parts = [];
  let at = start === 0 ? 0 : tokens[start].start;
  for (const [place, button] of buttons.entries()) {
    const token = tokens[start + place];
    parts.push(text.slice(at, token.start), button);
    at = token.end;
  }
  if (end === tokens.length) return [...parts, text.slice(at)];
  return [...parts, element("span", "rest", t("more_words", { count: tokens.length - end }))];
}

/**
 * @param {HTMLElement} button
 * @param {Effect} effect
 * @param {number} count of labels
 */
function colour(button, { shown, label, logOdds }, count) {
  const few = count <= HUES;
  if (Math.abs(logOdds) < LEAST_LOG_ODDS || (!few && label !== shown)) return;
  button.dataset.hue = few ? String(label) : "0";
  // Through the CSSOM: the content security policy forbids style attributes.
  button.style.setProperty("--strength", Math.min(1, Math.abs(logOdds) / FULL_LOG_ODDS).toFixed(3));
}

/**
 * @param {string[]} labels
 * @param {Token} token
 * @param {Effect} effect
 */
function sentences(labels, { word }, { shown, label, logOdds, before, after, next, nextScore }) {
  const spoken = named(word, "strong");
  if (Math.abs(logOdds) < LEAST_LOG_ODDS) return formatToParts("speaks_for_none", { word: spoken });
  const [with_, without] = [before, after].map(percent);
  const then = { label: named(labels[shown]), before: with_, after: without, next: named(labels[next]) };
  const key = nextScore > after ? "without_next" : with_ === without ? "without_same" : "without_other";
  return [
    ...formatToParts(label === shown ? "speaks_for" : "speaks_against", {
      word: spoken,
      label: named(labels[label]),
      shown: named(labels[shown]),
    }),
    " ",
    ...formatToParts(key, { ...then, share: percent(nextScore) }),
  ];
}

/**
 * One word alone is reached by the tab key; from it the arrows lead to the others.
 *
 * @param {KeyboardEvent} event
 */
function moveFocus(event) {
  const all = /** @type {HTMLElement[]} */ ([
    .../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll(".word"),
  ]);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const forward = getComputedStyle(all[0]).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  const target = { [forward]: at + 1, [backward]: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (at < 0 || target === undefined || !all[target]) return;
  event.preventDefault();
  all[at].tabIndex = -1;
  all[target].tabIndex = 0;
  all[target].focus();
}
