/** The rows of a list with their answers, some at a time; a visitor can choose another label for a row. */

import { element, HUES, need } from "../shared/dom.js";
import { percent, t } from "../shared/i18n.js";

/** @typedef {import("../worker/jobs.js").Answer} Answer */

/** Rows that are shown at once, and how many more at each wish. */
const SHOWN_ROWS = 100;

/** @param {Answer} answer */
export function bestOf({ probabilities, sure }) {
  const score = Math.max(...probabilities);
  return { label: probabilities.indexOf(score), score, sure };
}

/**
 * @param {string[]} labels
 * @param {(count: number) => void} changed is told how many rows have another label
 */
export function createRowsView(labels, changed) {
  /** @type {string[]} */
  let texts = [];
  /** @type {Answer[]} */
  let answers = [];
  /** @type {Map<number, number>} a label's index by row */
  let corrections = new Map();
  const body = need("table-rows");
  const more = need("table-more");
  more.addEventListener("click", showMore);

  function showMore() {
    const start = body.childElementCount;
    const end = Math.min(start + SHOWN_ROWS, texts.length);
    body.append(...texts.slice(start, end).map((text, place) => rowOf(text, start + place)));
    more.hidden = end === texts.length;
  }

  /** @param {string} text @param {number} row */
  function rowOf(text, row) {
    const phrase = element("td", "", text);
    phrase.dir = "auto";
    const cell = element("td", "label-cell");
    const choice = element("select", "");
    choice.ariaLabel = t("table_label_of", { row: row + 1 });
    offer(choice, bestOf(answers[row]));
    colour(cell, choice);
    for (const event of ["focus", "pointerdown"])
      choice.addEventListener(event, () => offerAll(choice), { once: true });
    choice.addEventListener("change", () => {
      if (choice.selectedIndex === 0) corrections.delete(row);
      else corrections.set(row, Number(choice.value));
      cell.classList.toggle("corrected", corrections.has(row));
      colour(cell, choice);
      changed(corrections.size);
    });
    cell.append(choice);
    return element("tr", "", phrase, cell, element("td", "number", percent(bestOf(answers[row]).score)));
  }

  /** The model's answer comes first. @param {HTMLSelectElement} choice @param {ReturnType<typeof bestOf>} answer */
  function offer(choice, { label, sure }) {
    choice.replaceChildren(
      sure ? new Option(labels[label], String(label)) : new Option(t("table_not_sure"), ""),
    );
  }

  /** Only of a row that is worked on: a thousand labels in each of a hundred rows are too many. @param {HTMLSelectElement} choice */
  function offerAll(choice) {
    choice.append(...labels.map((name, label) => new Option(name, String(label))));
  }

  /** @param {HTMLElement} cell @param {HTMLSelectElement} choice */
  function colour(cell, choice) {
    cell.classList.toggle("not-sure", choice.value === "");
    if (choice.value !== "" && labels.length <= HUES) cell.dataset.hue = choice.value;
    else delete cell.dataset.hue;
  }

  return {
    /** @param {string[]} read @param {Answer[]} answered */
    show(read, answered) {
      [texts, answers, corrections] = [read, answered, new Map()];
      const titles = ["table_text", "table_label", "table_score"].map((key) => element("th", "", t(key)));
      for (const title of titles) title.scope = "col";
      need("table-head").replaceChildren(...titles);
      body.replaceChildren();
      showMore();
      need("table-scroll").hidden = false;
    },

    /** @param {number} row @returns {string} the label that was chosen in place of the model's, or nothing */
    corrected: (row) => labels[corrections.get(row) ?? -1] ?? "",
  };
}
