/**
 * A link that carries the phrase behind its `#`, which a browser keeps to itself; and the result as a line of text.
 */

import { find } from "../shared/dom.js";
import { percent, t } from "../shared/i18n.js";

const KEY = "text";

/** Longer addresses are cut by some programs that pass them on. */
const LONGEST_LINK = 4000;

/** The best labels that a copied result names. */
const COPIED = 4;

/** @returns {string | undefined} the text that the page's address carries */
export function textInAddress() {
  return new URLSearchParams(location.hash.slice(1)).get(KEY) ?? undefined;
}

/** @param {string} text */
function linkTo(text) {
  const address = new URL(location.href);
  address.hash = new URLSearchParams({ [KEY]: text }).toString();
  return address.href;
}

export function createSharing() {
  const actions = find("actions");
  const copied = find("copied");
  /** @type {import("./client.js").Explanation | undefined} */
  let shown;

  /** @param {string} key */
  const tell = (key) => {
    if (copied) copied.textContent = t(key);
  };

  /** @param {string} text @param {string} key */
  const copy = async (text, key) => tell((await wasCopied(text)) ? key : "not_copied");

  find("copy-link")?.addEventListener("click", () => {
    const link = linkTo(shown?.text ?? "");
    if (link.length > LONGEST_LINK) tell("too_long");
    else copy(link, "copied_link");
  });
  find("copy-result")?.addEventListener("click", () => {
    if (shown) copy(resultLine(shown), "copied_result");
  });

  return {
    /** @param {import("./client.js").Explanation} explanation */
    show(explanation) {
      shown = explanation;
      if (actions) actions.hidden = explanation.tokens.length === 0;
      if (copied) copied.textContent = "";
    },
  };
}

/** @param {import("./client.js").Explanation} explanation */
function resultLine({ text, results }) {
  const best = results.slice(0, COPIED).map(({ label, score }) => `${label} ${percent(score)}`);
  return t("result_line", { text: text.trim(), results: best.join(", ") });
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function wasCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or a host without https
  }
}
