/**
 * The answer: the label that leads, or that none does, and a bar for every label. Few labels keep their places,
 * which is calm to watch while typing; many are listed best first and the tail is folded away. A phrase that is kept
 * to compare has a second bar at each label.
 */

import { element, find, named, need } from "../shared/dom.js";
import { formatToParts, percent, spokenAnswer, spokenPercent, t } from "../shared/i18n.js";
import { wordsKnown } from "./reading-view.js";

/** @typedef {import("../engine/classifier.js").Explanation} Explanation */

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

/** @param {string[]} labels */
export function createResultsView(labels) {
  const list = need("labels");
  const rows = Array.from(list.children, (row) => createRow(/** @type {HTMLElement} */ (row)));
  const many = labels.length > STABLE_LABELS;
  const speak = createSpeaker(need("announcement"));
  /** @type {Explanation | undefined} */
  let shown;
  /** @type {Explanation | undefined} */
  let compared;
  if (many) createFold(list, rows, () => shown && showRows(shown));
  find("pin")?.addEventListener("click", () => compareWith(shown));
  find("unpin")?.addEventListener("click", () => compareWith(undefined));

  /** @param {Explanation | undefined} explanation */
  function compareWith(explanation) {
    compared = explanation;
    const section = find("compared");
    if (!section) return;
    section.hidden = !compared;
    find("compared-text")?.replaceChildren(
      ...formatToParts("compared", { text: named(compared?.text.trim() ?? "") }),
    );
    if (shown) showRows(shown);
  }

  /** @param {Explanation} explanation */
  function showRows({ tokens, probabilities, sure }) {
    const answered = tokens.length > 0;
    const order = ranking(probabilities);
    for (const [label, row] of rows.entries()) {
      row.show(
        answered ? probabilities[label] : undefined,
        sure && label === order[0],
        compared?.probabilities[label],
      );
    }
    if (many && answered) placeRows(list, order);
  }

  /** Of folded labels the first alone are seen. @param {HTMLElement} target @param {number[]} order */
  function placeRows(target, order) {
    const count = target.classList.contains("folded") ? SHOWN_LABELS : order.length;
    const items = order.slice(0, count).map((label) => rows[label].item);
    const placed = items.every((item, position) => target.children[position] === item);
    if (!placed) target.prepend(...items);
  }

  /**
   * @param {number} best
   * @param {Explanation} explanation
   * @returns {Verdict}
   */
  function verdictOf(best, { probabilities, sure }) {
    const share = percent(probabilities[best]);
    if (!sure) {
      const lead = formatToParts("nearest", { label: named(labels[best]), share });
      return { sure, lead, headline: t("not_sure"), share: "" };
    }
    const { hue } = rows[best].item.dataset;
    return { sure, lead: [certainty(probabilities[best])], headline: labels[best], share, hue };
  }

  return {
    /** Until the worker has answered: what stands there is an older text's answer. */
    wait() {
      need("answer").ariaBusy = "true";
    },

    /** @param {Explanation} explanation */
    show(explanation) {
      shown = explanation;
      const answered = explanation.tokens.length > 0;
      const [best] = ranking(explanation.probabilities);
      need("answer").ariaBusy = "false";
      showEmpty(answered, explanation.text);
      showVerdict(answered ? verdictOf(best, explanation) : NO_VERDICT);
      showRows(explanation);
      speak(
        answered ? `${spokenAnswer(explanation.results, explanation.sure)} ${wordsKnown(explanation)}` : "",
      );
    },

    /** Puts the phrase that is shown in place of the one it is compared with. @returns {string} the other's text */
    swap() {
      const text = compared?.text ?? "";
      compareWith(shown);
      return text;
    },
  };
}

/**
 * @param {boolean} answered
 * @param {string} text
 */
function showEmpty(answered, text) {
  const empty = need("empty");
  empty.hidden = answered;
  empty.textContent = t(text.trim() === "" ? "empty" : "no_word");
}

/** @param {Verdict} verdict */
function showVerdict({ sure, lead, headline, share, hue }) {
  const leader = need("leader");
  need("answer-lead").replaceChildren(...lead);
  need("leader-share").textContent = share;
  leader.textContent = headline;
  leader.dataset.length = headline.length > 18 ? "long" : "short";
  leader.classList.toggle("not-sure", !sure);
  if (hue === undefined) delete leader.dataset.hue;
  else leader.dataset.hue = hue;
}

/** @param {HTMLElement} item */
function createRow(item) {
  const share = /** @type {HTMLElement} */ (item.querySelector(".share"));
  const bar = /** @type {HTMLElement} */ (item.querySelector(".bar"));
  const name = item.querySelector(".name")?.textContent ?? "";
  const other = element("span", "bar other");
  other.ariaHidden = "true";
  return {
    item,
    name,
    /**
     * @param {number | undefined} probability
     * @param {boolean} leads
     * @param {number | undefined} compared the probability in the phrase that is compared
     */
    show(probability, leads, compared) {
      const value = probability ?? 0;
      const spoken = probability === undefined ? t("no_answer_yet") : spokenPercent(value);
      item.classList.toggle("leads", probability !== undefined && leads);
      share.textContent = probability === undefined ? "–" : percent(value);
      bar.ariaValueNow = String(Math.round(value * 100));
      bar.ariaValueText = spoken;
      // Through the CSSOM: the content security policy forbids style attributes.
      bar.style.setProperty("--share", value.toFixed(4));
      if (compared === undefined) {
        other.remove();
        return;
      }
      item.append(other);
      other.style.setProperty("--share", compared.toFixed(4));
      share.append(` · ${percent(compared)}`);
      bar.ariaValueText = `${spoken}; ${t("compared_share", { label: name, share: spokenPercent(compared) })}`;
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
 * Folds many labels behind a button; unfolded, they can be searched.
 *
 * @param {HTMLElement} list
 * @param {ReturnType<typeof createRow>[]} rows
 * @param {() => void} changed
 */
function createFold(list, rows, changed) {
  const button = need("show-all");
  const field = /** @type {HTMLInputElement | null} */ (find("find-label"));
  const all = button.textContent ?? "";

  function search() {
    const wanted = (field?.value ?? "").trim().toLowerCase();
    for (const { item, name } of rows) item.hidden = !name.toLowerCase().includes(wanted);
  }

  field?.addEventListener("input", search);
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = list.classList.toggle("folded") === false;
    button.ariaExpanded = String(open);
    button.textContent = open ? t("show_first", { count: SHOWN_LABELS }) : all;
    if (field) {
      field.hidden = !open;
      field.value = "";
      search();
      if (open) field.focus();
    }
    changed();
  });
}

/** @param {number} probability of the label that leads */
function certainty(probability) {
  if (probability >= 0.8) return t("most_likely");
  return t(probability >= 0.5 ? "probably" : "perhaps");
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
