/** A longer text, segment by segment: a strip that shows where each label speaks. */

import { element, find, HUES } from "../shared/dom.js";
import { percent, t } from "../shared/i18n.js";
import { combineWindows, isSure } from "../text/windows.js";

/** @typedef {import("../engine/classifier.js").Window} Window */

/** Segments that a strip has room for: of a longer text neighbours are made one. */
const MOST = 48;

/**
 * @param {string[]} labels
 * @param {number} threshold
 * @param {(segment: {start: number, end: number}) => void} choose
 */
export function createSegmentsView(labels, threshold, choose) {
  const section = find("segments");
  const strip = find("strip");

  /** @param {Window} window */
  function segment({ start, end, known, probabilities }) {
    const share = Math.max(...probabilities);
    const best = probabilities.indexOf(share);
    const sure = isSure(probabilities, known, threshold);
    const button = element("button", "segment");
    button.type = "button";
    if (sure && labels.length <= HUES) button.dataset.hue = String(best);
    button.classList.toggle("not-sure", !sure);
    button.style.setProperty("--share", share.toFixed(3));
    const values = { first: start + 1, last: end, label: labels[best], share: percent(share) };
    button.title = t(sure ? "segment" : "segment_not_sure", values);
    button.ariaLabel = button.title;
    button.addEventListener("click", () => {
      for (const other of strip?.querySelectorAll("[aria-pressed]") ?? [])
        other.removeAttribute("aria-pressed");
      button.ariaPressed = "true";
      choose({ start, end });
    });
    return element("li", "", button);
  }

  return {
    /** @param {import("../engine/classifier.js").Explanation} explanation */
    show({ windows }) {
      if (!section || !strip) return;
      section.hidden = windows.length < 2;
      strip.replaceChildren(...(windows.length < 2 ? [] : merged(windows).map(segment)));
    },
  };
}

/**
 * @param {Window[]} windows
 * @returns {Window[]} at most `MOST`
 */
function merged(windows) {
  const each = Math.ceil(windows.length / MOST);
  const segments = [];
  for (let first = 0; first < windows.length; first += each) {
    const group = windows.slice(first, first + each);
    const probabilities = combineWindows(group.map((window) => window.probabilities));
    const known = group.reduce((sum, window) => sum + window.known, 0);
    segments.push({ start: group[0].start, end: group[group.length - 1].end, known, probabilities });
  }
  return segments;
}
