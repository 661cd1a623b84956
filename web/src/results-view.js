/**
 * The answer: the label that leads, and a bar for every label. Few labels keep their places, which is calm to
 * watch while typing; many are listed best first and the tail is folded away.
 */

import { wordsKnown, wordsOf } from "./reading-view.js";
import { element, percent, spokenPercent } from "./text.js";

/** @typedef {import("./classifier.js").Explanation} Explanation */
/** @typedef {{label: string, right: boolean} | undefined} Truth */

/** Up to this many labels keep their places. The template folds by the same number. */
const STABLE_LABELS = 12;

/** Labels shown of many, until one asks for all. */
const SHOWN_LABELS = 8;

/** A pause in typing after which the answer is spoken. */
const SPEAK_AFTER_MS = 900;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string[]} labels */
export function createResultsView(labels) {
  const list = byId("labels");
  const rows = Array.from(list.children, (row) => createRow(/** @type {HTMLElement} */ (row)));
  const many = labels.length > STABLE_LABELS;
  const speak = createSpeaker(byId("announcement"));
  if (many) createFold(list, byId("show-all"));

  return {
    /** While a long text is read: what stands there is an older text's answer. */
    wait() {
      byId("answer").setAttribute("aria-busy", "true");
    },

    /**
     * @param {Explanation} explanation
     * @param {Truth} truth
     */
    show(explanation, truth) {
      const answered = wordsOf(explanation.tokens).length > 0;
      const order = ranking(explanation.probabilities);
      byId("answer").setAttribute("aria-busy", "false");
      showLeader(answered ? order[0] : undefined, explanation);
      for (const [label, row] of rows.entries()) {
        row.show(answered ? explanation.probabilities[label] : undefined, label === order[0]);
      }
      if (many && answered)
        placeRows(
          list,
          order.map((label) => rows[label].item),
        );
      const told = answered && truth ? truthSentence(truth) : [];
      byId("truth").replaceChildren(...told);
      speak(answered ? summary(explanation, byId("truth").textContent ?? "") : "");
    },
  };

  /**
   * @param {number | undefined} best
   * @param {Explanation} explanation
   */
  function showLeader(best, { text, probabilities }) {
    const name = byId("leader");
    byId("answer-lead").textContent = best === undefined ? "" : certainty(probabilities[best]);
    byId("leader-share").textContent = best === undefined ? "" : percent(probabilities[best]);
    byId("empty").textContent =
      text.trim() === "" ? "Type a phrase and the answer appears here." : "There is no word in this yet.";
    byId("empty").hidden = best !== undefined;
    name.textContent = best === undefined ? "" : labels[best];
    name.dataset.length = best !== undefined && labels[best].length > 18 ? "long" : "short";
    setHue(name, best === undefined ? undefined : rows[best].item.dataset.hue);
  }
}

/** @param {HTMLElement} item */
function createRow(item) {
  const share = /** @type {HTMLElement} */ (item.querySelector(".share"));
  const bar = /** @type {HTMLElement} */ (item.querySelector(".bar"));
  return {
    item,
    /**
     * @param {number | undefined} probability
     * @param {boolean} leads
     */
    show(probability, leads) {
      const value = probability ?? 0;
      item.classList.toggle("leads", probability !== undefined && leads);
      share.textContent = probability === undefined ? "–" : percent(probability);
      bar.setAttribute("aria-valuenow", String(Math.round(value * 100)));
      bar.setAttribute("aria-valuetext", probability === undefined ? "no answer yet" : spokenPercent(value));
      // Through the CSSOM: the content security policy forbids style attributes.
      bar.style.setProperty("--share", value.toFixed(4));
    },
  };
}

/**
 * @param {number[]} probabilities
 * @returns {number[]} positions of the labels, best first
 */
function ranking(probabilities) {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement[]} items
 */
function placeRows(list, items) {
  const placed = items.every((item, position) => list.children[position] === item);
  if (!placed) list.append(...items);
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} button
 */
function createFold(list, button) {
  const all = button.textContent ?? "";
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = list.classList.toggle("folded") === false;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? `Show the first ${SHOWN_LABELS} only` : all;
  });
}

/** @param {number} probability of the label that leads */
function certainty(probability) {
  if (probability >= 0.8) return "Most likely";
  if (probability >= 0.5) return "Probably";
  return "Undecided, but nearest to";
}

/** @param {NonNullable<Truth>} truth */
function truthSentence({ label, right }) {
  const name = element("strong", "", label);
  name.dir = "auto";
  return ["It was ", name, right ? ": the answer is right." : ": the answer is wrong."];
}

/**
 * @param {Explanation} explanation
 * @param {string} truth
 */
function summary(explanation, truth) {
  const best = explanation.results.slice(0, 2).map(({ label, score }) => `${label}, ${spokenPercent(score)}`);
  return `${best.join("; ")}. ${wordsKnown(explanation)} ${truth}`;
}

/**
 * @param {HTMLElement} target
 * @param {string | undefined} hue
 */
function setHue(target, hue) {
  if (hue === undefined) delete target.dataset.hue;
  else target.dataset.hue = hue;
}

/**
 * @param {HTMLElement} region a polite live region
 * @returns {(text: string) => void}
 */
function createSpeaker(region) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      region.textContent = text;
    }, SPEAK_AFTER_MS);
  };
}
