/**
 * The answer: the label that leads, or that none does, and a bar for every label. Few labels keep their places,
 * which is calm to watch while typing; many are listed best first and the tail is folded away.
 */

import { wordsKnown, wordsOf } from "./reading-view.js";
import { element, percent, spokenPercent } from "./text.js";

/** @typedef {import("../engine/classifier.js").Explanation} Explanation */
/** @typedef {{label: string, right: boolean} | undefined} Truth */

/**
 * @typedef {object} Verdict
 * @property {boolean} sure
 * @property {(string | Node)[]} lead
 * @property {string} headline
 * @property {string} share
 * @property {string} [hue]
 */

/** Up to this many labels keep their places. The template folds by the same number. */
const STABLE_LABELS = 12;

/** Labels shown of many, until one asks for all. */
const SHOWN_LABELS = 8;

/** @type {Verdict} */
const NO_VERDICT = { sure: true, lead: [], headline: "", share: "" };

/** A pause in typing after which the answer is spoken. */
const SPEAK_AFTER_MS = 900;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {string[]} labels
 * @param {number} threshold no label is named for a best probability below it
 */
export function createResultsView(labels, threshold) {
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
      const sure = explanation.probabilities[order[0]] >= threshold;
      byId("answer").setAttribute("aria-busy", "false");
      showEmpty(answered, explanation.text);
      showVerdict(answered ? verdictOf(order[0], explanation, sure) : NO_VERDICT);
      for (const [label, row] of rows.entries()) {
        row.show(answered ? explanation.probabilities[label] : undefined, sure && label === order[0]);
      }
      if (many && answered)
        placeRows(
          list,
          order.map((label) => rows[label].item),
        );
      const told = answered && truth ? truthSentence(truth, sure) : [];
      byId("truth").replaceChildren(...told);
      speak(answered ? summary(explanation, sure, byId("truth").textContent ?? "") : "");
    },
  };

  /**
   * @param {number} best
   * @param {Explanation} explanation
   * @param {boolean} sure
   * @returns {Verdict}
   */
  function verdictOf(best, { probabilities }, sure) {
    const share = percent(probabilities[best]);
    if (!sure) return { sure, lead: nearest(labels[best], share), headline: "Not sure", share: "" };
    const { hue } = rows[best].item.dataset;
    return { sure, lead: [certainty(probabilities[best])], headline: labels[best], share, hue };
  }
}

/**
 * @param {boolean} answered
 * @param {string} text
 */
function showEmpty(answered, text) {
  const empty = byId("empty");
  empty.hidden = answered;
  empty.textContent =
    text.trim() === "" ? "Type a phrase and the answer appears here." : "There is no word in this yet.";
}

/** @param {Verdict} verdict */
function showVerdict({ sure, lead, headline, share, hue }) {
  const leader = byId("leader");
  byId("answer-lead").replaceChildren(...lead);
  byId("leader-share").textContent = share;
  leader.textContent = headline;
  leader.dataset.length = headline.length > 18 ? "long" : "short";
  leader.classList.toggle("not-sure", !sure);
  setHue(leader, hue);
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
  return "Perhaps";
}

/**
 * @param {string} label
 * @param {string} share
 */
function nearest(label, share) {
  const name = element("span", "", label);
  name.dir = "auto";
  return ["Nearest to ", name, `, ${share}`];
}

/**
 * @param {NonNullable<Truth>} truth
 * @param {boolean} sure
 */
function truthSentence({ label, right }, sure) {
  const name = element("strong", "", label);
  name.dir = "auto";
  const named = sure ? "the answer" : "the nearest label";
  return ["It was ", name, `: ${named} is ${right ? "right" : "wrong"}.`];
}

/**
 * @param {Explanation} explanation
 * @param {boolean} sure
 * @param {string} truth
 */
function summary(explanation, sure, truth) {
  const best = explanation.results.slice(0, 2).map(({ label, score }) => `${label}, ${spokenPercent(score)}`);
  return `${sure ? "" : "Not sure; nearest to "}${best.join("; ")}. ${wordsKnown(explanation)} ${truth}`;
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
